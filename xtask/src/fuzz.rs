//! `cargo xtask fuzz`: libFuzzer over everything that reads foreign input, a while each.

use anyhow::Result;
use clap::Args;

use crate::setup::rust;
use crate::{paths, process, progress};

/// Those of `tests/fuzz`.
const TARGETS: &[&str] =
    &["engine", "lines", "options", "relay_bodies", "responses", "retry_after", "shared_rows"];

#[derive(Args)]
pub struct Options {
    /// Seconds for each target
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// This target alone
    #[arg(long)]
    target: Option<String>,
}

/// Needs a nightly compiler, for libFuzzer's instrumentation; the same functions are property-tested on stable.
pub fn run(options: &Options) -> Result<()> {
    if process::find("cargo-fuzz").is_none() {
        progress::step("fuzz: cargo-fuzz", || rust::install_tool("cargo-fuzz", &["--locked"]))?;
    }
    let names = TARGETS.iter().copied();
    for name in names.filter(|name| options.target.as_deref().is_none_or(|wanted| wanted == *name)) {
        progress::step(&format!("fuzz: {name}"), || {
            let mut fuzz = process::command("rustup");
            fuzz.args(["run", "nightly", "cargo", "fuzz", "run", "--fuzz-dir"])
                .arg(paths::root().join("tests/fuzz/targets"));
            fuzz.args([name, "--", "-timeout=10"]).arg(format!("-max_total_time={}", options.seconds));
            process::run(&mut fuzz)
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_is_known_here() {
        let folder = std::fs::read_dir(paths::root().join("tests/fuzz/targets/fuzz_targets")).unwrap();
        let mut found: Vec<_> =
            folder.map(|file| file.unwrap().path().file_stem().unwrap().to_owned()).collect();
        found.sort();
        assert_eq!(found, TARGETS);
    }
}
