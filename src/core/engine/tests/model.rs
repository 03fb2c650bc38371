//! A model of the shell: a disk that pages share, and a network that the test answers for.

pub(super) use crate::core::engine::effect::Effect;
use crate::core::engine::effect::Request;
pub(super) use crate::core::engine::notice::Notice;
use crate::core::engine::notice::{Answer, FlushResult, Stats};
pub(super) use crate::core::engine::{Engine, Setup, StoreFailure};
pub(super) use crate::core::model::account::Account;
use crate::core::model::dead_letter::DeadLetter;
pub(super) use crate::core::model::event::Refusal;
pub(super) use crate::core::model::identity::Identity;
use crate::core::model::mark::Mark;
use crate::core::model::orphan::Orphan;
use crate::core::model::segment::{Record, SegmentKey};
use crate::core::policy::limits;
pub(super) use crate::core::policy::options::{Options, Value};
pub(super) use crate::core::policy::project::destination;
use crate::core::policy::shared_row::{self, News};
use crate::core::policy::verdict::Response;
use crate::core::rows::{self, changes::Changes};
use std::collections::{BTreeMap, BTreeSet};

/// The storage that outlives a page.
#[derive(Debug, Default)]
pub(super) struct Disk {
    pub(super) records: BTreeMap<String, Record>,
    pub(super) accounts: BTreeMap<String, Account>,
    pub(super) identity: Option<Identity>,
    pub(super) letters: BTreeMap<String, DeadLetter>,
    pub(super) marks: BTreeMap<String, Mark>,
    pub(super) locks: BTreeSet<String>,
    pub(super) good_link: Option<u32>,
    /// The shared row of each destination.
    pub(super) shared: BTreeMap<u32, String>,
    /// Left rows, which move in when the next page opens.
    pub(super) left: Vec<Record>,
}

#[derive(Debug)]
pub(super) struct Page {
    pub(super) engine: Engine,
    pub(super) now: u64,
    /// The wall clock's lead in milliseconds.
    pub(super) wall_ahead: i64,
    pub(super) locks: BTreeSet<String>,
    pub(super) requests: Vec<Request>,
    pub(super) notices: Vec<Notice>,
    pub(super) answers: Vec<FlushResult>,
    pub(super) told_stats: Vec<Stats>,
    pub(super) writes: usize,
    /// The insurance: a body that the browser sends if the page dies.
    pub(super) insured: Option<String>,
    /// True if the store leaves writes, and questions to the shared row, without an answer; or readings.
    pub(super) silent: bool,
    pub(super) deaf_to_loads: bool,
    /// The number of next reads that fail.
    pub(super) failing_loads: usize,
    /// The failures of the next writes.
    pub(super) failures: Vec<StoreFailure>,
    /// True if the store cannot be opened, and how often that was tried.
    pub(super) refuses: bool,
    pub(super) openings: usize,
    /// Effects are kept back while the store is slow.
    pub(super) stalled: bool,
}

impl Page {
    pub(super) fn open(disk: &mut Disk, owner: &str) -> Self {
        Self::open_with(disk, owner, &[])
    }

    pub(super) fn open_with(disk: &mut Disk, owner: &str, options: &[(&str, Value)]) -> Self {
        let mut page = Self::opening(owner, options);
        page.engine.good_link = disk.good_link;
        page.drain(disk);
        page
    }

    pub(super) fn opening(owner: &str, options: &[(&str, Value)]) -> Self {
        Self::opening_in(owner, options, |_| ())
    }

