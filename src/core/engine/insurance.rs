//! What the browser was given for the case that the page dies.

use crate::core::model::time::NEVER;

/// What the browser was given.
#[derive(Debug)]
pub(super) struct Insurance {
    /// Whether the browser has a body.
    pub(super) armed: bool,
    /// The newest id in it, so that what has not changed is not given again.
    pub(super) given: String,
    pub(super) due: u64,
}

impl Default for Insurance {
    fn default() -> Self {
        Self { armed: false, given: String::new(), due: NEVER }
    }
}

impl Insurance {
    pub(super) fn due(&self) -> u64 {
        self.due
    }
}
