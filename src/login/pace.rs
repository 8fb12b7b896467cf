//! How many calls one address makes in a minute, where calls are cheap to make and dear to answer or
//! worth repeating for a guesser: direct logins, routes of other systems, and what fails to
//! authenticate. Never clients that prove who they are at the token endpoint: many of them stand
//! behind one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use super::throttle::Throttled;
use crate::base::clock::Timestamp;
use crate::web::address::network_of;

/// Addresses counted at a time.
const CAPACITY: usize = 100_000;
const WINDOW_SECONDS: i64 = 60;

/// Counts the calls of each network.
pub struct Pace {
    limit: u32,
    window_seconds: i64,
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    windows: HashMap<String, Window>,
    /// When a full table was last looked through for windows that are over.
    swept: Timestamp,
}

struct Window {
    since: Timestamp,
    calls: u32,
}

impl Window {
    const fn end(&self, window_seconds: i64) -> Timestamp {
        self.since.plus_seconds(window_seconds)
    }
}

impl Pace {
    /// `limit` calls a minute.
    pub fn new(limit: u32) -> Self {
        Self::over(limit, WINDOW_SECONDS)
    }

    /// `limit` in so many seconds.
    pub fn over(limit: u32, window_seconds: i64) -> Self {
        Self {
            limit,
            window_seconds,
            table: Mutex::default(),
        }
    }

    /// Counts a call from `address`.
    ///
    /// # Errors
    /// [`Throttled`] when there were too many; those beyond the limit are not counted.
    pub fn count(&self, address: IpAddr, now: Timestamp) -> Result<(), Throttled> {
        self.count_name(&network_of(address), now)
    }

    /// The same for what has a name instead.
    ///
    /// # Errors
    /// [`Throttled`] when there were too many.
    pub fn count_name(&self, name: &str, now: Timestamp) -> Result<(), Throttled> {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        if !table.has_room_for(name, now, self.window_seconds) {
            // So many addresses in one minute: what fails is still counted by the throttle.
            return Ok(());
        }
        let fresh = || Window {
            since: now,
            calls: 0,
        };
        let window = table.windows.entry(name.to_owned()).or_insert_with(fresh);
        if window.end(self.window_seconds) <= now {
            *window = fresh();
        }
        if window.calls >= self.limit {
            let left = window.end(self.window_seconds).millis() - now.millis();
            return Err(Throttled {
                retry_after: (left + 999) / 1000,
            });
        }
        window.calls += 1;
        Ok(())
    }

    /// How many addresses are remembered: bounded, whatever is thrown at it.
    pub fn size(&self) -> usize {
        let table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        table.windows.len()
    }
}

impl Table {
    /// A full table is looked through once a second at most: a flood must not make every call dear.
    fn has_room_for(&mut self, name: &str, now: Timestamp, window_seconds: i64) -> bool {
        if self.windows.len() < CAPACITY || self.windows.contains_key(name) {
            return true;
        }
        if self.swept.plus_seconds(1) <= now {
            self.swept = now;
            self.windows
                .retain(|_, window| window.end(window_seconds) > now);
        }
        self.windows.len() < CAPACITY
    }
}
