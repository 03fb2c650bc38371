//! The documentation's three examples, in its own words. Only the host is replaced, when they run.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use collector::{Collector, Settings};

const DOCUMENTED_HOST: &str = "https://api.appizer.com";
const DOCUMENTED_KEY: &str = "YOUR_API_KEY";

#[tokio::test(flavor = "multi_thread")]
async fn the_javascript_example_succeeds() {
    let example = include_str!("examples/javascript.mjs");
    let output =
        run_against_collector(example, Command::new("node").args(["--input-type=module", "-"])).await;
    assert!(output.contains("success: true"), "{output}");
    assert!(output.contains("processed_count: 2"), "{output}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_python_example_succeeds() {
    let example = include_str!("examples/python.py");
    let mut python = Command::new("python3");
    let output =
        run_against_collector(example, python.arg("-").env("PYTHONPATH", tools().join("python"))).await;
    assert!(output.contains("'success': True"), "{output}");
    assert!(output.contains("'processed_count': 2"), "{output}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_curl_example_succeeds() {
    let example = include_str!("examples/curl.sh");
    let output = run_against_collector(example, Command::new("bash").arg("-s")).await;
    assert_eq!(
        output,
        r#"{"success":true,"processed_count":2,"message":"Batch events tracked successfully"}"#
    );
}

/// Runs an example, given to its interpreter on standard input, and checks that its two events arrived.
async fn run_against_collector(example: &str, interpreter: &mut Command) -> String {
    assert!(example.contains(DOCUMENTED_HOST), "the example names the documented host");
    let collector = Collector::start(Settings::in_memory(DOCUMENTED_KEY)).await.expect("a collector starts");
    let host = format!("http://{}", collector.address());
    let output = run(interpreter, &example.replace(DOCUMENTED_HOST, &host));

    let events = collector.events().expect("the events can be read");
    let events: Vec<_> =
        events.iter().map(|event| (event.event_name.as_str(), event.user_id.as_str())).collect();
    assert_eq!(events, [("page_view", "user_123"), ("button_click", "user_123")]);
    output
}

fn run(interpreter: &mut Command, script: &str) -> String {
    // A proxy in the environment has no business with 127.0.0.1.
    interpreter.env("NO_PROXY", "127.0.0.1").env("no_proxy", "127.0.0.1");
    interpreter.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let program = interpreter.get_program().to_string_lossy().into_owned();
    let mut child = match interpreter.spawn() {
        Ok(child) => child,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            panic!("{program} is not installed: run `cargo xtask setup`")
        }
        Err(error) => panic!("{program} does not start: {error}"),
    };
    let mut stdin = child.stdin.take().expect("standard input is piped");
    stdin.write_all(script.as_bytes()).expect("the interpreter reads its script");
    drop(stdin);
    let output = child.wait_with_output().expect("the interpreter ends");
    let errors = String::from_utf8_lossy(&output.stderr);
    // A missing `requests` or `curl` shows here, in the interpreter's words.
    assert!(
        output.status.success(),
        "{program} failed; if a tool is missing, run `cargo xtask setup`. It said:\n{errors}"
    );
    String::from_utf8(output.stdout).expect("the output is text")
}

/// Where the project's setup puts the tools that are not the machine's.
fn tools() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools")
}
