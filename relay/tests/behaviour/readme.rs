//! The commands of relay/README.md as they stand there, but for addresses and for what `cargo run` begins with.

use serde_json::Value;

use crate::support::program::{Program, run};
use crate::support::*;

const README: &str = include_str!("../../README.md");

#[tokio::test(flavor = "multi_thread")]
async fn the_readmes_commands_take_an_event_to_the_endpoint_once() {
    let folder = tempfile::tempdir().unwrap();
    let collector = collector().await;
    let endpoint = collector.endpoint();
    let [serve, status] = ["serve", "status"].map(|name| {
        let command = README.split("-p relay -- ").skip(1).find(|command| command.starts_with(name));
        let command = command.and_then(|command| command.split(['\n', '`']).next());
        command.unwrap_or_else(|| panic!("the README has no command {name}"))
    });
    let arguments = serve.replace("http://127.0.0.1:8787/v1/events/batch", &endpoint);
    assert_ne!(arguments, serve);
    let arguments = Vec::from_iter(arguments.split(' ').skip(1));
    let relay = Program::start(folder.path(), &arguments);

    let body = README.split("-d '").nth(1).and_then(|rest| rest.split('\'').next()).unwrap();
    let reply = README.split("```json\n").nth(1).and_then(|rest| rest.lines().next()).unwrap();
    for _ in 0..2 {
        let request = client().post(format!("{}/v1/events/batch", relay.url)).body(body);
        let answer = send(request.header("Content-Type", "application/json")).await;
        assert_eq!(answer.json(), serde_json::from_str::<Value>(reply).unwrap());
    }
    wait_for("the event", async || !event_names(&collector).is_empty()).await;
    assert_eq!(event_names(&collector), ["hello"]);
    let shown = run(folder.path(), &[status]);
    assert!(String::from_utf8_lossy(&shown.stdout).contains("repeated"), "{shown:?}");
}
