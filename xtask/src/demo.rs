//! `cargo xtask demo`: the demo page with a collector behind it.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use signal_hook::consts::{SIGINT, SIGTERM};

use crate::{build, paths, process, progress, setup};

#[derive(Args)]
pub struct Options {
    /// The collector's port; the page has the one after it
    #[arg(long, default_value_t = 8787, value_parser = clap::value_parser!(u16).range(1..(u16::MAX - 2) as i64))]
    port: u16,
    /// Puts a relay between page and collector, on the two ports after the page's
    #[arg(long)]
    relay: bool,
}

/// Serves until it is stopped by Ctrl-C.
pub fn run(options: &Options) -> Result<()> {
    let (collector_port, pages_port) = (options.port, options.port + 1);
    let ports = if options.relay { collector_port..=pages_port + 2 } else { collector_port..=pages_port };
    for port in ports {
        check_free(port)?;
    }
    setup::ensure(setup::BUILD)?;
    build::run(&build::Options::default())?;
    progress::step("demo: collector", || {
        process::run(process::cargo().args(["build", "--package", "collector"]))
    })?;
    let mut servers = vec![collector(collector_port, pages_port)?];
    let mut page = format!("http://127.0.0.1:{pages_port}/");
    if options.relay {
        progress::step("demo: relay", || {
            process::run(&mut process::build_relay())?;
            process::run(process::cargo().args(["build", "--package", "e2e", "--bin", "relay-demo"]))
        })?;
        servers.push(relay(collector_port, pages_port));
        page += "?relay";
    }
    serve(&mut servers, pages_port, &page)
}

/// Says so before the build's minutes, not after.
fn check_free(port: u16) -> Result<()> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .map(drop)
        .with_context(|| format!("port {port} cannot be used: choose another with --port"))
}

fn collector(port: u16, pages_port: u16) -> Result<Command> {
    let directory = paths::root().join("target/demo");
    std::fs::create_dir_all(&directory).with_context(|| format!("creating {}", directory.display()))?;
    let mut collector = process::cargo();
    collector.args(["run", "--quiet", "--package", "collector", "--", "--api-key", "demo_key"]);
    collector.args(["--port", &port.to_string(), "--pages-port", &pages_port.to_string()]);
    collector.arg("--db").arg(directory.join("events.sqlite"));
    collector.args(["--pages", "/=www", "--pages", "/pkg=pkg"]);
    Ok(collector)
}

fn relay(collector_port: u16, pages_port: u16) -> Command {
    let mut relay = process::cargo();
    relay.args(["run", "--quiet", "--package", "e2e", "--bin", "relay-demo", "--", "--api-key", "demo_key"]);
    relay.args(["--collector", &format!("http://127.0.0.1:{collector_port}")]);
    relay.args(["--relay-port", &(pages_port + 1).to_string()]);
    relay.args(["--control-port", &(pages_port + 2).to_string()]);
    relay
}

fn serve(servers: &mut [Command], pages_port: u16, page: &str) -> Result<()> {
    // Taken, not left to end this process: the servers must not outlive it.
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&stop)).context("listening for Ctrl-C")?;
    }
    let mut children = Vec::new();
    for server in servers {
        children.push(server.spawn().with_context(|| format!("starting `{}`", process::line(server)))?);
    }
    let mut announced = false;
    while !stop.load(Ordering::Relaxed) {
        for child in &mut children {
            if let Some(status) = child.try_wait().context("watching the servers")? {
                bail!("a server of the demo ended by itself: {status}");
            }
        }
        if !announced && listens(pages_port) {
            announce(page);
            announced = true;
        }
        thread::sleep(Duration::from_millis(50));
    }
    children.iter_mut().try_for_each(end)
}

fn listens(port: u16) -> bool {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok()
}

fn announce(page: &str) {
    println!("\n   The demo is ready:  {page}\n   Ctrl-C ends it.\n");
}

/// By then it has had the terminal's Ctrl-C too; its database survives either way.
fn end(child: &mut Child) -> Result<()> {
    child.kill().context("ending a server")?;
    child.wait().context("ending a server")?;
    Ok(())
}
