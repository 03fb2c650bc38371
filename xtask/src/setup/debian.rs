//! Browsers, drivers and small programs: from Debian's packages where we may install them, by name elsewhere.

use std::fs;
use std::path::Path;

use anyhow::{Result, bail};

use super::{Need, python};
use crate::{process, progress};

/// The WebDriver server of WebKitGTK.
pub const WEBKIT_DRIVER: &str = "WebKitWebDriver";

/// Debian keeps it where only root's `PATH` leads.
const NGINX: &str = "/usr/sbin/nginx";

const POSTGRESQL: &str = "/usr/lib/postgresql";

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Package {
    Chromium,
    ChromiumDriver,
    Curl,
    FirefoxEsr,
    Nginx,
    Pip,
    Postgresql,
    Python,
    WebkitDriver,
    Xauth,
    Xvfb,
}

/// Installs what is missing of the packages among `needs`, all at once.
pub fn ensure(needs: &[Need]) -> Result<()> {
    let missing: Vec<Package> = needs
        .iter()
        .filter_map(|need| match need {
            Need::Debian(package) if package.find().is_none() => Some(*package),
            _ => None,
        })
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    progress::step(&format!("installing {}", names(&missing)), || install(&missing))
}

pub fn install(packages: &[Package]) -> Result<()> {
    let names = names(packages);
    if !(is_debian() && is_root()) {
        bail!(
            "not found on this machine: {}. On Debian, as root: apt-get update && apt-get install {names}. \
             Elsewhere install these programs by your system's own means, so that they are on PATH",
            packages.iter().map(|package| package.program()).collect::<Vec<_>>().join(", ")
        );
    }
    process::run(apt_get().arg("update"))?;
    process::run(apt_get().args(["install", "-y", "--no-install-recommends"]).args(names.split(' ')))
}

impl Package {
    pub fn name(self) -> &'static str {
        match self {
            Package::Chromium => "chromium",
            Package::ChromiumDriver => "chromium-driver",
            Package::Curl => "curl",
            Package::FirefoxEsr => "firefox-esr",
            Package::Nginx => "nginx",
            Package::Pip => "python3-pip",
            Package::Postgresql => "postgresql",
            Package::Python => "python3",
            // Brings libwebkit2gtk, whose MiniBrowser it drives.
            Package::WebkitDriver => "webkit2gtk-driver",
            Package::Xauth => "xauth",
            Package::Xvfb => "xvfb",
        }
    }

    /// Where its program lies. Pip is needed only to install what the examples import.
    pub fn find(self) -> Option<String> {
        if self == Package::Pip {
            return (python::find_requests().is_some() || python::has_pip()).then(|| "pip".into());
        }
        if self == Package::Nginx && Path::new(NGINX).is_file() {
            return Some(NGINX.into());
        }
        if self == Package::Postgresql {
            return find_postgresql();
        }
        process::find(self.program()).map(|path| path.display().to_string())
    }

    fn program(self) -> &'static str {
        match self {
            Package::Chromium => "chromium",
            Package::ChromiumDriver => "chromedriver",
            Package::Curl => "curl",
            // geckodriver starts the program of this name; Debian's firefox-esr has it too.
            Package::FirefoxEsr => "firefox",
            Package::Nginx => "nginx",
            Package::Pip => "pip (as python3 -m pip)",
            Package::Postgresql => "postgres (in /usr/lib/postgresql/<version>/bin)",
            Package::Python => "python3",
            Package::WebkitDriver => WEBKIT_DRIVER,
            Package::Xauth => "xauth",
            Package::Xvfb => "xvfb-run",
        }
    }
}

/// The newest server. Debian keeps each version in a folder where no `PATH` leads.
fn find_postgresql() -> Option<String> {
    let versions = fs::read_dir(POSTGRESQL).ok()?.flatten();
    let servers =
        versions.map(|version| version.path().join("bin/postgres")).filter(|server| server.is_file());
    servers.max().map(|server| server.display().to_string())
}

fn names(packages: &[Package]) -> String {
    packages.iter().map(|package| package.name()).collect::<Vec<_>>().join(" ")
}

fn apt_get() -> std::process::Command {
    let mut command = process::command("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}

fn is_debian() -> bool {
    fs::read_to_string("/etc/os-release").is_ok_and(|text| text.lines().any(|line| line == "ID=debian"))
}

fn is_root() -> bool {
    process::capture(process::command("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}
