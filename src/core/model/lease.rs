//! Leases: without Web Locks a page renews a row in the store to show that it lives.

/// A claim on the records of one owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The page that has them: the owner itself while it lives, then whoever adopted it.
    pub holder: String,
    /// When the claim ends unless it is renewed, in milliseconds since 1970.
    pub until: u64,
}
