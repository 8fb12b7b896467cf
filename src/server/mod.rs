//! Floor 5: assembles routes, layers and listeners into a running server.

pub(crate) mod background;
pub mod connection;
mod cors;
pub mod health;
mod layers;
pub mod listen;
pub mod routes;
pub mod tls;

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::App;
use crate::storage::DbError;
use crate::trail;
use listen::{Limits, Listener, Transport};
use tls::{TlsError, TlsReloader};

/// How often the certificate's files are looked at.
const CERTIFICATE_CHECK: Duration = Duration::from_secs(5);

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, #[source] std::io::Error),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("the database cannot be read: {0}")]
    Database(#[from] DbError),
    #[error("serving failed: {0}")]
    Serving(#[from] std::io::Error),
}

/// A server that has its sockets and its memory, not yet answering.
pub struct Server {
    app: App,
    listeners: Vec<Listener>,
    transport: Transport,
}

impl Server {
    /// Binds every address and loads what must be in memory.
    ///
    /// # Errors
    /// An address is taken, a certificate does not load, or the database does not answer.
    pub async fn bind(app: App) -> Result<Self, ServeError> {
        let config = &app.config;
        let transport = match (&config.tls.cert_file, &config.tls.key_file) {
            (Some(cert), Some(key)) => Transport::Tls(TlsReloader::open(
                cert.clone(),
                key.clone(),
                CERTIFICATE_CHECK,
            )?),
            _ => Transport::Plain {
                trusted_proxies: config.proxies.trusted.clone(),
            },
        };
        let mut listeners = Vec::new();
        for address in &config.bind {
            match Listener::bind(*address) {
                Ok(listener) => listeners.push(listener),
                // A machine without IPv6 still serves its other addresses.
                Err(error)
                    if !listeners.is_empty() && address.is_ipv6() && is_no_such_address(&error) => {
                }
                Err(error) => return Err(ServeError::Listen(*address, error)),
            }
        }
        load(&app).await?;
        Ok(Self {
            app,
            listeners,
            transport,
        })
    }

    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.listeners.iter().map(Listener::local_addr).collect()
    }

    /// Serves until `stop`, then lets running requests end; `kill` ends at once.
    ///
    /// # Errors
    /// A listener failed for good.
    pub async fn run(
        self,
        stop: CancellationToken,
        kill: CancellationToken,
    ) -> Result<(), ServeError> {
        let Self {
            app,
            listeners,
            transport,
        } = self;
        let tasks = background::start(&app, &stop);
        let limits = Limits {
            max_connections: app.config.limits.max_connections,
            header_timeout: app.config.limits.header_timeout,
            drain_timeout: app.config.limits.drain_timeout,
            ..Limits::default()
        };
        let router = router(&app, &stop);
        let drained = listen::serve(listeners, transport, router, limits, stop, kill).await?;
        finish(&app, tasks).await;
        tracing::info!(finished = drained.finished, cut = drained.cut, "stopped");
        Ok(())
    }
}

/// Loads what must be in memory before anything is answered.
pub(crate) async fn load(app: &App) -> Result<(), DbError> {
    app.store.db().feed().start(app.store.db()).await?;
    app.directory.load(app.clock.now()).await
}

/// Waits for what runs beside the requests, whose signal to stop was given, and writes what is kept
/// in memory.
pub(crate) async fn finish(app: &App, tasks: TaskTracker) {
    tasks.close();
    tasks.wait().await;
    app.errands.close();
    app.errands.wait().await;
    trail::flush_refusals(app).await;
    trail::flush_hours(app).await;
    app.store.db().close().await;
}

/// All routes with all layers, as tests drive them too.
pub fn router(app: &App, stop: &CancellationToken) -> Router {
    behind_layers(routes::router(app, stop), app)
}

/// Puts routes behind what every request passes: its id, its limits, the counters, and the end of a
/// panic. They need the peer's address as [`Peer`](crate::web::request_info::Peer).
pub fn behind_layers(routes: Router, app: &App) -> Router {
    layers::wrap(routes, app)
}

fn is_no_such_address(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        std::io::ErrorKind::AddrNotAvailable | std::io::ErrorKind::Unsupported
    ) || error.raw_os_error() == Some(97)
}