    pub(super) fn opening_in(
        owner: &str,
        options: &[(&str, Value)],
        browser: impl FnOnce(&mut Setup),
    ) -> Self {
        let given = [("apiKey", Value::Text("k".into()))].into_iter().chain(options.iter().cloned());
        let mut setup = Setup {
            options: Options::read(given.map(|(option, value)| (option.into(), value))).unwrap(),
            owner: owner.into(),
            anonymous: ["anon-", owner].concat(),
            ua: "UA".into(),
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
        browser(&mut setup);
        Self {
            engine: Engine::new(setup, 0),
            now: 0,
            wall_ahead: 0,
            locks: BTreeSet::new(),
            requests: Vec::new(),
            notices: Vec::new(),
            answers: Vec::new(),
            told_stats: Vec::new(),
            writes: 0,
            insured: None,
            silent: false,
            deaf_to_loads: false,
            failing_loads: 0,
            failures: Vec::new(),
            refuses: false,
            openings: 0,
            stalled: false,
        }
    }

    pub(super) fn input(&mut self, disk: &mut Disk, input: impl FnOnce(&mut Engine, u64)) {
        self.engine.handle_clock(self.now.saturating_add_signed(self.wall_ahead), self.now);
        input(&mut self.engine, self.now);
        self.drain(disk);
    }

    /// Has the page learn that the endpoint refuses its key: it sends nothing until `flush` insists.
    pub(super) fn pause(&mut self, disk: &mut Disk) {
        self.engine.insists = false;
        self.input(disk, |engine, now| engine.note(News::Forbidden, now));
    }

    pub(super) fn track(&mut self, disk: &mut Disk, ids: impl IntoIterator<Item = u32>) {
        let lines: Vec<_> =
            ids.into_iter().map(|id| ["e", &id.to_string(), "\tt\t\"click\"\t{}"].concat()).collect();
        self.input(disk, |engine, now| engine.handle_track(lines.join("\n"), now));
    }

    pub(super) fn wait(&mut self, disk: &mut Disk, ms: u64) {
        let end = self.now + ms;
        while let Some(at) = self.engine.next_timeout().filter(|&at| at <= end) {
            self.now = self.now.max(at);
            self.input(disk, |engine, now| engine.handle_timeout(now));
        }
        self.now = end;
    }

    /// Lets time pass until the page sends something.
    pub(super) fn wait_for_request(&mut self, disk: &mut Disk) {
        while self.requests.is_empty() {
            let next = self.engine.next_timeout().expect("the page is done waiting");
            self.wait(disk, next.saturating_sub(self.now).max(1));
        }
    }

    pub(super) fn respond(&mut self, disk: &mut Disk, status: u16) -> Request {
        self.respond_with(disk, Response { status, success: Some(status == 200), ..Response::default() })
    }

    pub(super) fn respond_with(&mut self, disk: &mut Disk, response: Response) -> Request {
        let request = self.requests.remove(0);
        self.input(disk, |engine, now| engine.handle_response(request.id, response, now));
        request
    }

    /// Answers like a server that refuses every batch with one of the `guilty` in it; returns the number of requests.
    pub(super) fn respond_refusing(&mut self, disk: &mut Disk, guilty: impl Fn(u32) -> bool) -> usize {
        let mut requests = 0;
        while let Some(request) = self.requests.first() {
            let refused = ids(request).into_iter().any(&guilty);
            self.respond(disk, if refused { 400 } else { 200 });
            requests += 1;
        }
        requests
    }

    pub(super) fn leave(&mut self, disk: &mut Disk) {
        self.input(disk, |engine, now| engine.handle_exit(now));
    }

    pub(super) fn drain(&mut self, disk: &mut Disk) {
        while !self.stalled
            && let Some(effect) = self.engine.poll_effect()
        {
            self.perform(effect, disk);
        }
    }

    pub(super) fn perform(&mut self, effect: Effect, disk: &mut Disk) {
        let now = self.now;
        match effect {
            Effect::Write(_) | Effect::Share(_) if self.silent => {}
            Effect::Load { .. } if self.deaf_to_loads => {}
            Effect::Load { owner, .. } if self.failing_loads > 0 => {
                self.failing_loads -= 1;
                self.engine.handle_load_failed(&owner);
            }
            Effect::Open { .. } if self.refuses => {
                self.openings += 1;
                self.engine.handle_open_failed("refused".into(), now);
            }
            Effect::Open { owner, identity } => {
                self.openings += 1;
                let left = disk.left.drain(..).map(|record| (record.key.as_str().into(), record));
                disk.records.extend(left);
                disk.locks.insert(owner.clone());
                self.locks.insert(owner);
                let identity = disk.identity.get_or_insert(identity).clone();
                self.engine.handle_opened(identity, now);
            }
            Effect::Write(write) if !self.failures.is_empty() => {
                let failure = self.failures.remove(0);
                self.engine.handle_written(write.id, Some(failure), now);
            }
            Effect::Write(write) => {
                self.writes += 1;
                let id = write.id;
                disk.apply(Changes::read(&write.operations));
                self.engine.handle_written(id, None, now);
            }
            Effect::FindOrphans => {
                let projects = self.engine.projects();
                let orphans = disk.claim(&mut self.locks, |owner| projects.include_owner(owner));
                self.engine.handle_orphans(orphans, now);
            }
            Effect::Load { owner, after } => {
                let records = disk.load(&owner, after.as_ref());
                self.engine.handle_loaded(&owner, records, now);
            }
            Effect::Share(share) => {
                let (row, granted) =
                    shared_row::update(disk.shared.get(&share.to).map(String::as_str), &share);
                disk.shared.extend(row.map(|row| (share.to, row)));
                self.engine.handle_shared(share.id, Some(granted), now);
            }
            Effect::Send(request) => self.requests.push(request),
            Effect::Forget => {
                *disk = Disk {
                    shared: std::mem::take(&mut disk.shared),
                    locks: std::mem::take(&mut disk.locks),
                    ..Disk::default()
                }
            }
            Effect::Insure { body } => self.insured = body,
            Effect::Abort { request } => self.requests.retain(|sent| sent.id != request),
            Effect::KeepElsewhere { unstored } => disk.left = rows::records_in(unstored.as_str()),
            Effect::Leave { mark } => {
                disk.marks.extend(mark.map(|mark| (self.engine.owner().into(), mark)));
                disk.locks.retain(|lock| !self.locks.contains(lock));
            }
            Effect::RememberLink { good, .. } => disk.good_link = good,
            Effect::Notify(notice) => self.notices.push(notice),
            Effect::Answer { answer: Answer::Flush(result), .. } => self.answers.push(result),
            Effect::Answer { answer: Answer::Stats(stats), .. } => self.told_stats.push(stats),
            Effect::Answer { .. } | Effect::Ask { .. } => {}
        }
    }
}

impl Disk {
    pub(super) fn apply(&mut self, write: Changes) {
        for key in write.deletes {
            self.records.remove(key.as_str());
        }
        self.records.extend(write.puts.into_iter().map(|record| (record.key.as_str().into(), record)));
        self.accounts.insert(write.owner, write.account);
        self.accounts.retain(|owner, _| !write.adopted_accounts.contains(owner));
        self.identity = write.identity.or(self.identity.take());
        self.marks.retain(|owner, _| !write.settled_marks.contains(owner));
        self.letters.retain(|id, _| !write.settled_letters.contains(id));
        self.letters.extend(write.letters.into_iter().map(|letter| (letter.key(), letter)));
    }

