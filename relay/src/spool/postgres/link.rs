//! A connection that comes back by itself.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use rustls::ClientConfig;
use rustls_platform_verifier::ConfigVerifierExt;
use tokio::sync::Mutex;
use tokio::time::timeout;
use tokio_postgres::{Client, Config};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::clock::Clock;
use crate::spool::SpoolError;

/// The longest time for a connection, and for a transaction. A database that takes longer is as good as absent.
const LIMIT: Duration = Duration::from_secs(8);

/// What every session begins with. The server finds out within half a minute that a relay's machine is gone, and lets
/// another relay take over.
const SESSION: &str =
    "SET search_path TO appizer_relay; SET lock_timeout = '4s'; SET synchronous_commit = on;
    SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3;";

/// How to reach the database.
#[derive(Clone)]
pub(super) struct Server {
    config: Config,
    tls: MakeRustlsConnect,
    clock: Clock,
    /// Milliseconds that the database's clock is ahead of the relay's.
    ahead: Arc<AtomicI64>,
}

/// What is done with a connection.
pub(super) type Work<'a, T> = Pin<Box<dyn Future<Output = Result<T, SpoolError>> + Send + 'a>>;

impl Server {
    pub(super) fn new(url: &str, clock: &Clock) -> Result<Self, SpoolError> {
        let mut config: Config = url.parse()?;
        config.connect_timeout(LIMIT).application_name("appizer-relay");
        // Another provider that the process has chosen will do as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let tls = MakeRustlsConnect::new(ClientConfig::with_platform_verifier().map_err(SpoolError::Tls)?);
        Ok(Self { config, tls, clock: clock.clone(), ahead: Arc::default() })
    }

    /// Connects.
    pub(super) async fn connect(&self) -> Result<Client, SpoolError> {
        within(async {
            let (client, connection) = self.config.connect(self.tls.clone()).await?;
            // It ends with the client; what it meets, the client's next question meets.
            tokio::spawn(connection);
            client.batch_execute(SESSION).await?;
            self.compare_clocks(&client).await?;
            Ok(client)
        })
        .await
    }

    /// Returns the database's time for a time of the relay's: relays on several machines share the record of attempts.
    pub(super) fn time(&self, at: u64) -> i64 {
        at as i64 + self.ahead.load(Ordering::Relaxed)
    }

    async fn compare_clocks(&self, client: &Client) -> Result<(), SpoolError> {
        // A test's faster clock has nothing to do with the database's.
        if self.clock.is_real() {
            let row = client
                .query_one("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint", &[])
                .await?;
            self.ahead.store(row.get::<_, i64>(0) - self.clock.wall() as i64, Ordering::Relaxed);
        }
        Ok(())
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Not the configuration: it holds the password.
        out.debug_struct("Server").finish_non_exhaustive()
    }
}

/// One connection, made when it is needed and given up when it fails.
#[derive(Debug)]
pub(super) struct Link {
    server: Server,
    client: Mutex<Option<Client>>,
}

impl Link {
    pub(super) fn new(server: Server) -> Self {
        Self { server, client: Mutex::default() }
    }

    /// Does some work, on a new connection if the last one failed.
    pub(super) async fn run<T, F>(&self, work: F) -> Result<T, SpoolError>
    where
        F: for<'a> FnOnce(&'a mut Client) -> Work<'a, T> + Send,
    {
        let mut slot = self.client.lock().await;
        // A transaction that its caller gave up leaves no client behind, because it is taken out.
        let mut client = match slot.take().filter(|client| !client.is_closed()) {
            Some(client) => client,
            None => self.server.connect().await?,
        };
        let result = within(work(&mut client)).await;
        let keep = match &result {
            Ok(_) => true,
            Err(SpoolError::Postgres(error)) => error.as_db_error().is_some() && !client.is_closed(),
            Err(_) => false,
        };
        if keep {
            *slot = Some(client);
        }
        result
    }

    pub(super) async fn close(&self) {
        self.client.lock().await.take();
    }
}

/// Gives up after the longest time that a transaction may take.
pub(super) async fn within<T>(work: impl Future<Output = Result<T, SpoolError>>) -> Result<T, SpoolError> {
    timeout(LIMIT, work).await.unwrap_or(Err(SpoolError::Timeout(LIMIT.as_secs())))
}
