//! Removes what is over. One node at a time, in small batches, never a live row.

use super::sql::{Sql, sql};
use super::{DbError, Store};
use crate::base::clock::Timestamp;
use crate::config::Retention;

const BATCH: i64 = 500;
const DAY: i64 = 86_400;
const HOUR: i64 = 3600;
/// How long a mail that never arrived can be looked at, in seconds after it was no longer worth sending.
const DEAD_MAIL_KEPT: i64 = 14 * DAY;

/// A table whose rows go by themselves.
pub struct Reaped {
    pub name: &'static str,
    /// Removes some rows that are over at `now`; the last value is how many at most.
    some: fn(Timestamp, &Retention) -> Sql,
}

const fn reaped(name: &'static str, some: fn(Timestamp, &Retention) -> Sql) -> Reaped {
    Reaped { name, some }
}

/// What goes, table by table. A used refresh token must outlive its family, or its replay would go
/// unnoticed; grants and sessions must outlive their tokens.
pub const TABLES: &[Reaped] = &[
    reaped("access_tokens", |now, _| {
        sql!(
            "DELETE FROM access_tokens WHERE (tenant, digest) IN \
             (SELECT tenant, digest FROM access_tokens WHERE expires_at <= $1 LIMIT $2)"
        )
        .bind(now)
    }),
    reaped("used_ids", |now, _| {
        sql!(
            "DELETE FROM used_ids WHERE (tenant, digest) IN \
             (SELECT tenant, digest FROM used_ids WHERE expires_at <= $1 LIMIT $2)"
        )
        .bind(now)
    }),
    reaped("idempotency", |now, _| {
        sql!(
            "DELETE FROM idempotency WHERE (tenant, digest) IN \
             (SELECT tenant, digest FROM idempotency WHERE expires_at <= $1 LIMIT $2)"
        )
        .bind(now)
    }),
    reaped("codes", |now, _| {
        // Used ones are kept for as long as their tokens may live: a replay kills them.
        sql!(
            "DELETE FROM codes WHERE (tenant, digest) IN \
             (SELECT tenant, digest FROM codes WHERE expires_at <= $1 LIMIT $2)"
        )
        .bind(now.minus_seconds(super::LONGEST_ACCESS_TOKEN))
    }),
    reaped("refresh_tokens", |now, _| {
        sql!(
            "DELETE FROM refresh_tokens WHERE (tenant, digest) IN \
             (SELECT tenant, digest FROM refresh_tokens WHERE family_expires_at <= $1 LIMIT $2)"
        )
        .bind(now)
    }),
    reaped("grants", |now, _| {
        sql!(
            "DELETE FROM grants WHERE (tenant, id) IN \
             (SELECT tenant, id FROM grants WHERE expires_at <= $1 LIMIT $2)"
        )
        .bind(now.minus_seconds(super::LONGEST_ACCESS_TOKEN))
    }),
    reaped("sessions", |now, _| {
        sql!(
            "DELETE FROM sessions WHERE (tenant, id) IN \
             (SELECT tenant, id FROM sessions WHERE expires_at <= $1 LIMIT $2)"
        )
        .bind(now.minus_seconds(super::LONGEST_ACCESS_TOKEN))
    }),
    reaped("devices", |now, _| {
        sql!(
            "DELETE FROM devices WHERE (tenant, id) IN \
             (SELECT tenant, id FROM devices WHERE expires_at <= $1 LIMIT $2)"
        )
        .bind(now)
    }),
    reaped("revocations", |now, _| {
        sql!(
            "DELETE FROM revocations WHERE (tenant, subject) IN \
             (SELECT tenant, subject FROM revocations WHERE expires_at <= $1 LIMIT $2)"
        )
        .bind(now)
    }),
    reaped("setup_links", |now, _| {
        sql!(
            "DELETE FROM setup_links WHERE digest IN \
             (SELECT digest FROM setup_links WHERE expires_at <= $1 LIMIT $2)"
        )
        .bind(now)
    }),
    reaped("mail_links", |now, _| {
        sql!(
            "DELETE FROM mail_links WHERE (tenant, digest) IN \
             (SELECT tenant, digest FROM mail_links WHERE expires_at <= $1 LIMIT $2)"
        )
        // The worker gives up the mails of links that are over; it must still see that they are.
        .bind(now.minus_seconds(HOUR))
    }),
    reaped("mail_queue", |now, _| {
        // Whether it was given up or nobody ever sent it.
        sql!(
            "DELETE FROM mail_queue WHERE (tenant, id) IN \
             (SELECT tenant, id FROM mail_queue WHERE expires_at <= $1 LIMIT $2)"
        )
        .bind(now.minus_seconds(DEAD_MAIL_KEPT))
    }),
    reaped("factor_enrolments", |now, _| {
        sql!(
            "DELETE FROM factor_enrolments WHERE (tenant, user_id) IN \
             (SELECT tenant, user_id FROM factor_enrolments WHERE expires_at <= $1 LIMIT $2)"
        )
        .bind(now)
    }),
    reaped("factor_tries", |now, _| {
        sql!(
            "DELETE FROM factor_tries WHERE (tenant, user_id) IN \
             (SELECT tenant, user_id FROM factor_tries WHERE long_since <= $1 LIMIT $2)"
        )
        .bind(now.minus_seconds(super::factor_tries::LONG_WINDOW))
    }),
    reaped("decisions", |now, kept| {
        sql!(
            "DELETE FROM decisions WHERE (tenant, request_id) IN \
             (SELECT tenant, request_id FROM decisions WHERE at <= $1 LIMIT $2)"
        )
        .bind(now.minus_seconds(kept.decisions_days * DAY))
    }),
    reaped("hourly_counters", |now, kept| {
        sql!(
            "DELETE FROM hourly_counters WHERE (tenant, hour, name) IN \
             (SELECT tenant, hour, name FROM hourly_counters WHERE hour <= $1 LIMIT $2)"
        )
        .bind(now.minus_seconds(kept.counters_days * DAY))
    }),
    reaped("refusals", |now, kept| {
        sql!(
            "DELETE FROM refusals WHERE (tenant, kind, account, address, minute) IN \
             (SELECT tenant, kind, account, address, minute FROM refusals \
             WHERE minute <= $1 LIMIT $2)"
        )
        .bind(
            now.minus_seconds(kept.counters_days * DAY)
                .seconds()
                .div_euclid(60),
        )
    }),
];

