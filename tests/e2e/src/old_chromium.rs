//! Old versions of Chromium, which `cargo xtask setup` unpacks into `target/old-browsers`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use crate::devtools::DevTools;
use crate::engine::chromium_arguments;
use crate::process::Process;
use crate::wait::until;

/// Starts a version with its profile in `folder`, and connects to it.
pub(crate) async fn start(version: u16, folder: &Path) -> Result<(Process, DevTools)> {
    let home = home(version)?;
    let browser = Process::start(&home.join("chromium"), folder, |browser| {
        browser.args(chromium_arguments(folder)).arg("--remote-debugging-port=0");
        browser.env("LD_LIBRARY_PATH", home.join("lib"));
    })?;
    let address = until(&format!("Chromium {version} to listen"), async || address(&browser)).await?;
    let devtools = DevTools::connect(&address).await?;
    Ok((browser, devtools))
}

fn home(version: u16) -> Result<PathBuf> {
    let home =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/old-browsers").join(version.to_string());
    ensure!(home.join("chromium").is_file(), "Chromium {version} is missing: run `cargo xtask setup`");
    home.canonicalize().context("a folder without a path")
}

/// Returns the address in the line `DevTools listening on ws://…` of the browser's log.
fn address(browser: &Process) -> Result<Option<String>> {
    let log = browser.log()?;
    Ok(log.lines().find_map(|line| line.strip_prefix("DevTools listening on ")).map(str::to_owned))
}
