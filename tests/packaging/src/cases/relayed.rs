//! The example with a relay: a page without a key, the relay as the systemd unit starts it, and nginx in front for TLS.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use collector::AuthorizationKind;
use e2e::{Arrivals, Browser, Engine, Process, free_port, relay_program};

use super::examples::start_nginx;
use crate::workshop::output;
use crate::{Stage, Workshop};

/// Plays the example with the addresses of this machine and a certificate that nobody has signed.
pub async fn relay(workshop: &Workshop) -> Result<String> {
    let stage = Stage::set(workshop, "relay", "www/examples/relay").await?;
    let pages = stage.serve("").await?;
    let ports = Ports { public: free_port()?, relay: free_port()?, metrics: free_port()? };
    let origin = pages.url("/").trim_end_matches('/').to_owned();
    let relay = start_relay(&stage, &ports, &origin)?;
    stage.listening(ports.relay, &relay).await?;
    let nginx = start_nginx(&stage, &tls_site(&stage, &ports)?)?;
    stage.listening(ports.public, &nginx).await?;
    let page = fill(&stage, "index.html", &[("t.shop.example", &format!("127.0.0.1:{}", ports.public))])?;
    ensure!(!page.contains("packaging_key"), "the page has the key");
    fs::write(stage.project.folder().join("index.html"), page)?;

    let browser = Browser::start(Engine::Chromium).await?;
    browser.visit(&pages.url("/")).await?;
    browser.run::<()>("document.querySelector('button').click()").await?;
    // The page leaves: what it tracked goes at once, before the interval of ten seconds.
    browser.run::<()>("dispatchEvent(new PageTransitionEvent('pagehide'))").await?;
    stage.await_events(&browser, 2).await?;
    let arrivals = Arrivals::at(&stage.collector)?;
    let has_key = arrivals.requests.iter().all(|request| request.authorization == AuthorizationKind::Bearer);
    ensure!(has_key, "a request came without the key: {arrivals}");
    let ips: Vec<_> = arrivals.events.iter().map(|event| event.ip.as_deref()).collect();
    ensure!(ips == [Some("198.51.100.0"); 2], "the visitor's truncated address is missing: {ips:?}");
    stage.leave_quietly(&browser, Engine::Chromium, &["page_view", "button_click"]).await
}

struct Ports {
    public: u16,
    relay: u16,
    metrics: u16,
}

/// Starts the relay with the unit's command line and the example's configuration.
fn start_relay(stage: &Stage, ports: &Ports, origin: &str) -> Result<Process> {
    let folder = stage.project.folder();
    let path = |name: &str| folder.join(name).display().to_string();
    let package = stage.project.package().join("appizer.js").display().to_string();
    let endpoint = format!("[[site]]\nendpoint = \"{}\"", stage.collector.endpoint());
    let configuration = fill(
        stage,
        "relay.toml",
        &[
            ("127.0.0.1:8788", &format!("127.0.0.1:{}", ports.relay)),
            ("127.0.0.1:8789", &format!("127.0.0.1:{}", ports.metrics)),
            ("/var/lib/appizer-relay/relay.sqlite", &path("relay.sqlite")),
            ("/usr/share/appizer/appizer.js", &package),
            ("[[site]]", &endpoint),
            ("t.shop.example", "127.0.0.1"),
            ("\"https://shop.example\", \"https://*.shop.example\"", &format!("{origin:?}")),
            ("/run/credentials/appizer-relay.service/shop.key", &path("shop.key")),
            // A headless browser is one.
            ("bots = \"drop\"", "bots = \"send\""),
        ],
    )?;
    fs::write(folder.join("filled.toml"), configuration)?;
    fs::write(folder.join("shop.key"), "packaging_key")?;
    let unit = fill(stage, "appizer-relay.service", &[("/etc/appizer-relay/relay.toml", "filled.toml")])?;
    let command = unit.lines().find_map(|line| line.strip_prefix("ExecStart=/usr/local/bin/appizer-relay "));
    let command = command.context("the unit does not start /usr/local/bin/appizer-relay")?;
    Process::start(&relay_program()?, folder, |relay| {
        relay.args(command.split(' ')).current_dir(folder);
    })
}

/// Makes a certificate, and returns the example's nginx.conf with it.
fn tls_site(stage: &Stage, ports: &Ports) -> Result<String> {
    let folder = stage.project.folder();
    let path = |name: &str| folder.join(name).display().to_string();
    let (key, certificate) = (path("tls.key"), path("tls.pem"));
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]);
    output(openssl.args(["-keyout", &key, "-out", &certificate]))?;
    let live = "/etc/letsencrypt/live/t.shop.example";
    fill(
        stage,
        "nginx.conf",
        &[
            ("  listen [::]:443 ssl http2;\n", ""),
            ("listen 443 ssl", &format!("listen 127.0.0.1:{} ssl", ports.public)),
            ("server 127.0.0.1:8788;", &format!("server 127.0.0.1:{};", ports.relay)),
            // On this machine the visitor has the proxy's address.
            ("X-Forwarded-For $remote_addr", "X-Forwarded-For 198.51.100.7"),
            (&format!("{live}/fullchain.pem"), &certificate),
            (&format!("{live}/privkey.pem"), &key),
        ],
    )
}

/// Returns the text of a file of the example with other addresses; each must be there to be replaced.
fn fill(stage: &Stage, file: &str, replacements: &[(&str, &str)]) -> Result<String> {
    let mut text = stage.project.read(file)?;
    for (from, to) in replacements {
        ensure!(text.contains(from), "{file} does not say {from:?}");
        text = text.replace(from, to);
    }
    Ok(text)
}
