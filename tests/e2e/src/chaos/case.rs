//! What a case is made of.

use std::pin::Pin;
use std::time::Duration;

use anyhow::Result;
use serde::Serialize;

use super::Run;
use crate::engine::Engine;
use crate::scene::Scene;

/// One kind of violence.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// For the command line.
    pub name: &'static str,
    /// For the table.
    pub title: &'static str,
    /// How many events it tracks, numbered from 0.
    pub events: u64,
    /// What happens.
    pub act: Act,
    /// Whether a reply may stay unseen and no mark be kept even where the link is known to be good: then events may come
    /// again with the same id.
    pub unseen: bool,
    /// Engines in which it cannot be done, and why.
    pub not_run: &'static [(Engine, &'static str)],
    /// Why the goal is not reached in these engines, where it is not.
    pub reasons: &'static [(&'static [Engine], &'static str)],
}

/// How a case goes about it.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    /// The driver has a page do it. The later visit is in the same browser.
    InThePage(Play),
    /// The driver ends the browser after it. The later visit is in a new one on the same profile, without a driver.
    ThenQuit(Play),
    /// A browser without a driver is killed so long after the page has told that it has tracked, and started again on
    /// the same profile.
    Killed {
        /// From the word of the page to the signal.
        after: Duration,
        /// The option of that name: with 0 the events are on their way, with more they wait.
        flush_interval: u64,
    },
}

/// What the driver does.
pub type Play = for<'a> fn(&'a mut Scene, &'a Run) -> Pin<Box<dyn Future<Output = Result<()>> + 'a>>;

/// Whether the page had a good reply before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Warmth {
    /// It had: the link is known to be good.
    Warm,
    /// The profile is fresh, and nothing was sent before.
    Cold,
}

/// [`Run::count`] fails where it is not true.
const NOT_COMMITTED: &str = "The browser: the signal came before the transaction, begun at the end of the task, was committed, and before \
    the request was out. Nothing that the page knew to be committed is missing.";

impl Case {
    /// A case of a page under a driver in which every reply or mark can be kept.
    pub(super) const fn in_the_page(
        name: &'static str,
        events: u64,
        title: &'static str,
        play: Play,
    ) -> Self {
        let act = Act::InThePage(play);
        Self { name, title, events, act, unseen: false, not_run: &[], reasons: &[] }
    }

    /// A browser that its driver quits.
    pub(super) const fn quit(name: &'static str, events: u64, title: &'static str, play: Play) -> Self {
        Self { act: Act::ThenQuit(play), ..Self::in_the_page(name, events, title, play) }.unseen()
    }

    /// A browser that is killed.
    pub(super) const fn killed(
        name: &'static str,
        title: &'static str,
        after: u64,
        flush_interval: u64,
    ) -> Self {
        let act = Act::Killed { after: Duration::from_millis(after), flush_interval };
        let reasons = &[(&Engine::ALL as &[_], NOT_COMMITTED)];
        Self { name, title, events: 50, act, unseen: true, not_run: &[], reasons }
    }

    /// The same with replies that may stay unseen.
    pub(super) const fn unseen(self) -> Self {
        Self { unseen: true, ..self }
    }

    /// The same, but not in these engines.
    pub(super) const fn not_in(self, not_run: &'static [(Engine, &'static str)]) -> Self {
        Self { not_run, ..self }
    }

    /// The same with what is known of its shortcomings.
    pub(super) const fn because(self, reasons: &'static [(&'static [Engine], &'static str)]) -> Self {
        Self { reasons, ..self }
    }
}

impl Warmth {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Warm, Self::Cold];

    /// As the tables have it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Warm => "warm",
            Self::Cold => "cold",
        }
    }
}
