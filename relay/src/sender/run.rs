//! The task that delivers one site's events.

use std::sync::Arc;
use std::time::Duration;

use appizer_tracker::core::policy::random::Random;
use appizer_tracker::core::policy::verdict::Response;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::timeout;

use super::answer::Decision;
use super::plan::{Pace, Plan, State, Step};
use super::upstream::Upstream;
use crate::clock::Clock;
use crate::metrics::Metrics;
use crate::policy;
use crate::spool::{Attempt, BatchId, Claim, Outcome, Session, Settled, SiteName, Spool, SpoolError};

/// After news of an event the sender looks no sooner than this: many arrive at once.
const LOOK_AGAIN: u64 = 50;

/// Where nothing tells of events that other processes add, as `dead-letters resend` does.
const LOOK_ANYWAY: u64 = 5_000;

/// Delivers one site's events.
#[derive(Clone)]
pub struct Sender {
    /// Whose events.
    pub site: SiteName,
    /// Where they wait.
    pub spool: Arc<dyn Spool>,
    /// Where they go.
    pub upstream: Upstream,
    /// How fast.
    pub pace: Pace,
    /// The relay's time.
    pub clock: Clock,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Wakes the sender when this process has accepted events.
    pub wake: Arc<Notify>,
    /// Becomes true when the relay stops.
    pub stop: watch::Receiver<bool>,
}

/// What the tasks of requests report.
enum News {
    Answer(BatchId, Response),
    Settled { batch: BatchId, outcome: Outcome, settled: Settled },
}

/// Requests under way.
struct Flights {
    plan: Plan,
    random: Random,
    news: mpsc::UnboundedReceiver<News>,
    report: mpsc::UnboundedSender<News>,
}

/// Why a session ended without an error.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Stopped,
    /// What this sender knows of batches may differ from the spool.
    Unsure,
}

