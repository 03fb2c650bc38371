//! A PostgreSQL server for tests and tools: Debian's, on a free port, with its data in a temporary folder.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test without its server has failed")]

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{OnceLock, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Where Debian keeps its versions.
const VERSIONS: &str = "/usr/lib/postgresql";

/// Folders begin with this and the number of their process.
const PREFIX: &str = "relay-postgres-";

/// A server that ends with this value, or with the process whatever happens.
#[derive(Debug)]
pub struct Postgres {
    programs: PathBuf,
    folder: TempDir,
    port: u16,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    child: Child,
    /// The server's death is tied to the thread that started it, which waits for this to be dropped.
    _starter: mpsc::Sender<()>,
}

/// Returns the address of a new, empty database on a server that all tests of this process share.
pub fn database() -> String {
    static SERVER: OnceLock<Postgres> = OnceLock::new();
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let server = SERVER.get_or_init(Postgres::start);
    let name = format!("relay_{}", COUNT.fetch_add(1, Ordering::Relaxed));
    server.run("createdb", [name.as_str()]);
    server.url(&name)
}

impl Postgres {
    /// Makes a server and waits until it answers.
    pub fn start() -> Self {
        sweep();
        let prefix = format!("{PREFIX}{}-", std::process::id());
        let folder = tempfile::Builder::new().prefix(&prefix).tempdir().expect("a temporary folder");
        let port = free_port();
        let mut server = Self { programs: programs(), folder, port, running: None };
        if is_root() {
            // The server refuses to run as root.
            let chown = Command::new("chown").arg("postgres").arg(server.folder.path()).status();
            assert!(chown.expect("chown runs").success());
        }
        let data = server.data();
        let initdb = server
            .command("initdb")
            .args(["--no-sync", "--auth=trust", "--encoding=UTF8", "--username=postgres", "--pgdata"])
            .arg(&data)
            .output()
            .expect("initdb runs");
        assert!(initdb.status.success(), "{}", String::from_utf8_lossy(&initdb.stderr));
        server.resume();
        server
    }

    /// Starts the server again after [`stop`](Self::stop).
    pub fn resume(&mut self) {
        let mut command = self.command("postgres");
        command.arg("-D").arg(self.data()).arg("-k").arg(self.folder.path());
        let port = self.port.to_string();
        // What a test commits need not survive the machine.
        command.args(["-c", "fsync=off", "-c", "listen_addresses=127.0.0.1", "-p", &port]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let (started, start) = mpsc::channel();
        let (starter, ended) = mpsc::channel::<()>();
        thread::spawn(move || {
            let _ = started.send(command.spawn());
            let _ = ended.recv();
        });
        let child = start.recv().expect("the thread answers").expect("PostgreSQL starts");
        self.running = Some(Running { child, _starter: starter });
        let deadline = Instant::now() + Duration::from_secs(60);
        while !self
            .command("pg_isready")
            .args(["-q", "-h", "127.0.0.1", "-p", &port])
            .status()
            .expect("pg_isready runs")
            .success()
        {
            assert!(Instant::now() < deadline, "PostgreSQL does not answer");
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Ends the server and all its sessions.
    pub fn stop(&mut self) {
        if let Some(mut running) = self.running.take() {
            let pid = running.child.id().to_string();
            let _ = Command::new("kill").args(["-INT", &pid]).status();
            let _ = running.child.wait();
        }
    }

    /// Returns the address of one of its databases.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Runs one of PostgreSQL's client programs on the server.
    pub fn run<'a>(&self, program: &str, arguments: impl IntoIterator<Item = &'a str>) -> String {
        let mut command = Command::new(self.programs.join(program));
        command.args(["-h", "127.0.0.1", "-U", "postgres", "-p", &self.port.to_string()]).args(arguments);
        let output = command.output().expect("the program runs");
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A program of the server's, as a user it accepts, that ends when the thread that starts it does.
    fn command(&self, program: &str) -> Command {
        // Not `runuser`, which stays between: the signal must reach the server itself.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "INT"]);
        if is_root() {
            command.args(["--reuid", "postgres", "--regid", "postgres", "--init-groups"]);
        }
        command.arg(self.programs.join(program));
        command.current_dir("/");
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.stop();
    }
}

fn programs() -> PathBuf {
    let versions = std::fs::read_dir(VERSIONS).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    found.sort();
    let newest = found.pop().filter(|folder| folder.join("postgres").exists());
    newest.unwrap_or_else(|| {
        panic!("no PostgreSQL in {VERSIONS}: apt-get install postgresql, or cargo xtask test --only relay")
    })
}

/// Deletes what servers of processes that are gone have left: a static is never dropped.
fn sweep() {
    for entry in std::fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let process = name.strip_prefix(PREFIX).and_then(|rest| rest.split('-').next());
        if process.is_some_and(|process| !Path::new("/proc").join(process).exists()) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(Path::new("/proc/self")).is_ok_and(|own| own.uid() == 0)
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let port = listener.local_addr().expect("a bound socket has an address").port();
    drop(listener);
    assert!(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err());
    port
}
