//! The shared row as text: one line of numbers, one of replaced projects, and the last error if there is one.

use super::{Cause, PLAIN, Shared};
use crate::core::model::last_error::LastError;
use crate::core::model::text::{push_decimal, push_word, read_decimal};
use crate::core::policy::limits;

/// The row's layout. A row with another first character is of a newer version and is left alone.
pub(super) const FORMAT: &str = "2";

/// Characters of an error's message that the row keeps.
const MAX_MESSAGE: usize = 200;

impl Shared {
    /// Returns the row.
    pub(super) fn row(&self) -> String {
        let mut row = String::from(FORMAT);
        for number in [
            self.to.into(),
            self.millitokens,
            self.refilled,
            self.failures.into(),
            self.silent.into(),
            self.malformed.into(),
            self.blocked_until,
            self.probe_until,
            self.cause.map_or(0, |cause| cause as u64),
            self.stretch,
            self.asked_until,
            self.limited.into(),
            self.written_at,
        ] {
            row.push(' ');
            push_decimal(&mut row, number);
        }
        row.push('\n');
        let mut formerly = String::new();
        for project in &self.formerly {
            let mut word = String::new();
            push_decimal(&mut word, (*project).into());
            push_word(&mut formerly, &word);
        }
        row.push_str(&formerly);
        if let Some(LastError { status, message }) = &self.last_error {
            row.push('\n');
            push_decimal(&mut row, (*status).into());
            row.push(' ');
            // Control characters are what separates fields and rows.
            row.extend(message.chars().filter(|letter| !letter.is_control()).take(MAX_MESSAGE));
        }
        row
    }

    /// Returns true if a newer version of this library wrote the row.
    pub(super) fn is_of_newer_version(row: &str) -> bool {
        !row.starts_with(FORMAT)
    }

    /// Reads a row. Returns `None` for a row of another layout.
    pub(super) fn read(row: &str) -> Option<Self> {
        let mut numbers = [0; 13];
        let mut lines = row.strip_prefix(FORMAT)?.split('\n');
        let mut words = lines.next()?.split(' ');
        words.next().filter(|rest| rest.is_empty())?;
        for number in &mut numbers {
            // Sums of these cannot overflow.
            *number = read_decimal(words.next()?).filter(|&number| number < 1 << 53)?;
        }
        let [to, millitokens, refilled, failures, silent, malformed, rest @ ..] = numbers;
        let [blocked_until, probe_until, cause, stretch, asked_until, limited, written_at] = rest;
        let formerly = lines.next()?.split(' ').filter_map(read_decimal).map(|project| project as u32);
        Some(Self {
            to: to as u32,
            written_at,
            millitokens,
            refilled,
            failures: failures as u32 & 0xffff,
            silent: silent as u32 & 0xffff,
            malformed: malformed as u32 & 0xffff,
            blocked_until,
            probe_until,
            cause: [Cause::Forbidden, Cause::BadResponse, Cause::Unreachable, Cause::NotFound]
                .into_iter()
                .find(|known| *known as u64 == cause),
            stretch: stretch.clamp(PLAIN, PLAIN * limits::MAX_STRETCH),
            asked_until,
            limited: limited > 0,
            formerly: formerly.collect(),
            last_error: lines.next().and_then(|line| line.split_once(' ')).and_then(|(status, message)| {
                Some(LastError { status: read_decimal(status)? as u16, message: message.into() })
            }),
        })
    }
}
