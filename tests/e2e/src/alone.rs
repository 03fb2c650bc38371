//! A browser that nobody drives: its page follows its address.

use std::path::Path;

use anyhow::Result;

use crate::engine::Engine;
use crate::process::{self, Process};

/// A running browser without a driver. Unlike one with a driver, WebKit's too keeps what its pages store. Dropped, it is
/// asked to end; its profile stays.
#[derive(Debug)]
pub struct Alone {
    // In this order: a browser ends before its display.
    processes: Vec<Process>,
}

impl Alone {
    /// Opens a page in a browser whose profile lies in `folder`.
    pub async fn start(engine: Engine, folder: &Path, url: &str) -> Result<Self> {
        Ok(Self { processes: engine.start_alone(folder, url).await? })
    }

    /// What its processes have written so far.
    pub fn log(&self) -> String {
        process::logs(&self.processes)
    }

    /// Kills all its processes with SIGKILL at once.
    pub fn kill(self) -> Result<()> {
        self.processes.into_iter().try_for_each(Process::kill)
    }
}
