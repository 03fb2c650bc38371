//! A world: one browser with its tabs and its disk, a network, a server; and the order in which things happen.

use crate::chance::Chance;
use crate::disk::{Disk, Outcome, Transaction, Work};
use crate::ledger::Ledger;
use crate::network::{Flight, Server};
use crate::page::{LockThen, Page, Task, Then};
use crate::scenario::Scenario;
use crate::time::LastMinute;
use crate::trace::Trace;
use crate::weather::Weather;
use appizer_tracker::core::policy::verdict::Response;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::fmt::Arguments;

/// See the module's documentation.
pub struct World {
    pub chance: Chance,
    pub scenario: Scenario,
    /// Milliseconds since the world began.
    pub now: u64,
    /// What the wall clock shows beyond that.
    pub wall: u64,
    happenings: BinaryHeap<Reverse<(u64, u64)>>,
    /// What happens, by the number that stands in the heap.
    ahead: Vec<Option<Happening>>,
    free: Vec<usize>,
    order: u64,
    pub pages: Vec<Page>,
    /// The page on show in each tab.
    pub tabs: Vec<Option<usize>>,
    pub disk: Disk<Then>,
    /// Connections to the database: whether they are open.
    pub connections: Vec<bool>,
    /// Who holds the lock of an owner.
    pub locks: BTreeMap<String, usize>,
    pub flights: Vec<Flight>,
    pub server: Server,
    pub sky: Weather,
    pub storage: Storage,
    pub ledger: Ledger,
    /// Where the last reply to any page was a success from.
    pub good_link: Option<u32>,
    /// Two pages have had two keys: the row that all pages share knows of one at a time.
    pub has_mixed_keys: bool,
    /// When requests were sent to each destination in the last minute, but for those at exit.
    pub sent: BTreeMap<u32, LastMinute>,
    pub trace: Trace,
    /// Things still to be done by chance.
    pub left_to_do: usize,
    pub tally: Tally,
}

/// How the browser's storage is just now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Storage {
    #[default]
    Good,
    /// Opening hangs.
    Hanging,
    /// Opening is refused.
    Refused,
    /// Writes exceed the quota.
    Full,
    /// Everything takes seconds.
    Slow,
}

/// Something that is going to happen.
#[derive(Debug)]
pub enum Happening {
    /// Chance does something.
    Act,
    /// A machine that slept is awake.
    Wake {
        page: usize,
    },
    Run {
        page: usize,
        task: Task,
    },
    LockAsked {
        page: usize,
        owner: String,
        releases: u32,
        then: LockThen,
    },
    Unlocked {
        page: usize,
        owner: String,
    },
    Commit,
    Arrival(usize),
    Reply {
        flight: usize,
        response: Response,
    },
}

/// What is worth counting over many worlds.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tally {
    pub events: u64,
    pub processed: u64,
    pub repeats: u64,
    pub requests: u64,
    /// Events of pages that died before the database had them.
    pub never_stored: u64,
    /// Repeats of pages whose lease had lapsed.
    pub lapsed: u64,
    /// Events that were given up by a page that died before the database knew, and so were not.
    pub revived: u64,
    /// Dead letters that died with their page, before the store had taken them.
    pub spoiled: u64,
    /// Hand-overs that were settled though the server has not taken them, by what became of their request:
    /// lost on the way, over the browser's quota, 429, failed, key refused, refused, taken in part.
    pub misjudged: [u64; 7],
}

impl Tally {
    /// Adds another world's.
    pub fn add(&mut self, other: &Self) {
        self.events += other.events;
        self.processed += other.processed;
        self.repeats += other.repeats;
        self.requests += other.requests;
        self.never_stored += other.never_stored;
        self.lapsed += other.lapsed;
        self.revived += other.revived;
        self.spoiled += other.spoiled;
        for (mine, theirs) in self.misjudged.iter_mut().zip(other.misjudged) {
            *mine += theirs;
        }
    }
}

impl World {
    /// A world before anything happens.
    pub fn new(seed: u64, told: bool) -> Self {
        let mut chance = Chance::new(seed);
        let scenario = Scenario::draw(&mut chance);
        let mut world = Self {
            now: 0,
            wall: 1_700_000_000_000,
            happenings: BinaryHeap::new(),
            ahead: Vec::new(),
            free: Vec::new(),
            order: 0,
            pages: Vec::new(),
            tabs: vec![None; scenario.tabs],
            disk: Disk::new(scenario.trouble.power_cuts),
            connections: Vec::new(),
            locks: BTreeMap::new(),
            flights: Vec::new(),
            server: Server::default(),
            sky: Weather::Good,
            storage: Storage::default(),
            ledger: Ledger::new(scenario.has_locks),
            good_link: None,
            has_mixed_keys: false,
            sent: BTreeMap::new(),
            trace: Trace::new(told),
            left_to_do: scenario.happenings,
            tally: Tally::default(),
            scenario,
            chance,
        };
        if told {
            let kind = format!("{:?}", world.scenario);
            world.note("world", format_args!("{kind}"));
        }
        world.at(0, Happening::Act);
        world
    }

