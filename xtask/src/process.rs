//! Child processes: found, run from the repository's root, and reported by their whole command line.

use std::env;
use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::paths;

/// A command that runs at the repository's root and finds what `cargo install` installed.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(paths::root());
    if let Ok(path) = env::join_paths(search_path()) {
        command.env("PATH", path);
    }
    command
}

/// The cargo that runs this command, not another toolchain's.
pub fn cargo() -> Command {
    command(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Builds the relay's program, which tests and tools start without building it.
pub fn build_relay() -> Command {
    let mut build = cargo();
    build.args(["build", "--package", "relay"]);
    build
}

/// Runs it with its output shown; an error unless it succeeds.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| cannot_start(command))?;
    if !status.success() {
        bail!("`{}` failed: {status}", line(command));
    }
    Ok(())
}

/// Its standard output; an error unless it succeeds, with what it wrote to standard error.
pub fn capture(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output().with_context(|| cannot_start(command))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("`{}` failed: {}\n{}", line(command), output.status, said.trim_end());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs it with its output shown, and keeps a copy of its standard output, where test runners write their results.
pub fn run_teed(command: &mut Command) -> Result<Teed> {
    let mut child = command.stdout(Stdio::piped()).spawn().with_context(|| cannot_start(command))?;
    let mut copy = Vec::new();
    if let Some(mut output) = child.stdout.take() {
        tee(&mut output, &mut copy).with_context(|| format!("reading the output of `{}`", line(command)))?;
    }
    let status = child.wait().with_context(|| format!("waiting for `{}`", line(command)))?;
    Ok(Teed { success: status.success(), output: String::from_utf8_lossy(&copy).into_owned() })
}

pub struct Teed {
    pub success: bool,
    pub output: String,
}

/// Where a program of that name lies, if anywhere.
pub fn find(program: &str) -> Option<PathBuf> {
    search_path()
        .into_iter()
        .map(|directory| directory.join(format!("{program}{}", env::consts::EXE_SUFFIX)))
        .find(|path| path.is_file())
}

/// A command as it would be typed; of a very long one, the beginning, which says what it was.
pub fn line(command: &Command) -> String {
    const LONGEST: usize = 160;
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let line = words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{} …", &line[..end]),
        None => line,
    }
}

/// `PATH`, led by cargo's own directory, which a fresh machine may not have on it yet.
fn search_path() -> Vec<PathBuf> {
    let cargo_home = env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| env::home_dir().map(|home| home.join(".cargo")));
    let installed = cargo_home.map(|home| home.join("bin"));
    let path = env::var_os("PATH").unwrap_or_default();
    installed.into_iter().chain(env::split_paths(&path)).collect()
}

fn tee(from: &mut impl Read, copy: &mut Vec<u8>) -> io::Result<()> {
    let mut shown = io::stdout();
    let mut buffer = [0; 4096];
    loop {
        let read = from.read(&mut buffer)?;
        if read == 0 {
            return Ok(());
        }
        copy.extend_from_slice(&buffer[..read]);
        shown.write_all(&buffer[..read])?;
        shown.flush()?;
    }
}

fn cannot_start(command: &Command) -> String {
    let program = Path::new(command.get_program());
    format!("`{}` cannot be started: is {} installed?", line(command), program.display())
}
