//! The engine's state, and the value of its life.

use super::adoption::Adoption;
use super::asked::Asked;
use super::change::{Change, PendingWrite};
use super::effect::Effect;
use super::flush_call::FlushCall;
use super::in_flight::InFlight;
use super::insurance::Insurance;
use super::marks::Marks;
use super::notice::Notice;
use super::storage::Storage;
use crate::core::model::account::Account;
use crate::core::model::event::Refusal;
use crate::core::model::identity::Identity;
use crate::core::model::json;
use crate::core::model::last_error::LastError;
use crate::core::model::time::{Clocks, NEVER};
use crate::core::policy::entry::{self, Entry};
use crate::core::policy::options::Options;
use crate::core::policy::pacing::Pacing;
use crate::core::policy::project::Projects;
use crate::core::policy::project::destination;
use crate::core::policy::random::Random;
use crate::core::policy::shared_row::Cause;
use crate::core::queue::Queue;
use crate::core::queue::segment::Kept;

/// The inputs of an engine's start.
#[derive(Debug)]
pub struct Setup {
    /// The options of `init`.
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
    /// True if the browser says it has a network.
    pub online: bool,
    /// The value of the last page's [`Effect::RememberLink`].
    pub good_link: Option<u32>,
    /// A name that the pages of this tab share, where the browser is one that drops, as it quits, what its pages send as they
    /// go, and keeps their marks (Firefox); `None` in others.
    pub tab: Option<String>,
    /// True if the visitor has opted out before.
    pub opted_out: bool,
    /// True if the visitor has opted in before: then a stored opt-out is older.
    pub opted_in: bool,
    /// True if a `fetch` can outlive its page here. Where it cannot, a beacon serves at exit.
    pub fetch_outlives: bool,
    /// True if the browser can be given a request for the case that the page dies (`fetchLater`).
    pub can_insure: bool,
}

/// See the module's documentation.
#[derive(Debug)]
pub struct Engine {
    pub(super) options: Options,
    pub(super) ua: String,
    pub(super) phase: Phase,
    pub(super) storage: Storage,
    pub(super) identity: Identity,
    pub(super) user_id: String,
    pub(super) queue: Queue,
    pub(super) account: Account,
    pub(super) adoption: Adoption,
    pub(super) marks: Marks,
    pub(super) projects: Projects,
    /// [`destination`] of what is sent now.
    pub(super) to: u32,
    /// Where the last reply was a success from.
    pub(super) good_link: Option<u32>,
    /// When the store is asked for again, while there is none.
    pub(super) reopen_at: u64,
    pub(super) no_reopening_before: u64,
    /// The changes of failed writes.
    pub(super) unwritten: Change,
    pub(super) tab: Option<String>,
    /// When this engine began, by the wall clock.
    pub(super) began: u64,
    /// The wall clock's lead over the page's own.
    pub(super) wall_ahead: i64,
    pub(super) opted_out: bool,
    pub(super) opted_in: bool,
    pub(super) fetch_outlives: bool,
    pub(super) insurance: Option<Insurance>,
    /// True if records are kept outside the store.
    pub(super) kept_elsewhere: bool,
    pub(super) pacing: Pacing,
    /// True if the next request goes even if a stored wait forbids it: once on each fresh page and for each call of `flush`.
    pub(super) insists: bool,
    /// The pause that listeners were told of last.
    pub(super) told_cause: Option<Cause>,
    /// The browser's word on its network. A hint: it changes notices and the time of a retry, and never forbids one.
    pub(super) online: bool,
    /// The newest segment that the flush round under way covers; 0 before the first round.
    pub(super) round: u64,
    pub(super) requests: Vec<InFlight>,
    pub(super) writes: Vec<PendingWrite>,
    pub(super) flush_calls: Vec<FlushCall>,
    pub(super) asked: Vec<Asked>,
    pub(super) last_error: Option<LastError>,
    pub(super) last_id: u32,
    pub(super) random: Random,
    pub(super) effects: Vec<Effect>,
}

#[derive(Debug)]
pub(super) enum Phase {
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
pub(super) enum Call {
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

    /// The options of `init`, with the present key.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Returns true if the store is being opened, and has time left.
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

    /// Reads the identity rows when the page opens the store.
    pub fn enter(&self, identity_rows: &str) -> Entry {
        entry::enter(identity_rows, &self.projects, &self.identity, self.opted_in)
    }

    /// The id that events are sealed with now, unless they bring their own.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Returns what the wall clock shows at a point in time of the page's own clock.
    pub(super) fn wall(&self, at: u64) -> u64 {
        at.saturating_add_signed(self.wall_ahead)
    }

    pub(super) fn clocks(&self, now: u64) -> Clocks {
        Clocks { now, wall: self.wall(now) }
    }

    pub(super) fn next_id(&mut self) -> u32 {
        self.last_id += 1;
        self.last_id
    }

    pub(super) fn notify(&mut self, notice: Notice) {
        self.effects.push(Effect::Notify(notice));
    }

    pub(super) fn notify_refused(&mut self, code: Refusal) {
        self.notify(Notice::Rejected { code });
    }

    /// Where a segment that comes now is kept.
    pub(super) fn keeping(&self) -> Kept {
        if self.has_store() { Kept::Writing } else { Kept::Memory }
    }

    pub(super) fn check_account(&self) {
        debug_assert_eq!(
            self.account.queued(),
            self.queue.len() as u64 + self.adoption.unloaded(),
            "accepted events are queued or accounted for"
        );
    }
}
