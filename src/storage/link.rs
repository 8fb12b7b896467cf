//! One connection of either database: the only place that talks to the drivers.

use sqlx::postgres::{PgArguments, PgConnection};
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteConnection};
use sqlx::{Executor as _, Postgres, SqlSafeStr as _, Sqlite};

use super::error::DbError;
use super::lanes::Lane;
use super::sql::{Row, Sql, Value};

/// A connection in use. It goes back where it came from by [`Link::done`]; dropped otherwise, it
/// is thrown away.
pub(super) enum Link {
    Sqlite(Lane<SqliteConnection>),
    Postgres(Lane<PgConnection>),
}

impl Link {
    pub(super) async fn all(&mut self, query: Sql) -> Result<Vec<Row>, DbError> {
        Ok(match self {
            Self::Sqlite(lane) => {
                let rows = sqlite(query).fetch_all(&mut lane.connection).await?;
                rows.into_iter().map(Row::Sqlite).collect()
            }
            Self::Postgres(lane) => {
                let rows = postgres(query).fetch_all(&mut lane.connection).await?;
                rows.into_iter().map(Row::Postgres).collect()
            }
        })
    }

    pub(super) async fn one(&mut self, query: Sql) -> Result<Option<Row>, DbError> {
        Ok(match self {
            Self::Sqlite(lane) => sqlite(query)
                .fetch_optional(&mut lane.connection)
                .await?
                .map(Row::Sqlite),
            Self::Postgres(lane) => postgres(query)
                .fetch_optional(&mut lane.connection)
                .await?
                .map(Row::Postgres),
        })
    }

    /// The number of rows touched.
    pub(super) async fn run(&mut self, query: Sql) -> Result<u64, DbError> {
        Ok(match self {
            Self::Sqlite(lane) => sqlite(query)
                .execute(&mut lane.connection)
                .await?
                .rows_affected(),
            Self::Postgres(lane) => postgres(query)
                .execute(&mut lane.connection)
                .await?
                .rows_affected(),
        })
    }

    /// Several statements in one text, without values.
    pub(super) async fn script(&mut self, text: &'static str) -> Result<(), DbError> {
        match self {
            Self::Sqlite(lane) => sqlx::raw_sql(text)
                .execute(&mut lane.connection)
                .await
                .map(drop)?,
            Self::Postgres(lane) => sqlx::raw_sql(text)
                .execute(&mut lane.connection)
                .await
                .map(drop)?,
        }
        Ok(())
    }

    /// Begins a write transaction. Taking the write lock at once is what lets SQLite's busy
    /// time-out apply: a transaction that starts as a reader and then writes fails immediately.
    pub(super) async fn begin(&mut self) -> Result<(), DbError> {
        let begin = match self {
            Self::Sqlite(_) => "BEGIN IMMEDIATE",
            Self::Postgres(_) => "BEGIN",
        };
        self.run(Sql::new(begin)).await.map(drop)
    }

    pub(super) async fn prepare(&mut self, text: &'static str) -> Result<(), DbError> {
        match self {
            Self::Sqlite(lane) => lane
                .connection
                .prepare(text.into_sql_str())
                .await
                .map(drop)?,
            Self::Postgres(lane) => lane
                .connection
                .prepare(text.into_sql_str())
                .await
                .map(drop)?,
        }
        Ok(())
    }

    /// Gives the connection back, in order.
    pub(super) fn done(self) {
        match self {
            Self::Sqlite(lane) => lane.done(),
            Self::Postgres(lane) => lane.done(),
        }
    }

    /// Gives it back after a statement, unless the outcome says that it is broken.
    pub(super) fn done_after<T>(self, outcome: Result<T, DbError>) -> Result<T, DbError> {
        match &outcome {
            Err(error) if matches!(self, Self::Postgres(_)) && error.poisons_connection() => {}
            _ => self.done(),
        }
        outcome
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
