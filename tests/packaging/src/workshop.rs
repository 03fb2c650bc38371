//! A temporary folder with the packed package and the tools of its users, shared by the projects in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use e2e::find;
use tempfile::TempDir;

use crate::project::Project;
use crate::repository;

/// The folder. Dropped, it is removed with everything in it.
#[derive(Debug)]
pub struct Workshop {
    folder: TempDir,
    tarball: PathBuf,
    pins: PathBuf,
}

impl Workshop {
    /// Packs `pkg/` and lays out the pinned tools of `tests/packaging/npm`.
    pub fn open() -> Result<Self> {
        Self::with_tools("tests/packaging/npm")
    }

    /// Packs `pkg/` and lays out the pinned frameworks of `tests/packaging/npm-frameworks`, which only the full matrix
    /// needs.
    pub fn of_frameworks() -> Result<Self> {
        Self::with_tools("tests/packaging/npm-frameworks")
    }

    fn with_tools(tools: &str) -> Result<Self> {
        let folder =
            tempfile::Builder::new().prefix("packaging-").tempdir().context("no temporary folder")?;
        let tools = repository().join(tools);
        ensure!(
            tools.join("node_modules").is_dir(),
            "{} has no packages: run `cargo xtask packaging`",
            tools.display()
        );
        // The lock marks this folder as the root of what Next and Vite look at.
        for name in ["package.json", "package-lock.json"] {
            fs::copy(tools.join(name), folder.path().join(name))
                .with_context(|| format!("copying {name}"))?;
        }
        link(&tools.join("node_modules"), &folder.path().join("node_modules"))?;
        let tarball = pack(folder.path())?;
        Ok(Self { folder, tarball, pins: tools.join("package.json") })
    }

    /// The package as `npm publish` would send it.
    pub fn tarball(&self) -> &Path {
        &self.tarball
    }

    /// A pinned tool by its name.
    pub fn tool(&self, name: &str) -> PathBuf {
        self.folder.path().join("node_modules/.bin").join(name)
    }

    /// The installed version of a pinned tool.
    pub fn version(&self, package: &str) -> Result<String> {
        let manifest = self.folder.path().join("node_modules").join(package).join("package.json");
        let text = fs::read_to_string(&manifest).with_context(|| format!("{package} is not installed"))?;
        let manifest: serde_json::Value = serde_json::from_str(&text)?;
        Ok(manifest["version"].as_str().context("a package without a version")?.to_owned())
    }

    /// A fresh project in which the package is installed, and nothing else is.
    pub fn project(&self, name: &str) -> Result<Project> {
        let folder = self.folder.path().join(name);
        fs::create_dir(&folder).with_context(|| format!("creating {}", folder.display()))?;
        let manifest = serde_json::json!({
            "name": name,
            "private": true,
            "dependencies": { "@appizer/tracker": format!("file:{}", self.tarball.display()) },
        });
        fs::write(folder.join("package.json"), manifest.to_string()).context("writing package.json")?;
        let mut npm = Command::new(find(&["npm"])?);
        // No lock: Next takes the nearest one for the root of the workspace.
        npm.args([
            "install",
            "--offline",
            "--ignore-scripts",
            "--no-package-lock",
            "--no-audit",
            "--no-fund",
        ]);
        output(npm.current_dir(&folder))?;
        Ok(Project::new(folder, self.folder.path().join("node_modules/.bin"), self.pins.clone()))
    }
}

/// What a command says; an error with all of that unless it succeeds.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot start {command:?}"))?;
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if !output.status.success() {
        bail!("{command:?}: {}\n{}{}", output.status, said(&output.stdout), said(&output.stderr));
    }
    Ok(format!("{}{}", said(&output.stdout), said(&output.stderr)))
}

fn pack(folder: &Path) -> Result<PathBuf> {
    let package = repository().join("pkg");
    ensure!(package.join("package.json").is_file(), "pkg/ is missing: run `cargo xtask build`");
    let mut npm = Command::new(find(&["npm"])?);
    npm.args(["pack", "--silent", "--ignore-scripts", "--pack-destination"]).arg(folder).arg(package);
    let name = output(npm.current_dir(folder))?;
    Ok(folder.join(name.trim()))
}

/// The same tree in another place, at no cost in space; copied where a file system cannot link.
fn link(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("creating {}", to.display()))?;
    for entry in fs::read_dir(from).with_context(|| format!("reading {}", from.display()))? {
        let entry = entry?;
        let (old, new) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type()?;
        if kind.is_dir() {
            link(&old, &new)?;
        } else if kind.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(&old)?, &new)?;
        } else if fs::hard_link(&old, &new).is_err() {
            fs::copy(&old, &new).with_context(|| format!("copying {}", old.display()))?;
        }
    }
    Ok(())
}
