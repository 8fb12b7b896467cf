//! An open write transaction.

use super::error::DbError;
use super::link::Link;
use super::sql::{Row, Sql, sql};

/// What a write job works with. Dropped open, its connection is thrown away with it.
pub struct Tx {
    link: Link,
    changes: Vec<(String, &'static str, String)>,
    /// A statement failed: PostgreSQL would answer COMMIT with success and keep nothing, SQLite
    /// would keep the rest. Neither may happen.
    failed: bool,
    /// The job gave up; see [`Tx::undo`].
    undone: bool,
}

/// A point in a transaction: how many changes there were.
pub(super) struct Mark(usize);

impl Tx {
    pub(super) async fn begin(mut link: Link) -> Result<Self, DbError> {
        link.begin().await?;
        Ok(Self {
            link,
            changes: Vec::new(),
            failed: false,
            undone: false,
        })
    }

    pub async fn all(&mut self, query: Sql) -> Result<Vec<Row>, DbError> {
        let outcome = self.link.all(query).await;
        self.note(outcome)
    }

    pub async fn one(&mut self, query: Sql) -> Result<Option<Row>, DbError> {
        let outcome = self.link.one(query).await;
        self.note(outcome)
    }

    /// Runs a statement; the number of rows it touched.
    pub async fn run(&mut self, query: Sql) -> Result<u64, DbError> {
        let outcome = self.link.run(query).await;
        self.note(outcome)
    }

    /// Runs a script of several statements (a migration).
    pub(super) async fn script(&mut self, text: &'static str) -> Result<(), DbError> {
        let outcome = self.link.script(text).await;
        self.note(outcome)
    }

    /// Tells every node that `id` of this `kind` is no longer what it was.
    pub fn changed(&mut self, tenant: &str, kind: &'static str, id: &str) {
        self.changes.push((tenant.to_owned(), kind, id.to_owned()));
    }

    /// What a finished job's outcome is worth: its value, and whether what it did is to stay. A failed
    /// statement is no success, whatever the job made of it.
    pub(super) fn judge<T>(&mut self, outcome: Result<T, DbError>) -> Result<(T, bool), DbError> {
        let failed = std::mem::take(&mut self.failed);
        let undone = std::mem::take(&mut self.undone);
        match outcome {
            Ok(_) if failed => Err(DbError::Swallowed),
            Ok(value) => Ok((value, !undone)),
            Err(error) => Err(error),
        }
    }

    /// How many changes the feed will name.
    pub(super) fn changes(&self) -> usize {
        self.changes.len()
    }

    /// A point to come back to.
    pub(super) async fn mark(&mut self) -> Result<Mark, DbError> {
        self.link.run(Sql::new("SAVEPOINT job")).await?;
        Ok(Mark(self.changes.len()))
    }

    /// Undoes what came after a mark, the latest one.
    pub(super) async fn back_to(&mut self, mark: Mark) -> Result<(), DbError> {
        self.link.run(Sql::new("ROLLBACK TO job")).await?;
        self.changes.truncate(mark.0);
        Ok(())
    }

    /// Ends a job that found it may not go on: nothing of it stays, and `answer` is returned.
    pub(super) fn undo<T>(&mut self, answer: T) -> T {
        self.undone = true;
        answer
    }

    fn note<T>(&mut self, outcome: Result<T, DbError>) -> Result<T, DbError> {
        self.failed |= outcome.is_err();
        outcome
    }

    /// Commits; whether something the feed names was changed.
    pub(super) async fn commit(mut self) -> Result<bool, DbError> {
        let outcome = self.write_feed().await;
        match outcome {
            Ok(changed) => {
                let committed = self.link.run(Sql::new("COMMIT")).await;
                if committed.is_err() {
                    self.roll_back(committed).await?;
                } else {
                    self.link.done();
                }
                Ok(changed)
            }
            Err(error) => self.roll_back(Err(error)).await,
        }
    }

    /// Undoes everything and passes the reason on.
    pub(super) async fn roll_back<T>(mut self, reason: Result<T, DbError>) -> Result<T, DbError> {
        let broken = matches!(&reason, Err(error) if error.poisons_connection())
            && matches!(self.link, Link::Postgres(_));
        if !broken && self.link.run(Sql::new("ROLLBACK")).await.is_ok() {
            self.link.done();
        }
        reason
    }

    /// The counter's row lock is taken last and held until the commit, so that numbers become
    /// visible in their order: a sequence would let a reader pass a number whose transaction is
    /// still open.
    async fn write_feed(&mut self) -> Result<bool, DbError> {
        let changes = std::mem::take(&mut self.changes);
        if changes.is_empty() {
            return Ok(false);
        }
        let count = i64::try_from(changes.len()).unwrap_or(i64::MAX);
        let row = self
            .one(
                sql!(
                    "UPDATE counters SET value = value + $1 WHERE name = 'changes' RETURNING value"
                )
                .bind(count),
            )
            .await?;
        let last = row
            .ok_or(DbError::Corrupt("counters.value"))?
            .integer("value")?;
        for (seq, (tenant, kind, id)) in (last - count + 1..).zip(&changes) {
            self.run(
                sql!("INSERT INTO changes (seq, tenant, kind, id) VALUES ($1, $2, $3, $4)")
                    .bind(seq)
                    .bind(tenant)
                    .bind(*kind)
                    .bind(id),
            )
            .await?;
        }
        Ok(true)
    }
}
