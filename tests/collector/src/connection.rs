//! One TCP connection, and the scissors that a fault may take to it.

use std::convert::Infallible;
use std::future;
use std::sync::Arc;

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpStream;
use tokio::sync::Notify;

/// Serves the requests of one connection until the client leaves or a handler cuts it.
pub(crate) async fn serve(stream: TcpStream, router: Router) {
    let scissors = Scissors::default();
    let service = TowerToHyperService::new(router.layer(Extension(scissors.clone())));
    // An error here is a client that left in mid-request: nothing to tell anybody.
    tokio::select! {
        _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service) => {}
        () = scissors.0.notified() => {}
    }
}

/// Closes the connection a request came by. Every request carries it as an extension.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scissors(Arc<Notify>);

impl Scissors {
    /// Cuts without a byte of an answer. Never returns: the handler that waits here is dropped together with
    /// its connection, which is what closes the socket.
    pub(crate) async fn cut(&self) -> Infallible {
        self.0.notify_one();
        future::pending().await
    }
}
