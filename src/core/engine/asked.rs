//! Questions of the page.

use super::notice::Question;

/// A question that the store has not answered.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) call: u32,
    pub(super) question: Question,
    pub(super) deadline: u64,
}
