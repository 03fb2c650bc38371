//! One visitor's browser: a store that outlives its pages, one page at a time, and the engine in it.

use crate::disk::load;
use appizer_tracker::core::engine::effect::Effect;
use appizer_tracker::core::engine::{Engine, Setup};
use appizer_tracker::core::model::account::Account;
use appizer_tracker::core::model::identity::Identity;
use appizer_tracker::core::model::mark::Mark;
use appizer_tracker::core::model::orphan::Orphan;
use appizer_tracker::core::model::segment::Record;
use appizer_tracker::core::policy::limits;
use appizer_tracker::core::policy::options::{Options, Value};
use appizer_tracker::core::policy::shared_row::{self, Failure, News, Share};
use appizer_tracker::core::policy::verdict::Response;
use appizer_tracker::core::rows::changes::Changes;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// How pages learn from a request that failed. All else is the same engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Pacing {
    /// As the engine has it.
    Crowd,
    /// The next try is at the next flush interval.
    Interval,
    /// Exponential backoff with full jitter; the interval never widens.
    Backoff,
    /// As the engine has it, through a relay.
    Relay,
}

/// What a browser has the outside hear.
pub(super) enum Told {
    Request {
        request: u32,
        body: String,
        at_exit: bool,
    },
    /// Ids of events that a page has marked as handed over.
    Mark(String),
}

#[derive(Debug)]
pub(super) struct Browser {
    number: usize,
    pacing: Pacing,
    visit: u32,
    page: Option<Page>,
    records: BTreeMap<String, Record>,
    accounts: BTreeMap<String, Account>,
    marks: BTreeMap<String, Mark>,
    identity: Option<Identity>,
    row: Option<String>,
    good_link: Option<u32>,
}

#[derive(Debug)]
struct Page {
    engine: Engine,
    timer: Option<u64>,
    /// Pages that are gone and whose locks this one has.
    adopted: BTreeSet<String>,
    leaves: bool,
}

impl Pacing {
    /// As tables have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Crowd => "ours",
            Self::Interval => "interval",
            Self::Backoff => "backoff",
            Self::Relay => "relay",
        }
    }

    /// The same news, such that the engine does with it what this pacing would.
    fn told(self, news: News) -> News {
        match (self, news) {
            (Self::Interval, News::Failed(_)) => News::Failed(Failure {
                status: 503,
                retry_after: Some(limits::DEFAULT_FLUSH_INTERVAL),
                jitter: 0,
                offline: false,
            }),
            (Self::Backoff, News::Failed(failure)) => {
                News::Failed(Failure { status: 503, retry_after: None, ..failure })
            }
            _ => news,
        }
    }
}

impl Browser {
    pub(super) fn new(number: usize, pacing: Pacing) -> Self {
        Self {
            number,
            pacing,
            visit: 0,
            page: None,
            records: BTreeMap::new(),
            accounts: BTreeMap::new(),
            marks: BTreeMap::new(),
            identity: None,
            row: None,
            good_link: None,
        }
    }

    /// How many visits have begun.
    pub(super) fn visit(&self) -> u32 {
        self.visit
    }

    pub(super) fn is_open(&self) -> bool {
        self.page.is_some()
    }

    /// The ids of what is in the store, record by record.
    pub(super) fn kept(&self) -> impl Iterator<Item = &str> {
        self.records.values().map(|record| &*record.ids)
    }

    pub(super) fn open(&mut self, seed: u64, now: u64) {
        self.visit += 1;
        let options = Options::read([("apiKey".into(), Value::Text("key".into()))]);
        let setup = Setup {
            options: options.expect("a key is all it takes"),
            owner: format!("b{}-{}", self.number, self.visit),
            anonymous: format!("anon-{}", self.number),
            ua: String::new(),
            wall: now,
            seed,
            online: true,
            good_link: self.good_link,
            fetch_outlives: true,
            can_insure: false,
            tab: None,
            opted_out: false,
            opted_in: false,
        };
        let engine = Engine::new(setup, now);
        self.page = Some(Page { engine, timer: None, adopted: BTreeSet::new(), leaves: false });
    }

    pub(super) fn track(&mut self, number: usize, now: u64) {
        let number = number.to_string();
        let line = ["e", &number, "\tt\t\"click\"\t{\"n\":", &number, "}"].concat();
        self.input(|page| page.engine.handle_track(line, now));
    }

