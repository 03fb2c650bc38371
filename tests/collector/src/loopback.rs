//! A server on 127.0.0.1 that can really be stopped.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};

use crate::connection;

/// Serves a router until stopped or dropped.
///
/// `axum::serve` waits for its connections when it ends; a test that takes the collector down wants them
/// closed in the clients' faces. Hence this accept loop, which owns them.
#[derive(Debug)]
pub(crate) struct Loopback {
    address: SocketAddr,
    /// The loop ends when this is used or dropped.
    stop: oneshot::Sender<()>,
    accepting: JoinHandle<()>,
}

impl Loopback {
    pub(crate) async fn start(port: u16, router: Router) -> io::Result<Self> {
        // Tokio sets SO_REUSEADDR where that is safe, so the port of a stopped server is free at once.
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let accepting = tokio::spawn(accept_until(stopped, listener, router));
        Ok(Self { address, stop, accepting })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) async fn stop(self) {
        drop(self.stop);
        // Only a panic in the loop is an error here, and it has been printed.
        let _ = self.accepting.await;
    }
}

async fn accept_until(mut stopped: oneshot::Receiver<()>, listener: TcpListener, router: Router) {
    /// Accepting fails when file descriptors run out, and goes on failing until some are closed.
    const PAUSE_AFTER_FAILURE: Duration = Duration::from_millis(50);

    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stopped => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection::serve(stream, router.clone()));
                }
                Err(_) => tokio::time::sleep(PAUSE_AFTER_FAILURE).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    connections.shutdown().await;
}
