//! Effects: the engine's orders to the shell, which carries out each once, in order, and decides nothing.

use super::notice::{Answer, Notice, Question};
use crate::core::model::identity::Identity;
use crate::core::model::mark::Mark;
use crate::core::model::segment::SegmentKey;
use crate::core::policy::shared_row::Share;
use crate::core::rows::Operations;

/// An order to the shell.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Take the owner's lock and open the store; answer with `handle_opened` or `handle_open_failed`.
    Open {
        /// This page's name among the pages that share the store.
        owner: String,
        /// The identity to store if there is no row.
        identity: Identity,
    },
    /// Begins one transaction at once; answer with `handle_written`.
    Write(Write),
    /// Take the locks of pages that left records or an account and are gone; answer with `handle_orphans`.
    FindOrphans,
    /// Read at most [`crate::core::policy::limits::LOAD_SEGMENTS`] records of `owner`; answer with `handle_loaded`.
    Load {
        /// An adopted page.
        owner: String,
        /// The last record read before.
        after: Option<SegmentKey>,
    },
    /// Put the row of [`crate::core::policy::shared_row`] through its `update`, reading and writing it in one transaction; answer with
    /// `handle_shared`.
    Share(Share),
    /// Clear every store of the queue, inside the database and elsewhere, but for what all pages know of the endpoint; and
    /// note that the visitor has opted out.
    Forget,
    /// Send a request; answer with `handle_response`.
    Send(Request),
    /// Have the browser send this body to the endpoint if the page dies without a word, in place of one given before;
    /// `None`: it need not any more. Nothing is ever heard of it.
    Insure {
        /// The body, as documented.
        body: Option<String>,
    },
    /// Give a request up; its answer is not wanted any more.
    Abort {
        /// The request.
        request: u32,
    },
    /// Keep these records, which the store has not confirmed, where they can be kept at once, in place of those
    /// kept there before.
    KeepElsewhere {
        /// None: what was kept there is in the store by now.
        unstored: Operations,
    },
    /// The page goes away: let go of the locks, close the store.
    Leave {
        /// The note of what was given to the browser; to be written at once, to every store there is.
        mark: Option<Mark>,
    },
    /// Remember what pages that come are to know of their link at once.
    RememberLink {
        /// Where the last reply was a success from, if it was one: [`crate::core::model::mark::destination`] of that endpoint and
        /// key.
        good: Option<u32>,
        /// Until when the server wants no request, by the wall clock; 0 for no such wait.
        until: u64,
    },
    /// Tell the page's listeners.
    Notify(Notice),
    /// Read what the page asks for; answer with `handle_accounts`, `handle_dead_letters` or, within the transaction that reads
    /// them, `handle_taken_letters`.
    Ask {
        /// The shell's number for the call.
        call: u32,
        /// The question.
        question: Question,
    },
    /// Answer a call of the page's.
    Answer {
        /// The shell's number for the call.
        call: u32,
        /// The answer.
        answer: Answer,
    },
}

/// A change of the store that happens as a whole or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// Names the write in `handle_written`.
    pub id: u32,
    /// All that it changes.
    pub operations: Operations,
    /// True if the write adds dead letters, of which the store keeps at most [`crate::core::policy::limits::MAX_DEAD_LETTERS`].
    pub letters: bool,
}

/// A batch on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Names the request in `handle_response`.
    pub id: u32,
    /// The body, as documented.
    pub body: String,
    /// True if the request must outlive the page.
    pub keepalive: bool,
    /// True if the page is about to go away: a beacon is the fallback where `fetch` is refused.
    pub at_exit: bool,
}
