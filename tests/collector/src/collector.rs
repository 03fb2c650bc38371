//! The collector as a value: started, asked, broken on demand, stopped.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use crate::faults::{FaultSwitch, Faults, FaultsError};
use crate::limit::RateLimit;
use crate::loopback::Loopback;
use crate::routes::{self, App};
use crate::settings::{Database, Settings};
use crate::store::{Page, Store, StoreError, StoredEvent, StoredRequest};

/// A running collector. Dropped without [`stop`](Self::stop), it closes soon after.
#[derive(Debug)]
pub struct Collector {
    server: Loopback,
    app: Arc<App>,
}

/// Why a collector did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Every request would be authorized by an empty bearer key.
    #[error("the API key is empty")]
    ApiKeyEmpty,
    /// The database could not be opened.
    #[error("cannot open the database {database}")]
    Open {
        /// The database asked for.
        database: Database,
        /// What SQLite said.
        source: StoreError,
    },
    /// The port could not be taken.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}

impl Collector {
    /// Opens the database and listens. Needs a Tokio runtime, which serves the connections.
    pub async fn start(settings: Settings) -> Result<Self, StartError> {
        if settings.api_key.is_empty() {
            return Err(StartError::ApiKeyEmpty);
        }
        let store = Store::open(&settings.database)
            .map_err(|source| StartError::Open { database: settings.database.clone(), source })?;
        let port = settings.port;
        let app = Arc::new(App {
            limit: Mutex::new(RateLimit::new(settings.requests_per_minute)),
            faults: FaultSwitch::default(),
            store: Arc::new(store),
            settings,
        });
        let server = Loopback::start(port, routes::router(Arc::clone(&app))).await.map_err(|source| {
            StartError::Listen { address: SocketAddr::from((Ipv4Addr::LOCALHOST, port)), source }
        })?;
        Ok(Self { server, app })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The full URL that batches are posted to.
    pub fn endpoint(&self) -> String {
        format!("http://{}{}", self.address(), routes::BATCH)
    }

    /// Every event it holds, repeats included, oldest first.
    pub fn events(&self) -> Result<Vec<StoredEvent>, StoreError> {
        let mut events = self.app.store.newest_events(Page::EVERYTHING)?;
        events.reverse();
        Ok(events)
    }

    /// Every batch request it was sent, refused and cut ones included, oldest first.
    pub fn requests(&self) -> Result<Vec<StoredRequest>, StoreError> {
        let mut requests = self.app.store.newest_requests(Page::EVERYTHING)?;
        requests.reverse();
        Ok(requests)
    }

    /// Puts faults in force for the requests to come, or clears them.
    pub fn set_faults(&self, faults: Option<Faults>) -> Result<(), FaultsError> {
        self.app.faults.set(faults)
    }

    /// The faults in force, with what is left of their `times`.
    pub fn faults(&self) -> Option<Faults> {
        self.app.faults.shown()
    }

    /// Closes the listener, every open connection and the database. When it returns, nothing more is
    /// stored, clients are refused, and the port and the file can be taken again.
    pub async fn stop(self) {
        self.server.stop().await;
        self.app.store.close();
    }
}
