//! Node.js, and the npm packages that the build runs.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::{paths, process};

/// What esbuild, the most demanding of the packages, asks for.
const OLDEST_NODE: u32 = 18;

pub const LOCK: &str = "package-lock.json";

/// A copy of the lock, written only after a complete installation.
const INSTALLED: &str = "node_modules/.installed-lock.json";

pub fn find_node() -> Result<Option<String>> {
    let Some(node) = process::find("node") else { return Ok(None) };
    let version = process::capture(process::command(node).arg("--version"))?;
    let new_enough = major(&version).is_some_and(|major| major >= OLDEST_NODE);
    Ok((new_enough && process::find("npm").is_some()).then(|| format!("Node.js {}", version.trim())))
}

pub fn explain_node() -> Result<()> {
    bail!("Node.js {OLDEST_NODE} or newer, with npm, must be on PATH: install it by your system's own means")
}

/// Found if what was installed last in `folder` is what its lock asks for now.
pub fn find_packages(folder: &Path) -> Result<Option<String>> {
    let wanted = read(&folder.join(LOCK))?;
    let installed = fs::read_to_string(folder.join(INSTALLED)).unwrap_or_default();
    let name = folder.strip_prefix(paths::root()).unwrap_or(folder);
    Ok((wanted == installed).then(|| format!("npm packages of {}", name.display())))
}

/// Without the packages' install scripts, but for esbuild's: it puts the program itself in the place of a Node
/// script that buries each error of esbuild's under one of its own.
pub fn install_packages(folder: &Path) -> Result<()> {
    process::run(process::command("npm").args(["ci", "--ignore-scripts"]).current_dir(folder))?;
    let esbuild = folder.join("node_modules/esbuild/install.js");
    if esbuild.is_file() {
        process::run(process::command("node").arg(esbuild))?;
    }
    let (from, to) = (folder.join(LOCK), folder.join(INSTALLED));
    fs::copy(&from, &to).with_context(|| format!("copying {} to {}", from.display(), to.display()))?;
    Ok(())
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))
}

fn major(version: &str) -> Option<u32> {
    version.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_the_first_number() {
        assert_eq!(major("v20.20.2\n"), Some(20));
        assert_eq!(major("20.20.2"), None);
    }
}
