//! The two databases behind one door: reads on a pool, writes through [`Db::write`].

use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use sqlx::pool::{PoolConnection, PoolOptions};
use sqlx::postgres::{PgArguments, PgConnectOptions, PgPool};
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Connection as _, Postgres, Sqlite};

use super::error::DbError;
use super::feed::Feed;
use super::lanes::{Lane, Lanes};
use super::sql::{Row, Sql, Value, sql};

/// How long a caller waits for a connection before it is told to come back later.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(3);
/// How long SQLite waits for another process's write to end.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const SQLITE_READERS: u32 = 4;
const WRITE_ATTEMPTS: u32 = 4;

/// A handle on the database; cheap to clone.
#[derive(Clone)]
pub struct Db {
    engine: Engine,
    feed: Arc<Feed>,
}

#[derive(Clone)]
enum Engine {
    Sqlite { readers: Lanes, writer: Lanes },
    Postgres(PgPool),
}

/// A write job: SQL only, run again when transactions collide, so it must not capture or change
/// anything outside its context and the transaction.
pub type Job<C, T> = for<'a> fn(&'a mut Tx, &'a C) -> BoxFuture<'a, Result<T, DbError>>;

/// An open write transaction.
pub struct Tx {
    connection: Connection,
    changes: Vec<(String, &'static str, String)>,
    /// A statement failed: PostgreSQL would answer COMMIT with success and keep nothing, SQLite
    /// would keep the rest. Neither may happen.
    failed: bool,
    /// Neither committed nor rolled back: such a connection must not be used again.
    open: bool,
}

enum Connection {
    Sqlite(Lane),
    Postgres(PoolConnection<Postgres>),
}

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

    pub const fn is_sqlite(&self) -> bool {
        matches!(self.engine, Engine::Sqlite { .. })
    }

    /// The change feed every node follows.
    pub fn feed(&self) -> &Feed {
        &self.feed
    }

    /// Reads every row of a query.
    pub async fn all(&self, query: Sql) -> Result<Vec<Row>, DbError> {
        match &self.engine {
            Engine::Sqlite { readers, .. } => {
                let mut lane = readers.take().await?;
                sqlite(query).fetch_all(&mut *lane).await.map(sqlite_rows)
            }
            Engine::Postgres(pool) => postgres(query).fetch_all(pool).await.map(postgres_rows),
        }
        .map_err(DbError::from)
    }

    /// Reads the first row of a query, if there is one.
    pub async fn one(&self, query: Sql) -> Result<Option<Row>, DbError> {
        match &self.engine {
            Engine::Sqlite { readers, .. } => {
                let mut lane = readers.take().await?;
                let row = sqlite(query).fetch_optional(&mut *lane).await;
                row.map(|row| row.map(Row::Sqlite))
            }
            Engine::Postgres(pool) => postgres(query)
                .fetch_optional(pool)
                .await
                .map(|row| row.map(Row::Postgres)),
        }
        .map_err(DbError::from)
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
        let db = self.clone();
        let task = tokio::spawn(async move { db.write_with_retries(&context, job).await });
        task.await.map_err(|_| DbError::Panicked)?
    }

