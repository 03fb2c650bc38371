//! The engine with the least shell that keeps it going: a store that takes everything at once, an endpoint that
//! accepts everything.

use std::collections::VecDeque;

use appizer_tracker::core::engine::effect::{Effect, Request};
use appizer_tracker::core::engine::{Engine, Setup};
use appizer_tracker::core::policy::options::{Options, Value};
use appizer_tracker::core::policy::shared_row;
use appizer_tracker::core::policy::verdict::Response;

/// One event as the facade hands it over.
pub fn line(number: u32) -> String {
    format!(
        "page-{number:08}\t2026-01-02T03:04:05.006Z\t\"purchase\"\t{{\"plan\":\"pro\",\"price\":19.9,\"currency\":\"EUR\",\
         \"quantity\":2,\"item\":\"Blue shirt\",\"category\":\"shirts\",\"page\":\"/cart\",\"coupon\":false,\"position\":3}}"
    )
}

/// So many lines, as many to a task as that.
pub fn tasks(events: u32, each: u32) -> Vec<String> {
    let tasks = (0..events).step_by(each as usize);
    tasks.map(|from| (from..events.min(from + each)).map(line).collect::<Vec<_>>().join("\n")).collect()
}

/// A page and what is around it.
pub struct Page {
    engine: Engine,
    now: u64,
    shared: Option<String>,
    requests: VecDeque<Request>,
    delivered: usize,
}

impl Page {
    /// A page whose store has opened.
    pub fn open() -> Self {
        let given = [
            ("apiKey", Value::Text("k".into())),
            ("requestsPerMinute", Value::Number(f64::INFINITY)),
            ("maxQueueEvents", Value::Number(1e6)),
            ("maxQueueBytes", Value::Number(1e9)),
        ];
        let options = Options::read(given.map(|(name, value)| (name.into(), value)));
        let setup = Setup {
            options: options.expect("these options are allowed"),
            owner: "page".into(),
            anonymous: "anonymous".into(),
            ua: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0"
                .into(),
            wall: 0,
            seed: 7,
            online: true,
            good_link: None,
            tab: None,
            opted_out: false,
            opted_in: false,
            fetch_outlives: true,
            can_insure: false,
        };
        let mut page = Self {
            engine: Engine::new(setup, 0),
            now: 0,
            shared: None,
            requests: VecDeque::new(),
            delivered: 0,
        };
        page.drain();
        page
    }

    /// Hands a task's lines over.
    pub fn track(&mut self, lines: String) {
        self.engine.handle_track(lines, self.now);
        self.drain();
    }

    /// Answers requests until none comes any more; the number of events that were delivered.
    pub fn deliver(&mut self) -> usize {
        self.engine.handle_flush(1, self.now);
        self.drain();
        while let Some(request) = self.requests.pop_front() {
            self.delivered += request.body.matches("\"$event_id\":").count();
            let response = Response { status: 200, success: Some(true), ..Response::default() };
            self.engine.handle_response(request.id, response, self.now);
            self.drain();
        }
        self.delivered
    }

    fn drain(&mut self) {
        while let Some(effect) = self.engine.poll_effect() {
            match effect {
                Effect::Open { identity, .. } => self.engine.handle_opened(identity, self.now),
                Effect::FindOrphans => self.engine.handle_orphans(Vec::new(), self.now),
                Effect::Write(write) => {
                    let id = write.id;
                    self.engine.handle_written(id, None, self.now);
                }
                Effect::Share(share) => {
                    let (row, granted) = shared_row::update(self.shared.as_deref(), &share);
                    self.shared = row.or(self.shared.take());
                    self.engine.handle_shared(share.id, Some(granted), self.now);
                }
                Effect::Send(request) => self.requests.push_back(request),
                _ => {}
            }
        }
    }
}
