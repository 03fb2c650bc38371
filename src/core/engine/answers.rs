//! What the page asks: `flush`, and `stats`.

use super::storing::{Dead, Settled};
use super::{Engine, Phase, Storage};
use crate::core::account::Account;
use crate::core::dead_letter::Reason;
use crate::core::effect::Effect;
use crate::core::flush::{FlushCall, Wait};
use crate::core::notice::{Notice, Stats, Waiting};
use crate::core::policy;
use crate::core::time::NEVER;

impl Engine {
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
        let deadline = now + policy::REQUEST_TIMEOUT;
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
        if let Some(Dead { reason, status, message, ids }) = settled.dead {
            let code = if reason == Reason::Rejected { "refused_by_endpoint" } else { reason.as_str() };
            self.notify(Notice::DeadLetters { code, message, status, ids });
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
            self.effects.push(Effect::SettleFlush { call: call.id, result: call.result(queued, told) });
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
