//! Dead letters that a page sends again or forgets: read, and settled in the same transaction.

use crate::disk::{Outcome, Work};
use crate::ledger::numbers;
use crate::page::{Life, Task, Then};
use crate::world::{Happening, World};
use appizer_tracker::core::model::dead_letter::{DeadLetter, Disposal};

impl World {
    /// The page wants its dead letters sent again, or forgotten. What it writes from now on waits for their reading.
    pub fn dispose_of_letters(&mut self, page: usize) {
        let disposal = if self.chance.percent(70) { Disposal::Resend } else { Disposal::Discard };
        if let Some(connection) = self.pages[page].connection.filter(|_| self.pages[page].taking.is_none()) {
            self.note_page(page, format_args!("disposes of its dead letters: {disposal:?}"));
            self.pages[page].taking = Some(Vec::new());
            self.begin(page, connection, Work::Letters, Then::Letters(disposal));
        }
    }

    /// The dead letters are read, and what the page has written since it asked, and writes for them, is of the same
    /// transaction, which ends with it.
    pub fn take_letters(&mut self, page: usize, disposal: Disposal, letters: Vec<DeadLetter>) {
        for number in letters.iter().flat_map(|letter| numbers(&letter.id)) {
            self.ledger.events[number as usize].belated = true;
        }
        self.input(page, |engine, now| engine.handle_letters(letters, disposal, now));
        let written = self.pages[page].taking.take().unwrap_or_default();
        if self.pages[page].life == Life::Dead {
            return;
        }
        let refused = self.refuses_writes();
        for (mut work, then) in written {
            let outcome = self.disk.carry_out(&mut work, refused, &mut self.ledger);
            self.at(self.now, Happening::Run { page, task: Task::Ended { then, outcome } });
        }
    }

    /// They cannot be read, nor is written what waits for that.
    pub fn refuse_letters(&mut self, page: usize) {
        for (work, _) in self.pages[page].taking.iter_mut().flatten() {
            self.disk.carry_out(work, true, &mut self.ledger);
        }
    }

    /// They could not be read, and what has waited for that is not written either.
    pub fn take_no_letters(&mut self, page: usize) {
        for (_, then) in self.pages[page].taking.take().unwrap_or_default() {
            let task = Task::Ended { then, outcome: Outcome::Failed { quota: false } };
            self.at(self.now, Happening::Run { page, task });
        }
    }
}
