//! The change feed: how a change made anywhere drops what every node remembers of it.

use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use super::db::Db;
use super::error::DbError;
use super::sql::sql;
use crate::base::clock::{Timestamp, monotonic};

/// A node that has not read the feed for this long trusts its memory no more.
const STALE_AFTER: Duration = Duration::from_secs(2);
const PAGE: i64 = 1000;

/// One changed thing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Change {
    Tenant {
        tenant: String,
        slug: String,
    },
    /// A host is a tenant's own, or no longer.
    TenantHost {
        host: String,
    },
    Client {
        tenant: String,
        client_id: String,
    },
    ApiKey {
        tenant: String,
        id: String,
    },
    /// A resource or a role: what the tenant can give.
    Catalog {
        tenant: String,
    },
    SigningKeys {
        tenant: String,
    },
    /// A revocation was entered (with its end) or taken back.
    Revocation {
        tenant: String,
        subject: String,
        until: Option<Timestamp>,
    },
    /// The node was away too long to know what it missed.
    Everything,
}

type Listener = Box<dyn Fn(&Change) + Send + Sync>;

/// Follows the `changes` table. One per process.
#[derive(Default)]
pub struct Feed {
    cursor: AtomicI64,
    started: AtomicBool,
    reading: Mutex<()>,
    last_read: RwLock<Option<Instant>>,
    listeners: RwLock<Vec<Listener>>,
}

impl Feed {
    /// Calls `listener` for every change from now on.
    pub fn subscribe(&self, listener: impl Fn(&Change) + Send + Sync + 'static) {
        self.listeners
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .push(Box::new(listener));
    }

    /// Starts at the present end of the feed. What is loaded after this call misses nothing.
    pub async fn start(&self, db: &Db) -> Result<(), DbError> {
        let row = db
            .one(sql!("SELECT value FROM counters WHERE name = 'changes'"))
            .await?;
        let end = row
            .ok_or(DbError::Corrupt("counters.value"))?
            .integer("value")?;
        self.cursor.store(end, Ordering::SeqCst);
        self.started.store(true, Ordering::SeqCst);
        self.mark_read();
        Ok(())
    }

    /// Whether memory can no longer be trusted, because the feed could not be read.
    pub fn is_stale(&self) -> bool {
        self.since_last_read()
            .is_none_or(|pause| pause > STALE_AFTER)
    }

    /// Reads and applies what is new. A process that never started the feed (a command) skips it.
    pub async fn catch_up(&self, db: &Db) -> Result<(), DbError> {
        if !self.started.load(Ordering::SeqCst) {
            return Ok(());
        }
        let _one_reader = self.reading.lock().await;
        loop {
            let rows = db
                .all(
                    sql!(
                        "SELECT c.seq, c.tenant, c.kind, c.id, r.expires_at FROM changes c \
                         LEFT JOIN revocations r \
                         ON c.kind = 'revocation' AND r.tenant = c.tenant AND r.subject = c.id \
                         WHERE c.seq > $1 ORDER BY c.seq LIMIT $2"
                    )
                    .bind(self.cursor.load(Ordering::SeqCst))
                    .bind(PAGE),
                )
                .await?;
            for row in &rows {
                let seq = row.integer("seq")?;
                if seq != self.cursor.load(Ordering::SeqCst) + 1 {
                    // Numbers have no holes: the reaper has cut what this node had not read yet.
                    self.start(db).await?;
                    self.tell(&Change::Everything);
                    return Ok(());
                }
                let (tenant, id) = (row.text("tenant")?, row.text("id")?);
                self.tell(&match row.text("kind")?.as_str() {
                    "tenant" => Change::Tenant { tenant, slug: id },
                    "tenant_host" => Change::TenantHost { host: id },
                    "client" => Change::Client {
                        tenant,
                        client_id: id,
                    },
                    "api_key" => Change::ApiKey { tenant, id },
                    "resource" | "role" => Change::Catalog { tenant },
                    "signing_key" => Change::SigningKeys { tenant },
                    "revocation" => Change::Revocation {
                        tenant,
                        subject: id,
                        until: row.optional_time("expires_at")?,
                    },
                    // Written by a newer program on the same database.
                    _ => Change::Everything,
                });
                self.cursor.store(seq, Ordering::SeqCst);
            }
            self.mark_read();
            if i64::try_from(rows.len()).unwrap_or(0) < PAGE {
                return Ok(());
            }
        }
    }

    fn tell(&self, change: &Change) {
        for listener in self
            .listeners
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .iter()
        {
            listener(change);
        }
    }

    fn mark_read(&self) {
        *self
            .last_read
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = Some(monotonic());
    }

    fn since_last_read(&self) -> Option<Duration> {
        self.last_read
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .map(|read| monotonic().saturating_duration_since(read))
    }
}
