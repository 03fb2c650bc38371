//! The binary.

use std::io::{BufRead, BufReader, Lines};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::support::*;

#[tokio::test(flavor = "multi_thread")]
async fn it_stores_what_comes_serves_its_pages_and_ends_cleanly_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("events.sqlite");
    let mount = format!("/={}", folder.path().display());
    let mut running = Program::start(&db, &["--pages-port", "0", "--pages", &mount]);
    let collector = running.announced_url();
    assert!(collector.starts_with("http://127.0.0.1:"), "{collector}");
    assert_eq!(post_two(&collector).await.status, 200);
    let pages = running.announced_url();
    assert_eq!(send(client().get(format!("{pages}events.sqlite"))).await.status, 200);

    let pid = running.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert!(running.child.wait().unwrap().success());
    assert!(!folder.path().join("events.sqlite-wal").exists(), "the database was closed");
    assert_eq!(stored_events(&db), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_keeps_what_it_answered_for_even_if_it_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("events.sqlite");
    let mut running = Program::start(&db, &[]);
    let collector = running.announced_url();
    assert_eq!(post_two(&collector).await.status, 200);
    running.child.kill().unwrap();
    running.child.wait().unwrap();
    assert_eq!(stored_events(&db), 2);
}

#[tokio::test]
async fn it_names_what_keeps_it_from_starting() {
    let taken = collector().await;
    let port = taken.address().port().to_string();
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("events.sqlite");
    let run = |arguments: &[&str]| {
        let output = program().args(["--api-key", KEY, "--db"]).arg(&db).args(arguments).output().unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    let error = run(&["--port", &port]);
    assert!(error.starts_with(&format!("collector: cannot listen on 127.0.0.1:{port}: ")), "{error}");
    let error = run(&["--port", "0", "--pages-port", "0", "--pages", "pkg"]);
    assert!(error.contains(r#""pkg" is not PREFIX=DIR, as in /pkg=pkg"#), "{error}");
}

/// The running program, ended with the test whatever happens.
struct Program {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Program {
    fn start(db: &Path, arguments: &[&str]) -> Self {
        let mut command = program();
        command.args(["--port", "0", "--api-key", KEY, "--db"]).arg(db).args(arguments);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the program starts");
        let output = child.stdout.take().expect("its output is piped");
        Self { child, lines: BufReader::new(output).lines() }
    }

    /// The URL in the next line it prints.
    fn announced_url(&mut self) -> String {
        let line = self.lines.next().expect("it says where it is").expect("it prints text");
        let start = line.find("http://").unwrap_or_else(|| panic!("no address in {line:?}"));
        line[start..].split([',', ' ']).next().unwrap_or_default().to_owned()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It is over already if the test went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_collector"))
}

async fn post_two(collector: &str) -> Answer {
    let post = client().post(format!("{collector}/v1/events/batch")).bearer_auth(KEY);
    send(post.header("content-type", "application/json").body(batch("event", 2).to_string())).await
}

fn stored_events(db: &Path) -> i64 {
    let connection = rusqlite::Connection::open(db).expect("the file opens");
    connection
        .query_row("SELECT count(*) FROM events", [], |row| row.get(0))
        .expect("the events can be counted")
}
