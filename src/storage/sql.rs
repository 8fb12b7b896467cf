//! One query text for both databases, with `$n` for its values.
//!
//! Only text and 64-bit integers cross. Every text written as `sql!("..")` is registered, so that a
//! test prepares all of them on both databases.

use sqlx::Row as _;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;

use super::error::DbError;
use crate::base::clock::Timestamp;

/// Every statement of the program.
#[linkme::distributed_slice]
pub static STATEMENTS: [&'static str];

/// A statement and where its text is registered; pieces several have in common are macros.
macro_rules! sql {
    ($($piece:tt)+) => {{
        #[linkme::distributed_slice($crate::storage::sql::STATEMENTS)]
        static TEXT: &str = concat!($($piece)+);
        $crate::storage::sql::Sql::new(TEXT)
    }};
}
pub(crate) use sql;

/// What crosses: text or a 64-bit integer, or the absence of either.
#[derive(Clone)]
pub enum Value {
    Text(Option<String>),
    Integer(Option<i64>),
}

/// A statement with its values.
#[derive(Clone)]
pub struct Sql {
    pub(super) text: &'static str,
    pub(super) values: Vec<Value>,
}

impl Sql {
    pub(crate) const fn new(text: &'static str) -> Self {
        Self {
            text,
            values: Vec::new(),
        }
    }

    #[must_use]
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(Some(text))
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::Text(Some(text.clone()))
    }
}

impl From<Option<String>> for Value {
    fn from(text: Option<String>) -> Self {
        Self::Text(text)
    }
}

impl From<&Option<String>> for Value {
    fn from(text: &Option<String>) -> Self {
        Self::Text(text.clone())
    }
}

impl From<Option<&str>> for Value {
    fn from(text: Option<&str>) -> Self {
        Self::Text(text.map(str::to_owned))
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(Some(number))
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Integer(Some(i64::from(flag)))
    }
}

impl From<Option<bool>> for Value {
    fn from(flag: Option<bool>) -> Self {
        Self::Integer(flag.map(i64::from))
    }
}

impl From<Timestamp> for Value {
    fn from(time: Timestamp) -> Self {
        Self::Integer(Some(time.millis()))
    }
}

impl From<Option<Timestamp>> for Value {
    fn from(time: Option<Timestamp>) -> Self {
        Self::Integer(time.map(Timestamp::millis))
    }
}

/// A row of either database, read by column name.
pub enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Row {
    pub fn text(&self, column: &'static str) -> Result<String, DbError> {
        self.optional_text(column)?.ok_or(DbError::Corrupt(column))
    }

    pub fn optional_text(&self, column: &'static str) -> Result<Option<String>, DbError> {
        match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Postgres(row) => row.try_get(column),
        }
        .map_err(|_| DbError::Corrupt(column))
    }

    pub fn integer(&self, column: &'static str) -> Result<i64, DbError> {
        self.optional_integer(column)?
            .ok_or(DbError::Corrupt(column))
    }

    pub fn optional_integer(&self, column: &'static str) -> Result<Option<i64>, DbError> {
        match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Postgres(row) => row.try_get(column),
        }
        .map_err(|_| DbError::Corrupt(column))
    }

    pub fn flag(&self, column: &'static str) -> Result<bool, DbError> {
        Ok(self.integer(column)? != 0)
    }

    pub fn time(&self, column: &'static str) -> Result<Timestamp, DbError> {
        self.integer(column).map(Timestamp::from_millis)
    }

    pub fn optional_time(&self, column: &'static str) -> Result<Option<Timestamp>, DbError> {
        Ok(self.optional_integer(column)?.map(Timestamp::from_millis))
    }

    /// A text column that holds words with spaces between them.
    pub fn words(&self, column: &'static str) -> Result<Vec<String>, DbError> {
        let text = self.text(column)?;
        Ok(text.split_whitespace().map(str::to_owned).collect())
    }

    /// A text column that holds JSON, or one of the protocol's names.
    pub fn json<T: serde::de::DeserializeOwned>(&self, column: &'static str) -> Result<T, DbError> {
        serde_json::from_str(&self.text(column)?).map_err(|_| DbError::Corrupt(column))
    }

    /// A text column that holds one of a closed set of words.
    pub fn word<T: std::str::FromStr>(&self, column: &'static str) -> Result<T, DbError> {
        self.text(column)?
            .parse()
            .map_err(|_| DbError::Corrupt(column))
    }
}
