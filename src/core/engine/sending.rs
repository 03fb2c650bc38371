//! Flush rounds, requests and their responses.

use super::change::Change;
use super::effect::{Effect, Request};
use super::in_flight::InFlight;
use super::notice::Notice;
use super::state::{Engine, Phase};
use crate::core::model::dead_letter::{DeadLetter, Reason};
use crate::core::model::event::Envelope;
use crate::core::model::last_error::LastError;
use crate::core::model::time::earliest;
use crate::core::policy::exit_share;
use crate::core::policy::limits;
use crate::core::policy::shared_row::{Failure, Granted, News, Share};
use crate::core::policy::verdict::{Response, Verdict, verdict};

impl Engine {
    /// A request has ended.
    pub fn handle_response(&mut self, request: u32, response: Response, now: u64) {
        let place = self.requests.iter().position(|in_flight| in_flight.id == request);
        let Some(place) = place.filter(|_| matches!(self.phase, Phase::Open)) else {
            return self.hear_late_reply(request, &response, now);
        };
        let in_flight = self.requests.swap_remove(place);
        let outcome = verdict(&response, in_flight.events);
        if outcome != Verdict::Delivered {
            self.last_error = Some(LastError { status: response.status, message: response.message.clone() });
        }
        let to_old_key = in_flight.to != self.to;
        if to_old_key && matches!(outcome, Verdict::Forbidden | Verdict::NotFound) {
            self.queue.release(request);
        } else {
            self.obey(outcome, &in_flight, response, now);
        }
        if !to_old_key {
            self.judge_marks(outcome, now);
        }
        self.advance(now);
    }

    /// The reply to a request that this page gave to the browser before it went away, and perhaps came back.
    fn hear_late_reply(&mut self, request: u32, response: &Response, now: u64) {
        let outcome = verdict(response, 0);
        let arrived = outcome == Verdict::Delivered;
        if self.marks.take_departed(request, arrived) {
            self.judge_marks(outcome, now);
            if !arrived && matches!(self.phase, Phase::Away | Phase::Closed) {
                // Where the page's own requests have used up what may outlive it, the browser says so before it is gone.
                self.requests.retain(|in_flight| in_flight.id != request);
                let mark = self.marks.written().cloned();
                if mark.is_some() {
                    self.effects.push(Effect::Leave { mark });
                }
            }
            self.advance(now);
        }
    }

    /// A reply has come: it tells what to think of the events that were handed over to the same endpoint before, and
    /// of those that will be.
    fn judge_marks(&mut self, outcome: Verdict, now: u64) {
        match outcome {
            Verdict::Delivered | Verdict::Named | Verdict::Partial => {
                self.marks.settle();
                self.remember_link(Some(self.to), now);
            }
            Verdict::Refused => {}
            Verdict::Forbidden | Verdict::NotFound => {
                self.marks.lift();
                self.remember_link(None, now);
            }
            Verdict::Malformed | Verdict::Retry => self.remember_link(None, now),
        }
        self.apply_marks();
    }

    pub(super) fn remember_link(&mut self, good: Option<u32>, now: u64) {
        // Also where it is no news to this page: another may have remembered something else since.
        self.good_link = good;
        if good.is_none() || self.may_store() {
            let held_until = self.pacing.shared().held_until();
            let until = if held_until > now { self.wall(held_until) } else { 0 };
            self.effects.push(Effect::RememberLink { good, until });
        }
    }

    pub(super) fn begin_round_if_due(&mut self, now: u64) {
        if self.queue.awaits_request(self.round) {
            return;
        }
        let interval_over = self.pacing.flush_at() <= now;
        if interval_over || self.queue.fills(self.options.batch_size) {
            self.enforce_caps(now);
            self.begin_round();
        }
    }

    /// Everything queued so far is to go out, without waiting for the interval.
    pub(super) fn begin_round(&mut self) {
        self.round = self.queue.last_order();
        self.pacing.note_round();
    }

    /// Sends the next batch of the round: one at a time, so that a page's events arrive in their order, and what a page sends when
    /// it is hidden takes the share of what may outlive it from no other.
    pub(super) fn send_due(&mut self, now: u64) {
        if !self.requests.is_empty() || !self.may_send(now) || !self.queue.awaits_request(self.round) {
            return;
        }
        if self.pacing.has_token(now) {
            self.send(self.options.batch_size, limits::MAX_BATCH_BYTES, false, now);
        } else if self.pacing.asking().is_none() && self.pacing.ask_at(now).is_none() {
            let batches = self.queue.len().div_ceil(self.options.batch_size);
            self.share(Share::default(), batches as u32, now);
            // A page without a store has its answer already.
            if self.pacing.has_token(now) {
                self.send_due(now);
            }
        }
    }

