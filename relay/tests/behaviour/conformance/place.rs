//! A place for a spool, and events to put there.

use relay::clock::Clock;
use relay::config::{SiteName, SpoolAddress};
use relay::policy::{DAY, DISK_RESERVE};
use relay::spool::{self, Arrival, Cause, Claim, EventId, NewEvent, Outcome, Reason, Seq, Session, Spool};
use tempfile::TempDir;

use crate::support::wait_for_lead;

/// Noon of a day.
pub const NOW: u64 = 20_000 * DAY + DAY / 2;

/// A place for one test's spool.
pub struct Place {
    address: SpoolAddress,
    _folder: Option<TempDir>,
}

impl Place {
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { address: SpoolAddress::Sqlite(folder.path().join("spool.sqlite")), _folder: Some(folder) }
    }

    pub fn postgres() -> Self {
        Self { address: SpoolAddress::Postgres(postgres_server::database()), _folder: None }
    }

    pub async fn open(&self) -> Box<dyn Spool> {
        spool::open(&self.address, DISK_RESERVE, &Clock::default()).await.unwrap()
    }
}

pub fn site(name: &str) -> SiteName {
    name.into()
}

pub fn json(n: usize) -> String {
    format!(r#"{{"event_name":"event_{n}","user_id":"ü"}}"#)
}

pub fn event(site: &str, n: usize) -> NewEvent {
    NewEvent { id: Some(EventId::new(site, &n.to_string())), json: json(n) }
}

pub fn arrival(name: &str, numbers: std::ops::Range<usize>) -> Arrival {
    Arrival { site: site(name), events: numbers.map(|n| event(name, n)).collect(), at: NOW }
}

pub fn all() -> Claim {
    Claim::Fresh { after: 0, until: Seq::MAX }
}

pub fn delivered() -> Outcome {
    dead(Vec::new())
}

pub fn dead(places: Vec<usize>) -> Outcome {
    let cause = Cause { reason: Reason::Refused, status: 400, message: "no good".into() };
    Outcome::Done { dead: places, cause }
}

pub async fn lead(spool: &dyn Spool, name: &str) -> Box<dyn Session> {
    wait_for_lead(spool, &site(name)).await
}
