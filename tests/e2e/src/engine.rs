//! What is special to each browser: its driver, and how it is asked for.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context, Result};
use clap::ValueEnum;
use serde::Serialize;
use serde_json::{Value, json};

use crate::process::{self, Process};
use crate::wait::until;

/// The three engines that browsers are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// Chrome, Edge and most others.
    Chromium,
    /// Firefox.
    Firefox,
    /// Safari; here WebKitGTK's own MiniBrowser.
    #[value(name = "webkit")]
    WebKit,
}

impl Engine {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Chromium, Self::Firefox, Self::WebKit];

    /// What a new session asks of the driver. The profile lies in `folder`.
    pub(crate) fn capabilities(self, folder: &Path) -> Result<Value> {
        Ok(match self {
            Self::Chromium => json!({ "goog:chromeOptions": {
                "binary": process::find(CHROMIUM)?,
                "args": chromium_arguments(folder),
            }, "acceptInsecureCerts": true, "goog:loggingPrefs": { "browser": "ALL" } }),
            Self::Firefox => json!({ "moz:firefoxOptions": {
                "binary": process::find(FIREFOX)?,
                "args": firefox_arguments(folder)?,
            } }),
            Self::WebKit => json!({ "webkitgtk:browserOptions": {
                "binary": mini_browser()?,
                // One journey has a page open a tab; the others allow it under automation.
                "args": ["--automation", "--javascript-can-open-windows-automatically=true"],
            } }),
        })
    }

    /// Starts the driver, to listen on `port`. The processes are in the order in which they are to end.
    pub(crate) async fn start_driver(self, port: u16, folder: &Path) -> Result<Vec<Process>> {
        match self {
            Self::Chromium => {
                let program = process::find(&["chromedriver"])?;
                Ok(vec![Process::start(&program, folder, |driver| {
                    driver.arg(format!("--port={port}"));
                })?])
            }
            Self::Firefox => {
                let program = process::find(&["geckodriver"])?;
                Ok(vec![Process::start(&program, folder, |driver| {
                    // Its second port has a fixed default, which two drivers cannot share.
                    driver.args(["--port", &port.to_string(), "--websocket-port", "0"]);
                })?])
            }
            Self::WebKit => {
                let program = process::find(&["WebKitWebDriver"])?;
                let (display, name) = start_display(folder).await?;
                let driver = Process::start(&program, folder, |driver| {
                    driver.arg(format!("--port={port}")).env("DISPLAY", name);
                    adapt_webkit(driver);
                })?;
                Ok(vec![driver, display])
            }
        }
    }

    /// Opens a page in a browser without a driver. The processes are in the order in which they are to end.
    pub(crate) async fn start_alone(self, folder: &Path, url: &str) -> Result<Vec<Process>> {
        match self {
            Self::Chromium => Ok(vec![Process::start(&process::find(CHROMIUM)?, folder, |browser| {
                browser.args(chromium_arguments(folder)).arg(url);
            })?]),
            Self::Firefox => {
                let arguments = firefox_arguments(folder)?;
                let preferences = profile(folder).join("user.js");
                fs::write(&preferences, FIREFOX_PREFERENCES)
                    .with_context(|| format!("cannot write {}", preferences.display()))?;
                Ok(vec![Process::start(&process::find(FIREFOX)?, folder, |browser| {
                    browser.arg("-no-remote").args(arguments).arg(url);
                })?])
            }
            Self::WebKit => {
                let (display, name) = start_display(folder).await?;
                let browser = Process::start(&mini_browser()?, folder, |browser| {
                    browser.arg(url).env("DISPLAY", name);
                    for home in ["HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"] {
                        browser.env(home, profile(folder));
                    }
                    adapt_webkit(browser);
                })?;
                Ok(vec![browser, display])
            }
        }
    }
}

const CHROMIUM: &[&str] = &["chromium", "google-chrome"];

const FIREFOX: &[&str] = &["firefox-esr", "firefox"];

/// What a driver sets by itself: no pages of the browser's own, and after a crash none of those before.
const FIREFOX_PREFERENCES: &str = r#"
user_pref("browser.aboutwelcome.enabled", false);
user_pref("browser.sessionstore.resume_from_crash", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("browser.startup.homepage_override.mstone", "ignore");
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("toolkit.startup.max_resumed_crashes", -1);
"#;

fn profile(folder: &Path) -> PathBuf {
    folder.join("profile")
}

pub(crate) fn chromium_arguments(folder: &Path) -> Vec<String> {
    let fixed = [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        "--disable-dev-shm-usage",
        "--disable-quic",
    ];
    let profile = format!("--user-data-dir={}", profile(folder).display());
    fixed.map(String::from).into_iter().chain([profile]).collect()
}

/// Named, the profile outlives the driver's session; but Firefox does not make a folder of that name.
fn firefox_arguments(folder: &Path) -> Result<Vec<String>> {
    let profile = profile(folder);
    fs::create_dir_all(&profile).with_context(|| format!("cannot make {}", profile.display()))?;
    Ok(vec!["-headless".into(), "-profile".into(), profile.display().to_string()])
}

fn adapt_webkit(driver: &mut Command) {
    driver.env("GDK_BACKEND", "x11");
    // The sandbox asks for user namespaces, which root in a container does not have. The pages are ours.
    driver.env("WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS", "1");
}

/// WebKitGTK has no headless mode. The X server picks the display and writes its number.
async fn start_display(folder: &Path) -> Result<(Process, String)> {
    let program = process::find(&["Xvfb"])?;
    let server = Process::start(&program, folder, |server| {
        server.args(["-displayfd", "1", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"]);
    })?;
    let number = until("Xvfb to name its display", async || {
        let log = server.log()?;
        let number = log.lines().find(|line| !line.is_empty() && line.bytes().all(|b| b.is_ascii_digit()));
        Ok(number.map(str::to_owned))
    });
    let number = number.await?;
    Ok((server, format!(":{number}")))
}

/// It is no program for users, so it stands in a folder named after the machine's architecture.
fn mini_browser() -> Result<PathBuf> {
    let architectures = fs::read_dir("/usr/lib").context("cannot look into /usr/lib")?;
    let mut places = architectures.flatten().map(|entry| entry.path().join("webkit2gtk-4.1/MiniBrowser"));
    places.find(|place| place.is_file()).with_context(|| {
        format!(
            "MiniBrowser is not in /usr/lib/{}*/webkit2gtk-4.1: run `cargo xtask setup`",
            env::consts::ARCH
        )
    })
}
