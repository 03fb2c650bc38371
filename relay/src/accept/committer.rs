//! Group commit: requests that wait at the same time share one transaction, and so one fsync.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::clock::Clock;
use crate::metrics::Metrics;
use crate::policy;
use crate::spool::{Arrival, Spool, SpoolError, Taken};

/// The way into the spool.
#[derive(Debug)]
pub(crate) struct Committer {
    queue: mpsc::Sender<Request>,
    failing: Arc<AtomicBool>,
}

/// Why events are not in the spool, as far as the client may know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CommitError {
    #[error("too many requests wait for the spool")]
    Busy,
    #[error("the spool cannot be written")]
    Failed,
    #[error("the spool does not answer in time")]
    Late,
    #[error("the disk of the spool is full")]
    DiskFull,
}

#[derive(Debug)]
struct Request {
    arrival: Arrival,
    reply: oneshot::Sender<Result<Taken, CommitError>>,
}

impl Committer {
    /// Starts the task that commits. It ends when this value is dropped and everything sent is committed.
    pub(crate) fn start(
        spool: Arc<dyn Spool>,
        metrics: Arc<Metrics>,
        reserve: u64,
        clock: &Clock,
    ) -> (Self, tokio::task::JoinHandle<()>) {
        let (queue, requests) = mpsc::channel(policy::WAITING_REQUESTS);
        let failing = Arc::new(AtomicBool::new(false));
        metrics.server.spool_up.set(1.0);
        let floor = reserve / policy::DISK_FLOOR_PART;
        let work =
            Work { requests, spool, metrics, floor, failing: Arc::clone(&failing), clock: clock.clone() };
        (Self { queue, failing }, tokio::spawn(work.run()))
    }

    /// Stores the events of a request; returns when they are safe.
    pub(crate) async fn commit(&self, arrival: Arrival) -> Result<Taken, CommitError> {
        let (reply, answer) = oneshot::channel();
        self.queue.try_send(Request { arrival, reply }).map_err(|_| CommitError::Busy)?;
        match timeout(Duration::from_millis(policy::COMMIT_TIMEOUT), answer).await {
            Ok(answer) => answer.unwrap_or(Err(CommitError::Failed)),
            Err(_) => Err(CommitError::Late),
        }
    }

    /// Returns true if the last write failed.
    pub(crate) fn is_failing(&self) -> bool {
        self.failing.load(Ordering::Relaxed)
    }
}

struct Work {
    requests: mpsc::Receiver<Request>,
    spool: Arc<dyn Spool>,
    metrics: Arc<Metrics>,
    /// Free bytes on the disk without which nothing is written.
    floor: u64,
    failing: Arc<AtomicBool>,
    clock: Clock,
}

impl Work {
    async fn run(mut self) {
        loop {
            tokio::select! {
                request = self.requests.recv() => match request {
                    Some(request) => self.commit(request).await,
                    None => return,
                },
                // A proxy may have taken a relay that is not ready out of service: no request would ever find out.
                () = self.clock.sleep(policy::SPOOL_RETRY), if self.failing.load(Ordering::Relaxed) => {
                    let probe = self.spool.probe().await;
                    self.note(&probe);
                }
            }
        }
    }

    /// Commits a request and all that wait behind it.
    async fn commit(&mut self, first: Request) {
        let mut events = first.arrival.events.len();
        let (mut arrivals, mut replies) = (vec![first.arrival], vec![first.reply]);
        while events < policy::GROUP_EVENTS
            && let Ok(request) = self.requests.try_recv()
        {
            // Its client has been told to come again.
            if request.reply.is_closed() {
                continue;
            }
            events += request.arrival.events.len();
            arrivals.push(request.arrival);
            replies.push(request.reply);
        }
        // A second is enough to fill what is left, so that the monitor would come too late.
        if self.spool.disk_free().is_some_and(|free| free < self.floor) {
            for reply in replies {
                let _ = reply.send(Err(CommitError::DiskFull));
            }
            return;
        }
        let start = Instant::now();
        let result = self.spool.accept(arrivals).await;
        self.metrics.server.commit_seconds.record(start.elapsed());
        self.metrics.server.commit_requests.record(replies.len() as f64);
        self.note(&result);
        match result {
            Ok(taken) => {
                for (reply, taken) in replies.into_iter().zip(taken) {
                    let _ = reply.send(Ok(taken));
                }
            }
            Err(_) => {
                for reply in replies {
                    let _ = reply.send(Err(CommitError::Failed));
                }
            }
        }
    }

    fn note<T>(&self, result: &Result<T, SpoolError>) {
        let failed = result.is_err();
        let before = self.failing.swap(failed, Ordering::Relaxed);
        self.metrics.server.spool_up.set(if failed { 0.0 } else { 1.0 });
        match result {
            Err(error) => {
                self.metrics.server.commit_failures.increment(1);
                if !before {
                    tracing::error!(%error, "the spool cannot be written: browsers are told to keep their events");
                }
            }
            Ok(_) if before => tracing::info!("the spool can be written again"),
            Ok(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spool::NewEvent;
    use crate::spool::sqlite::SqliteSpool;

    #[tokio::test]
    async fn nothing_is_written_where_the_disk_has_less_than_half_of_the_reserve() {
        let folder = tempfile::tempdir().unwrap();
        let spool =
            Arc::new(SqliteSpool::open(&folder.path().join("spool.sqlite"), policy::DISK_RESERVE).unwrap());
        let metrics = Arc::new(Metrics::new(&[]).unwrap());
        let clock = Clock::default();
        let event = NewEvent { id: None, json: "{}".into() };
        let arrival = Arrival { site: "site".into(), events: vec![event], at: 0 };
        for (reserve, expected) in [(u64::MAX, Err(CommitError::DiskFull)), (0, Ok(1))] {
            let spool: Arc<dyn Spool> = Arc::clone(&spool) as _;
            let (committer, _) = Committer::start(Arc::clone(&spool), Arc::clone(&metrics), reserve, &clock);
            let taken = committer.commit(arrival.clone()).await;
            assert_eq!(taken.map(|taken| taken.accepted), expected);
            let depth = spool.depth(&"site".into(), 0).await.unwrap();
            assert_eq!(depth.waiting, u64::from(expected.is_ok()));
        }
    }
}
