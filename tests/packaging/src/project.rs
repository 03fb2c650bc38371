//! One fresh project: its files, and its tools at work.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use e2e::{Process, find};
use serde_json::Value;

use crate::repository;
use crate::workshop::output;

/// A folder outside this repository with the package installed.
#[derive(Debug)]
pub struct Project {
    folder: PathBuf,
    tools: PathBuf,
    pins: PathBuf,
}

impl Project {
    pub(crate) fn new(folder: PathBuf, tools: PathBuf, pins: PathBuf) -> Self {
        Self { folder, tools, pins }
    }

    /// Where it lies.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the package lies in it.
    pub fn package(&self) -> PathBuf {
        self.folder.join("node_modules/@appizer/tracker")
    }

    /// The text of one of its files.
    pub fn read(&self, path: &str) -> Result<String> {
        fs::read_to_string(self.folder.join(path)).with_context(|| format!("reading {path}"))
    }

    /// Copies a folder of this repository into it, each file's text changed by `fill`. What its package.json asks for
    /// must be what is pinned: that is what it is tried with.
    pub fn copy(&self, from: &str, fill: impl Fn(&str) -> String) -> Result<()> {
        copy(&repository().join(from), &self.folder, &self.pins, &fill)
    }

    /// Runs a pinned tool to its end; gives what it says.
    pub fn run(&self, tool: &str, arguments: &[&str]) -> Result<String> {
        output(self.adapt(Command::new(self.tools.join(tool)).args(arguments)))
    }

    /// Runs Node.js to its end; gives what it says.
    pub fn node(&self, arguments: &[&str]) -> Result<String> {
        output(self.adapt(Command::new(find(&["node"])?).args(arguments)))
    }

    /// Starts a pinned tool that serves until it is dropped.
    pub fn start(&self, tool: &str, arguments: &[&str]) -> Result<Process> {
        Process::start(&self.tools.join(tool), &self.folder, |command| {
            self.adapt(command.args(arguments));
        })
    }

    /// The names of a folder's files, those of its folders included.
    pub fn files(&self, folder: &str) -> Result<Vec<String>> {
        let mut names = Vec::new();
        list(&self.folder.join(folder), &mut names)?;
        Ok(names)
    }

    fn adapt<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .current_dir(&self.folder)
            .env("NEXT_TELEMETRY_DISABLED", "1")
            .env("ASTRO_TELEMETRY_DISABLED", "1")
            .env("NO_COLOR", "1")
    }
}

fn copy(from: &Path, to: &Path, pins: &Path, fill: &impl Fn(&str) -> String) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("creating {}", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("reading {}", from.display()))? {
        let path = entry?.path();
        let name = path.file_name().context("a file without a name")?;
        if path.is_dir() {
            copy(&path, &to.join(name), pins, fill)?;
            continue;
        }
        let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        if name == "package.json" {
            check_pinned(&text, pins).with_context(|| path.display().to_string())?;
            // The one installed by npm stays: the others are the workshop's.
            let mut manifest: Value = serde_json::from_str(&text)?;
            let installed: Value = serde_json::from_str(&fs::read_to_string(to.join(name))?)?;
            manifest["dependencies"] = installed["dependencies"].clone();
            if let Some(members) = manifest.as_object_mut() {
                members.remove("devDependencies");
            }
            fs::write(to.join(name), manifest.to_string())?;
        } else {
            fs::write(to.join(name), fill(&text)).with_context(|| format!("copying {}", path.display()))?;
        }
    }
    Ok(())
}

fn check_pinned(manifest: &str, pins: &Path) -> Result<()> {
    let manifest: Value = serde_json::from_str(manifest)?;
    let pinned = fs::read_to_string(pins)?;
    let pinned: Value = serde_json::from_str(&pinned)?;
    let kinds = ["dependencies", "devDependencies"];
    for (name, version) in kinds.iter().filter_map(|kind| manifest[kind].as_object()).flatten() {
        if name == "@appizer/tracker" {
            let own = concat!("^", env!("CARGO_PKG_VERSION"));
            ensure!(version == own, "{name} is {version}, the package {own}");
        } else {
            let wanted = &pinned["devDependencies"][name];
            ensure!(version == wanted, "{name} is {version}, tried is {wanted}");
        }
    }
    Ok(())
}

fn list(folder: &Path, names: &mut Vec<String>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            list(&path, names)?;
        } else {
            names.extend(path.file_name().map(|name| name.to_string_lossy().into_owned()));
        }
    }
    Ok(())
}
