//! Accepting connections, so that neither many nor slow ones exhaust the relay.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::Peer;
use crate::clock::Clock;
use crate::metrics::Metrics;
use crate::policy;

/// Accepting fails when file descriptors run out, and goes on failing until some are closed.
const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(50);

/// A listening socket and its task.
#[derive(Debug)]
pub(crate) struct Listener {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Listener {
    /// Listens; serves until `stop` becomes true, and then finishes the requests under way.
    pub(crate) async fn start(
        address: SocketAddr,
        router: Router,
        connections: u32,
        metrics: Arc<Metrics>,
        clock: Clock,
        stop: watch::Receiver<bool>,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let places = Arc::new(Semaphore::new(connections as usize));
        let server = Server { router, places, metrics, clock, connections: GracefulShutdown::new() };
        Ok(Self { address, task: tokio::spawn(server.run(listener, stop)) })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until the last request has its reply.
    pub(crate) async fn finished(self) {
        let _ = self.task.await;
    }
}

struct Server {
    router: Router,
    places: Arc<Semaphore>,
    metrics: Arc<Metrics>,
    clock: Clock,
    connections: GracefulShutdown,
}

impl Server {
    async fn run(self, listener: TcpListener, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            tokio::select! {
                _ = stop.changed() => {}
                accepted = listener.accept() => match accepted {
                    Ok((stream, peer)) => self.serve(stream, peer),
                    Err(_) => tokio::time::sleep(PAUSE_AFTER_FAILURE).await,
                },
            }
        }
        drop(listener);
        let _ = timeout(Duration::from_millis(policy::DRAIN), self.connections.shutdown()).await;
    }

    fn serve(&self, stream: TcpStream, peer: SocketAddr) {
        // Beyond the limit a connection is closed at once: to let it wait would help nobody.
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else { return };
        // Replies are small; waiting for more of them would only delay them.
        let _ = stream.set_nodelay(true);
        let service = TowerToHyperService::new(self.router.clone().layer(Extension(Peer(peer.ip()))));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.clock.real(policy::HEAD_TIMEOUT))
            .max_buf_size(policy::HEAD_BYTES)
            .max_headers(policy::MAX_HEADERS)
            .serve_connection(TokioIo::new(stream), service);
        let connection = self.connections.watch(connection);
        let open = self.metrics.server.connections.clone();
        tokio::spawn(async move {
            open.increment(1.0);
            // An error here is a client that left in mid-request, or was too slow: nothing to tell anybody.
            let _ = connection.await;
            open.decrement(1.0);
            drop(place);
        });
    }
}
