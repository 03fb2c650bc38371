//! What the commands need on the machine: looked for first, installed only where it is missing.

mod debian;
mod node;
mod old_browsers;
pub mod python;
pub mod rust;

use anyhow::{Result, bail};

use crate::{paths, progress};
pub use debian::{Package, WEBKIT_DRIVER};

/// One thing a command needs, in the order in which they can be installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    Debian(Package),
    Rustfmt,
    Clippy,
    WasmTarget,
    PinnedRust,
    WasmPack,
    WasmBindgen,
    Geckodriver,
    Node,
    NpmPackages,
    PackagingTools,
    Frameworks,
    OldBrowsers,
    PythonRequests,
}

/// What `build` and `demo` need.
pub const BUILD: &[Need] =
    &[Need::PinnedRust, Need::WasmPack, Need::WasmBindgen, Need::Node, Need::NpmPackages];

/// Lists the needs of all commands, without the frameworks: only `packaging` reads their 660 MB.
pub const ALL: &[Need] = &[
    Need::Debian(Package::Chromium),
    Need::Debian(Package::ChromiumDriver),
    Need::Debian(Package::Curl),
    Need::Debian(Package::FirefoxEsr),
    Need::Debian(Package::Nginx),
    Need::Debian(Package::Pip),
    Need::Debian(Package::Postgresql),
    Need::Debian(Package::Python),
    Need::Debian(Package::WebkitDriver),
    Need::Debian(Package::Xauth),
    Need::Debian(Package::Xvfb),
    Need::Rustfmt,
    Need::Clippy,
    Need::WasmTarget,
    Need::PinnedRust,
    Need::WasmPack,
    Need::WasmBindgen,
    Need::Geckodriver,
    Need::Node,
    Need::NpmPackages,
    Need::PackagingTools,
    Need::OldBrowsers,
    Need::PythonRequests,
];

/// Sees to it that everything in `needs` is there.
pub fn ensure(needs: &[Need]) -> Result<()> {
    let mut needs = needs.to_vec();
    needs.sort_unstable();
    needs.dedup();
    debian::ensure(&needs)?;
    for need in needs {
        ensure_one(need)?;
    }
    Ok(())
}

fn ensure_one(need: Need) -> Result<()> {
    if let Some(found) = need.find()? {
        println!("   found {found}");
        return Ok(());
    }
    progress::step(&format!("installing {}", need.name()), || need.install())?;
    match need.find()? {
        Some(found) => println!("   installed {found}"),
        None => bail!("{} was installed, but cannot be found: is its directory on PATH?", need.name()),
    }
    Ok(())
}

impl Need {
    fn name(self) -> &'static str {
        match self {
            Need::Debian(package) => package.name(),
            Need::Rustfmt => "rustfmt",
            Need::Clippy => "clippy",
            Need::WasmTarget => "Rust target wasm32-unknown-unknown",
            Need::PinnedRust => "the pinned Rust and its source",
            Need::WasmPack => "wasm-pack",
            Need::WasmBindgen => "wasm-bindgen-cli",
            Need::Geckodriver => "geckodriver",
            Need::Node => "Node.js",
            Need::NpmPackages => "npm packages of xtask/npm",
            Need::PackagingTools => "npm packages of tests/packaging/npm",
            Need::Frameworks => "npm packages of tests/packaging/npm-frameworks",
            Need::OldBrowsers => "old browsers of tests/old-browsers/npm",
            Need::PythonRequests => "Python module requests",
        }
    }

    /// What is there, in a few words, or nothing if it is missing.
    fn find(self) -> Result<Option<String>> {
        match self {
            Need::Debian(package) => Ok(package.find()),
            Need::Rustfmt | Need::Clippy => rust::find_component(self.name()),
            Need::WasmTarget => rust::find_target(),
            Need::PinnedRust => Ok(rust::find_pinned()),
            Need::WasmPack => Ok(rust::find_wasm_pack()),
            Need::WasmBindgen => rust::find_wasm_bindgen(),
            Need::Geckodriver => Ok(rust::find_geckodriver()),
            Need::Node => node::find_node(),
            Need::NpmPackages => node::find_packages(&paths::npm()),
            Need::PackagingTools => node::find_packages(&paths::packaging_tools()),
            Need::Frameworks => node::find_packages(&paths::frameworks()),
            Need::OldBrowsers => old_browsers::find(),
            Need::PythonRequests => Ok(python::find_requests()),
        }
    }

    fn install(self) -> Result<()> {
        match self {
            Need::Debian(package) => debian::install(&[package]),
            Need::Rustfmt | Need::Clippy => rust::install_component(self.name()),
            Need::WasmTarget => rust::install_target(),
            Need::PinnedRust => rust::install_pinned(),
            Need::WasmPack => rust::install_tool("wasm-pack", &["--locked"]),
            Need::WasmBindgen => rust::install_wasm_bindgen(),
            Need::Geckodriver => rust::install_tool("geckodriver", &["--locked"]),
            Need::Node => node::explain_node(),
            Need::NpmPackages => node::install_packages(&paths::npm()),
            Need::PackagingTools => node::install_packages(&paths::packaging_tools()),
            Need::Frameworks => node::install_packages(&paths::frameworks()),
            Need::OldBrowsers => old_browsers::install(),
            Need::PythonRequests => python::install_requests(),
        }
    }
}
