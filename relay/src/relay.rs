//! The relay as a value: started, asked, stopped.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::accept::{Allowance, Clients, Committer, Room};
use crate::app::{App, SiteState};
use crate::config::{Config, SpoolAddress};
use crate::http::{Listener, Tracker, main_router, metrics_router};
use crate::metrics::Metrics;
use crate::monitor::Monitor;
use crate::policy;
use crate::sender::{Pace, Sender, Upstream};
use crate::spool::{self, Spool, SpoolError};

/// A running relay. Dropped without [`stop`](Self::stop) it goes on until its runtime ends.
#[derive(Debug)]
pub struct Relay {
    address: SocketAddr,
    metrics_address: Option<SocketAddr>,
    app: Arc<App>,
    spool: Handle,
    stop: watch::Sender<bool>,
    listeners: Vec<Listener>,
    committer: JoinHandle<()>,
    tasks: Vec<JoinHandle<()>>,
}

/// A spool that can be shown.
struct Handle(Arc<dyn Spool>);

impl std::fmt::Debug for Handle {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Spool")
    }
}

/// Why a relay did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The spool could not be opened.
    #[error("cannot open the spool {address}: {source}")]
    Spool {
        /// The spool asked for.
        address: SpoolAddress,
        /// Why not.
        source: SpoolError,
    },
    /// The address could not be taken.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The client for the endpoint could not be made.
    #[error("cannot prepare requests to the endpoint: {0}")]
    Client(#[from] reqwest::Error),
    /// The metrics could not be made.
    #[error("cannot prepare the metrics: {0}")]
    Metrics(#[from] metrics_exporter_prometheus::BuildError),
}

impl Relay {
    /// Opens the spool, listens and delivers. Needs a Tokio runtime.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let clock = config.clock.clone();
        let spool: Arc<dyn Spool> = match spool::open(&config.spool, config.disk_reserve_bytes, &clock).await
        {
            Ok(spool) => spool.into(),
            Err(source) => return Err(StartError::Spool { address: config.spool.clone(), source }),
        };
        let metrics = Arc::new(Metrics::new(&config.sites)?);
        let (stop, stopped) = watch::channel(false);
        let (committer, committing) =
            Committer::start(Arc::clone(&spool), Arc::clone(&metrics), config.disk_reserve_bytes, &clock);
        let app = Arc::new(App {
            committer,
            clients: Clients::new(&config),
            allowance: Allowance::new(&config),
            room: Room::new(policy::BODIES_IN_MEMORY),
            tracker: Tracker::new(config.tracker.clone()),
            sites: config.sites.iter().map(|site| (site.name.clone(), SiteState::default())).collect(),
            stopping: AtomicBool::new(false),
            disk_full: AtomicBool::new(false),
            warned_at: AtomicU64::new(0),
            metrics: Arc::clone(&metrics),
            clock,
            config,
        });
        let monitor = Monitor { app: Arc::clone(&app), spool: Arc::clone(&spool), stop: stopped.clone() };
        monitor.look().await;
        let listeners = listen(&app, &stopped).await?;
        let mut tasks = vec![keep_alive("monitor", move || monitor.clone().run())];
        for sender in senders(&app, &spool, &stopped)? {
            tasks.push(keep_alive("sender", move || sender.clone().run()));
        }
        Ok(Self {
            address: listeners[0].address(),
            metrics_address: listeners.get(1).map(Listener::address),
            app,
            spool: Handle(spool),
            stop,
            listeners,
            committer: committing,
            tasks,
        })
    }

    /// Returns the address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the address on which it serves metrics besides.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics_address
    }

    /// Returns the full URL that batches are posted to.
    pub fn endpoint(&self) -> String {
        format!("http://{}{}", self.address, crate::http::BATCH)
    }

    /// Returns all metrics in Prometheus' text format.
    pub fn metrics(&self) -> String {
        self.app.metrics.render()
    }

    /// Returns its spool.
    pub fn spool(&self) -> &dyn Spool {
        &*self.spool.0
    }

    /// Takes no more requests, finishes those under way here and at the endpoint, records, and closes the spool.
    pub async fn stop(self) {
        self.app.stopping.store(true, Ordering::Relaxed);
        let _ = self.stop.send(true);
        let finishing = async {
            for listener in self.listeners {
                listener.finished().await;
            }
            for task in self.tasks {
                let _ = task.await;
            }
        };
        let _ = timeout(Duration::from_millis(policy::DRAIN), finishing).await;
        // The committer ends with the last handle to it; a connection that did not end in time may hold one.
        drop(self.app);
        let _ = timeout(Duration::from_secs(1), self.committer).await;
        self.spool.0.close().await;
    }
}

/// Runs a task, and runs it again after a panic: nobody would notice that it is gone.
fn keep_alive<F>(name: &'static str, start: impl Fn() -> F + Send + 'static) -> JoinHandle<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    tokio::spawn(async move {
        while tokio::spawn(start()).await.is_err_and(|error| error.is_panic()) {
            tracing::error!("the {name} panicked and is started again");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    })
}

async fn listen(app: &Arc<App>, stopped: &watch::Receiver<bool>) -> Result<Vec<Listener>, StartError> {
    let config = &app.config;
    let mut wanted = vec![(config.listen, main_router(app), config.max_connections)];
    if let Some(address) = config.metrics_listen {
        wanted.push((address, metrics_router(app), policy::METRICS_CONNECTIONS));
    }
    let mut listeners = Vec::new();
    for (address, router, connections) in wanted {
        let (metrics, clock) = (Arc::clone(&app.metrics), app.clock.clone());
        let listener = Listener::start(address, router, connections, metrics, clock, stopped.clone()).await;
        listeners.push(listener.map_err(|source| StartError::Listen { address, source })?);
    }
    Ok(listeners)
}

fn senders(
    app: &Arc<App>,
    spool: &Arc<dyn Spool>,
    stopped: &watch::Receiver<bool>,
) -> Result<Vec<Sender>, StartError> {
    let sender = |site: &crate::config::SiteConfig| {
        Ok(Sender {
            site: site.name.clone(),
            spool: Arc::clone(spool),
            upstream: Upstream::new(site, &app.clock)?,
            pace: Pace::default(),
            clock: app.clock.clone(),
            metrics: Arc::clone(&app.metrics),
            wake: Arc::clone(&app.sites[&site.name].wake),
            stop: stopped.clone(),
        })
    };
    app.config.sites.iter().map(sender).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_task_that_panics_is_started_again() {
        let (report, mut starts) = tokio::sync::mpsc::unbounded_channel();
        let task = keep_alive("test", move || {
            let report = report.clone();
            async move { assert!(report.send(()).is_err(), "panics while somebody listens") }
        });
        starts.recv().await.expect("the first start");
        starts.recv().await.expect("the second start, after a panic");
        starts.close();
        task.await.expect("a start that does not panic is the last");
    }
}
