//! `cargo xtask packaging`: the whole matrix of tests/packaging. Its quick part is a step of `cargo xtask test`.

use anyhow::Result;

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
];

pub fn run() -> Result<()> {
    setup::ensure(&[setup::BUILD, NEEDS].concat())?;
    build::run()?;
    progress::step("packaging: matrix", || {
        process::run(process::cargo().args(["run", "--quiet", "--package", "packaging"]))
    })
}
