//! Connections of our own: a bounded set, handed out one at a time.
//!
//! sqlx's pool pings each connection when it comes back, a third of a read's cost on SQLite and a
//! round trip on PostgreSQL. Here a connection comes back only when its user says that it is clean,
//! and is asked whether it still lives only after a pause.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::{ConnectOptions as _, Connection};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::error::DbError;
use crate::base::clock::monotonic;

/// A connection that lay idle for longer may have died unnoticed.
const ASK_AFTER: Duration = Duration::from_secs(1);

/// The connections of one purpose; cheap to clone.
pub(super) struct Lanes<C: Connection>(Arc<Inner<C>>);

struct Inner<C: Connection> {
    options: C::Options,
    patience: Duration,
    free: Mutex<Vec<(C, Instant)>>,
    permits: Arc<Semaphore>,
    count: u32,
}

/// A connection in use. Dropped without [`Lane::done`], it is thrown away: whoever went away in
/// the middle of a statement left it in a state nobody knows.
pub(super) struct Lane<C: Connection> {
    pub(super) connection: C,
    permit: OwnedSemaphorePermit,
    lanes: Lanes<C>,
}

impl<C: Connection> Clone for Lanes<C> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<C: Connection> Lanes<C> {
    /// At most `count` connections, the first opened now. `patience` is how long a caller waits.
    pub(super) async fn open(
        options: C::Options,
        count: u32,
        patience: Duration,
    ) -> Result<Self, DbError> {
        let first = tokio::time::timeout(patience, options.connect()).await;
        let first = first.map_err(|_| sqlx::Error::PoolTimedOut)??;
        Ok(Self(Arc::new(Inner {
            options,
            patience,
            free: Mutex::new(vec![(first, monotonic())]),
            permits: Arc::new(Semaphore::new(count as usize)),
            count,
        })))
    }

    /// A connection that works, in the order of asking.
    pub(super) async fn take(&self) -> Result<Lane<C>, DbError> {
        let taken = tokio::time::timeout(self.0.patience, self.take_patiently()).await;
        taken.map_err(|_| sqlx::Error::PoolTimedOut)?
    }

    async fn take_patiently(&self) -> Result<Lane<C>, DbError> {
        let permits = Arc::clone(&self.0.permits);
        let permit = permits
            .acquire_owned()
            .await
            .map_err(|_| sqlx::Error::PoolClosed)?;
        let connection = loop {
            let idle = self.free().pop();
            let Some((mut connection, since)) = idle else {
                break self.0.options.connect().await?;
            };
            let fresh = monotonic().saturating_duration_since(since) < ASK_AFTER;
            if fresh || connection.ping().await.is_ok() {
                break connection;
            }
        };
        Ok(Lane {
            connection,
            permit,
            lanes: self.clone(),
        })
    }

    fn free(&self) -> std::sync::MutexGuard<'_, Vec<(C, Instant)>> {
        self.0.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the connections in use, then closes all.
    pub(super) async fn close(&self) {
        let all = self.0.permits.acquire_many(self.0.count).await;
        self.0.permits.close();
        drop(all);
        let free = std::mem::take(&mut *self.free());
        for (connection, _) in free {
            // Nothing depends on a clean goodbye: what was committed is on the disk.
            let _ = connection.close().await;
        }
    }
}

impl<C: Connection> Lane<C> {
    /// Gives the connection back, in order.
    pub(super) fn done(self) {
        let Self {
            connection,
            permit,
            lanes,
        } = self;
        lanes.free().push((connection, monotonic()));
        drop(permit);
    }
}
