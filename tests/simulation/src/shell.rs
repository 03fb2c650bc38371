//! What `src/browser/driver.rs` does, step by step as it does it: effects are carried out, tasks end in inputs.

mod tasks;

use crate::disk::{Outcome, Work};
use crate::ledger::numbers;
use crate::page::{Life, LockThen, Task, Then};
use crate::sending::numbers_in;
use crate::world::{Happening, Storage, World};
use appizer_tracker::core::engine::Engine;
use appizer_tracker::core::engine::effect::{Effect, Write};
use appizer_tracker::core::engine::notice::Notice;
use appizer_tracker::core::model::account::Account;
use appizer_tracker::core::model::mark::Mark;
use appizer_tracker::core::model::segment::Record;
use appizer_tracker::core::policy::limits;
use appizer_tracker::core::policy::project::destination;
use appizer_tracker::core::rows;
use appizer_tracker::core::rows::changes::Changes;

impl World {
    /// A name that no page has.
    pub fn new_name(&mut self, page: usize) -> String {
        self.pages[page].incarnation += 1;
        format!("p{page}-{}", self.pages[page].incarnation)
    }

    /// Gives a page's engine an input and does what follows from it.
    pub fn input(&mut self, page: usize, input: impl FnOnce(&mut Engine, u64)) {
        if self.pages[page].life == Life::Dead {
            return;
        }
        let clock = self.pages[page].clock(self.now);
        self.pages[page].engine.handle_clock(self.wall + self.now, clock);
        input(&mut self.pages[page].engine, clock);
        self.drain(page);
    }

    /// Carries out what the engine wants.
    pub fn drain(&mut self, page: usize) {
        while let Some(effect) = self.pages[page].engine.poll_effect() {
            match &mut self.pages[page].dies_in {
                Some(0) => {
                    self.kill(page, "dies in the middle of a task");
                    // What it learnt in this task died with it.
                    self.good_link = self.disk.local.good_link;
                    return;
                }
                Some(left) => *left -= 1,
                None => {}
            }
            self.perform(page, effect);
        }
        self.set_timer(page);
    }

    fn perform(&mut self, page: usize, effect: Effect) {
        match effect {
            Effect::Open { owner, identity } => {
                if std::mem::replace(&mut self.pages[page].away, false) {
                    self.pages[page].source = self.ledger.new_source();
                    self.pages[page].account = Account::default();
                }
                self.note_page(page, format_args!("opens the store as {owner}"));
                let departures = self.pages[page].departures;
                let then = LockThen::Open { candidate: identity, departures };
                if self.scenario.has_locks {
                    self.ask_lock(page, owner, then);
                } else {
                    self.connect(page, owner, then);
                }
            }
            Effect::Write(write) => self.write(page, write),
            Effect::Share(share) => {
                let id = share.id;
                match self.pages[page].connection {
                    Some(connection) => {
                        self.begin(page, connection, Work::Share(Box::new(share)), Then::Shared(id))
                    }
                    None => self.go_on_soon(page, Then::Shared(id)),
                }
            }
            Effect::Insure { body } => {
                self.pages[page].insured = body.map(|body| numbers_in(&body));
            }
            Effect::Forget => {}
            Effect::FindOrphans => self.find_orphans(page),
            Effect::Load { owner, after } => {
                if let Some(connection) = self.pages[page].connection {
                    let then = Then::Loaded(owner.clone());
                    self.begin(page, connection, Work::Load { owner, after }, then);
                }
            }
            Effect::Send(request) => self.send(page, &request),
            Effect::Abort { request } => self.abort(page, request),
            Effect::KeepElsewhere { unstored } => {
                self.keep_elsewhere(page, rows::records_in(unstored.as_str()));
            }
            Effect::Leave { mark } => self.leave(page, mark),
            Effect::RememberLink { good, .. } => {
                self.note_page(page, format_args!("remembers the link as {good:?}"));
                self.disk.write_local(self.now).good_link = good;
            }
            Effect::Notify(notice) => self.hear(page, &notice),
            Effect::Answer { answer, .. } => {
                self.note_page(page, format_args!("a call is answered: {answer:?}"))
            }
            Effect::Ask { .. } => {}
        }
    }

    fn hear(&mut self, page: usize, notice: &Notice) {
        match notice {
            Notice::Opened { .. } => self.note_page(page, format_args!("is in service")),
            Notice::Degraded { message, .. } => {
                self.ledger.exact = false;
                self.note_page(page, format_args!("works in memory: {message}"));
            }
            Notice::Delivered { .. } => {}
            notice => {
                if let Notice::Dropped { reason, .. } = notice {
                    self.ledger.gave_up |= *reason != "storage_lost";
                }
                self.note_page(page, format_args!("hears {notice:.200?}"));
            }
        }
    }

    fn keep_elsewhere(&mut self, page: usize, unstored: Vec<Record>) {
        let owner = self.pages[page].engine.owner().to_string();
        for record in &unstored {
            self.note_page(page, format_args!("keeps {} elsewhere: {}", record.key.as_str(), record.ids));
            for number in numbers(&record.ids) {
                self.ledger.events[number as usize].belated = true;
            }
        }
        let left = &mut self.disk.write_local(self.now).left;
        if unstored.is_empty() {
            left.remove(&owner);
        } else {
            left.insert(owner, unstored);
        }
    }

