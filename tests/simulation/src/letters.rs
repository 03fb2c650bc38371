//! Dead letters that a page sends again or forgets: read, and settled in the same transaction.

use crate::disk::Work;
use crate::ledger::numbers;
use crate::page::{Life, Task, Then};
use crate::world::{Happening, World};
use appizer_tracker::core::dead_letter::{DeadLetter, Disposal};

impl World {
    /// The page wants its dead letters sent again, or forgotten.
    pub fn dispose_of_letters(&mut self, page: usize) {
        let disposal = if self.chance.percent(70) { Disposal::Resend } else { Disposal::Discard };
        if let Some(connection) = self.pages[page].connection {
            self.note_page(page, format_args!("disposes of its dead letters: {disposal:?}"));
            self.begin(page, connection, Work::Letters, Then::Letters(disposal));
        }
    }

    /// The dead letters are read, and what the page writes for them is of the same transaction; it ends at once.
    pub fn dispose_in_transaction(&mut self, page: usize, disposal: Disposal, letters: Vec<DeadLetter>) {
        for number in letters.iter().flat_map(|letter| numbers(&letter.id)) {
            self.ledger.events[number as usize].belated = true;
        }
        self.pages[page].amid = Some(Vec::new());
        self.input(page, |engine, now| engine.handle_letters(letters, disposal, now));
        let written = self.pages[page].amid.take().unwrap_or_default();
        if self.pages[page].life == Life::Dead {
            return;
        }
        let refused = self.refuses_writes();
        for (mut work, then) in written {
            let outcome = self.disk.carry_out(&mut work, refused, &mut self.ledger);
            self.at(self.now, Happening::Run { page, task: Task::Ended { then, outcome } });
        }
    }
}
