//! The two databases behind one door: reads on any connection, writes through [`Db::write`].

use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};

use super::error::DbError;
use super::feed::Feed;
use super::group::Group;
use super::lanes::Lanes;
use super::link::Link;
use super::sql::{Row, Sql};
use super::tx::Tx;

/// How long a caller waits for a connection before it is told to come back later.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);
/// How long SQLite waits for another process's write to end.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Between two attempts where SQLite does not wait by itself.
const BUSY_PAUSE: Duration = Duration::from_millis(20);
const SQLITE_READERS: u32 = 4;
/// Pages each of them keeps, in negative KiB: the system keeps the file's pages for all of them.
const READER_CACHE: &str = "-512";
const STATEMENTS_KEPT: usize = 256;
const WRITE_ATTEMPTS: u32 = 4;

/// A handle on the database; cheap to clone.
#[derive(Clone)]
pub struct Db {
    engine: Engine,
    feed: Arc<Feed>,
}

#[derive(Clone)]
enum Engine {
    Sqlite {
        readers: Lanes<SqliteConnection>,
        writer: Lanes<SqliteConnection>,
        group: Arc<Group>,
    },
    Postgres(Lanes<PgConnection>),
}

/// A write job: SQL only, run again when transactions collide, so it must not change anything
/// outside the transaction.
pub type Job<C, T> = for<'a> fn(&'a mut Tx, &'a C) -> BoxFuture<'a, Result<T, DbError>>;

impl Db {
    /// Opens `url` (`sqlite://path` or `postgres://..`); makes the SQLite file when it is missing.
    ///
    /// # Errors
    /// The database cannot be opened or reached.
    pub async fn open(url: &str, max_connections: u32) -> Result<Self, DbError> {
        let engine = if url.starts_with("sqlite:") {
            Engine::open_sqlite(url).await?
        } else {
            Engine::open_postgres(url, max_connections).await?
        };
        Ok(Self {
            engine,
            feed: Arc::new(Feed::default()),
        })
    }

    /// Opens a database that is there, to look at it: nothing is made, and every write fails.
    ///
    /// # Errors
    /// The database is not there or cannot be reached.
    pub async fn open_reading(url: &str) -> Result<Self, DbError> {
        let engine = if url.starts_with("sqlite:") {
            let options = SqliteConnectOptions::from_str(url)?
                .busy_timeout(BUSY_TIMEOUT)
                .pragma("query_only", "ON");
            let readers = Lanes::open(options, 1, BUSY_TIMEOUT + ACQUIRE_TIMEOUT).await?;
            Engine::Sqlite {
                writer: readers.clone(),
                readers,
                group: Arc::default(),
            }
        } else {
            let options = PgConnectOptions::from_str(url)?
                .application_name("users-core")
                .options([
                    ("statement_timeout", "5s"),
                    ("default_transaction_read_only", "on"),
                ]);
            Engine::Postgres(Lanes::open(options, 1, ACQUIRE_TIMEOUT).await?)
        };
        Ok(Self {
            engine,
            feed: Arc::new(Feed::default()),
        })
    }

    pub const fn is_sqlite(&self) -> bool {
        matches!(self.engine, Engine::Sqlite { .. })
    }

    /// The change feed every node follows.
    pub fn feed(&self) -> &Feed {
        &self.feed
    }

    /// Reads every row of a query.
    pub async fn all(&self, query: Sql) -> Result<Vec<Row>, DbError> {
        let mut link = self.reader().await?;
        let rows = link.all(query).await;
        link.done_after(rows)
    }

    /// Reads the first row of a query, if there is one.
    pub async fn one(&self, query: Sql) -> Result<Option<Row>, DbError> {
        let mut link = self.reader().await?;
        let row = link.one(query).await;
        link.done_after(row)
    }

    /// Runs `job` in a write transaction and commits it, or leaves nothing behind.
    ///
    /// The job runs in a task of its own: a caller that goes away cancels nothing. Collisions are
    /// retried; after a commit that changed something the feed names, this node has applied it
    /// before the call returns.
    pub async fn write<C, T>(&self, context: C, job: Job<C, T>) -> Result<T, DbError>
    where
        C: Send + Sync + 'static,
        T: Send + 'static,
    {
        let (db, context) = (self.clone(), Arc::new(context));
        let task = tokio::spawn(async move { db.write_with_retries(&context, job).await });
        task.await.map_err(|_| DbError::Panicked)?
    }

    /// Runs one statement in a write transaction of its own; how many rows it concerned.
    pub async fn write_one(&self, statement: Sql) -> Result<u64, DbError> {
        self.write(statement, |tx, statement| {
            Box::pin(tx.run(statement.clone()))
        })
        .await
    }

