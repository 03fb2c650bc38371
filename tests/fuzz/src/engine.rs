//! The engine with inputs in any order, also such as no shell gives: late, repeated, about what never was.

use std::collections::BTreeSet;

use appizer_tracker::core::engine::effect::Effect;
use appizer_tracker::core::engine::{Engine, Setup, StoreFailure};
use appizer_tracker::core::model::account::Account;
use appizer_tracker::core::model::dead_letter::{DeadLetter, Disposal, Reason};
use appizer_tracker::core::model::identity::Identity;
use appizer_tracker::core::model::mark::Mark;
use appizer_tracker::core::model::orphan::Orphan;
use appizer_tracker::core::model::segment::{Record, SegmentKey};
use appizer_tracker::core::policy::limits;
use appizer_tracker::core::policy::options::{Options, Value};
use appizer_tracker::core::policy::shared_row;
use appizer_tracker::core::policy::verdict::Response;
use arbitrary::{Arbitrary, Unstructured};

#[derive(Arbitrary, Debug)]
enum Input {
    Track(String),
    TrackWell(u8),
    Identify(String),
    Reset,
    Flush,
    Key(bool),
    Online(bool),
    Link(Option<u32>),
    Hidden,
    Exit,
    Return,
    Usurped,
    Close,
    OptOut,
    OptIn,
    Opened,
    OpenFailed,
    StoreClosed,
    Written { write: u8, fails: Option<bool> },
    Orphans { accepted: u32, delivered: u32, marked: bool },
    Loaded { ids: String, events: String },
    LoadFailed,
    Shared { answered: bool },
    Responded { request: u8, status: u16, success: Option<bool>, processed: Option<u64>, failed: Vec<usize> },
    Letters { resend: bool },
    Wait(u32),
    Timeout,
}

#[derive(Default)]
struct Shell {
    writes: Vec<u32>,
    requests: Vec<(u32, Vec<String>)>,
    shares: Vec<shared_row::Share>,
    row: Option<String>,
    loads: Vec<String>,
    owners: u32,
    tracked: u32,
}

/// The engine neither panics nor breaks its equation, sends no event in two requests at a time, and keeps to the
/// limits of a request.
pub fn engine(bytes: &[u8]) {
    let mut data = Unstructured::new(bytes);
    let given = [("apiKey", Value::Text("k".into())), ("maxQueueEvents", Value::Number(150.0))];
    let options =
        Options::read(given.map(|(name, value)| (name.into(), value))).expect("these options are right");
    let setup = Setup {
        options,
        owner: "p0".into(),
        anonymous: "a".into(),
        ua: "UA".into(),
        wall: 1_000_000,
        seed: 7,
        online: true,
        good_link: None,
        tab: data.arbitrary().unwrap_or(false).then(|| "t".into()),
        opted_out: data.arbitrary().unwrap_or(false),
        opted_in: false,
        fetch_outlives: true,
        can_insure: true,
    };
    let mut now = 1_000_000;
    let mut engine = Engine::new(setup, now);
    let mut shell = Shell::default();
    while !data.is_empty() {
        let Ok(input) = data.arbitrary::<Input>() else { break };
        if let Input::Wait(ms) = input {
            now += u64::from(ms);
        }
        give(&mut engine, &mut shell, input, now);
        while let Some(effect) = engine.poll_effect() {
            shell.take(effect);
        }
        let stats = engine.stats(Account::default(), now);
        let account = stats.account;
        let dropped = account.dropped;
        let gone =
            dropped.storage_lost + dropped.max_queue_events + dropped.max_queue_bytes + dropped.max_age;
        let gone = gone + dropped.quota + dropped.corrupt + dropped.opt_out;
        let settled = account.delivered + account.handed_over + account.rejected + account.uncertain + gone;
        assert_eq!(account.accepted, settled + account.queued(), "{stats:?}");
    }
}

