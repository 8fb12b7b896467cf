//! Removes what is over. One node at a time, in small batches, never a live row.

use super::sql::{Sql, sql};
use super::{DbError, Store};
use crate::base::clock::Timestamp;

const BATCH: i64 = 500;
/// How long counters are kept, in seconds: a quarter with which to compare the present one.
const COUNTERS_KEPT: i64 = 90 * 86_400;
/// How long a refused request can be asked about, in seconds: whoever was refused asks the same day,
/// and what is said of people is not kept for longer than that.
const DECISIONS_KEPT: i64 = 86_400;
/// How long a mail that never arrived can be looked at, in seconds after it was no longer worth sending.
const DEAD_MAIL_KEPT: i64 = 14 * 86_400;
/// In seconds.
const HOUR: i64 = 3600;
/// Kept behind the newest change, for nodes that are late.
const CHANGES_KEPT: i64 = 100_000;

/// What goes, table by table. A used refresh token must outlive its family, or its replay would go
/// unnoticed; grants and sessions must outlive their tokens.
const TABLES: &[fn(Timestamp) -> Sql] = &[
    |now| {
        sql!(
            "DELETE FROM access_tokens WHERE (tenant, digest) IN \
             (SELECT tenant, digest FROM access_tokens WHERE expires_at <= $1 LIMIT $2)"
        )
        .bind(now)
    },
    |now| {
        sql!(
            "DELETE FROM used_ids WHERE (tenant, digest) IN \
             (SELECT tenant, digest FROM used_ids WHERE expires_at <= $1 LIMIT $2)"
        )
        .bind(now)
    },
    |now| {
        sql!(
            "DELETE FROM idempotency WHERE (tenant, digest) IN \
             (SELECT tenant, digest FROM idempotency WHERE expires_at <= $1 LIMIT $2)"
        )
        .bind(now)
    },
    |now| {
        // Used ones are kept for as long as their tokens may live: a replay kills them.
        sql!(
            "DELETE FROM codes WHERE (tenant, digest) IN \
             (SELECT tenant, digest FROM codes WHERE expires_at <= $1 LIMIT $2)"
        )
        .bind(now.minus_seconds(super::LONGEST_ACCESS_TOKEN))
    },
    |now| {
        sql!(
            "DELETE FROM refresh_tokens WHERE (tenant, digest) IN \
             (SELECT tenant, digest FROM refresh_tokens WHERE family_expires_at <= $1 LIMIT $2)"
        )
        .bind(now)
    },
    |now| {
        sql!(
            "DELETE FROM grants WHERE (tenant, id) IN \
             (SELECT tenant, id FROM grants WHERE expires_at <= $1 LIMIT $2)"
        )
        .bind(now.minus_seconds(super::LONGEST_ACCESS_TOKEN))
    },
    |now| {
        sql!(
            "DELETE FROM sessions WHERE (tenant, id) IN \
             (SELECT tenant, id FROM sessions WHERE expires_at <= $1 LIMIT $2)"
        )
        .bind(now.minus_seconds(super::LONGEST_ACCESS_TOKEN))
    },
    |now| {
        sql!(
            "DELETE FROM devices WHERE (tenant, id) IN \
             (SELECT tenant, id FROM devices WHERE expires_at <= $1 LIMIT $2)"
        )
        .bind(now)
    },
    |now| {
        sql!(
            "DELETE FROM revocations WHERE (tenant, subject) IN \
             (SELECT tenant, subject FROM revocations WHERE expires_at <= $1 LIMIT $2)"
        )
        .bind(now)
    },
    |now| {
        sql!(
            "DELETE FROM setup_links WHERE digest IN \
             (SELECT digest FROM setup_links WHERE expires_at <= $1 LIMIT $2)"
        )
        .bind(now)
    },
    |now| {
        sql!(
            "DELETE FROM mail_links WHERE (tenant, digest) IN \
             (SELECT tenant, digest FROM mail_links WHERE expires_at <= $1 LIMIT $2)"
        )
        // The worker gives up the mails of links that are over; it must still see that they are.
        .bind(now.minus_seconds(HOUR))
    },
    |now| {
        // Whether it was given up or nobody ever sent it.
        sql!(
            "DELETE FROM mail_queue WHERE (tenant, id) IN \
             (SELECT tenant, id FROM mail_queue WHERE expires_at <= $1 LIMIT $2)"
        )
        .bind(now.minus_seconds(DEAD_MAIL_KEPT))
    },
    |now| {
        sql!(
            "DELETE FROM decisions WHERE (tenant, request_id) IN \
             (SELECT tenant, request_id FROM decisions WHERE at <= $1 LIMIT $2)"
        )
        .bind(now.minus_seconds(DECISIONS_KEPT))
    },
    |now| {
        sql!(
            "DELETE FROM hourly_counters WHERE (tenant, hour, name) IN \
             (SELECT tenant, hour, name FROM hourly_counters WHERE hour <= $1 LIMIT $2)"
        )
        .bind(now.minus_seconds(COUNTERS_KEPT))
    },
    |now| {
        sql!(
            "DELETE FROM refusals WHERE (tenant, kind, account, address, minute) IN \
             (SELECT tenant, kind, account, address, minute FROM refusals \
             WHERE minute <= $1 LIMIT $2)"
        )
        .bind(now.minus_seconds(COUNTERS_KEPT).seconds().div_euclid(60))
    },
];

impl Store {
    /// Deletes everything that ended before `now`; the number of rows removed.
    pub async fn reap(&self, now: Timestamp) -> Result<u64, DbError> {
        let mut removed = 0;
        for table in TABLES {
            loop {
                let count = self.run_one(table(now).bind(BATCH)).await?;
                removed += count;
                if count < BATCH.unsigned_abs() {
                    break;
                }
            }
        }
        let old_changes = sql!(
            "DELETE FROM changes WHERE seq <= \
             (SELECT value FROM counters WHERE name = 'changes') - $1"
        );
        removed += self.run_one(old_changes.bind(CHANGES_KEPT)).await?;
        Ok(removed)
    }

    async fn run_one(&self, statement: Sql) -> Result<u64, DbError> {
        self.db
            .write(statement, |tx, statement| {
                Box::pin(tx.run(statement.clone()))
            })
            .await
    }
}
