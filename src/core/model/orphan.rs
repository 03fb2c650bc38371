//! A page that is gone.

use crate::core::model::account::Account;
use crate::core::model::mark::Mark;

/// A page that is gone and whose lock the shell has taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Orphan {
    /// Its name.
    pub owner: String,
    /// Its account; empty where it left none.
    pub account: Account,
    /// Its mark, from every store that kept it.
    pub marks: Vec<Mark>,
}
