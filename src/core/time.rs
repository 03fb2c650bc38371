//! Points in time: milliseconds since 1970.

/// A point in time that does not come. A time that may be missing is compared and sorted like any other by it, which an
/// `Option` is not.
pub const NEVER: u64 = u64::MAX;

/// The first of them; [`NEVER`] where there are none.
pub fn earliest(times: impl IntoIterator<Item = u64>) -> u64 {
    times.into_iter().fold(NEVER, u64::min)
}