fn give(engine: &mut Engine, shell: &mut Shell, input: Input, now: u64) {
    match input {
        Input::Track(lines) => engine.handle_track(lines, now),
        Input::TrackWell(count) => engine.handle_track(shell.lines(count), now),
        Input::Identify(user) => engine.handle_identify(user, now),
        Input::Reset => engine.handle_reset("b".into(), now),
        Input::Flush => engine.handle_flush(1, now),
        Input::Key(other) => engine.handle_key(if other { "k2" } else { "k" }.into(), now),
        Input::Online(online) => engine.handle_online(online, now),
        Input::Link(good) => engine.handle_link(good),
        Input::Hidden => engine.handle_hidden(now),
        Input::Exit => engine.handle_exit(now),
        Input::Return => {
            let owner = shell.owner();
            engine.handle_return(owner, now);
        }
        Input::Usurped => {
            let owner = shell.owner();
            engine.handle_usurped(owner, now);
        }
        Input::Close => engine.handle_close(now),
        Input::OptOut => engine.handle_opt_out("c".into(), now),
        Input::OptIn => engine.handle_opt_in(now),
        Input::Opened => engine.handle_opened(Identity { anonymous: "a".into(), user: None }, now),
        Input::OpenFailed => engine.handle_open_failed("refused".into(), Vec::new(), now),
        Input::StoreClosed => engine.handle_store_closed(now),
        Input::Written { write, fails } => {
            let id = shell.writes.get(usize::from(write)).copied().unwrap_or(u32::from(write));
            let failure = fails
                .map(|full| if full { StoreFailure::Quota } else { StoreFailure::Closed("gone".into()) });
            engine.handle_written(id, failure, now);
        }
        Input::Orphans { accepted, delivered, marked } => {
            let delivered = delivered.min(accepted);
            let account =
                Account { accepted: accepted.into(), delivered: delivered.into(), ..Account::default() };
            let marks = if marked {
                vec![Mark { to: 7, at: now, tab: "t".into(), ids: "x1 x2".into() }]
            } else {
                Vec::new()
            };
            engine.handle_orphans(vec![Orphan { owner: shell.owner(), account, marks }], now);
        }
        Input::Loaded { ids, events } => {
            let owner = shell.loads.pop().unwrap_or_default();
            let record = Record { key: SegmentKey::new(&owner, 0), at: now, old_since: None, ids, events };
            engine.handle_loaded(&owner, vec![record], now);
        }
        Input::LoadFailed => {
            let owner = shell.loads.pop().unwrap_or_default();
            engine.handle_load_failed(&owner);
        }
        Input::Shared { answered } => {
            if let Some(share) = shell.shares.pop() {
                let (row, granted) = shared_row::update(shell.row.as_deref(), &share);
                shell.row = row;
                engine.handle_shared(share.id, answered.then_some(granted), now);
            }
        }
        Input::Responded { request, status, success, processed, failed } => {
            let place = usize::from(request) % shell.requests.len().max(1);
            let id =
                if place < shell.requests.len() { shell.requests.remove(place).0 } else { request.into() };
            let response =
                Response { status, success, processed_count: processed, failed, ..Response::default() };
            engine.handle_response(id, response, now);
        }
        Input::Letters { resend } => {
            let letter = DeadLetter {
                id: shell.id(),
                json: "{}".into(),
                reason: Reason::Uncertain,
                status: 200,
                message: String::new(),
                at: now,
                project: None,
            };
            let disposal = if resend { Disposal::Resend } else { Disposal::Discard };
            engine.handle_letters(vec![letter], disposal, now);
        }
        Input::Wait(_) | Input::Timeout => engine.handle_timeout(now),
    }
}

impl Shell {
    fn take(&mut self, effect: Effect) {
        match effect {
            Effect::Write(write) => self.writes.push(write.id),
            Effect::Load { owner, .. } => self.loads.push(owner),
            Effect::Share(share) => self.shares.push(share),
            Effect::Abort { request } => self.requests.retain(|(id, _)| *id != request),
            // What was under way is nobody's business any more, and the next page may send it again.
            Effect::Leave { .. } => self.requests.clear(),
            Effect::Send(request) => {
                assert!(request.body.len() <= limits::MAX_BATCH_BYTES + limits::MAX_EVENT_BYTES * 2);
                let ids = self.ids_in(&request.body);
                assert!(ids.len() <= limits::MAX_BATCH_EVENTS);
                let under_way: BTreeSet<_> = self.requests.iter().flat_map(|(_, ids)| ids).collect();
                assert!(
                    ids.iter().all(|id| !under_way.contains(id)),
                    "an event is in two requests at a time"
                );
                self.requests.push((request.id, ids));
            }
            _ => {}
        }
    }

    /// Ids of the events that this shell tracked itself: others may be anything.
    fn ids_in(&self, body: &str) -> Vec<String> {
        let ids = body.split("\"$event_id\":\"own-").skip(1);
        ids.filter_map(|rest| rest.split('"').next()).map(String::from).collect()
    }

    fn lines(&mut self, count: u8) -> String {
        let lines = (0..count % 120).map(|_| [&self.id(), "\tt\t\"x\"\t{}"].concat());
        lines.collect::<Vec<_>>().join("\n")
    }

    fn id(&mut self) -> String {
        self.tracked += 1;
        ["own-", &self.tracked.to_string()].concat()
    }

    fn owner(&mut self) -> String {
        self.owners += 1;
        ["p", &self.owners.to_string()].concat()
    }
}
