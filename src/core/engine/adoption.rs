//! Pages that are gone and whose records this page takes over.

use crate::core::model::segment::SegmentKey;
use crate::core::model::time::NEVER;

/// Pages that are gone and whose locks this page has taken.
#[derive(Debug)]
pub(super) struct Adoption {
    pub(super) owners: Vec<Adopted>,
    /// A reading is under way, and must have ended by then.
    pub(super) loading: u64,
    /// The last reading failed; nothing is read before the next look.
    pub(super) failed: bool,
    pub(super) next_look: u64,
    /// Events that the adopted accounts speak of and that are not in memory.
    pub(super) unloaded: u64,
}

#[derive(Debug)]
pub(super) struct Adopted {
    pub(super) owner: String,
    pub(super) after: Option<SegmentKey>,
}

impl Default for Adoption {
    fn default() -> Self {
        Self { owners: Vec::new(), loading: NEVER, failed: false, next_look: NEVER, unloaded: 0 }
    }
}

impl Adoption {
    pub(super) fn unloaded(&self) -> u64 {
        self.unloaded
    }

    pub(super) fn loading_until(&self) -> u64 {
        self.loading
    }

    pub(super) fn may_load(&self) -> bool {
        self.loading == NEVER && !self.failed
    }

    pub(super) fn stop_loading(&mut self) {
        self.loading = NEVER;
    }

    pub(super) fn next_look(&self) -> u64 {
        self.next_look
    }
}