impl Sender {
    /// Delivers until the relay stops; then waits for the requests in flight.
    pub async fn run(mut self) {
        let (report, news) = mpsc::unbounded_channel();
        let seed = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), &*self.site);
        let mut flights = Flights { plan: Plan::new(self.pace), random: Random::new(seed), news, report };
        let leading = self.metrics.site(&self.site).leading.clone();
        while !*self.stop.borrow() {
            match self.spool.lead(&self.site).await {
                Ok(Some(session)) => {
                    leading.set(1.0);
                    let end = self.lead(session, &mut flights).await;
                    leading.set(0.0);
                    if let Err(error) = &end {
                        tracing::warn!(site = &*self.site, %error, "delivery paused: the spool failed");
                    }
                    let stopped = matches!(end, Ok(End::Stopped));
                    self.land(&mut flights, stopped).await;
                }
                Ok(None) => {}
                Err(error) => tracing::warn!(site = &*self.site, %error, "cannot become the sender"),
            }
            self.pause(policy::SPOOL_RETRY).await;
        }
    }

    /// Sends while the session lasts.
    async fn lead(
        &mut self,
        mut session: Box<dyn Session>,
        flights: &mut Flights,
    ) -> Result<End, SpoolError> {
        let recovered = session.recover(self.clock.wall()).await?;
        flights.plan.recover(&recovered, self.clock.steady());
        loop {
            if *self.stop.borrow() {
                return Ok(End::Stopped);
            }
            session.check().await?;
            let waiting = self.spool.waiting(&self.site, flights.plan.boundary()).await?;
            let step = flights.plan.next(self.clock.steady(), self.clock.wall(), &waiting);
            self.show(&mut flights.plan);
            match step {
                Step::Look => {}
                Step::Begin(claim) => self.begin(&mut session, claim, flights).await?,
                Step::Wait(until) | Step::Idle(until) => {
                    let idle = matches!(step, Step::Idle(_));
                    if let Some(news) = self.wait(until, idle, flights).await
                        && !self.hear(news, flights, true)
                    {
                        return Ok(End::Unsure);
                    }
                }
            }
        }
    }

    /// Records an attempt and starts its request.
    async fn begin(
        &self,
        session: &mut Box<dyn Session>,
        claim: Claim,
        flights: &mut Flights,
    ) -> Result<(), SpoolError> {
        let attempt = session.begin(claim, self.clock.wall()).await?;
        if flights.plan.begun(attempt.as_ref(), self.clock.steady())
            && let Some(attempt) = attempt
        {
            self.start(attempt, flights);
        }
        Ok(())
    }

    fn start(&self, attempt: Attempt, flights: &Flights) {
        let (upstream, report, metrics) =
            (self.upstream.clone(), flights.report.clone(), Arc::clone(&self.metrics));
        let site = Arc::clone(&self.site);
        tokio::spawn(async move {
            let start = std::time::Instant::now();
            let response = upstream.send(&attempt.events).await;
            metrics.upstream(&site, response.status);
            metrics.site(&site).upstream_seconds.record(start.elapsed());
            metrics.site(&site).batch_events.record(f64::from(attempt.batch.events));
            // Nobody hears it where the relay has given up waiting.
            let _ = report.send(News::Answer(attempt.batch.id, response));
        });
    }

    /// Waits for a time, for news, or, where there is nothing to do, for events.
    async fn wait(&mut self, until: u64, idle: bool, flights: &mut Flights) -> Option<News> {
        let look = if self.spool.is_shared() { policy::POLL } else { LOOK_ANYWAY };
        let mut pause = until.saturating_sub(self.clock.steady());
        if idle {
            pause = pause.min(look);
        }
        let clock = self.clock.clone();
        tokio::select! {
            news = flights.news.recv() => return news,
            _ = self.stop.changed() => {}
            () = self.wake.notified(), if idle => clock.sleep(LOOK_AGAIN).await,
            () = clock.sleep(pause.max(1)) => {}
        }
        None
    }

    /// Takes note of news. Returns false if what is known of batches may differ from the spool.
    fn hear(&self, news: News, flights: &mut Flights, leading: bool) -> bool {
        match news {
            News::Answer(batch, response) => {
                let (jitter, now) = (flights.random.next_u32(), self.clock.steady());
                let before = flights.plan.state();
                let decision = flights.plan.answered(batch, &response, now, jitter);
                self.tell(before, flights.plan.state(), &response);
                match decision {
                    // The halves would be nobody's: the next sender finds the batch as it is.
                    Decision::Settle(Outcome::Split) if !leading => {
                        flights.plan.settled(batch, &Settled::default())
                    }
                    Decision::Settle(outcome) => self.settle(batch, outcome, flights),
                    Decision::Again => {}
                }
                true
            }
            News::Settled { batch, outcome, settled } => {
                flights.plan.settled(batch, &settled);
                let metrics = self.metrics.site(&self.site);
                metrics.delivered.increment(u64::from(settled.delivered));
                metrics.dead.increment(u64::from(settled.dead));
                // Recorded by a try whose answer was lost: the halves are in the spool alone.
                outcome != Outcome::Split || !settled.halves.is_empty()
            }
        }
    }

    /// Records an outcome, however often that takes: the endpoint's answer comes only once.
    fn settle(&self, batch: BatchId, outcome: Outcome, flights: &Flights) {
        let (spool, clock, report) = (Arc::clone(&self.spool), self.clock.clone(), flights.report.clone());
        let site = Arc::clone(&self.site);
        tokio::spawn(async move {
            loop {
                match spool.settle(batch, outcome.clone(), clock.wall()).await {
                    Ok(settled) => {
                        let _ = report.send(News::Settled { batch, outcome, settled });
                        return;
                    }
                    Err(error) => {
                        tracing::warn!(site = &*site, %error, "an outcome cannot be recorded; trying again");
                    }
                }
                if report.is_closed() {
                    return;
                }
                clock.sleep(policy::SPOOL_RETRY).await;
            }
        });
    }

    /// Waits until nothing is in flight. A stop waits no longer than the relay's.
    async fn land(&self, flights: &mut Flights, stopped: bool) {
        let landing = async {
            while flights.plan.is_busy() {
                let Some(news) = flights.news.recv().await else { return };
                self.hear(news, flights, stopped);
            }
        };
        if stopped {
            let _ = timeout(Duration::from_millis(policy::DRAIN), landing).await;
        } else {
            landing.await;
        }
    }

    async fn pause(&mut self, ms: u64) {
        if *self.stop.borrow() {
            return;
        }
        let clock = self.clock.clone();
        tokio::select! {
            () = clock.sleep(ms) => {}
            _ = self.stop.changed() => {}
        }
    }

    fn show(&self, plan: &mut Plan) {
        let metrics = self.metrics.site(&self.site);
        metrics.starts.set(plan.used(self.clock.steady()) as f64);
        metrics.upstream_up.set(match plan.state() {
            State::Up => 1.0,
            State::Failing => 0.0,
            State::Paused => -1.0,
        });
    }

    /// Logs where delivery begins to fail, pauses, or goes on.
    fn tell(&self, before: State, after: State, response: &Response) {
        let (site, status) = (&*self.site, response.status);
        match (before, after) {
            (State::Up, State::Failing) => {
                tracing::warn!(site, status, "the endpoint fails; trying again with backoff")
            }
            (State::Up | State::Failing, State::Paused) => tracing::error!(
                site,
                status,
                "the endpoint refuses the key, or is not Appizer's: check endpoint and key; events wait in the spool"
            ),
            (State::Failing | State::Paused, State::Up) => {
                tracing::info!(site, "the endpoint takes batches again")
            }
            _ => {}
        }
    }
}
