//! How much there is of things, over all tenants.

use super::sql::{Row, sql};
use super::{DbError, Store};
use crate::base::clock::Timestamp;

/// How many there are, and how many of them work.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Figure {
    pub total: i64,
    pub active: i64,
}

impl Store {
    /// People of every tenant, and those who may sign in.
    pub async fn people_there_are(&self) -> Result<Figure, DbError> {
        let row = self.db.one(sql!(
            "SELECT COUNT(*) AS total, CAST(COALESCE(SUM(enabled), 0) AS BIGINT) AS active \
             FROM users WHERE kind = 'person'"
        ));
        figure_of(row.await?.as_ref())
    }

    /// API keys of every tenant, and those that work at `now`.
    pub async fn api_keys_there_are(&self, now: Timestamp) -> Result<Figure, DbError> {
        let row = self.db.one(
            sql!(
                "SELECT COUNT(*) AS total, CAST(COALESCE(SUM(CASE WHEN enabled = 1 \
                 AND (expires_at IS NULL OR expires_at > $1) THEN 1 ELSE 0 END), 0) AS BIGINT) \
                 AS active FROM api_keys"
            )
            .bind(now),
        );
        figure_of(row.await?.as_ref())
    }
}

fn figure_of(row: Option<&Row>) -> Result<Figure, DbError> {
    let of = |column| row.map_or(Ok(0), |row| row.integer(column));
    Ok(Figure {
        total: of("total")?,
        active: of("active")?,
    })
}
