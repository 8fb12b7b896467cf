//! The connection server on real sockets: what peers may send, how long, how many, and how it stops.

mod framing;
mod http2;
mod limits;
mod stopping;
mod tls;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{StatusCode, Uri};
use axum::routing::{any, get, post};
use axum::{Extension, Router};
use bytes::Bytes;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use users_core::server::listen::{Drained, Limits, Listener, Transport, serve};
use users_core::web::request_info::Peer;

use crate::support::socket::{
    answer, converse, fetch, http2_frame, http2_get, rest, soon, status, until,
};

/// A limit that is meant to be reached.
const SHORT: Duration = Duration::from_millis(300);

/// A time that no test lives to see.
const NEVER: Duration = Duration::from_hours(24);

/// What the handlers saw and wait for.
#[derive(Default)]
struct Watch {
    paths: Mutex<Vec<String>>,
    waiting: AtomicUsize,
    finished: AtomicUsize,
    gate: Gate,
}

struct Gate(Semaphore);

impl Default for Gate {
    fn default() -> Self {
        Self(Semaphore::new(0))
    }
}

/// A running server.
struct Running {
    addresses: Vec<SocketAddr>,
    watch: Arc<Watch>,
    stop: CancellationToken,
    kill: CancellationToken,
    ended: JoinHandle<std::io::Result<Drained>>,
}

impl Running {
    fn start(transport: Transport, limits: Limits) -> Self {
        Self::start_on(&["127.0.0.1:0"], transport, limits)
    }

    fn start_on(addresses: &[&str], transport: Transport, limits: Limits) -> Self {
        let listeners: Vec<_> = addresses
            .iter()
            .map(|address| Listener::bind(address.parse().unwrap()).unwrap())
            .collect();
        let addresses = listeners.iter().map(Listener::local_addr).collect();
        let watch = Arc::new(Watch::default());
        let (stop, kill) = (CancellationToken::new(), CancellationToken::new());
        let router = router(Arc::clone(&watch));
        let serving = serve(
            listeners,
            transport,
            router,
            limits,
            stop.clone(),
            kill.clone(),
        );
        Self {
            addresses,
            watch,
            stop,
            kill,
            ended: tokio::spawn(serving),
        }
    }

    fn plain(limits: Limits) -> Self {
        Self::start(plain(), limits)
    }

    async fn connect(&self) -> TcpStream {
        soon(TcpStream::connect(self.addresses[0])).await.unwrap()
    }

    fn paths(&self) -> Vec<String> {
        self.watch.paths.lock().unwrap().clone()
    }

    /// Waits until this many requests stand in `/slow`.
    async fn waiting(&self, count: usize) {
        until(|| self.watch.waiting.load(Ordering::SeqCst) == count).await;
    }

    async fn drained(self) -> Drained {
        soon(self.ended).await.unwrap().unwrap()
    }
}

fn plain() -> Transport {
    Transport::Plain {
        trusted_proxies: Vec::new(),
    }
}

/// Limits none of which is ever reached.
fn patient() -> Limits {
    Limits {
        max_connections: 100,
        header_timeout: NEVER,
        idle_timeout: NEVER,
        tls_handshake_timeout: NEVER,
        drain_timeout: NEVER,
        ..Limits::default()
    }
}

fn router(watch: Arc<Watch>) -> Router {
    async fn note(State(watch): State<Arc<Watch>>, uri: Uri) -> &'static str {
        watch.paths.lock().unwrap().push(uri.path().to_owned());
        "noted"
    }
    async fn echo(State(watch): State<Arc<Watch>>, body: Bytes) -> Bytes {
        watch.paths.lock().unwrap().push("/echo".to_owned());
        body
    }
    async fn slow(State(watch): State<Arc<Watch>>) -> &'static str {
        watch.waiting.fetch_add(1, Ordering::SeqCst);
        let _pass = watch.gate.0.acquire().await.unwrap();
        watch.finished.fetch_add(1, Ordering::SeqCst);
        "slow but done"
    }
    async fn peer(Extension(peer): Extension<Peer>) -> String {
        format!("{} tls={}", peer.address, peer.tls)
    }
    async fn refuse(request: Request) -> StatusCode {
        drop(request);
        tokio::time::sleep(SHORT / 3).await;
        StatusCode::PAYLOAD_TOO_LARGE
    }
    Router::new()
        .route("/refuse", post(refuse))
        .route("/echo", post(echo))
        .route("/slow", get(slow))
        .route("/peer", get(peer))
        .fallback(any(note))
        .with_state(watch)
}
