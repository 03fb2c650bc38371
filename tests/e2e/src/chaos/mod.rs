//! Violence: pages, tabs and browsers that end with events on their hands, and a collector that fails meanwhile.
//!
//! A [`Case`] is a row of [`CASES`]: what it is called, how many events it tracks, and how it [`Act`]s. Every case is
//! run in each engine twice: *warm*, after the page had a good reply, and *cold*, without one. [`Run::count`]
//! plays it, visits the site again on the same profile, waits until that page has nothing left to send, and counts what
//! the collector holds ([`Tally`]). [`Report`] judges the counts and writes `docs/reliability.md`.

mod case;
mod cases;
mod document;
mod report;
mod run;
mod tally;

pub use case::{Act, Case, Play, Warmth};
pub use cases::CASES;
pub use report::{Outcome, Report, Row};
pub use run::Run;
pub use tally::{Shortfall, Tally};

/// Makes a test of each case named for each engine named; it plays the case warm and cold, and demands what the goals
/// say.
#[macro_export]
macro_rules! hold {
    ($($name:ident: $case:literal in $($engine:ident $test:ident),+;)+) => {$(
        mod $name {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() -> anyhow::Result<()> {
                    for warmth in $crate::chaos::Warmth::ALL {
                        $crate::chaos::Run::named($case, $crate::Engine::$engine, warmth)?.hold().await?;
                    }
                    Ok(())
                }
            )+
        }
    )+};
}
