//! The binary: started as documented, killed, asked, and started with what is wrong.

use std::fs;
use std::path::Path;

use relay::policy::STARTS_PER_MINUTE;
use serde_json::{Value, json};

use crate::support::program::{Program, failure, program, run};
use crate::support::*;

#[tokio::test(flavor = "multi_thread")]
async fn it_delivers_what_it_confirmed_even_if_it_is_killed_under_load() {
    let folder = tempfile::tempdir().unwrap();
    let collector = collector().await;
    let slow = collector::Faults { delay_ms: Some(200), ..collector::Faults::default() };
    collector.set_faults(Some(slow)).unwrap();
    let endpoint = collector.endpoint();
    let arguments = ["--endpoint", &endpoint, "--spool", "spool.sqlite"];
    let mut confirmed = Vec::new();
    let kills = 4;
    for kill in 0..kills {
        let mut relay = Program::start(folder.path(), &arguments);
        let url = format!("{}/v1/events/batch", relay.url);
        let requests = collector.requests().unwrap().len();
        let visitors = (0..4).map(|visitor| tokio::spawn(visit(url.clone(), format!("{kill}_{visitor}"))));
        let visitors: Vec<_> = visitors.collect();
        wait_for("requests of this life", async || collector.requests().unwrap().len() > requests + 1).await;
        relay.kill();
        for visitor in visitors {
            confirmed.extend(visitor.await.unwrap());
        }
    }
    let _relay = Program::start(folder.path(), &arguments);
    wait_for("all confirmed events", async || {
        let arrived: std::collections::HashSet<_> = event_names(&collector).into_iter().collect();
        confirmed.iter().all(|name| arrived.contains(name))
    })
    .await;
    let arrived = event_names(&collector);
    let distinct: std::collections::HashSet<_> = arrived.iter().collect();
    assert!(arrived.len() - distinct.len() <= kills * 200, "{} repeats", arrived.len() - distinct.len());
    assert!(confirmed.len() > 100, "{} events were confirmed", confirmed.len());
}

