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
    #[arg(long, default_value_t = 8787, value_parser = clap::value_parser!(u16).range(1..u16::MAX as i64))]
    port: u16,
}

/// Serves until it is stopped by Ctrl-C.
pub fn run(options: &Options) -> Result<()> {
    let (collector_port, pages_port) = (options.port, options.port + 1);
    check_free(collector_port)?;
    check_free(pages_port)?;
    setup::ensure(setup::BUILD)?;
    build::run(&build::Options::default())?;
    progress::step("demo: collector", || {
        process::run(process::cargo().args(["build", "--package", "collector"]))
    })?;
    serve(&mut collector(collector_port, pages_port)?, pages_port)
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

fn serve(collector: &mut Command, pages_port: u16) -> Result<()> {
    // Taken, not left to end this process: the collector must not outlive it.
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&stop)).context("listening for Ctrl-C")?;
    }
    let mut child = collector.spawn().with_context(|| format!("starting `{}`", process::line(collector)))?;
    let mut announced = false;
    while !stop.load(Ordering::Relaxed) {
        if let Some(status) = child.try_wait().context("watching the collector")? {
            bail!("the collector ended by itself: {status}");
        }
        if !announced && listens(pages_port) {
            announce(pages_port);
            announced = true;
        }
        thread::sleep(Duration::from_millis(50));
    }
    end(&mut child)
}

fn listens(port: u16) -> bool {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok()
}

fn announce(port: u16) {
    println!("\n   The demo is ready:  http://127.0.0.1:{port}/\n   Ctrl-C ends it.\n");
}

/// By then it has had the terminal's Ctrl-C too; its database survives either way.
fn end(child: &mut Child) -> Result<()> {
    child.kill().context("ending the collector")?;
    child.wait().context("ending the collector")?;
    Ok(())
}
