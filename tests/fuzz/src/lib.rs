//! Everything of the core that reads what others wrote, fed with arbitrary bytes: response bodies, stored rows,
//! `Retry-After`, options, lines of the facade, and the engine itself with inputs in any order; and the relay's parser of
//! request bodies.
//!
//! Each function panics if a promise is broken. libFuzzer drives them (`cargo xtask fuzz`, needs a nightly compiler),
//! and so do this crate's property tests, on stable.

mod bodies;
mod engine;
mod readers;

pub use bodies::relay_bodies;
pub use engine::engine;
pub use readers::{lines, options, responses, retry_after, shared_rows};

/// Takes any bytes, and panics where a promise is broken.
pub type Target = fn(&[u8]);

/// Every target by its name.
pub const TARGETS: &[(&str, Target)] = &[
    ("engine", engine),
    ("lines", lines),
    ("options", options),
    ("relay_bodies", relay_bodies),
    ("responses", responses),
    ("retry_after", retry_after),
    ("shared_rows", shared_rows),
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]

        #[test]
        fn no_bytes_break_a_reader_or_the_engine(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
            for (_, target) in TARGETS {
                target(&bytes);
            }
        }

        #[test]
        fn no_text_breaks_a_reader(text in "[ -~\\t\\n\\x1fé]{0,300}") {
            for (_, target) in TARGETS {
                target(text.as_bytes());
            }
        }
    }
}
