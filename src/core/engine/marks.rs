//! The page going away: what is given to the browser, and the mark that remembers it.
//!
//! Nobody sees the reply to a request that outlives its page. The mark names the events of such requests; the page
//! that adopts them keeps them back until the next reply from the same endpoint tells what to think of
//! it: a success settles them as handed over, a refused key lifts the mark and they are sent again.
//!
//! A mark is written only where the last reply was a success, on this page or the one before it: otherwise an
//! endpoint that was down at exit and is up later would settle what never arrived. Without a mark the events go
//! again, with the same ids.
//!
//! Firefox drops what pages send as it quits, and keeps their marks. There a mark counts only for a page that knows the
//! browser to have lived on: one of the same tab, or one that was there already when the mark was written.

use crate::core::model::mark::Mark;
use crate::core::model::text::{has_word, push_word};

/// The marks of adopted pages.
#[derive(Debug, Default)]
pub struct Marks {
    /// The marks in force here: their pages, and the ids that are not decided on, separated by spaces.
    marks: Vec<(String, String)>,
    /// Requests of this page's own last departure, whose replies may still come.
    departed: Vec<(u32, String)>,
    /// Ids of theirs that did not arrive after all.
    failed: String,
    /// The mark that this page has written on its way out.
    written: Option<Mark>,
    /// True if a later reply showed that the endpoint accepts events.
    settled: bool,
}

impl Marks {
    /// Brings those of `owner`'s marks into force that are `trusted`. Not those of requests to elsewhere: of them no reply
    /// will tell.
    pub fn adopt(&mut self, owner: &str, marks: &[Mark], to: u32, trusted: impl Fn(&Mark) -> bool) {
        for mark in marks {
            let counts = mark.to == to && trusted(mark);
            let ids = filter(&mark.ids, &|id| counts && !has_word(&self.failed, id));
            self.marks.push((owner.into(), ids));
        }
        // Replies from before told nothing of these.
        self.settled = false;
    }

    /// Returns true if the event was handed over.
    pub fn name(&self, id: &str) -> bool {
        self.marks.iter().any(|(_, ids)| has_word(ids, id))
    }

    /// Returns true if the handed-over event counts as arrived. While a request's own reply may still come, no other
    /// reply settles it.
    pub fn settles(&self, id: &str) -> bool {
        self.settled && !is_in(&self.departed, id)
    }

    /// A success: whatever was handed over has arrived.
    pub fn settle(&mut self) {
        self.settled = true;
    }

    /// A refused key, then and now: nothing has arrived. Every mark is lifted.
    pub fn lift(&mut self) {
        self.marks.iter_mut().for_each(|(_, ids)| ids.clear());
    }

    /// Other events go elsewhere from now on: replies to what was sent before tell nothing of it.
    pub fn forget_departed(&mut self) {
        self.departed.clear();
    }

    /// The page leaves with these requests on their way, and with this mark, if any. What it had adopted is as it was
    /// before.
    pub fn note_departure(&mut self, requests: Vec<(u32, String)>, mark: Option<Mark>) {
        let written = mark.or(self.written.take());
        *self = Self { departed: requests, written, ..Self::default() };
    }

    /// The page is back, under another name: what it has written is the mark of a page that is gone.
    pub fn note_return(&mut self) {
        self.written = None;
    }

    /// The mark that the page has written, without what is known not to have arrived.
    pub fn written(&self) -> Option<&Mark> {
        self.written.as_ref()
    }

    /// Takes note of the reply to a request of the page's last departure. Whether it was one.
    pub fn take_departed(&mut self, request: u32, arrived: bool) -> bool {
        let Some(place) = self.departed.iter().position(|(departed, _)| *departed == request) else {
            return false;
        };
        let (_, ids) = self.departed.swap_remove(place);
        if !arrived {
            let others = |id: &str| !has_word(&ids, id);
            self.marks.iter_mut().for_each(|(_, marked)| *marked = filter(marked, &others));
            if let Some(written) = &mut self.written {
                written.ids = filter(&written.ids, &others);
            }
            push_word(&mut self.failed, &ids);
        }
        true
    }

    /// A page of whose marks every event has been dealt with, one at a time: they can be deleted.
    pub fn take_spent(&mut self) -> Option<String> {
        if self.settled {
            let departed = &self.departed;
            self.marks.iter_mut().for_each(|(_, ids)| *ids = filter(ids, &|id| is_in(departed, id)));
        }
        // A page may have two marks, one from each store; they are deleted together.
        let is_spent = |owner: &str| self.marks.iter().all(|(of, ids)| of != owner || ids.is_empty());
        let place = self.marks.iter().position(|(owner, _)| is_spent(owner))?;
        Some(self.marks.swap_remove(place).0)
    }
}

fn is_in(departed: &[(u32, String)], id: &str) -> bool {
    departed.iter().any(|(_, ids)| has_word(ids, id))
}

/// The words that stay.
fn filter(words: &str, stays: &dyn Fn(&str) -> bool) -> String {
    let mut rest = String::new();
    words
        .split(' ')
        .filter(|word| !word.is_empty() && stays(word))
        .for_each(|word| push_word(&mut rest, word));
    rest
}
