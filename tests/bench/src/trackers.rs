//! What is measured, each bundled from a plain entry of its own in `trackers/`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// A tracker that takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tracker {
    /// Its entry's name in `trackers/`.
    pub name: &'static str,
    /// As the tables have it.
    pub title: &'static str,
    /// Where its version is written, for what comes from npm.
    package: Option<&'static str>,
}

/// No tracker: what the page and the measuring cost.
pub const EMPTY: Tracker = Tracker { name: "empty", title: "no tracker", package: None };

/// The package, and the floor.
pub const OURS: Tracker = Tracker { name: "appizer", title: "**Appizer**", package: None };

/// The same core as JavaScript, for pages that forbid WebAssembly.
pub const OURS_JS: Tracker = Tracker { name: "appizer-js", title: "**Appizer** `/js`", package: None };

/// A careful programmer's own.
pub const BARE: Tracker = Tracker { name: "bare", title: "bare", package: None };

/// All that are compared, in the tables' order.
pub const COMPARED: [Tracker; 8] = [
    OURS,
    OURS_JS,
    BARE,
    Tracker { name: "snowplow", title: "Snowplow", package: Some("@snowplow/browser-tracker") },
    Tracker { name: "segment", title: "Segment", package: Some("@segment/analytics-next") },
    Tracker { name: "mixpanel", title: "Mixpanel", package: Some("mixpanel-browser") },
    Tracker { name: "amplitude", title: "Amplitude", package: Some("@amplitude/analytics-browser") },
    Tracker { name: "posthog", title: "PostHog", package: Some("posthog-js") },
];

/// Where this crate's files lie.
pub fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where the bundles are left, a folder each.
pub fn bundles() -> PathBuf {
    here().join("../../target/bench/trackers")
}

impl Tracker {
    /// The version that is measured.
    pub fn version(self) -> Result<String> {
        let manifest = match self.package {
            Some(package) => here().join("npm/node_modules").join(package).join("package.json"),
            None if self == OURS => here().join("../../pkg/package.json"),
            None => return Ok(String::new()),
        };
        let text =
            fs::read_to_string(&manifest).with_context(|| format!("reading {}", manifest.display()))?;
        let manifest: Value = serde_json::from_str(&text).context("reading a manifest")?;
        Ok(manifest["version"].as_str().unwrap_or_default().into())
    }
}

/// Bundles an entry as a page would load it: what it imports only later is a file of its own.
pub fn bundle(name: &str) -> Result<()> {
    let package = here().join("../../pkg");
    ensure!(package.join("index.js").is_file(), "pkg/index.js is missing: run `cargo xtask build`");
    let mut esbuild = Command::new(here().join("../../xtask/npm/node_modules/.bin/esbuild"));
    esbuild.arg(here().join("trackers").join(name).with_extension("js"));
    esbuild.args(["--bundle", "--minify", "--splitting", "--format=esm", "--target=es2022"]);
    esbuild.args(["--log-level=warning", "--define:process.env.NODE_ENV=\"production\""]);
    for (entry, file) in [("@appizer/tracker", "index.js"), ("@appizer/tracker/js", "js.js")] {
        esbuild.arg(format!("--alias:{entry}={}", package.join(file).display()));
    }
    esbuild.arg(format!("--outdir={}", bundles().join(name).display()));
    esbuild.env("NODE_PATH", here().join("npm/node_modules"));
    let status = esbuild.status().context("esbuild cannot be started")?;
    ensure!(status.success(), "esbuild failed with {name}");
    Ok(())
}
