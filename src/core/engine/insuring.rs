//! Insurance against a crash or a quit: the browser is given what is unsent, to send if the page dies without a word.
//! Insurance confirms nothing: the records stay, and its events are sent again with the same ids.

use super::effect::Effect;
use super::state::Engine;
use crate::core::model::time::NEVER;
use crate::core::policy::limits;

impl Engine {
    /// Gives the browser what is unsent now, some time after it has changed. Only where an answer has come from the
    /// endpoint before: a browser that is quitting has no time for a preflight.
    pub(super) fn insure(&mut self, now: u64) {
        let trusted = self.good_link == Some(self.to) && self.may_send(now);
        let newest = self.queue.newest_waiting().filter(|_| trusted).unwrap_or("");
        let Some(insurance) = &mut self.insurance else { return };
        if insurance.given == newest {
            insurance.due = NEVER;
            return;
        }
        insurance.due = insurance.due.min(now + limits::INSURANCE_DELAY);
        if insurance.due > now {
            return;
        }
        insurance.due = NEVER;
        insurance.given = newest.into();
        let (events, bytes) = (limits::MAX_BATCH_EVENTS, limits::INSURANCE_BYTES);
        let batch = if trusted { self.queue.take_batch(0, events, bytes, true) } else { None };
        self.queue.release(0);
        self.give_insurance(batch.map(|batch| batch.into_body()));
    }

    /// The browser must not send any more what goes by itself now.
    pub(super) fn end_insurance(&mut self) {
        if let Some(insurance) = &mut self.insurance {
            (insurance.given, insurance.due) = (String::new(), NEVER);
            self.give_insurance(None);
        }
    }

    fn give_insurance(&mut self, body: Option<String>) {
        let Some(insurance) = &mut self.insurance else { return };
        if insurance.armed || body.is_some() {
            insurance.armed = body.is_some();
            self.effects.push(Effect::Insure { body });
        }
    }
}
