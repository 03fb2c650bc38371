//! The tracker as a state machine: the one way in and out of the core.
//!
//! Four kinds of methods, and no others:
//! - *inputs*, `handle_*(…, now)`: something happened. An input may be late, repeated or about something long
//!   forgotten; then it changes nothing.
//! - *effects*, [`Engine::poll_effect`]: what the shell has to do. Drain them after every input.
//! - *deadlines*, [`Engine::next_timeout`]: when to call [`Engine::handle_timeout`]. Calling it early is harmless.
//! - *getters*.
//!
//! `now` is the page's own clock: milliseconds that never run backwards within a page and that nobody can set. All
//! durations are measured by it. Times that are stored or told are those of the wall clock, which may be set at any moment;
//! the shell tells it by [`Engine::handle_clock`]. The invariants, for the tests to break:
//! 1. Every accepted event is queued or accounted for (checked after every input in debug builds).
//! 2. An event is in at most one request at a time.
//! 3. An event's record leaves the store only in the transaction that accounts for it.

mod adopting;
mod answers;
mod insuring;
mod leaving;
mod opening;
mod privacy;
mod sending;
mod storing;

use crate::core::account::Account;
use crate::core::effect::Effect;
use crate::core::event::Refusal;
use crate::core::exit::{Marks, destination};
use crate::core::flush::FlushCall;
use crate::core::identity::Identity;
use crate::core::json;
use crate::core::notice::{LastError, Notice};
use crate::core::options::Options;
use crate::core::pacing::Pacing;
use crate::core::project::Projects;
use crate::core::queue::Queue;
use crate::core::random::Random;
use crate::core::rows::{self, Entry};
use crate::core::segment::Kept;
use crate::core::shared::{Cause, News};
use crate::core::time::{Clocks, NEVER, earliest};
use adopting::Adoption;
use answers::Asked;
use insuring::Insurance;
use opening::Storage;
use sending::InFlight;
use storing::{Change, PendingWrite};

pub use adopting::Orphan;
pub use storing::StoreFailure;

/// What the engine needs to know at its start.
#[derive(Debug)]
pub struct Setup {
    /// What `init` was given.
    pub options: Options,
    /// This page's name among the pages that share the store: unique, of `A-Z a-z 0-9 _ -`, and made its project's own by
    /// [`Projects::owner`].
    pub owner: String,
    /// The anonymous id this browser gets if it has none.
    pub anonymous: String,
    /// The browser's user agent; empty if it has none.
    pub ua: String,
    /// The wall clock, in milliseconds since 1970.
    pub wall: u64,
    /// Seeds the jitter.
    pub seed: u64,
    /// Whether the browser says it has a network.
    pub online: bool,
    /// What the last page's [`Effect::RememberLink`] said.
    pub good_link: Option<u32>,
    /// A name that the pages of this tab share, where the browser is one that drops, as it quits, what its pages send as they
    /// go, and keeps their marks (Firefox); `None` in others.
    pub tab: Option<String>,
    /// Whether the visitor has opted out before.
    pub opted_out: bool,
    /// Whether the visitor has opted in before: then a stored opt-out is older.
    pub opted_in: bool,
    /// Whether a `fetch` can outlive its page here. Where it cannot, a beacon serves at exit.
    pub fetch_outlives: bool,
    /// Whether the browser can be given a request for the case that the page dies (`fetchLater`).
    pub can_insure: bool,
}

/// See the module's documentation.
#[derive(Debug)]
pub struct Engine {
    options: Options,
    ua: String,
    phase: Phase,
    storage: Storage,
    identity: Identity,
    user_id: String,
    queue: Queue,
    account: Account,
    adoption: Adoption,
    marks: Marks,
    projects: Projects,
    /// [`destination`] of what is sent now.
    to: u32,
    /// Where the last reply was a success from.
    good_link: Option<u32>,
    /// When the store is asked for again, while there is none.
    reopen_at: u64,
    no_reopening_before: u64,
    /// What writes that failed should have changed.
    unwritten: Change,
    tab: Option<String>,
    /// When this engine began, by the wall clock.
    began: u64,
    /// How far the wall clock is ahead of the page's own.
    wall_ahead: i64,
    opted_out: bool,
    opted_in: bool,
    fetch_outlives: bool,
    insurance: Option<Insurance>,
    /// Whether records are kept outside the store.
    kept_elsewhere: bool,
    pacing: Pacing,
    /// Whether the next request goes even if a stored wait forbids it: once on each fresh page and for each call of `flush`.
    insists: bool,
    /// The pause that listeners were told of last.
    told_cause: Option<Cause>,
    /// What the browser says. A hint: it changes what is told and when to try again, never whether.
    online: bool,
    /// The newest segment that the flush round under way covers; 0 before the first round.
    round: u64,
    requests: Vec<InFlight>,
    writes: Vec<PendingWrite>,
    flush_calls: Vec<FlushCall>,
    asked: Vec<Asked>,
    last_error: Option<LastError>,
    last_id: u32,
    random: Random,
    effects: Vec<Effect>,
}

