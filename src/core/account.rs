//! What became of every accepted event. A row for each page, stored in the transactions that change its
//! records, so that account and queue cannot disagree; whoever adopts a page's records takes its row over.

/// `accepted = delivered + handed_over + queued + rejected + uncertain + dropped`, where `queued` is what the
/// other numbers leave.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Account {
    /// Events that entered the queue.
    pub accepted: u64,
    /// Events whose batch the endpoint confirmed.
    pub delivered: u64,
    /// Events given to the browser at exit and settled by a later reply.
    pub handed_over: u64,
    /// Events that the endpoint refused for good.
    pub rejected: u64,
    /// Events of which the endpoint did not say what became.
    pub uncertain: u64,
    /// Events whose record had vanished from the store.
    pub storage_lost: u64,
}

impl Account {
    /// Each number under the name that the store knows it by.
    pub fn columns(&mut self) -> [(&'static str, &mut u64); 6] {
        [
            ("accepted", &mut self.accepted),
            ("delivered", &mut self.delivered),
            ("handedOver", &mut self.handed_over),
            ("rejected", &mut self.rejected),
            ("uncertain", &mut self.uncertain),
            ("storageLost", &mut self.storage_lost),
        ]
    }

    /// Events that are neither settled nor given up.
    pub fn queued(&self) -> u64 {
        let gone = self.delivered + self.handed_over + self.rejected + self.uncertain + self.storage_lost;
        self.accepted.saturating_sub(gone)
    }

    /// Takes over the account of a page that is gone.
    pub fn add(&mut self, mut other: Self) {
        for ((_, mine), (_, theirs)) in self.columns().into_iter().zip(other.columns()) {
            *mine += *theirs;
        }
    }
}

#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests {
    use super::*;

    #[test]
    fn an_adopted_account_adds_up_number_by_number() {
        let mut mine = Account { accepted: 5, delivered: 3, ..Account::default() };
        mine.add(Account { accepted: 7, delivered: 1, rejected: 2, storage_lost: 1, ..Account::default() });
        assert_eq!(
            mine,
            Account { accepted: 12, delivered: 4, rejected: 2, storage_lost: 1, ..Account::default() }
        );
        assert_eq!(mine.queued(), 5);
    }
}
