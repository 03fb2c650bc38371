//! The module that the API documentation's Python example imports.

use std::env;
use std::ffi::OsString;

use anyhow::Result;

use crate::{paths, process};

/// `PYTHONPATH` with this checkout's own modules first.
pub fn search_path() -> OsString {
    let mut path = paths::python_modules().into_os_string();
    if let Some(given) = env::var_os("PYTHONPATH") {
        path.push(if cfg!(windows) { ";" } else { ":" });
        path.push(given);
    }
    path
}

pub fn find_requests() -> Option<String> {
    let mut python = process::command("python3");
    python.args(["-c", "import requests; print(requests.__version__)"]).env("PYTHONPATH", search_path());
    process::capture(&mut python).ok().map(|version| format!("Python requests {}", version.trim()))
}

pub fn has_pip() -> bool {
    process::capture(process::command("python3").args(["-m", "pip", "--version"])).is_ok()
}

/// Into a directory of this checkout: the system's own modules are left alone.
pub fn install_requests() -> Result<()> {
    let mut pip = process::command("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--root-user-action=ignore"]);
    process::run(pip.arg("--target").arg(paths::python_modules()).arg("requests"))
}