    async fn write_with_retries<C, T>(&self, context: &C, job: Job<C, T>) -> Result<T, DbError> {
        let mut attempt = 1;
        loop {
            match self.write_once(context, job).await {
                Err(DbError::Collision(_)) if attempt < WRITE_ATTEMPTS => {
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

    async fn write_once<C, T>(&self, context: &C, job: Job<C, T>) -> Result<(T, bool), DbError> {
        let mut tx = self.begin().await?;
        let outcome = match job(&mut tx, context).await {
            Ok(value) => match tx.finish().await {
                Ok(changed) => return Ok((value, changed)),
                Err(error) => error,
            },
            Err(error) => error,
        };
        tx.abandon(&outcome).await;
        Err(outcome)
    }

    async fn begin(&self) -> Result<Tx, DbError> {
        let mut connection = match &self.engine {
            Engine::Sqlite { writer, .. } => Connection::Sqlite(writer.take().await?),
            Engine::Postgres(pool) => Connection::Postgres(pool.acquire().await?),
        };
        // Taking the write lock at once is what lets SQLite's busy time-out apply: a transaction
        // that starts as a reader and then writes fails immediately instead of waiting.
        let begun = match &mut connection {
            Connection::Sqlite(connection) => sqlx::query("BEGIN IMMEDIATE")
                .execute(&mut **connection)
                .await
                .map(drop),
            Connection::Postgres(connection) => sqlx::query("BEGIN")
                .execute(&mut **connection)
                .await
                .map(drop),
        };
        let tx = Tx {
            connection,
            changes: Vec::new(),
            failed: false,
            open: true,
        };
        // Even where the begin failed: a cancelled one may still have happened.
        begun?;
        Ok(tx)
    }

    /// Prepares a statement without running it; how a test proves every text on both databases.
    pub async fn prepare(&self, text: &'static str) -> Result<(), DbError> {
        use sqlx::{Executor as _, SqlSafeStr as _};
        match &self.engine {
            Engine::Sqlite { readers, .. } => {
                let mut lane = readers.take().await?;
                (&mut *lane).prepare(text.into_sql_str()).await?;
            }
            Engine::Postgres(pool) => {
                pool.acquire().await?.prepare(text.into_sql_str()).await?;
            }
        }
        Ok(())
    }

    /// Runs a script of several statements in a transaction of its own.
    pub async fn run_script(&self, text: &'static str) -> Result<(), DbError> {
        self.write(text, |tx, text| Box::pin(tx.script(text))).await
    }

    /// Waits for running statements and closes every connection.
    pub async fn close(&self) {
        match &self.engine {
            Engine::Sqlite { readers, writer } => {
                readers.close().await;
                writer.close().await;
            }
            Engine::Postgres(pool) => pool.close().await,
        }
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
            .statement_cache_capacity(256);
        let patience = BUSY_TIMEOUT + ACQUIRE_TIMEOUT;
        let writer = Lanes::open(options.clone(), 1, patience).await?;
        let options = options.pragma("query_only", "ON");
        let readers = Lanes::open(options, SQLITE_READERS, patience).await?;
        Ok(Self::Sqlite { readers, writer })
    }

    async fn open_postgres(url: &str, max_connections: u32) -> Result<Self, DbError> {
        let options = PgConnectOptions::from_str(url)?
            .application_name("users-core")
            .statement_cache_capacity(256)
            .options([
                ("statement_timeout", "5s"),
                ("lock_timeout", "3s"),
                ("idle_in_transaction_session_timeout", "10s"),
            ]);
        let pool = PoolOptions::<Postgres>::new()
            .min_connections(1)
            .max_connections(max_connections)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .test_before_acquire(false)
            // A ping before every use costs a round trip; one after a pause finds the dead.
            .before_acquire(|connection, meta| {
                Box::pin(async move {
                    if meta.idle_for > Duration::from_secs(1) {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_with(options)
            .await?;
        Ok(Self::Postgres(pool))
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        if self.open {
            match &mut self.connection {
                Connection::Sqlite(lane) => lane.discard(),
                Connection::Postgres(connection) => connection.close_on_drop(),
            }
        }
    }
}

impl Tx {
    pub async fn all(&mut self, query: Sql) -> Result<Vec<Row>, DbError> {
        let outcome = match &mut self.connection {
            Connection::Sqlite(connection) => sqlite(query)
                .fetch_all(&mut **connection)
                .await
                .map(sqlite_rows),
            Connection::Postgres(connection) => postgres(query)
                .fetch_all(&mut **connection)
                .await
                .map(postgres_rows),
        };
        outcome.map_err(|error| self.note(error))
    }

    pub async fn one(&mut self, query: Sql) -> Result<Option<Row>, DbError> {
        let outcome = match &mut self.connection {
            Connection::Sqlite(connection) => sqlite(query)
                .fetch_optional(&mut **connection)
                .await
                .map(|row| row.map(Row::Sqlite)),
            Connection::Postgres(connection) => postgres(query)
                .fetch_optional(&mut **connection)
                .await
                .map(|row| row.map(Row::Postgres)),
        };
        outcome.map_err(|error| self.note(error))
    }

    /// Runs a statement; the number of rows it touched.
    pub async fn run(&mut self, query: Sql) -> Result<u64, DbError> {
        let outcome = match &mut self.connection {
            Connection::Sqlite(connection) => sqlite(query)
                .execute(&mut **connection)
                .await
                .map(|done| done.rows_affected()),
            Connection::Postgres(connection) => postgres(query)
                .execute(&mut **connection)
                .await
                .map(|done| done.rows_affected()),
        };
        outcome.map_err(|error| self.note(error))
    }

    fn note(&mut self, error: sqlx::Error) -> DbError {
        self.failed = true;
        error.into()
    }

    /// Runs a script of several statements (a migration).
    pub(super) async fn script(&mut self, text: &'static str) -> Result<(), DbError> {
        match &mut self.connection {
            Connection::Sqlite(connection) => sqlx::raw_sql(text)
                .execute(&mut **connection)
                .await
                .map(drop),
            Connection::Postgres(connection) => sqlx::raw_sql(text)
                .execute(&mut **connection)
                .await
                .map(drop),
        }
        .map_err(DbError::from)
    }

    /// Tells every node that `id` of this `kind` is no longer what it was.
    pub fn changed(&mut self, tenant: &str, kind: &'static str, id: &str) {
        self.changes.push((tenant.to_owned(), kind, id.to_owned()));
    }

    /// Writes the change feed and commits. The counter's row lock is taken last and held until
    /// the commit, so that numbers become visible in their order: a sequence would let a reader
    /// pass a number whose transaction is still open.
    async fn finish(&mut self) -> Result<bool, DbError> {
        if self.failed {
            return Err(DbError::Swallowed);
        }
        let changes = std::mem::take(&mut self.changes);
        if !changes.is_empty() {
            let count = i64::try_from(changes.len()).unwrap_or(i64::MAX);
            let row = self
                .one(
                    sql!("UPDATE counters SET value = value + $1 WHERE name = 'changes' RETURNING value")
                        .bind(count),
                )
                .await?
                .ok_or(DbError::Corrupt("counters.value"))?;
            let first = row.integer("value")? - count + 1;
            for (seq, (tenant, kind, id)) in (first..).zip(&changes) {
                self.run(
                    sql!("INSERT INTO changes (seq, tenant, kind, id) VALUES ($1, $2, $3, $4)")
                        .bind(seq)
                        .bind(tenant)
                        .bind(*kind)
                        .bind(id),
                )
                .await?;
            }
        }
        self.bare("COMMIT").await?;
        self.open = false;
        Ok(!changes.is_empty())
    }

    async fn abandon(&mut self, error: &DbError) {
        let poisoned =
            error.poisons_connection() && matches!(self.connection, Connection::Postgres(_));
        // What cannot be rolled back is thrown away when dropped.
        self.open = poisoned || self.bare("ROLLBACK").await.is_err();
    }

    async fn bare(&mut self, text: &'static str) -> Result<(), DbError> {
        match &mut self.connection {
            Connection::Sqlite(connection) => {
                sqlx::query(text).execute(&mut **connection).await.map(drop)
            }
            Connection::Postgres(connection) => {
                sqlx::query(text).execute(&mut **connection).await.map(drop)
            }
        }
        .map_err(DbError::from)
    }
}

fn sqlite(query: Sql) -> Query<'static, Sqlite, SqliteArguments> {
    query
        .values
        .into_iter()
        .fold(sqlx::query(query.text), |built, value| match value {
            Value::Text(text) => built.bind(text),
            Value::Integer(number) => built.bind(number),
        })
}

fn postgres(query: Sql) -> Query<'static, Postgres, PgArguments> {
    query
        .values
        .into_iter()
        .fold(sqlx::query(query.text), |built, value| match value {
            Value::Text(text) => built.bind(text),
            Value::Integer(number) => built.bind(number),
        })
}

fn sqlite_rows(rows: Vec<sqlx::sqlite::SqliteRow>) -> Vec<Row> {
    rows.into_iter().map(Row::Sqlite).collect()
}

fn postgres_rows(rows: Vec<sqlx::postgres::PgRow>) -> Vec<Row> {
    rows.into_iter().map(Row::Postgres).collect()
}
