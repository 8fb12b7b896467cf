//! Keeps a server busy for a while, and counts what it took.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;

use super::Outcome;
use super::http::Connection;
use super::process::Server;

/// Connections kept busy at once.
pub const CONNECTIONS: usize = 32;

/// What is sent over and over on one connection.
pub trait Dialogue {
    fn request(&self) -> &[u8];

    /// Looks at what an answer says, and makes up the next request. Whether that was the whole of what
    /// is counted as one.
    fn hear(&mut self, body: &str) -> Outcome<bool>;
}

/// What one slot showed.
#[derive(Clone, Copy)]
pub struct Slot {
    pub per_second: f64,
    /// Latencies in milliseconds.
    pub p50: f64,
    pub p99: f64,
    /// The server's CPU time for a request, in microseconds.
    pub micros: f64,
    /// Of it on threads that work on SQLite.
    pub sqlite_micros: f64,
}

/// Carries on every dialogue on a connection of its own for `time`. One wrong answer ends all.
pub async fn slot<D: Dialogue>(
    server: &Server,
    dialogues: &mut [D],
    time: Duration,
) -> Outcome<Slot> {
    // Opened and used once before anything is counted.
    let opened = dialogues
        .iter_mut()
        .map(|dialogue| begin(server.address, dialogue));
    let mut connections = try_join_all(opened).await?;

    let cpu = server.cpu()?;
    let started = Instant::now();
    let running = connections
        .iter_mut()
        .zip(dialogues)
        .map(|(connection, dialogue)| carry_on(connection, dialogue, started + time));
    let latencies = awake(try_join_all(running)).await?;
    let took = started.elapsed();
    let spent = server.cpu()?.since(&cpu);

    let mut latencies = latencies.concat();
    latencies.sort_unstable();
    let count = f64::from(u32::try_from(latencies.len())?);
    let at = |part: usize| latencies[latencies.len() * part / 100].as_secs_f64() * 1e3;
    Ok(Slot {
        per_second: count / took.as_secs_f64(),
        p50: at(50),
        p99: at(99),
        micros: spent.all.as_secs_f64() * 1e6 / count,
        sqlite_micros: spent.sqlite.as_secs_f64() * 1e6 / count,
    })
}

/// Waits without ever going to sleep. To wake a sleeping peer is work for whoever sends to it, and
/// a slow server would find its peers asleep more often than a quick one.
async fn awake<T>(work: impl Future<Output = T>) -> T {
    let never = async {
        loop {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        done = work => done,
        never = never => never,
    }
}

async fn begin(address: SocketAddr, dialogue: &mut impl Dialogue) -> Outcome<Connection> {
    let mut connection = Connection::open(address).await?;
    while !dialogue.hear(connection.exchange(dialogue.request()).await?)? {}
    Ok(connection)
}

async fn carry_on(
    connection: &mut Connection,
    dialogue: &mut impl Dialogue,
    until: Instant,
) -> Outcome<Vec<Duration>> {
    let mut latencies = Vec::with_capacity(4096);
    let mut begun = Instant::now();
    loop {
        let said = connection.exchange(dialogue.request()).await?;
        let heard = Instant::now();
        if !dialogue.hear(said)? {
            continue;
        }
        latencies.push(heard - begun);
        if heard >= until {
            return Ok(latencies);
        }
        begun = Instant::now();
    }
}