    /// Has something happen at `at`.
    pub fn at(&mut self, at: u64, happening: Happening) {
        let place = self.free.pop().unwrap_or(self.ahead.len());
        if place == self.ahead.len() {
            self.ahead.push(None);
        }
        self.ahead[place] = Some(happening);
        self.order += 1;
        // A world has fewer than 2^24 things ahead at once: order and place fit one number.
        self.happenings.push(Reverse((at.max(self.now), self.order << 24 | place as u64)));
    }

    /// Lets everything happen that does so by `end`, as long as no rule is broken and `goes_on`.
    pub fn run_until(&mut self, end: u64, goes_on: impl Fn(&Self) -> bool) {
        while self.ledger.fault.is_none() && goes_on(self) {
            let Some(&Reverse((at, key))) = self.happenings.peek() else { break };
            if at > end {
                break;
            }
            self.happenings.pop();
            let place = (key & 0xff_ffff) as usize;
            self.free.push(place);
            self.now = at;
            if let Some(happening) = self.ahead[place].take() {
                self.happen(happening);
            }
        }
        if self.ledger.fault.is_none() && goes_on(self) {
            self.now = self.now.max(end.min(self.next_happening().unwrap_or(end)));
        }
    }

    fn next_happening(&self) -> Option<u64> {
        self.happenings.peek().map(|Reverse((at, _))| *at)
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Act => self.act(),
            Happening::Wake { page } => self.come_to(page),
            Happening::Run { page, task } => self.deliver(page, task),
            Happening::LockAsked { page, owner, releases, then } => {
                self.grant_lock(page, owner, releases, then)
            }
            Happening::Unlocked { page, owner } => {
                if self.locks.get(&owner) == Some(&page) {
                    self.locks.remove(&owner);
                }
            }
            Happening::Commit => self.commit(),
            Happening::Arrival(flight) => self.arrive(flight),
            Happening::Reply { flight, response } => {
                let page = self.flights[flight].page;
                self.deliver(page, Task::Replied { flight, response });
            }
        }
    }

    /// Begins a transaction; its end comes back to the page as a task.
    pub fn begin(&mut self, page: usize, connection: usize, work: Work, then: Then) {
        if !self.connections[connection] {
            let task = Task::Ended { then, outcome: Outcome::Failed { quota: false } };
            return self.at(self.now, Happening::Run { page, task });
        }
        let longest = if self.storage == Storage::Slow { 20_000 } else { 300 };
        let writes =
            matches!(work, Work::Write { .. } | Work::Enter(_) | Work::Adopt(_) | Work::KeepMark { .. });
        let aborted = writes && self.refuses_writes();
        let ends = self.disk.busy_until.max(self.now + self.chance.delay(4, longest));
        self.disk.busy_until = ends;
        self.disk.pending.push_back(Transaction { page, work, aborted, over_quota: aborted, then });
        self.at(ends, Happening::Commit);
    }

    /// Whether there is no room for what is written now.
    pub fn refuses_writes(&mut self) -> bool {
        let refuses = self.storage == Storage::Full && self.chance.percent(70);
        self.ledger.exact &= !refuses;
        refuses
    }

    fn commit(&mut self) {
        let Some((transaction, outcome)) = self.disk.commit(&mut self.ledger) else { return };
        if self.chance.percent(20)
            && let Some(platter) = &mut self.disk.platter
        {
            platter.clone_from(&self.disk.stores);
        }
        let page = transaction.page;
        if let (Then::Letters(disposal), Outcome::Letters(letters)) = (&transaction.then, &outcome) {
            return self.take_letters(page, *disposal, letters.clone());
        }
        if let Then::Letters(_) = transaction.then {
            self.refuse_letters(page);
        }
        if let (Work::Share(share), Outcome::Granted(granted)) = (&transaction.work, &outcome) {
            self.check_grant(page, share, granted);
        }
        let looks = matches!(transaction.work, Work::Owners | Work::Share(_));
        if self.trace.is_told() && !looks {
            let done = match &transaction.work {
                Work::Write { id, .. } => format!("write {id}"),
                work => format!("{work:?}"),
            };
            let end = if transaction.aborted { "is refused" } else { "is committed" };
            let known = self.ledger.expected.delivered;
            self.note_page(page, format_args!("{done} {end} ({known} delivered by now)"));
        }
        let at = self.pages[page].answered_at.max(self.now + self.chance.between(0, 3));
        self.pages[page].answered_at = at;
        let task = Task::Ended { then: transaction.then, outcome };
        self.at(at, Happening::Run { page, task });
    }

    /// A line of the story.
    pub fn note(&mut self, who: &str, what: Arguments<'_>) {
        self.trace.note(self.now, who, what);
    }

    /// A line of a page's story.
    pub fn note_page(&mut self, page: usize, what: Arguments<'_>) {
        if self.trace.is_told() {
            let who = format!("t{} page{page}", self.pages[page].tab);
            self.trace.note(self.now, &who, what);
        }
    }
}
