//! Answers `flush()` and `stats()`.

use super::asked::Asked;
use super::change::{Dead, Settled};
use super::effect::Effect;
use super::flush_call::{FlushCall, Wait};
use super::notice::{Answer, Notice, Question, Stats, Waiting};
use super::state::{Engine, Phase};
use super::storage::Storage;
use crate::core::model::account::Account;
use crate::core::model::dead_letter::{DeadLetter, Disposal, Reason};
use crate::core::model::time::{NEVER, earliest};
use crate::core::policy::limits;

impl Engine {
    /// The page asks; answered by [`Effect::Answer`] with the same `call`, from memory if the store does not answer in time.
    pub fn handle_question(&mut self, call: u32, question: Question, now: u64) {
        if self.has_store() {
            self.asked.push(Asked { call, question, deadline: now + limits::STORE_TIMEOUT });
            self.effects.push(Effect::Ask { call, question });
        } else {
            self.answer_from_memory(call, question, now);
        }
        self.advance(now);
    }

    /// The accounts of other pages were read and added up; `None` where that failed.
    pub fn handle_accounts(&mut self, call: u32, others: Option<Account>, now: u64) {
        let stats = self.stats(others.unwrap_or_default(), now);
        self.answer(call, Answer::Stats(stats));
    }

    /// The dead letters were read; none where that failed.
    pub fn handle_dead_letters(&mut self, call: u32, mut letters: Vec<DeadLetter>) {
        letters.retain(|letter| self.projects.include(letter.project));
        self.answer(call, Answer::DeadLetters(letters));
    }

    /// The dead letters were read in a transaction that lasts until the engine has written what becomes of them; none where
    /// that failed.
    pub fn handle_taken_letters(
        &mut self,
        call: u32,
        disposal: Disposal,
        letters: Vec<DeadLetter>,
        now: u64,
    ) {
        let count = letters.iter().filter(|letter| self.projects.include(letter.project)).count();
        self.handle_letters(letters, disposal, now);
        self.answer(call, Answer::Count(count));
    }

    /// Answers from memory what the store was asked and did not answer in time.
    pub(super) fn answer_overdue(&mut self, now: u64) {
        let (overdue, rest) =
            std::mem::take(&mut self.asked).into_iter().partition(|asked| asked.deadline <= now);
        self.asked = rest;
        self.answer_without_store(overdue, now);
    }

    /// Answers from memory what the store was asked: the page lets go of it.
    pub(super) fn answer_all(&mut self, now: u64) {
        let asked = std::mem::take(&mut self.asked);
        self.answer_without_store(asked, now);
    }

    fn answer_without_store(&mut self, asked: Vec<Asked>, now: u64) {
        for Asked { call, question, .. } in asked {
            self.answer_from_memory(call, question, now);
        }
    }

    /// When the first of the questions must be answered.
    pub(super) fn answer_deadline(&self) -> u64 {
        earliest(self.asked.iter().map(|asked| asked.deadline))
    }

    fn answer_from_memory(&mut self, call: u32, question: Question, now: u64) {
        let answer = match question {
            Question::Stats => Answer::Stats(self.stats(Account::default(), now)),
            Question::DeadLetters => Answer::DeadLetters(Vec::new()),
            Question::Dispose(_) => Answer::Count(0),
        };
        self.effects.push(Effect::Answer { call, answer });
    }

    /// Answers a question, unless it was answered from memory before.
    fn answer(&mut self, call: u32, answer: Answer) {
        if let Some(place) = self.asked.iter().position(|asked| asked.call == call) {
            self.asked.remove(place);
            self.effects.push(Effect::Answer { call, answer });
        }
    }

    /// The queue's account, with that of the `others` that share the store.
    pub fn stats(&self, others: Account, now: u64) -> Stats {
        let mut account = self.account;
        account.add(others);
        let wait = self.wait(now).filter(|_| account.queued() > 0);
        let memory = self.storage == Storage::Memory;
        Stats {
            account,
            in_flight: self.requests.iter().map(|request| request.events).sum(),
            storage: if memory { "memory" } else { "indexeddb" },
            fallbacks: if memory { vec!["memory_queue".into()] } else { Vec::new() },
            waiting: wait.map(|(waiting, _)| waiting),
            until: wait.and_then(|(_, until)| until).map(|until| self.wall(until)),
            last_error: self.last_error.as_ref().or(self.pacing.shared().last_error()).cloned(),
        }
    }

    pub(super) fn begin_flush(&mut self, id: u32, now: u64) {
        let order = self.queue.last_order();
        let deadline = now + limits::REQUEST_TIMEOUT;
        self.flush_calls.push(FlushCall { id, order, deadline, delivered: 0, rejected: 0 });
        self.begin_round();
        self.insists = true;
        if !matches!(self.phase, Phase::Open) {
            self.settle_flush_calls(now);
        }
    }

    /// Tells whoever waits or listens what became of events.
    pub(super) fn tell_settled(&mut self, settled: Settled) {
        let count = settled.delivered.len();
        let refused = settled.dead.as_ref().filter(|dead| dead.reason != Reason::Corrupt);
        let dead = refused.map_or(0, |dead| dead.ids.len());
        for call in &mut self.flush_calls {
            call.delivered += count;
            call.rejected += dead;
        }
        if count > 0 {
            self.notify(Notice::Delivered { count, ids: settled.delivered });
        }
        if let Some(Dead { reason, status, message, ids, names }) = settled.dead {
            let code = if reason == Reason::Rejected { "refused_by_endpoint" } else { reason.as_str() };
            self.notify(Notice::DeadLetters { code, message, status, ids, names });
        }
    }

    /// Answers the calls that are done, cannot get on, or have waited long enough.
    pub(super) fn settle_flush_calls(&mut self, now: u64) {
        let wait = self.wait(now);
        let told = wait.map(|(waiting, until)| (waiting, until.map(|until| self.wall(until))));
        let stuck = matches!(
            wait,
            Some((
                Waiting::Backoff | Waiting::Paused | Waiting::Limit | Waiting::Offline | Waiting::Closed,
                _
            ))
        );
        let settling = self.is_settling();
        let queued = self.account.queued();
        let is_answered =
            |call: &FlushCall| stuck || call.deadline <= now || !settling && !self.queue.holds(call.order);
        while let Some(place) = self.flush_calls.iter().position(is_answered) {
            let call = self.flush_calls.remove(place);
            let answer = Answer::Flush(call.result(queued, told));
            self.effects.push(Effect::Answer { call: call.id, answer });
        }
    }

    /// Why nothing is sent just now.
    fn wait(&self, now: u64) -> Wait {
        match self.phase {
            Phase::Opening { deadline, .. } => return Some((Waiting::Opening, Some(deadline))),
            Phase::Away | Phase::Closed => return Some((Waiting::Closed, None)),
            Phase::Open => {}
        }
        if !self.requests.is_empty() {
            Some((Waiting::Request, Some(self.request_deadline())))
        } else if let Some(until) = self.pacing.blocked_until(now).filter(|_| !self.may_send(now)) {
            let waiting = match self.pacing.shared().cause() {
                Some(_) => Waiting::Paused,
                None if self.online => Waiting::Backoff,
                None => Waiting::Offline,
            };
            Some((waiting, Some(until)))
        } else if let Some(until) = self.pacing.ask_at(now) {
            Some((Waiting::Limit, Some(until)))
        } else {
            let until = self.pacing.flush_at();
            if until < NEVER {
                Some((Waiting::Interval, Some(until)))
            } else {
                (!self.queue.is_empty()).then_some((Waiting::Reply, None))
            }
        }
    }
}