    /// Gives the oldest events to the browser, as far as they may outlive the page.
    pub(super) fn send_at_exit(&mut self, now: u64) {
        let jitter = self.random.next_u32();
        if !self.pacing.admits_exit(now, jitter) {
            return;
        }
        while self.pacing.has_exit_token()
            && self.send(limits::MAX_BATCH_EVENTS, exit_share::share_left(self.bytes_outliving()), true, now)
        {
        }
    }

    /// The row that all pages share was read and written; `None` where that failed.
    pub fn handle_shared(&mut self, id: u32, granted: Option<Granted>, now: u64) {
        match granted {
            Some(granted) => {
                self.pacing.note_said(id);
                if self.projects.learn(granted.shared.formerly()) {
                    self.look_for_orphans(now, limits::ADOPT_INTERVAL);
                }
                self.pacing.note_granted(granted, now);
            }
            None => self.pacing.go_on_alone(id, self.insists, now),
        }
        self.advance(now);
        self.tell_stored_pause();
    }

    /// Takes note of what a request taught, and tells the other pages.
    pub(super) fn note(&mut self, news: News, now: u64) {
        self.note_with(news, None, now);
    }

    fn note_with(&mut self, news: News, last_error: Option<LastError>, now: u64) {
        let matters = self.pacing.note(news, now);
        if self.pacing.shared().cause().is_none() {
            self.told_cause = None;
        }
        if matters {
            let share = Share { news: Some(news), last_error, ..Share::default() };
            self.share(share, 0, now);
        }
    }

    /// No answer comes from the row any more.
    pub(super) fn go_on_alone(&mut self, now: u64) {
        if let Some(id) = self.pacing.asking() {
            self.pacing.go_on_alone(id, self.insists, now);
        }
    }

    /// Tells the row what is in `share`, and asks it for tokens if `batches` wait to be sent.
    fn share(&mut self, share: Share, batches: u32, now: u64) {
        let id = self.next_id();
        let formerly = self.projects.formerly().to_vec();
        let clocks = self.clocks(now);
        let share = Share { id, to: self.to, clocks, insists: self.insists, formerly, ..share };
        let share = self.pacing.share(share, batches, now);
        if self.has_store() {
            self.effects.push(Effect::Share(share));
        } else {
            self.pacing.go_on_alone(id, self.insists, now);
        }
    }

    pub(super) fn give_up_overdue_requests(&mut self, now: u64) {
        while let Some(overdue) = self.requests.iter().find(|in_flight| in_flight.deadline <= now) {
            let request = overdue.id;
            self.requests.retain(|in_flight| in_flight.id != request);
            self.effects.push(Effect::Abort { request });
            let message = String::from("no answer within 30 seconds");
            self.last_error = Some(LastError { status: 0, message: message.clone() });
            let response = Response::failed(message);
            let failure = self.failure(&response);
            self.retry_later(request, News::Failed(failure), response, now);
            self.remember_link(None, now);
        }
    }

    /// When the first of the requests must have ended.
    pub(super) fn request_deadline(&self) -> u64 {
        earliest(self.requests.iter().map(|in_flight| in_flight.deadline))
    }

    /// Returns true if a reply is overdue that a working endpoint would have sent.
    pub(super) fn awaits_doubtful_reply(&self, now: u64) -> bool {
        let patience = limits::REQUEST_TIMEOUT - limits::DOUBTFUL_REPLY;
        self.request_deadline() <= now + patience
    }

    /// Requests that outlive the page, and the ids of their events. Not those under an old key: their replies tell nothing of
    /// the new one.
    pub(super) fn departing_requests(&mut self) -> Vec<(u32, String)> {
        let mut departing = Vec::new();
        for &InFlight { id, to, keepalive, .. } in &self.requests {
            if keepalive && to == self.to {
                departing.push((id, self.queue.ids(id)));
            }
        }
        departing
    }

    /// A page that is frozen or closes its tracker lives on, and so would its requests, while another page adopts
    /// their events.
    pub(super) fn abort_what_cannot_outlive(&mut self) {
        while let Some(place) = self.requests.iter().position(|in_flight| !in_flight.keepalive) {
            let InFlight { id: request, .. } = self.requests.swap_remove(place);
            self.queue.release(request);
            self.effects.push(Effect::Abort { request });
        }
    }

    /// Returns true if no wait is in the way, or only one that this page need not respect once.
    pub(super) fn may_send(&self, now: u64) -> bool {
        self.pacing.blocked_until(now).is_none() || (self.insists && self.pacing.may_insist(now))
    }

    fn send(&mut self, max_events: usize, max_bytes: usize, at_exit: bool, now: u64) -> bool {
        let id = self.next_id();
        let Some(batch) = self.queue.take_batch(id, max_events, max_bytes, at_exit) else { return false };
        let (events, bytes) = (batch.len(), batch.bytes());
        self.end_insurance();
        let outlives = self.fetch_outlives && exit_share::fits_share(bytes, self.bytes_outliving());
        let keepalive = at_exit || outlives;
        let deadline = now + limits::REQUEST_TIMEOUT;
        self.pacing.spend_token();
        self.insists = false;
        self.requests.push(InFlight { id, to: self.to, events, bytes, keepalive, deadline });
        self.effects.push(Effect::Send(Request { id, body: batch.into_body(), keepalive, at_exit }));
        true
    }