    pub(super) fn wake(&mut self, now: u64) {
        self.input(|page| {
            if page.timer.is_some_and(|at| at <= now) {
                page.timer = None;
                page.engine.handle_timeout(now);
            }
        });
    }

    pub(super) fn hear(&mut self, request: u32, status: u16, now: u64) {
        let success = (status == 200).then_some(true);
        let relay = self.pacing == Pacing::Relay;
        let response = Response { status, success, relay, ..Response::default() };
        self.input(|page| page.engine.handle_response(request, response, now));
    }

    pub(super) fn leave(&mut self, now: u64) {
        let good_link = self.good_link;
        self.input(|page| {
            page.engine.handle_link(good_link);
            page.engine.handle_exit(now);
            page.leaves = true;
        });
    }

    fn input(&mut self, input: impl FnOnce(&mut Page)) {
        if let Some(page) = &mut self.page {
            input(page);
        }
    }

    /// Does what the page wants, up to what others must hear of.
    pub(super) fn drain(&mut self, now: u64) -> Option<Told> {
        while let Some(effect) = self.page.as_mut()?.engine.poll_effect() {
            let told = self.perform(effect, now);
            if told.is_some() {
                return told;
            }
        }
        self.page.take_if(|page| page.leaves);
        None
    }

    /// When the page is to be woken, if that has changed.
    pub(super) fn new_timer(&mut self) -> Option<u64> {
        let page = self.page.as_mut()?;
        let next = page.engine.next_timeout();
        (std::mem::replace(&mut page.timer, next) != next).then_some(next).flatten()
    }

    fn perform(&mut self, effect: Effect, now: u64) -> Option<Told> {
        let Self { page: Some(Page { engine, adopted, .. }), .. } = self else { return None };
        match effect {
            Effect::Open { identity, .. } => {
                engine.handle_opened(self.identity.get_or_insert(identity).clone(), now);
            }
            Effect::Write(write) => {
                let id = write.id;
                self.write(Changes::read(&write.operations));
                self.input(|page| page.engine.handle_written(id, None, now));
            }
            Effect::FindOrphans => {
                let of_records = self.records.values().map(|record| record.key.owner());
                let others = self.accounts.keys().chain(self.marks.keys()).map(String::as_str);
                let owners = BTreeSet::from_iter(of_records.chain(others));
                let free = owners.into_iter().filter(|&owner| owner != engine.owner());
                let orphans =
                    Vec::from_iter(free.filter(|&owner| adopted.insert(owner.into())).map(|owner| {
                        let account = self.accounts.get(owner).copied().unwrap_or_default();
                        let marks = self.marks.get(owner).cloned().into_iter().collect();
                        Orphan { owner: owner.into(), account, marks }
                    }));
                engine.handle_orphans(orphans, now);
            }
            Effect::Load { owner, after } => {
                let records = load(&self.records, &owner, after.as_ref());
                engine.handle_loaded(&owner, records, now);
            }
            Effect::Share(share) => {
                let told = Share { news: share.news.map(|news| self.pacing.told(news)), ..share };
                let (row, granted) = shared_row::update(self.row.as_deref(), &told);
                self.row = row.or(self.row.take());
                engine.handle_shared(told.id, Some(granted), now);
            }
            Effect::Send(request) => {
                return Some(Told::Request {
                    request: request.id,
                    body: request.body,
                    at_exit: request.at_exit,
                });
            }
            Effect::Leave { mark: Some(mark) } => {
                let ids = mark.ids.clone();
                self.marks.insert(engine.owner().into(), mark);
                return Some(Told::Mark(ids));
            }
            Effect::RememberLink { good, .. } => self.good_link = good,
            _ => {}
        }
        None
    }

    fn write(&mut self, write: Changes) {
        for key in write.deletes {
            self.records.remove(key.as_str());
        }
        self.records.extend(write.puts.into_iter().map(|record| (record.key.as_str().into(), record)));
        self.accounts.insert(write.owner, write.account);
        self.accounts.retain(|owner, _| !write.adopted_accounts.contains(owner));
        self.marks.retain(|owner, _| !write.settled_marks.contains(owner));
        self.identity = write.identity.or(self.identity.take());
    }
}