    pub(super) fn claim(
        &mut self,
        locks: &mut BTreeSet<String>,
        is_mine: impl Fn(&str) -> bool,
    ) -> Vec<Orphan> {
        let of_records = self.records.values().map(|record| record.key.owner().to_string());
        let others = self.accounts.keys().chain(self.marks.keys()).cloned();
        let owners: BTreeSet<_> = of_records.chain(others).collect();
        let mine = owners.into_iter().filter(|owner| is_mine(owner));
        let free = mine.filter(|owner| self.locks.insert(owner.clone()));
        free.map(|owner| {
            locks.insert(owner.clone());
            let account = self.accounts.get(&owner).copied().unwrap_or_default();
            Orphan { account, marks: self.marks.get(&owner).cloned().into_iter().collect(), owner }
        })
        .collect()
    }

    pub(super) fn load(&self, owner: &str, after: Option<&SegmentKey>) -> Vec<Record> {
        let own = self.records.values().filter(|record| record.key.owner() == owner);
        let rest = own.filter(|record| after.is_none_or(|after| record.key > *after));
        rest.take(limits::LOAD_SEGMENTS).cloned().collect()
    }
}

pub(super) fn ids(request: &Request) -> Vec<u32> {
    let body: serde_json::Value = serde_json::from_str(&request.body).unwrap();
    let events = body["events"].as_array().unwrap();
    let ids =
        events.iter().map(|event| event["properties"]["$event_id"].as_str().unwrap()[1..].parse().unwrap());
    ids.collect()
}

/// A disk on which a page had a good reply.
pub(super) fn warm_disk() -> Disk {
    let mut disk = Disk::default();
    let setup = Page::opening("x", &[]);
    disk.good_link = Some(destination(setup.engine.options()));
    disk
}