#[derive(Debug)]
enum Phase {
    /// The store is being opened; calls wait for the identity that it holds.
    Opening {
        deadline: u64,
        held: Vec<Call>,
    },
    Open,
    /// The page is hidden for good, frozen or cached; it may come back.
    Away,
    Closed,
}

#[derive(Debug)]
enum Call {
    Track(String),
    Identify(String),
    Reset(String),
    Flush(u32),
    OptOut(String),
    OptIn,
}

impl Engine {
    /// An engine that asks for its store at once.
    pub fn new(setup: Setup, now: u64) -> Self {
        let identity = Identity { anonymous: setup.anonymous, user: None };
        let to = destination(&setup.options);
        let mut engine = Self {
            ua: if setup.ua.is_empty() { String::new() } else { json::quoted(&setup.ua) },
            phase: Phase::Closed,
            storage: Storage::Store,
            user_id: identity.user_id(),
            identity,
            queue: Queue::new(setup.owner),
            account: Account::default(),
            adoption: Adoption::default(),
            marks: Marks::default(),
            projects: Projects::new(&setup.options),
            to,
            good_link: setup.good_link,
            reopen_at: NEVER,
            no_reopening_before: 0,
            unwritten: Change::default(),
            tab: setup.tab,
            began: setup.wall,
            wall_ahead: setup.wall.wrapping_sub(now) as i64,
            opted_out: setup.opted_out,
            opted_in: setup.opted_in,
            fetch_outlives: setup.fetch_outlives,
            insurance: (setup.can_insure && setup.options.insurance).then(Insurance::default),
            kept_elsewhere: false,
            pacing: Pacing::new(to, setup.options.requests_per_minute, now),
            insists: true,
            told_cause: None,
            online: setup.online,
            round: 0,
            requests: Vec::new(),
            writes: Vec::new(),
            flush_calls: Vec::new(),
            asked: Vec::new(),
            last_error: None,
            last_id: 0,
            random: Random::new(setup.seed),
            effects: Vec::new(),
            options: setup.options,
        };
        engine.open(now);
        engine
    }

