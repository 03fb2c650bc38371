//! Programs that end with whoever started them.

use std::env;
use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process_group};

/// Runs the program given as arguments until standard input ends, which it does when the test drops its end
/// or dies, however it dies. Then the whole process group, browsers included, is asked to end, and made to.
const SUPERVISOR: &str = r#"
"$@" & program=$!
read -r _
trap '' TERM
kill -TERM 0
(sleep 5; kill -KILL 0) &
wait "$program"
kill -KILL 0
"#;

/// A running program and all that it starts.
#[derive(Debug)]
pub struct Process {
    supervisor: Child,
    log: PathBuf,
}

impl Process {
    /// Starts a program of that name, with its temporary files and its log in `folder`.
    pub fn start(program: &Path, folder: &Path, set_up: impl FnOnce(&mut Command)) -> Result<Self> {
        let name = program.file_name().unwrap_or(program.as_os_str());
        let log = folder.join(name).with_extension("log");
        let output = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let mut command = Command::new("sh");
        command.args(["-c", SUPERVISOR, "sh"]).arg(program).process_group(0).env("TMPDIR", folder);
        command.stdin(Stdio::piped()).stdout(output.try_clone()?).stderr(output);
        set_up(&mut command);
        let supervisor = command.spawn().with_context(|| format!("cannot start {}", program.display()))?;
        Ok(Self { supervisor, log })
    }

    /// What it has written so far, to either stream.
    pub fn log(&self) -> Result<String> {
        let text = fs::read(&self.log).with_context(|| format!("cannot read {}", self.log.display()))?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    /// Ends it and all that it started with SIGKILL: none of them gets to do anything more.
    pub fn kill(mut self) -> Result<()> {
        let group = i32::try_from(self.supervisor.id()).ok().and_then(Pid::from_raw);
        let group = group.context("a process without an id")?;
        kill_process_group(group, Signal::KILL).context("cannot kill a process group")?;
        self.supervisor.wait().context("cannot wait for a killed process")?;
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.supervisor.stdin.take());
        // It kills itself last; nothing is to be learnt from how it ended.
        let _ = self.supervisor.wait();
    }
}

/// What they have written so far, for a failure's message.
pub(crate) fn logs(processes: &[Process]) -> String {
    let logs = processes.iter().map(|process| process.log().unwrap_or_else(|error| format!("{error:#}")));
    logs.collect::<Vec<_>>().join("\n")
}

/// Where the first of these programs is that can be found on `PATH`.
pub fn find(programs: &[&str]) -> Result<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = env::split_paths(&path).collect();
    let mut places =
        programs.iter().flat_map(|program| folders.iter().map(move |folder| folder.join(program)));
    places
        .find(|place| place.is_file())
        .with_context(|| format!("{} is not on PATH: run `cargo xtask setup`", programs.join(" or ")))
}

/// A port that was free a moment ago: not every driver can choose one and say which.
pub fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port is free")?;
    Ok(listener.local_addr().context("a listener without an address")?.port())
}