/// Posts batches until the relay is gone; returns the names of the events that it confirmed.
async fn visit(url: String, name: String) -> Vec<String> {
    let client = client();
    let mut confirmed = Vec::new();
    for round in 0.. {
        let body = batch(&format!("{name}_{round}"), 5);
        let Ok(answer) =
            client.post(&url).header("content-type", "text/plain").body(body.to_string()).send().await
        else {
            break;
        };
        if answer.status() == 200 {
            confirmed.extend((0..5).map(|n| format!("{name}_{round}_{n}")));
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    confirmed
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_and_started_again_on_a_full_disk_it_answers_503_and_later_delivers_what_it_confirmed() {
    let (folder, collector) = (tempfile::tempdir().unwrap(), collector().await);
    let endpoint = collector.endpoint();
    collector.set_faults(Some(collector::Faults::status(503))).unwrap();
    let mut relay = Program::start(folder.path(), &["--endpoint", &endpoint]);
    let post = async |relay: &Program, n: usize| {
        let mut body = batch(&format!("event_{n}"), 1);
        body["events"][0]["properties"]["x"] = json!("x".repeat(90_000));
        let request = client().post(format!("{}/v1/events/batch", relay.url)).body(body.to_string());
        send(request.header("content-type", "text/plain")).await
    };
    for n in 0..10 {
        assert_eq!(post(&relay, n).await.status, 200);
    }
    relay.kill();
    // The log holds a megabyte that has no room in the file.
    let mut relay = Program::start_without_room(folder.path(), 256, &["--endpoint", &endpoint]);
    post(&relay, 10).await.assert_refusal(503, "the spool cannot be written");
    relay.kill();
    collector.set_faults(None).unwrap();
    let _relay = Program::start(folder.path(), &["--endpoint", &endpoint]);
    wait_for("all events", async || event_names(&collector).len() >= 10).await;
    assert_eq!(event_names(&collector).len(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn asked_to_stop_it_finishes_and_ends_with_success() {
    let folder = tempfile::tempdir().unwrap();
    let collector = collector().await;
    let mut relay = Program::start(folder.path(), &["--endpoint", &collector.endpoint()]);
    let post = client().post(format!("{}/v1/events/batch", relay.url)).header("content-type", "text/plain");
    assert_eq!(send(post.body(batch("event", 100).to_string())).await.status, 200);
    wait_for("the delivery", async || event_names(&collector).len() == 100).await;
    assert!(relay.stop().success());
    assert!(!folder.path().join("relay.sqlite-wal").exists(), "the spool was closed");
    let log: Vec<Value> =
        relay.logged().lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect();
    assert_eq!(log.last().unwrap()["message"], "stopped");
}

#[tokio::test(flavor = "multi_thread")]
async fn status_and_dead_letters_work_beside_the_running_relay_and_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let collector = collector().await;
    collector.set_faults(Some(collector::Faults::status(400))).unwrap();
    let mut relay = Program::start(folder.path(), &["--endpoint", &collector.endpoint()]);
    let post = client().post(format!("{}/v1/events/batch", relay.url)).header("content-type", "text/plain");
    send(post.body(batch("event", 3).to_string())).await;
    let ask = |arguments: &[&str]| {
        let output = run(folder.path(), arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    wait_for("dead letters", async || ask(&["dead-letters", "list"]).lines().count() == 3).await;
    let list = ask(&["dead-letters", "list"]);
    let first = list.lines().next().unwrap();
    assert!(first.contains("default  refused  400") && first.ends_with("event_0"), "{list}");
    let json: Value =
        serde_json::from_str(ask(&["dead-letters", "list", "--json", "--limit", "1"]).trim()).unwrap();
    assert_eq!((json["event"]["event_name"].clone(), json["status"].clone()), ("event_0".into(), 400.into()));
    let number = json["id"].to_string();
    assert_eq!(ask(&["dead-letters", "discard", &number]), "1 dead letters discarded\n");

    collector.set_faults(None).unwrap();
    assert_eq!(
        ask(&["dead-letters", "resend", "--all", "--site", "default"]),
        "2 dead letters wait for delivery again\n"
    );
    wait_for("the resent events", async || event_names(&collector).len() == 2).await;
    relay.stop();
    let status: Value = serde_json::from_str(ask(&["status", "--json"]).trim()).unwrap();
    assert_eq!((status["accepted"].clone(), status["delivered"].clone()), (3.into(), 2.into()));
    assert_eq!((status["discarded"].clone(), status["dead_letters"].clone()), (1.into(), 0.into()));
    assert!(ask(&["status"]).contains(&format!("of {STARTS_PER_MINUTE}")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_on_the_same_file_ends_with_2_and_harms_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let collector = collector().await;
    let relay = Program::start(folder.path(), &["--endpoint", &collector.endpoint()]);
    let (code, error) = failure(serve(folder.path(), &["--listen", "127.0.0.1:0"]));
    let expected = "appizer-relay: cannot open the spool relay.sqlite: relay.sqlite is in use by another relay: one \
                    process serves an SQLite spool; for several relays use --spool postgres://…";
    assert_eq!(code, Some(2));
    assert!(error.contains(expected), "{error}");
    assert_eq!(send(client().get(format!("{}/readyz", relay.url))).await.status, 200);
}

#[test]
fn a_spool_of_a_newer_schema_is_left_alone_with_2() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("relay.sqlite");
    let newer = rusqlite::Connection::open(&path).unwrap();
    newer.execute_batch("CREATE TABLE theirs (x); PRAGMA user_version = 99;").unwrap();
    for arguments in [&["serve", "--listen", "127.0.0.1:0"][..], &["status"], &["dead-letters", "list"]] {
        let output = program()
            .args(arguments)
            .env("APPIZER_API_KEY", KEY)
            .current_dir(folder.path())
            .output()
            .unwrap();
        let (code, error) = failure(output);
        assert_eq!(code, Some(2), "{arguments:?}");
        assert!(error.contains("the spool has schema 99; this relay knows 1"), "{error}");
    }
    let tables: i64 = newer.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).unwrap();
    assert_eq!(tables, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_at_the_start_is_named_and_ends_with_2() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let listener = std::net::TcpListener::bind(taken).unwrap();
    let port = listener.local_addr().unwrap().to_string();
    let cases: [(&[&str], &str); 11] = [
        (&["--listen", "localhost"], "invalid value 'localhost' for '--listen <ADDRESS>'"),
        (&["--listen", &port], &format!("cannot listen on {port}: ")),
        (
            &["--spool", "mysql://x"],
            "has the scheme \"mysql\"; allowed: the path of an SQLite file, or postgres://…",
        ),
        (
            &["--spool", "absent/relay.sqlite"],
            "cannot open the spool absent/relay.sqlite: absent/relay.sqlite.lock: ",
        ),
        (
            &["--spool", "postgres://relay:s3cret@127.0.0.1:1/relay"],
            "cannot open the spool postgres://127.0.0.1:1/relay: PostgreSQL: error connecting to server: ",
        ),
        (&["--endpoint", "ftp://a.example"], "endpoint ftp://a.example/ must start with https:// or http://"),
        (&["--origin", "shop.example"], "is not an origin"),
        (
            &["--trusted-proxy", "10.0.0.0/40"],
            "\"10.0.0.0/40\" is not a network; allowed: an address or CIDR",
        ),
        (
            &["--client-header", "Forwarded"],
            "client_header cannot be `forwarded`, which has a grammar of its own",
        ),
        (&["--api-key-file", "absent.key"], "cannot read the API key from absent.key: "),
        (&["--api-key-env", "NOT_SET"], "the environment variable NOT_SET is not set: put the API key there"),
    ];
    for (arguments, message) in cases {
        let (code, error) = failure(serve(folder.path(), arguments));
        assert_eq!(code, Some(2), "{arguments:?}: {error}");
        assert!(error.contains(message), "{arguments:?}: {error}");
    }
    let without_key = program().args(["serve"]).current_dir(folder.path()).output().unwrap();
    assert!(failure(without_key).1.contains("the environment variable APPIZER_API_KEY is not set"));
    let on_command_line = failure(serve(folder.path(), &["--api-key", "k"]));
    assert_eq!(on_command_line.0, Some(2), "keys are no flags: every user of the machine could read them");
    let absent = failure(run(folder.path(), &["status", "--spool", "absent.sqlite"]));
    assert_eq!(absent.0, Some(2));
    assert!(absent.1.contains("absent.sqlite does not exist: `serve` creates it"), "{}", absent.1);
    assert!(!folder.path().join("absent.sqlite").exists());
}

#[test]
fn what_is_wrong_in_a_file_is_named_with_its_line_and_what_is_allowed() {
    let site = "[[site]]\nhosts = [\"a.example\"]\napi_key_env = \"KEY\"\n";
    let cases = [
        ("listen = 7\n".to_owned() + site, "line 1", "invalid type: integer `7`, expected socket address"),
        (
            "lissten = \"x\"\n".to_owned() + site,
            "line 1",
            "unknown field `lissten`, expected one of `listen`",
        ),
        ("trusted_proxies = [\"10.0.0.0/8\", \"x\"]\n".to_owned() + site, "line 1", "\"x\" is not a network"),
        (site.to_owned() + "origins = [\"shop.example\"]\n", "line 4", "is not an origin"),
        (
            site.to_owned() + "bots = \"kill\"\n",
            "line 4",
            "unknown variant `kill`, expected `send` or `drop`",
        ),
        (site.to_owned() + "api_key = \"k\"\n", "line 4", "unknown field `api_key`"),
        (
            site.to_owned() + "\n[[site]]\napi_key_env = \"KEY\"\n",
            "line 5",
            "hosts is empty: with several sites each needs",
        ),
        (site.to_owned() + site, "line 4", "the name \"a.example\" is taken by an earlier site"),
        (
            site.to_owned() + "[[site]]\nname = \"b\"\nhosts = [\"A.example\"]\napi_key_env = \"KEY\"\n",
            "line 4",
            "the host \"A.example\" belongs to an earlier site",
        ),
        (
            site.to_owned() + "[[site]]\nhosts = [\"b.example\"]\napi_key_env = \"KEY\"\n",
            "line 4",
            "has the endpoint and key of site \"a.example\": the request limit is counted by key",
        ),
        (site.to_owned() + "daily_quota = 0\n", "line 1", "daily_quota must be at least 1"),
        (site.replace("a.example", "https://a.example"), "line 1", "must be a host name without scheme"),
        (site.replace("KEY", "NO_KEY"), "line 1", "the environment variable NO_KEY is not set"),
        (
            site.to_owned() + "api_key_file = \"k\"\n",
            "line 1",
            "api_key_env and api_key_file exclude each other",
        ),
        ("listen = \"127.0.0.1:0\"\n".to_owned(), "relay.toml", "has no [[site]]"),
    ];
    let folder = tempfile::tempdir().unwrap();
    for (text, place, message) in cases {
        fs::write(folder.path().join("relay.toml"), &text).unwrap();
        let mut check = program();
        check.args(["check-config", "--config", "relay.toml"]).env("KEY", "k").current_dir(folder.path());
        let (code, error) = failure(check.output().unwrap());
        assert_eq!(code, Some(2), "{text}: {error}");
        assert!(error.contains(place) && error.contains(message), "{text}\n{error}");
    }
}

#[test]
fn a_good_file_is_shown_without_its_key_and_flags_go_before_it() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("key"), "a_secret_key\n").unwrap();
    fs::write(folder.path().join("appizer.js"), "1").unwrap();
    let text = "listen = \"127.0.0.1:9000\"\ntracker = \"appizer.js\"\n[[site]]\nhosts = [\"t.shop.example\"]\n\
                origins = [\"https://shop.example\"]\napi_key_file = \"key\"\n";
    fs::write(folder.path().join("relay.toml"), text).unwrap();
    let output =
        run(folder.path(), &["check-config", "--config", "relay.toml", "--listen", "127.0.0.1:9001"]);
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for expected in [
        "127.0.0.1:9001",
        "t.shop.example",
        "https://shop.example",
        "integrity=\"sha384-",
        "the configuration is good",
    ] {
        assert!(shown.contains(expected), "{expected} in {shown}");
    }
    assert!(!shown.contains("a_secret_key"));
    let (code, error) = failure(run(
        folder.path(),
        &["check-config", "--config", "relay.toml", "--origin", "https://b.example"],
    ));
    assert_eq!(code, Some(2));
    assert!(error.contains("options of a site (--origin) cannot be combined with --config"), "{error}");
}

fn serve(folder: &Path, arguments: &[&str]) -> std::process::Output {
    let mut command = program();
    command.arg("serve").args(arguments).env("APPIZER_API_KEY", KEY).current_dir(folder);
    command.output().expect("the program runs")
}

#[test]
fn the_guide_lists_every_flag_and_variable() {
    let guide = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/relay.md")).unwrap();
    let help = String::from_utf8(run(Path::new("/"), &["serve", "--help"]).stdout).unwrap();
    let words =
        help.split(|character: char| !(character.is_ascii_alphanumeric() || "-_".contains(character)));
    let named = words.filter(|word| word.starts_with("--") || word.starts_with("APPIZER_RELAY_"));
    let mut count = 0;
    for name in named.filter(|name| !["--", "--help"].contains(name)) {
        assert!(guide.contains(&format!("`{name}`")), "{name} is not in docs/relay.md");
        count += 1;
    }
    assert!(count > 40, "{count} names were found");
}

#[test]
fn the_threat_model_names_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let model = fs::read_to_string(root.join("../docs/relay-security.md")).unwrap();
    let mut sources = String::new();
    let mut folders = vec![root.join("src"), root.join("tests")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                sources.push_str(&fs::read_to_string(path).unwrap());
            }
        }
    }
    // Names of tests are sentences; nothing else in backticks has four underscores.
    let names = model.split('`').filter(|text| text.matches('_').count() >= 4 && !text.contains(' '));
    let mut count = 0;
    for name in names {
        assert!(sources.contains(&format!("fn {name}(")), "there is no test {name}");
        count += 1;
    }
    assert!(count > 30, "{count} tests are named");
}

#[test]
fn the_example_is_a_good_configuration() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../www/examples/relay/relay.toml");
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("shop.key");
    fs::write(&key, "k").unwrap();
    let text = fs::read_to_string(example)
        .unwrap()
        .replace("/run/credentials/appizer-relay.service/shop.key", key.to_str().unwrap());
    fs::write(folder.path().join("relay.toml"), text).unwrap();
    let output = run(folder.path(), &["check-config", "--config", "relay.toml"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
