//! Codes that somebody tried beside an account's right password. Counted for all nodes together.

use super::sql::sql;
use super::tx::Tx;
use super::{DbError, Scoped};
use crate::base::clock::Timestamp;

/// Seconds within which tries are counted together, at first.
pub const WINDOW: i64 = 900;
/// And in the long run.
pub const LONG_WINDOW: i64 = 86_400;

/// Tries of an account's second factors, with the one just counted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Tries {
    /// Within [`WINDOW`] since then.
    pub count: i64,
    pub since: Timestamp,
    /// Within [`LONG_WINDOW`] since then.
    pub long_count: i64,
    pub long_since: Timestamp,
}

impl Scoped {
    /// Counts a try before it is looked at, so that no number of them at once is more than their number.
    pub async fn count_factor_try(&self, user_id: &str, now: Timestamp) -> Result<Tries, DbError> {
        let context = (self.tenant.clone(), user_id.to_owned(), now);
        self.db
            .write(context, |tx, (tenant, user_id, now)| {
                Box::pin(count(tx, tenant, user_id, *now))
            })
            .await
    }

    /// Takes a try back: it was no guess.
    pub async fn take_factor_try_back(&self, user_id: &str) -> Result<(), DbError> {
        self.db
            .write_one(
                sql!(
                    "UPDATE factor_tries SET tries = CASE WHEN tries > 0 THEN tries - 1 ELSE 0 END, \
                     long_tries = CASE WHEN long_tries > 0 THEN long_tries - 1 ELSE 0 END \
                     WHERE tenant = $1 AND user_id = $2"
                )
                .bind(&self.tenant)
                .bind(user_id),
            )
            .await
            .map(drop)
    }
}

async fn count(tx: &mut Tx, tenant: &str, user_id: &str, now: Timestamp) -> Result<Tries, DbError> {
    let row = tx
        .one(
            sql!(
                "INSERT INTO factor_tries AS t \
                 (tenant, user_id, since, tries, long_since, long_tries) \
                 VALUES ($1, $2, $3, 1, $3, 1) ON CONFLICT (tenant, user_id) DO UPDATE SET \
                 tries = CASE WHEN t.since <= $4 THEN 1 ELSE t.tries + 1 END, \
                 since = CASE WHEN t.since <= $4 THEN $3 ELSE t.since END, \
                 long_tries = CASE WHEN t.long_since <= $5 THEN 1 ELSE t.long_tries + 1 END, \
                 long_since = CASE WHEN t.long_since <= $5 THEN $3 ELSE t.long_since END \
                 RETURNING tries, since, long_tries, long_since"
            )
            .bind(tenant)
            .bind(user_id)
            .bind(now)
            .bind(now.minus_seconds(WINDOW))
            .bind(now.minus_seconds(LONG_WINDOW)),
        )
        .await?
        .ok_or(DbError::Corrupt("factor_tries"))?;
    Ok(Tries {
        count: row.integer("tries")?,
        since: row.time("since")?,
        long_count: row.integer("long_tries")?,
        long_since: row.time("long_since")?,
    })
}

/// Begins anew for an account.
pub(super) async fn forget(tx: &mut Tx, tenant: &str, user_id: &str) -> Result<(), DbError> {
    tx.run(
        sql!("DELETE FROM factor_tries WHERE tenant = $1 AND user_id = $2")
            .bind(tenant)
            .bind(user_id),
    )
    .await
    .map(drop)
}
