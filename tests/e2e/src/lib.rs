//! Journeys: the built package (`pkg/`) in real pages of real browsers, against the real collector.
//!
//! A journey is an `async fn(&mut Scene) -> Result<()>` in `tests/journeys/`; [`in_each_browser!`] makes a
//! test of it for Chromium, Firefox and WebKit each. Every test has a [`Scene`] of its own: a browser with a
//! fresh profile, a site and a collector. What counts is what the collector holds, so a journey looks there
//! ([`Scene::arrivals`]) until it finds what it expects; it never waits for a span of time to pass.
//!
//! [`chaos`] is violence, counted: `cargo xtask chaos` runs it all, `tests/violence.rs` what must never fall short.
//!
//! The tests start the drivers themselves, and whatever they start ends with them, even if they
//! are killed. A browser, driver or package that is missing is a failure, never a test left out.

mod alone;
mod arrivals;
mod browser;
pub mod chaos;
mod devtools;
mod document;
mod driver;
mod engine;
mod old_chromium;
mod process;
mod relay;
pub mod relay_chaos;
mod scene;
mod servers;
mod site;
mod visitors;
mod wait;

pub use alone::Alone;
pub use arrivals::{Arrivals, Tracked};
pub use browser::{Browser, Tab};
pub use document::write_into_relay_document;
pub use engine::Engine;
pub use process::{Process, find, free_port};
pub use relay::{Relay, relay_program};
pub use scene::{Scene, play, play_in_old_chromium, play_with};
pub use servers::{API_KEY, Servers};
pub use site::{Entry, Site};
pub use visitors::{TRACKED_AT, Visitors};
pub use wait::{until, until_within};

/// Makes three tests of each journey named, one for each engine.
#[macro_export]
macro_rules! in_each_browser {
    ($($journey:ident),+ $(,)?) => {$(
        mod $journey {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn in_chromium() -> anyhow::Result<()> {
                $crate::play($crate::Engine::Chromium, super::$journey).await
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn in_firefox() -> anyhow::Result<()> {
                $crate::play($crate::Engine::Firefox, super::$journey).await
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn in_webkit() -> anyhow::Result<()> {
                $crate::play($crate::Engine::WebKit, super::$journey).await
            }
        }
    )+};
}

/// Makes a test of each journey named whose pages load the entry without WebAssembly, in one engine.
#[macro_export]
macro_rules! without_webassembly {
    ($engine:ident $test:ident: $($journey:ident),+ $(,)?) => {$(
        mod $journey {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() -> anyhow::Result<()> {
                let engine = $crate::Engine::$engine;
                $crate::play_with($crate::Entry::Js(engine), engine, super::$journey).await
            }
        }
    )+};
}

/// Makes a test of each journey named for every old version of Chromium.
#[macro_export]
macro_rules! in_old_chromium {
    ($($journey:ident),+ $(,)?) => {$(
        mod $journey {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn in_chromium_103() -> anyhow::Result<()> {
                $crate::play_in_old_chromium(103, super::$journey).await
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn in_chromium_109() -> anyhow::Result<()> {
                $crate::play_in_old_chromium(109, super::$journey).await
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn in_chromium_113() -> anyhow::Result<()> {
                $crate::play_in_old_chromium(113, super::$journey).await
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn in_chromium_119() -> anyhow::Result<()> {
                $crate::play_in_old_chromium(119, super::$journey).await
            }
        }
    )+};
}
