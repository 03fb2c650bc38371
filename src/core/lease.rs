//! How a page says that it lives where there are no Web Locks: a lease in the store that it renews.

use crate::core::policy;

/// A claim on the records of one owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The page that has them: the owner itself while it lives, then whoever adopted it.
    pub holder: String,
    /// When the claim ends unless it is renewed, in milliseconds since 1970.
    pub until: u64,
}

impl Lease {
    /// What `holder` may write over `present` at `now`: nothing, while another page's claim lasts.
    pub fn take(present: Option<&Self>, holder: &str, now: u64) -> Option<Self> {
        // A claim from further ahead than any can reach was made by a clock that has been set back since.
        let lasts =
            |lease: &Self| (now..=now + policy::LEASE).contains(&lease.until) && lease.holder != holder;
        let taken = present.is_some_and(lasts);
        (!taken).then(|| Self { holder: holder.into(), until: now + policy::LEASE })
    }
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_its_holders_until_it_ends() {
        let first = Lease::take(None, "a", 1_000).unwrap();
        assert_eq!(Lease::take(Some(&first), "b", 1_000 + policy::LEASE - 1), None);
        let renewed = Lease::take(Some(&first), "a", 2_000).unwrap();
        assert_eq!(renewed.until, 2_000 + policy::LEASE);
        let adopted = Lease::take(Some(&renewed), "b", renewed.until + 1).unwrap();
        assert_eq!(
            (adopted.holder.as_str(), Lease::take(Some(&adopted), "a", renewed.until + 2)),
            ("b", None)
        );
    }

    #[test]
    fn a_clock_that_was_set_back_blocks_nobody() {
        let future = Lease { holder: "a".into(), until: 1_000_000_000 };
        assert!(Lease::take(Some(&future), "b", 1_000).is_some());
    }
}
