//! The names of the stores, the keys of single rows, and the separator of joined texts.

use crate::core::model::text::push_decimal;

/// The queue's records.
pub const SEGMENTS: &str = "segments";
/// Each page's account.
pub const ACCOUNTS: &str = "accounts";
/// The visitor's identity, one row per project, and the opt-out.
pub const IDENTITY: &str = "identity";
/// The ids of events that a leaving page handed over to the browser, one row per page.
pub const MARKS: &str = "marks";
/// The shared rows: waits and request budget of each destination.
pub const SHARED: &str = "shared";
/// The key of the row that says that the visitor has opted out.
pub const OPT_OUT: &str = "opt_out";
/// Leases on a page's records, for browsers without Web Locks.
pub const LEASES: &str = "leases";
/// Events that are not retried without a call of the page.
pub const DEAD_LETTERS: &str = "dead_letters";

/// Separates the fields of a joined text (ASCII's unit separator). No row contains it.
pub const SEPARATOR: char = '\u{1f}';

/// Bytes to reserve per event of a record besides its envelope: the id and separators, and once the store's name and key.
pub const EVENT_ROOM: usize = 64;

/// Returns the fields of a joined text.
pub fn fields(text: &str) -> std::str::Split<'_, char> {
    let mut fields = text.split(SEPARATOR);
    if text.is_empty() {
        fields.next();
    }
    fields
}

/// Returns the key of a project's identity row.
pub fn identity_key(project: u32) -> String {
    numbered("identity.", project)
}

/// Returns the key of the row that pages which send to this destination share.
pub fn pacing_key(destination: u32) -> String {
    numbered("pacing.", destination)
}

fn numbered(name: &str, number: u32) -> String {
    let mut key = String::from(name);
    push_decimal(&mut key, number.into());
    key
}
