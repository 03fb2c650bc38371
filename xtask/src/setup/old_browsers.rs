//! Old versions of Chromium, which npm packages ship as compressed programs.

use std::fs;

use anyhow::{Context, Result};

use super::node;
use crate::{paths, process};

/// A copy of the lock file, written only after everything is unpacked.
const UNPACKED: &str = "unpacked-lock.json";

/// Returns what is unpacked, if that is what the lock file asks for now.
pub fn find() -> Result<Option<String>> {
    let lock = paths::old_browsers().join("npm").join(node::LOCK);
    let wanted = fs::read_to_string(&lock).with_context(|| format!("reading {}", lock.display()))?;
    let unpacked = fs::read_to_string(paths::unpacked_browsers().join(UNPACKED)).unwrap_or_default();
    Ok((wanted == unpacked).then(|| "old browsers in target/old-browsers".into()))
}

/// Installs the npm packages and unpacks their browsers into `target/old-browsers`.
pub fn install() -> Result<()> {
    let packages = paths::old_browsers().join("npm");
    node::install_packages(&packages)?;
    let mut unpack = process::command("node");
    unpack.arg(paths::old_browsers().join("unpack.mjs")).arg(paths::unpacked_browsers());
    process::run(&mut unpack)?;
    let (from, to) = (packages.join(node::LOCK), paths::unpacked_browsers().join(UNPACKED));
    fs::copy(&from, &to).with_context(|| format!("copying {} to {}", from.display(), to.display()))?;
    Ok(())
}
