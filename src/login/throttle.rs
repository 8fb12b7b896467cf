//! The brake on guessing: three counts, taken before anything is decided.
//!
//! | count | refuses when |
//! |---|---|
//! | identifier and network | five failures within the window: locked for a while, for the right password too |
//! | identifier | after five failures from anywhere: a growing pause, at most a minute, but not in a browser where the account was signed in before |
//! | network | fifty failures within the window |
//!
//! An attempt reserves its place before the password is looked at. While attempts in flight could
//! still exhaust a count, later ones wait for them instead of being refused: twenty right logins at
//! once all succeed, twenty guesses at once are still five.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::base::clock::Timestamp;
use crate::base::digest::sha256;
use crate::config::Limits;
use crate::web::address::network_of;

/// The most entries of each table. A full one forgets what has failed least.
const CAPACITY: usize = 100_000;
/// Failures on an identifier, from anywhere, that cost no pause.
const FREE_FAILURES: u32 = 5;
const LONGEST_PAUSE: i64 = 60;
/// How long an attempt waits for those in front of it.
const PATIENCE: Duration = Duration::from_secs(10);

/// Guards every way a password can be tried.
pub struct Throttle {
    pair_limit: u32,
    network_limit: u32,
    lock_seconds: i64,
    window_seconds: i64,
    tables: Mutex<Tables>,
    settled: Notify,
}

/// Identifiers are kept as digests: what people type by mistake is often a password.
type NameKey = [u8; 32];

#[derive(Default)]
struct Tables {
    pairs: Table<(NameKey, String)>,
    names: Table<NameKey>,
    networks: Table<String>,
}

/// Failures of one key.
#[derive(Clone, Copy, Default)]
struct Count {
    failures: u32,
    in_flight: u32,
    /// When the first failure counted was.
    since: Timestamp,
    last: Timestamp,
}

/// Come back in this many seconds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Throttled {
    pub retry_after: i64,
}

/// A reserved attempt. Dropped without a word, it counts as a failure: a request that vanished
/// may have been a guess.
pub struct Attempt<'a> {
    throttle: &'a Throttle,
    name: NameKey,
    network: String,
    at: Timestamp,
    outcome: Outcome,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Outcome {
    Failed,
    Succeeded,
    Withdrawn,
}

enum Room {
    Free,
    Wait,
    Full(i64),
}

impl Throttle {
    pub fn new(limits: &Limits) -> Self {
        Self {
            pair_limit: limits.login_failures_per_account,
            network_limit: limits.login_failures_per_address,
            lock_seconds: limits.lock_duration,
            window_seconds: limits.window,
            tables: Mutex::default(),
            settled: Notify::new(),
        }
    }

    /// Reserves an attempt of `identifier`, as typed, in `tenant` from `address`.
    ///
    /// # Errors
    /// [`Throttled`] with the seconds to wait; the same for accounts that do not exist.
    pub async fn admit(
        &self,
        tenant: &str,
        identifier: &str,
        address: IpAddr,
        now: Timestamp,
    ) -> Result<Attempt<'_>, Throttled> {
        self.enter(tenant, identifier, address, now, false).await
    }

    /// The same from a browser in which this account was signed in before: strangers who guess at the
    /// identifier do not keep it out. What fails is counted all the same.
    ///
    /// # Errors
    /// [`Throttled`] with the seconds to wait.
    pub async fn admit_known(
        &self,
        tenant: &str,
        identifier: &str,
        address: IpAddr,
        now: Timestamp,
    ) -> Result<Attempt<'_>, Throttled> {
        self.enter(tenant, identifier, address, now, true).await
    }

    async fn enter(
        &self,
        tenant: &str,
        identifier: &str,
        address: IpAddr,
        now: Timestamp,
        known: bool,
    ) -> Result<Attempt<'_>, Throttled> {
        let name = sha256(&[tenant.as_bytes(), b"\n", identifier.as_bytes()]);
        let network = network_of(address);
        loop {
            // Registered before the look, so that a settlement in between is not missed.
            let settled = self.settled.notified();
            match self.reserve(name, &network, now, known) {
                Room::Free => {
                    return Ok(Attempt {
                        throttle: self,
                        name,
                        network,
                        at: now,
                        outcome: Outcome::Failed,
                    });
                }
                Room::Full(retry_after) => return Err(Throttled { retry_after }),
                Room::Wait => {
                    if tokio::time::timeout(PATIENCE, settled).await.is_err() {
                        return Err(Throttled { retry_after: 1 });
                    }
                }
            }
        }
    }

    fn reserve(&self, name: NameKey, network: &str, now: Timestamp, known: bool) -> Room {
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        let pair_key = (name, network.to_owned());
        let pair = tables
            .pairs
            .current(&pair_key, now, |count| self.pair_is_over(count, now));
        let whole = tables
            .names
            .current(&name, now, |count| self.window_is_over(count, now));
        let source = tables.networks.current(&network.to_owned(), now, |count| {
            self.window_is_over(count, now)
        });
        let rooms = [
            room(pair, self.pair_limit, || {
                pair.last.plus_seconds(self.lock_seconds)
            }),
            room(source, self.network_limit, || {
                source.since.plus_seconds(self.window_seconds)
            }),
        ];
        let mut waits = false;
        for (room, until) in rooms {
            match room {
                Room::Free => {}
                Room::Wait => waits = true,
                Room::Full(_) => return Room::Full(seconds_until(until, now)),
            }
        }
        if !known {
            match room_of_name(whole, now) {
                Room::Free => {}
                Room::Wait => waits = true,
                full @ Room::Full(_) => return full,
            }
        }
        if waits {
            return Room::Wait;
        }
        tables.pairs.edit(&pair_key, |count| count.in_flight += 1);
        tables.names.edit(&name, |count| count.in_flight += 1);
        tables
            .networks
            .edit(&network.to_owned(), |count| count.in_flight += 1);
        Room::Free
    }

    fn settle(&self, attempt: &Attempt<'_>) {
        let finish = |count: &mut Count| {
            count.in_flight = count.in_flight.saturating_sub(1);
            if attempt.outcome == Outcome::Failed {
                if count.failures == 0 {
                    count.since = attempt.at;
                }
                count.failures += 1;
                count.last = attempt.at;
            }
        };
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        tables
            .pairs
            .edit(&(attempt.name, attempt.network.clone()), finish);
        tables.names.edit(&attempt.name, finish);
        tables.networks.edit(&attempt.network, finish);
        drop(tables);
        self.settled.notify_waiters();
    }

    /// A lock outlasts the window it was earned in.
    fn pair_is_over(&self, count: &Count, now: Timestamp) -> bool {
        if count.failures >= self.pair_limit {
            count.last.plus_seconds(self.lock_seconds) <= now
        } else {
            self.window_is_over(count, now)
        }
    }

    fn window_is_over(&self, count: &Count, now: Timestamp) -> bool {
        count.since.plus_seconds(self.window_seconds) <= now
    }

    /// How many keys are remembered: bounded, whatever is thrown at it.
    pub fn size(&self) -> usize {
        let tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        tables.pairs.0.len() + tables.names.0.len() + tables.networks.0.len()
    }
}

