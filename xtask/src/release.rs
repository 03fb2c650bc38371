//! `cargo xtask release`: everything that is to be right before the package is published. It publishes nothing: its
//! last line is the command that does.

use std::fs;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use serde_json::Value;

use crate::{build, paths, process, progress, setup};

#[derive(Args)]
pub struct Options {
    /// Goes through all of it in whatever state the tree is
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    build: build::Options,
}

/// The files that the package is to hold, one a line; tests/packaging holds the installed package to it, too.
const CONTENTS: &str = "tests/packaging/contents.txt";

pub fn run(options: &Options) -> Result<()> {
    if !options.dry_run {
        progress::step("release: tree", check_tree)?;
    }
    setup::ensure(setup::BUILD)?;
    build::run(&options.build)?;
    let version = progress::step("release: version and changelog", || check_version(options.dry_run))?;
    let tarball = progress::step("release: pack", || pack(&version))?;
    println!("\n   {version} is ready. Its tests: cargo xtask test && cargo xtask packaging");
    let publish = format!("npm publish --access public {tarball}");
    if options.dry_run {
        println!("   To release it: cargo xtask release, then {publish}");
    } else {
        println!("   To publish it: {publish}\n   Then: git tag v{version}");
    }
    Ok(())
}

fn check_tree() -> Result<()> {
    let changes = process::capture(process::command("git").args(["status", "--porcelain"]))?;
    if changes.trim().is_empty() {
        return Ok(());
    }
    bail!("the tree is not clean; commit or set aside first:\n{changes}Without a release in mind: --dry-run")
}

/// The package's version is the workspace's, and the changelog has a section for it.
fn check_version(dry_run: bool) -> Result<String> {
    let manifest: Value = serde_json::from_str(&read("pkg/package.json")?).context("pkg/package.json")?;
    let version = manifest["version"].as_str().context("pkg/package.json has no version")?;
    let workspace = env!("CARGO_PKG_VERSION");
    ensure!(
        version == workspace,
        "Cargo.toml has version {version} for the crate, {workspace} for the workspace"
    );
    let section = Section::of(&read("CHANGELOG.md")?, version)?;
    println!("   {version}, with {} entries in the changelog", section.entries);
    if !section.released {
        ensure!(dry_run, "CHANGELOG.md calls {version} \"not released\": put the date in the place of that");
        println!("   the changelog calls it \"not released\": a release wants the date there");
    }
    Ok(version.to_owned())
}

/// What the changelog has on a version.
#[derive(Debug, PartialEq)]
struct Section {
    entries: usize,
    released: bool,
}

impl Section {
    fn of(changelog: &str, version: &str) -> Result<Self> {
        let mut lines = changelog.lines();
        let heading = lines
            .by_ref()
            .filter_map(|line| line.strip_prefix("## "))
            .find(|heading| heading.split_whitespace().next() == Some(version));
        let heading = heading.with_context(|| format!("CHANGELOG.md has no section \"## {version}\""))?;
        let section = lines.take_while(|line| !line.starts_with("## "));
        let entries = section.filter(|line| line.starts_with("- ")).count();
        ensure!(entries > 0, "CHANGELOG.md says nothing under \"## {heading}\"");
        Ok(Self { entries, released: !heading.contains("not released") })
    }
}

/// Packs the package, and holds what is in it to the list.
fn pack(version: &str) -> Result<String> {
    let folder = paths::root().join("target/release-package");
    fs::create_dir_all(&folder).with_context(|| format!("creating {}", folder.display()))?;
    let mut npm = process::command("npm");
    npm.args(["pack", "--json", "--ignore-scripts", "--pack-destination"]).arg(&folder).arg(paths::package());
    let said = process::capture(&mut npm)?;
    let report: Value = serde_json::from_str(&said).context("reading the output of npm pack")?;
    // npm 11 lists reports, newer ones name them by package.
    let report =
        report.get(0).or_else(|| report.as_object()?.values().next()).context("npm reports no package")?;
    let files = report["files"].as_array().context("npm lists no files")?;
    let mut names = Vec::new();
    for file in files {
        let name = file["path"].as_str().context("a file without a path")?;
        println!("   {name:<34} {:>8}", file["size"]);
        names.push(name);
    }
    println!("   {:<34} {:>8}, packed {}", "", report["unpackedSize"], report["size"]);
    names.sort_unstable();
    compare(&names, &read(CONTENTS)?)?;
    let name = report["filename"].as_str().context("npm names no tarball")?;
    ensure!(name.contains(version), "npm packed {name} instead of {version}");
    Ok(format!("target/release-package/{name}"))
}

fn compare(found: &[&str], expected: &str) -> Result<()> {
    let expected: Vec<&str> = expected.lines().collect();
    let missing: Vec<_> = expected.iter().filter(|name| !found.contains(name)).collect();
    let unknown: Vec<_> = found.iter().filter(|name| !expected.contains(name)).collect();
    ensure!(
        missing.is_empty() && unknown.is_empty(),
        "{CONTENTS}: missing {missing:?}, not listed {unknown:?}"
    );
    Ok(())
}

fn read(path: &str) -> Result<String> {
    fs::read_to_string(paths::root().join(path)).with_context(|| format!("reading {path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_needs_a_section_with_entries_of_its_own() {
        let changelog = "# Changelog\n\n## 0.2.0 (not released)\n\n### Added\n\n## 0.1.1 (not released)\n- x\n\n\
                         ## 0.1.0 (2026-01-01)\n\n- a\n- b\n";
        assert_eq!(Section::of(changelog, "0.1.0").unwrap(), Section { entries: 2, released: true });
        assert_eq!(Section::of(changelog, "0.1.1").unwrap(), Section { entries: 1, released: false });
        assert!(Section::of(changelog, "0.2.0").unwrap_err().to_string().contains("nothing"));
        for unknown in ["0.3.0", "0.1"] {
            assert!(Section::of(changelog, unknown).unwrap_err().to_string().contains("no section"));
        }
    }

    #[test]
    fn a_file_too_few_or_too_many_is_named() {
        assert!(compare(&["a", "b"], "a\nb\n").is_ok());
        assert!(compare(&["a"], "a\nb\n").unwrap_err().to_string().contains("missing [\"b\"]"));
        assert!(compare(&["a", "x"], "a\n").unwrap_err().to_string().contains("not listed [\"x\"]"));
    }
}
