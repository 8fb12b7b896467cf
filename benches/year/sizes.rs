//! How much stands in every table.

use sqlx::{Connection as _, PgConnection, Row as _, SqliteConnection};
use users_core::config::Secret;
use users_core::storage::reaper::{BOUNDED, OTHERWISE, TABLES};

use super::life::Outcome;

/// Rows by table, and bytes of the whole.
pub struct Sizes {
    pub rows: Vec<(&'static str, i64)>,
    pub bytes: i64,
}

impl Sizes {
    pub async fn of(url: &Secret) -> Outcome<Self> {
        let mut database = Database::open(url).await?;
        let mut rows = Vec::new();
        for table in tables() {
            let count = format!("SELECT COUNT(*) FROM {table}");
            rows.push((table, database.number(count).await?));
        }
        let size = match database {
            Database::Sqlite(_) => {
                "SELECT p.page_count * s.page_size FROM pragma_page_count() p, pragma_page_size() s"
            }
            Database::Postgres(_) => {
                "SELECT CAST(SUM(pg_total_relation_size(c.oid)) AS BIGINT) FROM pg_class c \
                 JOIN pg_namespace n ON n.oid = c.relnamespace \
                 WHERE n.nspname = current_schema() AND c.relkind = 'r'"
            }
        };
        let bytes = database.number(size.to_owned()).await?;
        Ok(Self { rows, bytes })
    }

    pub fn rows_of(&self, table: &str) -> i64 {
        let found = self.rows.iter().find(|(name, _)| *name == table);
        found.map_or(0, |(_, rows)| *rows)
    }
}

/// Every table there is.
fn tables() -> impl Iterator<Item = &'static str> {
    let others = OTHERWISE.iter().chain(BOUNDED).map(|(name, _)| *name);
    TABLES.iter().map(|table| table.name).chain(others)
}

enum Database {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Database {
    async fn open(url: &Secret) -> Outcome<Self> {
        let url = url.expose();
        Ok(if url.starts_with("sqlite:") {
            Self::Sqlite(SqliteConnection::connect(url).await?)
        } else {
            Self::Postgres(PgConnection::connect(url).await?)
        })
    }

    async fn number(&mut self, query: String) -> Outcome<i64> {
        let query = sqlx::AssertSqlSafe(query);
        Ok(match self {
            Self::Sqlite(connection) => sqlx::query(query).fetch_one(connection).await?.get(0),
            Self::Postgres(connection) => sqlx::query(query).fetch_one(connection).await?.get(0),
        })
    }
}
