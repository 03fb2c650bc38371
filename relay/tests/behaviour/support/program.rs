//! The binary, started and killed.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};

use super::KEY;

/// A running `appizer-relay serve`, ended with the test whatever happens.
pub struct Program {
    child: Child,
    pub url: String,
    pub log: PathBuf,
}

impl Program {
    /// Starts a relay on a free port with the key in its environment, and its log in `folder`.
    pub fn start(folder: &Path, arguments: &[&str]) -> Self {
        Self::launch(program(), folder, arguments)
    }

    /// Starts a relay that cannot write a file beyond this many half KiB: the disk is as good as full.
    pub fn start_without_room(folder: &Path, blocks: u32, arguments: &[&str]) -> Self {
        let relay = program();
        let mut command = Command::new("sh");
        command.args(["-c", r#"trap '' XFSZ; ulimit -f "$0"; exec "$@""#, &blocks.to_string()]);
        command
            .arg(relay.get_program())
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        Self::launch(command, folder, arguments)
    }

    fn launch(mut command: Command, folder: &Path, arguments: &[&str]) -> Self {
        let log = folder.join("relay.log");
        let file = std::fs::File::options().create(true).append(true).open(&log).expect("a log file");
        command.args(["serve", "--listen", "127.0.0.1:0"]).args(arguments).env("APPIZER_API_KEY", KEY);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(file)
            .current_dir(folder)
            .spawn()
            .expect("the program starts");
        let mut line = String::new();
        let output = child.stdout.take().expect("its output is piped");
        BufReader::new(output).read_line(&mut line).expect("it prints text");
        let start = line.find("http://").unwrap_or_else(|| panic!("no address in {line:?}: {}", read(&log)));
        let url = line[start..].split([',', ' ']).next().unwrap_or_default().to_owned();
        Self { child, url, log }
    }

    /// Kills it as the machine's end would.
    pub fn kill(&mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
    }

    /// Asks it to stop, and waits.
    pub fn stop(&mut self) -> ExitStatus {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs").success());
        self.child.wait().expect("it ends")
    }

    pub fn logged(&self) -> String {
        read(&self.log)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It is over already if the test went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The program without the environment that a developer may have.
pub fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_appizer-relay"));
    let own = std::env::vars_os().map(|(name, _)| name);
    for name in own.filter(|name| name.to_string_lossy().starts_with("APPIZER_")) {
        command.env_remove(name);
    }
    command
}

/// Runs the program to its end.
pub fn run(folder: &Path, arguments: &[&str]) -> Output {
    program().args(arguments).current_dir(folder).output().expect("the program runs")
}

/// Returns the exit code and what it said on standard error.
pub fn failure(output: Output) -> (Option<i32>, String) {
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

fn read(path: &Path) -> String {
    let mut text = String::new();
    let _ = std::fs::File::open(path).and_then(|mut file| file.read_to_string(&mut text));
    text
}