    fn bytes_outliving(&self) -> usize {
        self.requests.iter().filter(|in_flight| in_flight.keepalive).map(|in_flight| in_flight.bytes).sum()
    }

    fn obey(&mut self, verdict: Verdict, in_flight: &InFlight, response: Response, now: u64) {
        let request = in_flight.id;
        match verdict {
            Verdict::Delivered | Verdict::Named => {
                self.pacing.note_relay(response.relay);
                self.note(News::Answered, now);
                self.settle(request, Reason::Rejected, false, response, now);
            }
            Verdict::Partial if self.options.resend_partial => self.resend_partial(request, response, now),
            Verdict::Partial => self.bury(request, Reason::Uncertain, response, now),
            Verdict::Refused if in_flight.events == 1 => self.bury(request, Reason::Rejected, response, now),
            Verdict::Refused if self.pacing.may_bisect(now) => {
                let parts = [self.next_id(), self.next_id()];
                self.queue.split(request, parts);
            }
            Verdict::Refused => self.bury(request, Reason::Uncertain, response, now),
            Verdict::Forbidden => self.retry_later(request, News::Forbidden, response, now),
            Verdict::NotFound => self.retry_later(request, News::NotFound, response, now),
            Verdict::Malformed => {
                let failure = self.failure(&response);
                self.retry_later(request, News::Malformed(failure), response, now);
            }
            Verdict::Retry => {
                let failure = self.failure(&response);
                self.retry_later(request, News::Failed(failure), response, now);
            }
        }
    }

    /// All of the request's events become dead letters.
    fn bury(&mut self, request: u32, reason: Reason, response: Response, now: u64) {
        self.note(News::Answered, now);
        self.settle(request, reason, true, response, now);
    }

    /// Takes the request's events out of the queue: delivered, but for those that the response names, or for all.
    fn settle(&mut self, request: u32, reason: Reason, all: bool, response: Response, now: u64) {
        let mut removal = self.queue.remove(request);
        let (at, project) = (self.wall(now), Some(self.projects.current()));
        let events = std::mem::take(&mut removal.events);
        let mut change = Change::of(removal);
        for (place, Envelope { id, json }) in events.into_iter().enumerate() {
            if all || response.failed.contains(&place) {
                let (status, message) = (response.status, response.message.clone());
                change.bury(&DeadLetter { id, json, reason, status, message, at, project });
                match reason {
                    Reason::Rejected => self.account.rejected += 1,
                    Reason::Uncertain => self.account.uncertain += 1,
                    // Found where records are read, never by an answer.
                    Reason::Corrupt => {}
                }
            } else {
                self.account.delivered += 1;
                change.settled.delivered.push(id);
            }
        }
        self.write(change);
    }

    /// Sends the batch again at once, with the same ids; if that does not help either, like any failed batch.
    fn resend_partial(&mut self, request: u32, response: Response, now: u64) {
        if self.pacing.shared().failures() > 0 {
            let failure = self.failure(&response);
            return self.retry_later(request, News::Failed(failure), response, now);
        }
        self.queue.release(request);
        self.note(News::Resent, now);
    }

    /// The request's events stay queued, and go again when the endpoint may be tried again.
    fn retry_later(&mut self, request: u32, news: News, response: Response, now: u64) {
        self.queue.release(request);
        let (status, message) = (response.status, response.message);
        let error = LastError { status, message: message.clone() };
        self.note_with(news, Some(error.clone()), now);
        let shared = self.pacing.shared();
        if shared.cause().is_some() {
            return self.tell_pause(error);
        }
        let until = shared.blocked_until(now).unwrap_or(now);
        self.notify(Notice::Retry { attempt: shared.failures(), delay: until - now, status, message });
    }

    /// Tells of a pause that began on an earlier page, unless this page still tries whether it has ended.
    fn tell_stored_pause(&mut self) {
        if let Some(error) = self.pacing.shared().last_error()
            && !self.insists
            && self.requests.is_empty()
        {
            self.tell_pause(error.clone());
        }
    }

    fn tell_pause(&mut self, LastError { status, message }: LastError) {
        let shared = self.pacing.shared();
        let cause = shared.cause();
        if let Some(paused) = cause.filter(|_| cause != self.told_cause) {
            let until = self.wall(shared.blocked_until(0).unwrap_or(0));
            self.notify(Notice::Paused { reason: paused.as_str(), status, message, until });
            self.told_cause = cause;
        }
    }

    fn failure(&mut self, response: &Response) -> Failure {
        let Response { status, retry_after, .. } = *response;
        Failure { status, retry_after, jitter: self.random.next_u32(), offline: !self.online }
    }
}
