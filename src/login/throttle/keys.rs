//! The brake on guessing API keys: a count for each network of those that are wrong.
//!
//! Nobody guesses 154 random bits. The brake keeps whoever tries from costing a look at the database
//! each time; keys that are known already pass it by.

use std::net::IpAddr;
use std::sync::PoisonError;

use super::{PATIENCE, Room, Throttle, Throttled, room, seconds_until};
use crate::base::clock::Timestamp;
use crate::web::address::network_of;

/// A reserved look-up of a key. Dropped without a word, it counts as a failure.
pub struct KeyAttempt<'a> {
    throttle: &'a Throttle,
    network: String,
    at: Timestamp,
    failed: bool,
}

impl Throttle {
    /// Reserves a look-up of a key that was presented from `address`.
    ///
    /// # Errors
    /// [`Throttled`] with the seconds to wait.
    pub async fn admit_key(
        &self,
        address: IpAddr,
        now: Timestamp,
    ) -> Result<KeyAttempt<'_>, Throttled> {
        let network = network_of(address);
        loop {
            // Registered before the look, so that a settlement in between is not missed.
            let settled = self.settled.notified();
            match self.reserve_key(&network, now) {
                Room::Free => {
                    return Ok(KeyAttempt {
                        throttle: self,
                        network,
                        at: now,
                        failed: true,
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

    fn reserve_key(&self, network: &String, now: Timestamp) -> Room {
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        let count = tables
            .keys
            .current(network, now, |count| self.window_is_over(count, now));
        let end = || count.since.plus_seconds(self.window_seconds);
        match room(count, self.network_limit, end) {
            (Room::Free, _) => {
                tables.keys.edit(network, |count| count.in_flight += 1);
                Room::Free
            }
            (Room::Full(_), until) => Room::Full(seconds_until(until, now)),
            (Room::Wait, _) => Room::Wait,
        }
    }
}

impl KeyAttempt<'_> {
    /// There is such a key, or the server could not look.
    pub fn withdraw(mut self) {
        self.failed = false;
    }
}

impl Drop for KeyAttempt<'_> {
    fn drop(&mut self) {
        let mut tables = self
            .throttle
            .tables
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        tables.keys.edit(&self.network, |count| {
            count.in_flight = count.in_flight.saturating_sub(1);
            if self.failed {
                if count.failures == 0 {
                    count.since = self.at;
                }
                count.failures += 1;
                count.last = self.at;
            }
        });
        drop(tables);
        self.throttle.settled.notify_waiters();
    }
}
