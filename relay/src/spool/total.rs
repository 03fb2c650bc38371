//! The numbers of a site, as changes that go with a transaction.

/// What one transaction changes of a site's numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) accepted: i64,
    pub(crate) repeated: i64,
    pub(crate) delivered: i64,
    pub(crate) discarded: i64,
    pub(crate) expired: i64,
    pub(crate) waiting: i64,
    pub(crate) dead: i64,
    pub(crate) bytes: i64,
}

impl Change {
    /// Counts an accepted event.
    pub(crate) fn accept(&mut self, bytes: usize) {
        self.accepted += 1;
        self.waiting += 1;
        self.bytes += bytes as i64;
    }

    /// Counts a waiting event that is delivered.
    pub(crate) fn deliver(&mut self, bytes: usize) {
        self.delivered += 1;
        self.waiting -= 1;
        self.bytes -= bytes as i64;
    }

    /// Counts a waiting event that becomes a dead letter.
    pub(crate) fn bury(&mut self) {
        self.waiting -= 1;
        self.dead += 1;
    }
}

/// The change of a site's row, in the SQL that both databases have in common. Parameters: site, writer, the numbers of
/// [`Change`] in order, the day.
pub(crate) const APPLY: &str = "
    INSERT INTO total (site, writer, accepted, repeated, delivered, discarded, expired, waiting, dead, bytes, day, today)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $3)
    ON CONFLICT (site, writer) DO UPDATE SET
        accepted = total.accepted + excluded.accepted,
        repeated = total.repeated + excluded.repeated,
        delivered = total.delivered + excluded.delivered,
        discarded = total.discarded + excluded.discarded,
        expired = total.expired + excluded.expired,
        waiting = total.waiting + excluded.waiting,
        dead = total.dead + excluded.dead,
        bytes = total.bytes + excluded.bytes,
        today = CASE WHEN excluded.day > total.day THEN excluded.today ELSE total.today + excluded.today END,
        day = CASE WHEN excluded.day > total.day THEN excluded.day ELSE total.day END";