impl Attempt<'_> {
    /// The password was right. Earlier failures stay counted: an attacker's own account must not
    /// wipe the slate of his network.
    pub fn succeed(mut self) {
        self.outcome = Outcome::Succeeded;
    }

    /// The password was never looked at, because the server could not.
    pub fn withdraw(mut self) {
        self.outcome = Outcome::Withdrawn;
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        self.throttle.settle(self);
    }
}

fn room(count: Count, limit: u32, until: impl Fn() -> Timestamp) -> (Room, Timestamp) {
    let until = until();
    if count.failures >= limit {
        (Room::Full(0), until)
    } else if count.failures + count.in_flight >= limit {
        (Room::Wait, until)
    } else {
        (Room::Free, until)
    }
}

/// What an identifier leaves to those who are not recognised: one attempt at a time once it failed too
/// often, with a pause before each.
fn room_of_name(count: Count, now: Timestamp) -> Room {
    if count.failures < FREE_FAILURES {
        return if count.failures + count.in_flight < FREE_FAILURES {
            Room::Free
        } else {
            Room::Wait
        };
    }
    let ready = count.last.plus_seconds(pause(count.failures));
    if ready > now {
        Room::Full(seconds_until(ready, now))
    } else if count.in_flight > 0 {
        Room::Wait
    } else {
        Room::Free
    }
}

fn pause(failures: u32) -> i64 {
    let doublings = failures.saturating_sub(FREE_FAILURES).min(6);
    (1_i64 << doublings).min(LONGEST_PAUSE)
}

fn seconds_until(then: Timestamp, now: Timestamp) -> i64 {
    ((then.millis() - now.millis() + 999) / 1000).max(1)
}

struct Table<K>(HashMap<K, Count>);

impl<K> Default for Table<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Clone + Eq + Hash> Table<K> {
    /// The count of a key; one that is over starts again, but for what is in flight.
    fn current(&mut self, key: &K, now: Timestamp, is_over: impl Fn(&Count) -> bool) -> Count {
        match self.0.get_mut(key) {
            None => Count {
                since: now,
                ..Count::default()
            },
            Some(count) => {
                if count.failures > 0 && is_over(count) {
                    *count = Count {
                        in_flight: count.in_flight,
                        since: now,
                        ..Count::default()
                    };
                }
                *count
            }
        }
    }

    fn edit(&mut self, key: &K, change: impl FnOnce(&mut Count)) {
        if self.0.len() >= CAPACITY && !self.0.contains_key(key) {
            self.make_room();
        }
        let count = self.0.entry(key.clone()).or_default();
        change(count);
        if count.failures == 0 && count.in_flight == 0 {
            self.0.remove(key);
        }
    }

    /// Forgets the tenth with the fewest failures, so that a flood of new keys does not unlock
    /// what is locked.
    fn make_room(&mut self) {
        let mut failures: Vec<u32> = self
            .0
            .values()
            .filter(|count| count.in_flight == 0)
            .map(|count| count.failures)
            .collect();
        failures.sort_unstable();
        let Some(threshold) = failures.get(CAPACITY / 10).or(failures.last()).copied() else {
            return;
        };
        let mut left = CAPACITY / 10;
        self.0.retain(|_, count| {
            let goes = left > 0 && count.in_flight == 0 && count.failures <= threshold;
            left -= usize::from(goes);
            !goes
        });
    }
}