/// Tables that are cut by something else than the age of a row.
pub const OTHERWISE: &[(&str, &str)] = &[
    ("changes", "the newest stay: retention.changes"),
    (
        "audit",
        "retention.audit_days, where the trail's chain is cut",
    ),
    ("audit_checkpoints", "with the events they speak of"),
];

/// Tables with no more rows than there are of what people make, and why.
pub const BOUNDED: &[(&str, &str)] = &[
    ("schema_migrations", "a row for each migration"),
    ("instance", "facts about the installation"),
    ("counters", "one row"),
    ("leases", "a row for each kind of work"),
    ("spare_keys", "a small stock"),
    ("tenants", "tenants; a deleted one goes with its trail"),
    ("audit_heads", "one row a tenant"),
    ("signing_keys", "rotations; they go with their tenant"),
    ("users", "accounts"),
    ("credentials", "a few an account"),
    (
        "password_history",
        "as many an account as the tenant's policy remembers",
    ),
    ("sip_digest_credentials", "a few an account"),
    ("memberships", "roles and groups of accounts"),
    ("consents", "one for each account and client"),
    ("api_keys", "keys people make"),
    ("clients", "clients"),
    ("client_secrets", "a few a client"),
    ("resources", "resources"),
    ("roles", "roles"),
    ("groups", "groups"),
];

impl Store {
    /// Deletes everything that ended before `now`, counters and changes by the default retention; the
    /// number of rows removed.
    pub async fn reap(&self, now: Timestamp) -> Result<u64, DbError> {
        self.reap_keeping(now, &Retention::default()).await
    }

    /// The same, with counters and changes kept as `kept` says. A transaction removes few rows, so that
    /// whoever else wants to write waits for one of them at most.
    pub async fn reap_keeping(&self, now: Timestamp, kept: &Retention) -> Result<u64, DbError> {
        let mut removed = 0;
        for table in TABLES {
            loop {
                let count = self
                    .db
                    .write_one((table.some)(now, kept).bind(BATCH))
                    .await?;
                removed += count;
                if count < BATCH.unsigned_abs() {
                    break;
                }
            }
        }
        Ok(removed + self.reap_changes(kept.changes).await?)
    }

    /// Keeps the newest changes. Their numbers have no holes, so a batch is a range of numbers.
    async fn reap_changes(&self, kept: i64) -> Result<u64, DbError> {
        let mut removed = 0;
        loop {
            let some = sql!(
                "DELETE FROM changes WHERE seq <= \
                 (SELECT value FROM counters WHERE name = 'changes') - $1 \
                 AND seq < (SELECT MIN(seq) FROM changes) + $2"
            );
            let count = self.db.write_one(some.bind(kept).bind(BATCH)).await?;
            removed += count;
            if count < BATCH.unsigned_abs() {
                return Ok(removed);
            }
        }
    }
}