    fn leave(&mut self, page: usize, mark: Option<Mark>) {
        let owner = self.pages[page].engine.owner().to_string();
        let connection = self.pages[page].connection.take();
        if let Some(mark) = mark {
            self.note_page(page, format_args!("leaves a mark: {}", mark.ids));
            // One that has left already may only take off its mark what has failed since.
            let written = std::mem::replace(&mut self.pages[page].marked, mark.ids.clone());
            let shrinks = mark.ids.split(' ').all(|id| written.split(' ').any(|marked| marked == id));
            if self.good_link != Some(mark.to) && !(shrinks || mark.ids.is_empty()) {
                self.ledger.blame(|| format!("page{page} leaves a mark, though its last reply was not good"));
            }
            self.disk.write_local(self.now).marks.insert(owner.clone(), mark.clone());
            if let Some(connection) = connection {
                self.begin(page, connection, Work::KeepMark { owner, mark }, Then::Nothing);
            }
        }
        let late = self.pages[page].taking.take().unwrap_or_default();
        if let Some(connection) = connection {
            late.into_iter().for_each(|(work, _)| self.begin(page, connection, work, Then::Nothing));
        }
        // What cannot end without this page would block all others.
        let waits =
            |work: &Work| !matches!(work, Work::Write { .. } | Work::KeepMark { .. } | Work::DropLeases(_));
        let begun = self.disk.pending.iter_mut().filter(|begun| begun.page == page);
        begun.filter(|begun| waits(&begun.work)).for_each(|begun| begun.aborted = true);
        self.depart(page);
        self.pages[page].away = true;
        self.pages[page].departures += 1;
        self.release_claims(page, connection);
        if let Some(connection) = connection {
            self.connections[connection] = false;
        }
    }

    /// `Store::open` begins.
    pub fn connect(&mut self, page: usize, owner: String, then: LockThen) {
        let LockThen::Open { candidate, departures } = then else { return };
        let connection = match self.storage {
            Storage::Hanging => {
                self.ledger.exact = false;
                return self.note_page(page, format_args!("waits for a store that hangs"));
            }
            Storage::Refused => None,
            _ => {
                self.connections.push(true);
                Some(self.connections.len() - 1)
            }
        };
        let longest = if self.storage == Storage::Slow { 8_000 } else { 500 };
        let at = self.now + self.chance.delay(10, longest);
        let task = Task::Connected { owner, candidate, departures, connection };
        self.at(at, Happening::Run { page, task });
    }

    fn go_on_soon(&mut self, page: usize, then: Then) {
        let task = Task::Ended { then, outcome: Outcome::Failed { quota: false } };
        self.at(self.now, Happening::Run { page, task });
    }

    fn write(&mut self, page: usize, Write { id, operations, .. }: Write) {
        let write = Box::new(Changes::read(&operations));
        if self.trace.is_told() {
            let ids = |record: &Record| format!("{}={}", record.key.as_str(), record.ids);
            let puts: Vec<String> = write.puts.iter().map(ids).collect();
            let deletes: Vec<&str> = write.deletes.iter().map(|key| key.as_str()).collect();
            let letters: Vec<&str> = write.letters.iter().map(|letter| letter.id.as_str()).collect();
            let (account, adopted) = (write.account, &write.adopted_accounts);
            let marks = &write.settled_marks;
            self.note_page(
                page,
                format_args!(
                    "writes {id}: put {puts:?} delete {deletes:?} letters {letters:?} takes over {adopted:?} marks \
                     {marks:?} {account:?}"
                ),
            );
        }
        let Some(connection) = self.pages[page].connection else {
            let then = Then::Written { id, letters: false, connection: 0 };
            return self.go_on_soon(page, then);
        };
        let then = Then::Written { id, letters: !write.letters.is_empty(), connection };
        let incarnation = self.pages[page].incarnation;
        let before = std::mem::replace(&mut self.pages[page].account, write.account);
        let settles = write.adopted_accounts.is_empty() && write.account.handed_over > before.handed_over;
        if settles && !self.pages[page].heard_success {
            self.ledger.blame(|| format!("page{page} settles a hand-over without a success"));
        }
        let capped = |account: Account| {
            account.dropped.max_queue_events
                + account.dropped.max_queue_bytes
                + account.dropped.max_age
                + account.dropped.quota
        };
        // Where the store refuses writes, a later one makes good what an earlier one should have deleted.
        let made_good = !self.ledger.exact && capped(write.account) > 0;
        let drops = write.adopted_accounts.is_empty() && capped(write.account) > capped(before) || made_good;
        let work = Work::Write { page, id, incarnation, drops: drops.then_some(self.now), write };
        match &mut self.pages[page].taking {
            Some(taking) => taking.push((work, then)),
            None => self.begin(page, connection, work, then),
        }
    }

    fn set_timer(&mut self, page: usize) {
        let next = self.pages[page].engine.next_timeout();
        if self.pages[page].timer.map(|(at, _)| at) == next {
            return;
        }
        self.pages[page].timers += 1;
        let number = self.pages[page].timers;
        self.pages[page].timer = next.map(|at| (at, number));
        if let Some(at) = next {
            // Browsers let the timers of hidden pages wait, up to a minute.
            let late = match self.pages[page].life {
                Life::Visible => self.chance.between(0, 4),
                _ => self.chance.delay(1_000, 60_000),
            };
            let wait = at.saturating_sub(self.pages[page].clock(self.now)).min(i32::MAX as u64);
            self.at(self.now + wait + late, Happening::Run { page, task: Task::Timer(number) });
        }
    }

    /// Where the page's requests go.
    pub fn destination(&self, page: usize) -> u32 {
        destination(self.pages[page].engine.options())
    }

    /// The longest that the engine lets a server hold it.
    pub fn obeyed(asked: u64) -> u64 {
        asked.min(limits::MAX_RETRY_AFTER)
    }
}
