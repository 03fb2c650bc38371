//! The insurance that the browser holds: a request that it sends if the page dies.

use crate::core::model::time::NEVER;

/// The state of the insurance.
#[derive(Debug)]
pub(super) struct Insurance {
    /// True if the browser holds a body.
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
