//! The accept loop: takes connections while there is room, and turns away who may not come in.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use ipnet::IpNet;
use tokio::net::TcpStream;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep};

use super::{Listener, plain_allowed};
use crate::server::connection::Shared;

/// The pause after a failed accept doubles from the first to the second.
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Refused peers and failed accepts are logged no more often than this.
const LOG_EVERY: Duration = Duration::from_mins(1);

/// The listeners, and the connections that came through them.
pub(super) struct Door {
    queue: Queue,
    /// Who may connect without TLS; `None` where TLS is spoken.
    proxies: Option<Vec<IpNet>>,
    shared: Arc<Shared>,
    open: JoinSet<()>,
    room: usize,
    refused: Tally,
}

impl Door {
    pub(super) fn new(
        listeners: Vec<Listener>,
        proxies: Option<Vec<IpNet>>,
        shared: Arc<Shared>,
        max_connections: usize,
    ) -> Self {
        Self {
            queue: Queue { listeners, next: 0 },
            proxies,
            shared,
            open: JoinSet::new(),
            room: max_connections.max(1),
            refused: Tally::default(),
        }
    }

    /// Takes connections for as long as it is polled.
    pub(super) async fn hold_open(&mut self) {
        let mut failed = Tally::default();
        let mut pause = Duration::ZERO;
        loop {
            // Room comes first: what has no room stays in the system's queue.
            let accepted = tokio::select! {
                biased;
                Some(ended) = self.open.join_next() => {
                    report(ended);
                    continue;
                }
                accepted = self.queue.accept(), if self.open.len() < self.room => accepted,
            };
            match accepted {
                Ok((socket, peer)) => {
                    pause = Duration::ZERO;
                    self.admit(socket, peer);
                }
                Err(error) if is_the_peers(&error) => {}
                Err(error) => {
                    // Out of file descriptors, most likely. The connection stays in the queue, so
                    // asking again at once would only burn the processor.
                    pause = next_pause(pause);
                    if let Some(count) = failed.count() {
                        tracing::error!(%error, count, "cannot accept connections");
                    }
                    sleep(pause).await;
                }
            }
        }
    }

    /// Takes what is in the system's queue now and nothing more: those peers believe that they are
    /// connected, and closing the listeners would reset them.
    pub(super) fn empty_queue(&mut self) {
        for listener in std::mem::take(&mut self.queue.listeners) {
            // The runtime may not have heard of them yet, so the system itself is asked.
            let Ok(socket) = listener.socket.into_std() else {
                continue;
            };
            while self.open.len() < self.room
                && let Ok((socket, peer)) = socket.accept()
            {
                let socket = socket.set_nonblocking(true).map(|()| socket);
                if let Ok(socket) = socket.and_then(TcpStream::from_std) {
                    self.admit(socket, peer);
                }
            }
        }
    }

    /// Closes the listeners and hands over the connections that are still open.
    pub(super) fn close(mut self) -> JoinSet<()> {
        while let Some(ended) = self.open.try_join_next() {
            report(ended);
        }
        self.open
    }

    fn admit(&mut self, socket: TcpStream, peer: SocketAddr) {
        let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
        if let Some(proxies) = &self.proxies
            && !plain_allowed(peer.ip(), proxies)
        {
            if let Some(count) = self.refused.count() {
                tracing::warn!(
                    peer = %peer.ip(),
                    count,
                    "plain HTTP refused: the peer is neither loopback nor a trusted proxy"
                );
            }
            return;
        }
        let shared = Arc::clone(&self.shared);
        self.open
            .spawn(async move { shared.run(socket, peer).await });
    }
}

/// Waits until every connection has ended.
pub(super) async fn all_ended(open: &mut JoinSet<()>) {
    while let Some(ended) = open.join_next().await {
        report(ended);
    }
}

/// The listeners as one.
struct Queue {
    listeners: Vec<Listener>,
    /// The listener to ask first, so that a busy one does not starve the others.
    next: usize,
}

impl Queue {
    async fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        std::future::poll_fn(|cx| {
            for turn in 0..self.listeners.len() {
                let index = (self.next + turn) % self.listeners.len();
                if let Poll::Ready(accepted) = self.listeners[index].socket.poll_accept(cx) {
                    self.next = index + 1;
                    return Poll::Ready(accepted);
                }
            }
            Poll::Pending
        })
        .await
    }
}

/// Counts what happens too often to log each time.
#[derive(Default)]
struct Tally {
    since_logged: u64,
    logged: Option<Instant>,
}

impl Tally {
    /// One more; the count to log, where it is time to.
    fn count(&mut self) -> Option<u64> {
        self.since_logged += 1;
        if self.logged.is_some_and(|at| at.elapsed() < LOG_EVERY) {
            return None;
        }
        self.logged = Some(Instant::now());
        Some(std::mem::take(&mut self.since_logged))
    }
}

/// Whether a failed accept says nothing about the listener: the peer was gone already.
fn is_the_peers(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
    )
}

fn next_pause(pause: Duration) -> Duration {
    (pause * 2).clamp(SHORTEST_PAUSE, LONGEST_PAUSE)
}

/// A panic has ended its own connection and no other; the rest need not know more.
fn report(ended: Result<(), JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        tracing::error!("a connection's task panicked");
    }
}
