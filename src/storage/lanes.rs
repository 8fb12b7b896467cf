//! SQLite connections of our own: a fixed set, handed out one at a time.
//!
//! sqlx's pool pings a connection each time it comes back, which for a file in the same process
//! costs a third of a read and tells nothing.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::error::DbError;

/// The connections of one purpose; cheap to clone.
#[derive(Clone)]
pub(super) struct Lanes(Arc<Inner>);

struct Inner {
    options: SqliteConnectOptions,
    patience: Duration,
    free: Mutex<Vec<SqliteConnection>>,
    permits: Arc<Semaphore>,
    count: u32,
}

/// A connection in use, given back when dropped.
pub(super) struct Lane {
    lanes: Lanes,
    connection: Option<SqliteConnection>,
    _permit: OwnedSemaphorePermit,
}

impl Lanes {
    /// Opens `count` connections. `patience` is how long a caller waits for a free one.
    pub(super) async fn open(
        options: SqliteConnectOptions,
        count: u32,
        patience: Duration,
    ) -> Result<Self, DbError> {
        let mut free = Vec::new();
        for _ in 0..count {
            free.push(options.connect().await?);
        }
        Ok(Self(Arc::new(Inner {
            options,
            patience,
            free: Mutex::new(free),
            permits: Arc::new(Semaphore::new(count as usize)),
            count,
        })))
    }

    /// A connection, in the order of asking. One that was thrown away is opened anew.
    pub(super) async fn take(&self) -> Result<Lane, DbError> {
        let permits = Arc::clone(&self.0.permits);
        let permit = tokio::time::timeout(self.0.patience, permits.acquire_owned()).await;
        let permit = permit.map_err(|_| sqlx::Error::PoolTimedOut)?;
        let permit = permit.map_err(|_| sqlx::Error::PoolClosed)?;
        let free = self
            .0
            .free
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let connection = match free {
            Some(connection) => connection,
            None => self.0.options.connect().await?,
        };
        Ok(Lane {
            lanes: self.clone(),
            connection: Some(connection),
            _permit: permit,
        })
    }

    /// Waits for the connections in use, then closes all.
    pub(super) async fn close(&self) {
        let all = self.0.permits.acquire_many(self.0.count).await;
        let free = std::mem::take(&mut *self.0.free.lock().unwrap_or_else(PoisonError::into_inner));
        self.0.permits.close();
        drop(all);
        for connection in free {
            // Nothing depends on a clean goodbye: what was committed is on the disk.
            let _ = connection.close().await;
        }
    }
}

impl Lane {
    /// Throws the connection away: nobody knows what state it is in.
    pub(super) fn discard(&mut self) {
        self.connection = None;
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.lanes
                .0
                .free
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(connection);
        }
    }
}

impl Deref for Lane {
    type Target = SqliteConnection;

    fn deref(&self) -> &SqliteConnection {
        self.connection
            .as_ref()
            .expect("a discarded lane is not used again")
    }
}

impl DerefMut for Lane {
    fn deref_mut(&mut self) -> &mut SqliteConnection {
        self.connection
            .as_mut()
            .expect("a discarded lane is not used again")
    }
}