    /// The next thing to do, if any.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        (!self.effects.is_empty()).then(|| self.effects.remove(0))
    }

    /// When to call [`Engine::handle_timeout`], if nothing happens before.
    pub fn next_timeout(&self) -> Option<u64> {
        let next = match self.phase {
            Phase::Opening { deadline, .. } => deadline,
            Phase::Open => self.deadline(),
            Phase::Away | Phase::Closed => NEVER,
        };
        (next < NEVER).then_some(next)
    }

    /// What `init` was given, with the key as it is now.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Whether the store is being opened, and has time left.
    pub fn is_opening(&self) -> bool {
        matches!(self.phase, Phase::Opening { .. })
    }

    /// This page's name among the pages that share the store.
    pub fn owner(&self) -> &str {
        self.queue.owner()
    }

    /// [`destination`] of what is sent now.
    pub fn destination(&self) -> u32 {
        self.to
    }

    /// The projects whose events the page sends.
    pub fn projects(&self) -> &Projects {
        &self.projects
    }

    /// What the identity rows say, read as the page opens the store.
    pub fn enter(&self, identity_rows: &str) -> Entry {
        rows::enter(identity_rows, &self.projects, &self.identity, self.opted_in)
    }

    /// The id that events are sealed with now, unless they bring their own.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The wall clock, in milliseconds since 1970, read together with the page's own. The shell tells it before
    /// every other input.
    pub fn handle_clock(&mut self, wall: u64, now: u64) {
        self.wall_ahead = wall.wrapping_sub(now) as i64;
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: u64) {
        if let Phase::Opening { deadline, .. } = self.phase
            && deadline <= now
        {
            self.stop_waiting_for_store(now);
        }
        self.advance(now);
    }

    /// A task's events, one line each, as [`crate::core::event`] describes them.
    pub fn handle_track(&mut self, lines: String, now: u64) {
        self.handle_call(Call::Track(lines), now);
    }

    /// The page names the user.
    pub fn handle_identify(&mut self, user: String, now: u64) {
        self.handle_call(Call::Identify(user), now);
    }

    /// The page forgets the user; `anonymous` is the next anonymous id.
    pub fn handle_reset(&mut self, anonymous: String, now: u64) {
        self.handle_call(Call::Reset(anonymous), now);
    }

    /// A call of `flush`; answered by [`Effect::Answer`] with the same `id`.
    pub fn handle_flush(&mut self, id: u32, now: u64) {
        self.handle_call(Call::Flush(id), now);
    }

    /// The key to use from now on.
    pub fn handle_key(&mut self, api_key: String, now: u64) {
        if self.options.api_key != api_key {
            self.options.api_key = api_key;
            self.to = destination(&self.options);
            self.projects.replace(&self.options);
            self.pacing.note_destination(self.to, now);
            // No reply to the new key tells what became of events that went under the old one.
            self.marks.lift();
            self.marks.forget_departed();
            self.apply_marks();
        }
        self.advance(now);
    }

    /// The browser says whether it has a network.
    pub fn handle_online(&mut self, online: bool, now: u64) {
        let back = online && !self.online;
        self.online = online;
        if back {
            self.note(News::Online, now);
        }
        self.advance(now);
    }

    fn handle_call(&mut self, call: Call, now: u64) {
        match &mut self.phase {
            Phase::Opening { held, .. } => held.push(call),
            Phase::Open => {
                self.perform(call, now);
                self.advance(now);
            }
            // A page's own last words come after ours, from its own handler of the same event.
            Phase::Away => {
                self.perform(call, now);
                self.leave(now);
            }
            Phase::Closed => match call {
                Call::Flush(_) | Call::OptOut(_) | Call::OptIn => self.perform(call, now),
                _ => self.notify_refused(Refusal::Closed),
            },
        }
    }

    fn perform(&mut self, call: Call, now: u64) {
        match call {
            Call::Track(_) if self.opted_out => self.notify_refused(Refusal::OptedOut),
            Call::Track(lines) => self.accept(&lines, now),
            Call::Identify(user) => self.set_identity(Identity { user: Some(user), ..self.identity.clone() }),
            Call::Reset(anonymous) => self.set_identity(Identity { anonymous, user: None }),
            Call::Flush(id) => self.begin_flush(id, now),
            Call::OptOut(anonymous) => self.forget(anonymous),
            Call::OptIn => self.remember(now),
        }
    }

    fn set_identity(&mut self, identity: Identity) {
        self.user_id = identity.user_id();
        self.identity = identity;
        self.store_identity();
    }

    /// Does all that is due at `now`, and answers who waits for it.
    fn advance(&mut self, now: u64) {
        if let Phase::Open = self.phase {
            self.give_up_silent_store(now);
            self.give_up_overdue_requests(now);
            self.reopen_if_due(now);
            self.begin_round_if_due(now);
            self.send_due(now);
            self.adopt_more(now);
            self.insure(now);
        }
        self.answer_overdue(now);
        self.settle_flush_calls(now);
        self.check_account();
    }

    fn deadline(&self) -> u64 {
        let round = if !self.queue.awaits_request(self.round) {
            self.pacing.flush_at()
        } else if self.requests.is_empty() && self.pacing.asking().is_none() {
            self.pacing.next_try(self.insists)
        } else {
            NEVER
        };
        let insurance = self.insurance.as_ref().map_or(NEVER, Insurance::due);
        earliest([
            round,
            self.request_deadline(),
            earliest(self.flush_calls.iter().map(|call| call.deadline)),
            self.adoption.next_look(),
            self.reopen_at,
            self.store_deadline(),
            self.answer_deadline(),
            insurance,
        ])
    }

    /// Returns what the wall clock shows at a point in time of the page's own clock.
    fn wall(&self, at: u64) -> u64 {
        at.saturating_add_signed(self.wall_ahead)
    }

    fn clocks(&self, now: u64) -> Clocks {
        Clocks { now, wall: self.wall(now) }
    }

    fn next_id(&mut self) -> u32 {
        self.last_id += 1;
        self.last_id
    }

    fn notify(&mut self, notice: Notice) {
        self.effects.push(Effect::Notify(notice));
    }

    fn notify_refused(&mut self, code: Refusal) {
        self.notify(Notice::Rejected { code });
    }

    /// Where a segment that comes now is kept.
    fn keeping(&self) -> Kept {
        if self.has_store() { Kept::Writing } else { Kept::Memory }
    }

    fn check_account(&self) {
        debug_assert_eq!(
            self.account.queued(),
            self.queue.len() as u64 + self.adoption.unloaded(),
            "accepted events are queued or accounted for"
        );
    }
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests;
