//! What can go wrong with a database, sorted by what the caller does about it.

/// A failed database operation. The message is for the log; clients see a code only.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// A unique rule refused the row: somebody else has the name.
    #[error("a unique rule refused the row")]
    Conflict,
    /// Another write of the same commit failed; `Db::write` runs this one again.
    #[error("another write of the same commit failed")]
    Together,
    /// A cross-row rule of ours refused the change, in a sentence for the person who asked.
    #[error("{0}")]
    Refused(String),
    /// The database is away, full, read-only or too slow: the same request may work later.
    #[error("the database does not serve: {0}")]
    Unavailable(#[source] sqlx::Error),
    /// Two transactions got in each other's way; `Db::write` retries these.
    #[error("transactions collided: {0}")]
    Collision(#[source] sqlx::Error),
    /// A row that cannot be what we wrote. Names the column.
    #[error("column {0} holds what was never written there")]
    Corrupt(&'static str),
    #[error("statement failed: {0}")]
    Statement(#[source] sqlx::Error),
    #[error("a write job went on after a failed statement")]
    Swallowed,
    #[error("the write job panicked")]
    Panicked,
}

/// SQLite's primary result code `SQLITE_BUSY`.
const BUSY: u32 = 5;

impl DbError {
    /// Whether another process has a SQLite file for itself just now.
    pub(super) fn is_busy(&self) -> bool {
        let Self::Unavailable(error) = self else {
            return false;
        };
        error
            .as_database_error()
            .and_then(|error| error.try_downcast_ref::<sqlx::sqlite::SqliteError>())
            .and_then(sqlx::error::DatabaseError::code)
            .is_some_and(|code| code.parse::<u32>().unwrap_or(0) & 0xff == BUSY)
    }

    /// Whether the connection that gave this error must not be used again.
    pub(super) fn poisons_connection(&self) -> bool {
        match self {
            Self::Unavailable(error) => !matches!(error, sqlx::Error::PoolTimedOut),
            _ => false,
        }
    }
}

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        let Some(database) = error.as_database_error() else {
            return match error {
                sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::Protocol(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::WorkerCrashed => Self::Unavailable(error),
                _ => Self::Statement(error),
            };
        };
        if database.is_unique_violation() {
            return Self::Conflict;
        }
        let code = database.code().unwrap_or_default();
        if database
            .try_downcast_ref::<sqlx::sqlite::SqliteError>()
            .is_some()
        {
            // The low byte is the primary result code: BUSY 5, LOCKED 6, READONLY 8, IOERR 10,
            // CORRUPT 11, FULL 13, CANTOPEN 14.
            let primary = code.parse::<u32>().unwrap_or(0) & 0xff;
            return match primary {
                5 | 6 | 8 | 10 | 11 | 13 | 14 => Self::Unavailable(error),
                _ => Self::Statement(error),
            };
        }
        match code.as_ref() {
            "40001" | "40P01" => Self::Collision(error),
            // Read-only after a fail-over, statement or lock time-outs.
            "25006" | "57014" | "55P03" => Self::Unavailable(error),
            // Connection trouble, resources, shutdown, system errors.
            code if ["08", "53", "57", "58"]
                .iter()
                .any(|class| code.starts_with(class)) =>
            {
                Self::Unavailable(error)
            }
            _ => Self::Statement(error),
        }
    }
}