    async fn write_with_retries<C, T>(&self, context: &Arc<C>, job: Job<C, T>) -> Result<T, DbError>
    where
        C: Send + Sync + 'static,
        T: Send + 'static,
    {
        let mut attempt = 1;
        loop {
            match self.write_once(context, job).await {
                Err(DbError::Collision(_) | DbError::Together) if attempt < WRITE_ATTEMPTS => {
                    tokio::time::sleep(Duration::from_millis(5 << attempt)).await;
                    attempt += 1;
                }
                Ok((value, changed)) => {
                    if changed && let Err(error) = self.feed.catch_up(self).await {
                        // Committed all the same; the poller catches up, and until then a node
                        // that falls behind reads rows.
                        tracing::warn!(%error, "change feed not read after a commit");
                    }
                    return Ok(value);
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn write_once<C, T>(&self, context: &Arc<C>, job: Job<C, T>) -> Result<(T, bool), DbError>
    where
        C: Send + Sync + 'static,
        T: Send + 'static,
    {
        match &self.engine {
            Engine::Sqlite { writer, group, .. } => group.write(writer, context, job).await,
            Engine::Postgres(lanes) => {
                let mut tx = Tx::begin(Link::Postgres(lanes.take().await?)).await?;
                let outcome = job(&mut tx, context).await;
                match tx.judge(outcome) {
                    Ok((value, true)) => Ok((value, tx.commit().await?)),
                    Ok((value, false)) => tx.roll_back(Ok((value, false))).await,
                    Err(error) => tx.roll_back(Err(error)).await,
                }
            }
        }
    }

    /// Prepares a statement without running it; how a test proves every text on both databases.
    /// The connection is not used again: PostgreSQL would keep the types it guessed.
    pub async fn prepare(&self, text: &'static str) -> Result<(), DbError> {
        self.reader().await?.prepare(text).await
    }

    /// Runs a script of several statements in a transaction of its own.
    pub async fn run_script(&self, text: &'static str) -> Result<(), DbError> {
        self.write(text, |tx, text| Box::pin(tx.script(text))).await
    }

    /// Waits for running statements and closes every connection.
    pub async fn close(&self) {
        match &self.engine {
            Engine::Sqlite {
                readers, writer, ..
            } => {
                readers.close().await;
                writer.close().await;
            }
            Engine::Postgres(lanes) => lanes.close().await,
        }
    }

    async fn reader(&self) -> Result<Link, DbError> {
        Ok(match &self.engine {
            Engine::Sqlite { readers, .. } => Link::Sqlite(readers.take().await?),
            Engine::Postgres(lanes) => Link::Postgres(lanes.take().await?),
        })
    }
}

impl Engine {
    async fn open_sqlite(url: &str) -> Result<Self, DbError> {
        let options = SqliteConnectOptions::from_str(url)?
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT)
            .foreign_keys(true)
            .statement_cache_capacity(STATEMENTS_KEPT);
        let patience = BUSY_TIMEOUT + ACQUIRE_TIMEOUT;
        let writer = first_lane(&options, patience).await?;
        let options = options
            .pragma("query_only", "ON")
            .pragma("cache_size", READER_CACHE);
        let readers = Lanes::open(options, SQLITE_READERS, patience).await?;
        Ok(Self::Sqlite {
            readers,
            writer,
            group: Arc::default(),
        })
    }

    async fn open_postgres(url: &str, max_connections: u32) -> Result<Self, DbError> {
        let options = PgConnectOptions::from_str(url)?
            .application_name("users-core")
            .statement_cache_capacity(STATEMENTS_KEPT)
            .options([
                ("statement_timeout", "5s"),
                ("lock_timeout", "3s"),
                ("idle_in_transaction_session_timeout", "10s"),
            ]);
        Ok(Self::Postgres(
            Lanes::open(options, max_connections, ACQUIRE_TIMEOUT).await?,
        ))
    }
}

/// Opens the connection that makes the file. Its change to WAL wants the file for itself, and
/// where several processes do that at once SQLite lets the losers fail instead of wait.
async fn first_lane(
    options: &SqliteConnectOptions,
    patience: Duration,
) -> Result<Lanes<SqliteConnection>, DbError> {
    let attempts = async {
        loop {
            match Lanes::open(options.clone(), 1, patience).await {
                Err(error) if error.is_busy() => tokio::time::sleep(BUSY_PAUSE).await,
                opened => return opened,
            }
        }
    };
    let opened = tokio::time::timeout(patience, attempts).await;
    opened.map_err(|_| sqlx::Error::PoolTimedOut)?
}
