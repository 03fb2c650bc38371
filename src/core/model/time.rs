//! Points in time, in milliseconds.

/// The two clocks of a page, read together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Clocks {
    /// The page's own clock: it never runs backwards and cannot be set, but may stand still while the device sleeps.
    pub now: u64,
    /// The wall clock, since 1970: the user, or the network, may set it at any moment.
    pub wall: u64,
}

/// A point in time that does not come. A time that may be missing is compared and sorted like any other by it, which an
/// `Option` is not.
pub const NEVER: u64 = u64::MAX;

/// The first of them; [`NEVER`] where there are none.
pub fn earliest(times: impl IntoIterator<Item = u64>) -> u64 {
    times.into_iter().fold(NEVER, u64::min)
}
