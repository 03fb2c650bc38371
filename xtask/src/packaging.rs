//! `cargo xtask packaging`: the whole matrix of tests/packaging. Its quick part is a step of `cargo xtask test`.

use anyhow::Result;
use clap::Args;

use crate::setup::{self, Need, Package};
use crate::{build, process, progress};

/// Every browser, every tool of the package's users, and a proxy.
const NEEDS: &[Need] = &[
    Need::Debian(Package::Chromium),
    Need::Debian(Package::ChromiumDriver),
    Need::Debian(Package::FirefoxEsr),
    Need::Debian(Package::Nginx),
    Need::Debian(Package::WebkitDriver),
    Need::Debian(Package::Xvfb),
    Need::Geckodriver,
    Need::PackagingTools,
    Need::Frameworks,
];

#[derive(Args)]
pub struct Options {
    /// Plays the cases whose names hold this, and leaves the table as it is
    #[arg(long, value_name = "WORD")]
    only: Option<String>,
    #[command(flatten)]
    build: build::Options,
}

pub fn run(options: &Options) -> Result<()> {
    setup::ensure(&[setup::BUILD, NEEDS].concat())?;
    build::run(&options.build)?;
    progress::step("packaging: matrix", || {
        process::run(&mut process::build_relay())?;
        let mut matrix = process::cargo();
        matrix.args(["run", "--quiet", "--package", "packaging", "--"]).args(&options.only);
        process::run(&mut matrix)
    })
}
