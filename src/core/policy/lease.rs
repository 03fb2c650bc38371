//! Leases: without Web Locks a page renews a row in the store to show that it lives.

use crate::core::model::lease::Lease;
use crate::core::policy::limits;
use crate::core::rows;

/// The row of a lease after `holder` took or renewed it at `now`; none while it is another page's.
pub fn take_row(row: Option<&str>, holder: &str, now: u64) -> Option<String> {
    let present = match row {
        Some(row) => rows::read_lease(row)?,
        None => None,
    };
    take(present.as_ref(), holder, now).map(|lease| rows::lease_row(&lease))
}

/// Returns the lease that `holder` may write over `present` at `now`, or `None` while another page's lease lasts.
pub fn take(present: Option<&Lease>, holder: &str, now: u64) -> Option<Lease> {
    // A claim from further ahead than any can reach was made by a clock that has been set back since.
    let lasts = |lease: &Lease| (now..=now + limits::LEASE).contains(&lease.until) && lease.holder != holder;
    let taken = present.is_some_and(lasts);
    (!taken).then(|| Lease { holder: holder.into(), until: now + limits::LEASE })
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_its_holders_until_it_ends() {
        let first = take(None, "a", 1_000).unwrap();
        assert_eq!(take(Some(&first), "b", 1_000 + limits::LEASE - 1), None);
        let renewed = take(Some(&first), "a", 2_000).unwrap();
        assert_eq!(renewed.until, 2_000 + limits::LEASE);
        let adopted = take(Some(&renewed), "b", renewed.until + 1).unwrap();
        assert_eq!((adopted.holder.as_str(), take(Some(&adopted), "a", renewed.until + 2)), ("b", None));
    }

    #[test]
    fn a_clock_that_was_set_back_blocks_nobody() {
        let future = Lease { holder: "a".into(), until: 1_000_000_000 };
        assert!(take(Some(&future), "b", 1_000).is_some());
    }

    #[test]
    fn a_stored_lease_is_its_holders_until_it_ends() {
        let row = take_row(None, "p", 1_000).unwrap();
        assert_eq!(take_row(Some(&row), "q", 2_000), None);
        let renewed = take_row(Some(&row), "p", 3_000).unwrap();
        assert_eq!(take_row(Some(&renewed), "q", 1_001 + limits::LEASE), None);
        assert!(take_row(Some(&renewed), "q", 3_001 + limits::LEASE).is_some());
        assert!(take_row(Some("1nonsense"), "q", 1).is_some(), "what cannot be read claims nothing");
    }
}
