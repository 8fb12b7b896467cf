//! SQL past the store: what a test breaks, and what it counts.

use sqlx::{Connection as _, PgConnection, Row as _, SqliteConnection};
use users_core::config::Secret;

/// A connection of its own to a world's database.
pub enum Raw {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Raw {
    pub async fn open(url: &Secret) -> Self {
        let url = url.expose();
        if url.starts_with("sqlite:") {
            Self::Sqlite(SqliteConnection::connect(url).await.expect("it opens"))
        } else {
            Self::Postgres(PgConnection::connect(url).await.expect("it opens"))
        }
    }

    /// Runs a statement.
    pub async fn run(&mut self, text: &'static str) {
        match self {
            Self::Sqlite(connection) => sqlx::raw_sql(text).execute(connection).await.map(drop),
            Self::Postgres(connection) => sqlx::raw_sql(text).execute(connection).await.map(drop),
        }
        .unwrap_or_else(|error| panic!("{text}: {error}"));
    }

    /// The first column of every row, which holds 64-bit integers.
    pub async fn numbers(&mut self, text: &'static str) -> Vec<i64> {
        match self {
            Self::Sqlite(connection) => {
                let rows = sqlx::query(text).fetch_all(connection).await;
                rows.map(|rows| rows.iter().map(|row| row.get(0)).collect())
            }
            Self::Postgres(connection) => {
                let rows = sqlx::query(text).fetch_all(connection).await;
                rows.map(|rows| rows.iter().map(|row| row.get(0)).collect())
            }
        }
        .unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    /// The only number of the only row.
    pub async fn number(&mut self, text: &'static str) -> i64 {
        let numbers = self.numbers(text).await;
        assert_eq!(numbers.len(), 1, "{text}");
        numbers[0]
    }

    /// The first column of every row, which holds text.
    pub async fn texts(&mut self, text: &'static str) -> Vec<String> {
        match self {
            Self::Sqlite(connection) => {
                let rows = sqlx::query(text).fetch_all(connection).await;
                rows.map(|rows| rows.iter().map(|row| row.get(0)).collect())
            }
            Self::Postgres(connection) => {
                let rows = sqlx::query(text).fetch_all(connection).await;
                rows.map(|rows| rows.iter().map(|row| row.get(0)).collect())
            }
        }
        .unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    /// How SQLite would go about a statement with one value.
    pub async fn plan(&mut self, text: &str) -> String {
        let Self::Sqlite(connection) = self else {
            panic!("SQLite's words");
        };
        let text = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {text}"));
        let rows = sqlx::query(text).bind("").fetch_all(connection).await;
        let rows = rows.expect("a plan");
        let steps: Vec<String> = rows.iter().map(|row| row.get("detail")).collect();
        steps.join("; ")
    }

    /// Every row of every table that is this tenant's.
    pub async fn rows_of(&mut self, tenant: &str) -> Vec<String> {
        let owners = match self {
            Self::Sqlite(_) => {
                "SELECT m.name || ' ' || group_concat(c.name ORDER BY c.cid) FROM sqlite_master m \
                 JOIN pragma_table_info(m.name) c WHERE m.type = 'table' GROUP BY m.name"
            }
            Self::Postgres(_) => {
                "SELECT table_name || ' ' || string_agg(column_name, ',' ORDER BY ordinal_position) \
                 FROM information_schema.columns WHERE table_schema = current_schema() \
                 GROUP BY table_name"
            }
        };
        let mut rows = Vec::new();
        for table in self.texts(owners).await {
            let (table, columns) = table.split_once(' ').expect("a name and columns");
            let columns: Vec<&str> = columns.split(',').collect();
            let owner = match table {
                "tenants" => "id",
                _ if columns.contains(&"tenant") => "tenant",
                _ => continue,
            };
            let shown = columns
                .iter()
                .map(|column| format!("COALESCE(CAST({column} AS TEXT), 'NULL')"));
            let shown = shown.collect::<Vec<_>>().join(" || '|' || ");
            let text =
                format!("SELECT '{table}: ' || {shown} FROM {table} WHERE {owner} = '{tenant}'");
            rows.extend(self.texts(text.leak()).await);
        }
        rows.sort();
        rows
    }
}
