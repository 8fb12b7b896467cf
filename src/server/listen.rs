//! Listening sockets, who may connect, how many, and how the server stops.

mod door;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use ipnet::IpNet;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use self::door::Door;
use super::connection::Shared;
use super::tls::TlsReloader;

/// Connections the system holds for us until we take them.
const BACKLOG: i32 = 1024;

/// How long cut connections may take to let go of what they hold.
const CUT_TIME: Duration = Duration::from_secs(1);

/// The limits of connections. Those of requests are layers of the router.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections open at once, over all listeners. More wait in the system's queue.
    pub max_connections: usize,
    /// For the head of a request, from its first byte; for the first, from the connection's start.
    pub header_timeout: Duration,
    /// Between two requests of a connection.
    pub idle_timeout: Duration,
    /// For a TLS handshake as a whole.
    pub tls_handshake_timeout: Duration,
    /// For the requests in flight when the server stops.
    pub drain_timeout: Duration,
    /// Of the head of a request, in bytes (8192 at least); beyond it the answer is 431.
    pub max_header_bytes: usize,
    /// Fields in the head of a request; beyond it the answer is 431.
    pub max_headers: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 8192,
            header_timeout: Duration::from_secs(10),
            // Longer than the minute for which proxies commonly keep their connections to us, so
            // that they close first and never send into a connection that is just closing.
            idle_timeout: Duration::from_secs(75),
            tls_handshake_timeout: Duration::from_secs(10),
            drain_timeout: Duration::from_secs(30),
            max_header_bytes: 64 * 1024,
            max_headers: 100,
        }
    }
}

/// What is spoken on the listeners.
pub enum Transport {
    /// HTTP without TLS: to this machine and to the named proxies, to nobody else.
    Plain {
        /// Networks of the proxies in front, besides loopback.
        trusted_proxies: Vec<IpNet>,
    },
    /// HTTPS, to everybody.
    Tls(TlsReloader),
}

/// How the connections ended that were open when the server was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drained {
    /// Connections that ended by themselves: idle, or with their requests answered.
    pub finished: usize,
    /// Connections that were cut.
    pub cut: usize,
}

/// A socket that listens.
pub struct Listener {
    socket: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Listens on an address; port 0 takes a free one. An IPv6 address is IPv6 only, so `[::]` and
    /// `0.0.0.0` stand side by side. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// The system's refusal, as it is; the caller knows the address.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = Socket::new(
            Domain::for_address(address),
            Type::STREAM,
            Some(Protocol::TCP),
        )?;
        if address.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        // Elsewhere the option lets a second process take the port over.
        if cfg!(unix) {
            socket.set_reuse_address(true)?;
        }
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        let socket = TcpListener::from_std(socket.into())?;
        let address = socket.local_addr()?;
        Ok(Self { socket, address })
    }

    /// The address, with the port that was taken.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }
}

/// Whether a peer may speak plain HTTP: from loopback, or as a trusted proxy.
pub fn plain_allowed(peer: IpAddr, trusted_proxies: &[IpNet]) -> bool {
    let peer = peer.to_canonical();
    peer.is_loopback()
        || trusted_proxies
            .iter()
            .any(|network| network.contains(&peer))
}

/// Serves the router on the listeners until `stop` is cancelled, then lets requests in flight
/// finish for `drain_timeout`. Cancelling `kill` ends everything at once, stopped or not.
///
/// Handlers find a [`Peer`](crate::web::request_info::Peer) in the extensions of a request.
///
/// # Errors
/// No listener.
pub async fn serve(
    listeners: Vec<Listener>,
    transport: Transport,
    router: Router,
    limits: Limits,
    stop: CancellationToken,
    kill: CancellationToken,
) -> io::Result<Drained> {
    if listeners.is_empty() {
        let reason = "no address to listen on";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
    }
    let (tls, proxies) = match transport {
        Transport::Plain { trusted_proxies } => (None, Some(trusted_proxies)),
        Transport::Tls(reloader) => (Some(Arc::new(reloader)), None),
    };
    let mut background = JoinSet::new();
    if let Some(tls) = tls.clone() {
        background.spawn(async move { tls.watch().await });
    }
    let shared = Arc::new(Shared::new(router, limits, tls, stop.clone()));
    let mut door = Door::new(listeners, proxies, shared, limits.max_connections);
    tokio::select! {
        biased;
        () = kill.cancelled() => {}
        () = stop.cancelled() => door.empty_queue(),
        () = door.hold_open() => {}
    }
    let mut open = door.close();
    let before = open.len();
    tokio::select! {
        biased;
        () = kill.cancelled() => {}
        () = door::all_ended(&mut open) => {}
        () = tokio::time::sleep(limits.drain_timeout) => {}
    }
    let cut = open.len();
    // Waits until the tasks are gone, so that what they borrowed is free when this returns; a
    // handler that blocks its thread is not waited for.
    let _ = tokio::time::timeout(CUT_TIME, open.shutdown()).await;
    Ok(Drained {
        finished: before - cut,
        cut,
    })
}
