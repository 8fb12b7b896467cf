//! The revocation set: rows here, the whole of it in every node's memory.

use super::sql::sql;
use super::tx::Tx;
use super::{DbError, Scoped, Store};
use crate::base::clock::Timestamp;
use crate::model::audit_event::AuditEvent;
use crate::model::revocation::Revoked;

/// The end of a revocation that lasts until it is taken back.
pub const UNTIL_TAKEN_BACK: Timestamp = Timestamp::from_millis(253_402_300_800_000);

/// Enters `what`, and tells every node.
pub(super) async fn enter(
    tx: &mut Tx,
    tenant: &str,
    what: Revoked<'_>,
    until: Timestamp,
) -> Result<(), DbError> {
    let subject = what.to_string();
    tx.run(
        sql!(
            "INSERT INTO revocations (tenant, subject, expires_at) VALUES ($1, $2, $3) \
             ON CONFLICT (tenant, subject) DO UPDATE SET expires_at = $3 \
             WHERE revocations.expires_at < $3"
        )
        .bind(tenant)
        .bind(&subject)
        .bind(until),
    )
    .await?;
    tx.changed(tenant, "revocation", &subject);
    Ok(())
}

/// Takes `what` out again (an account enabled again); whether it was in.
pub(super) async fn take_back(
    tx: &mut Tx,
    tenant: &str,
    what: Revoked<'_>,
) -> Result<bool, DbError> {
    let subject = what.to_string();
    let removed = tx
        .run(
            sql!("DELETE FROM revocations WHERE tenant = $1 AND subject = $2")
                .bind(tenant)
                .bind(&subject),
        )
        .await?;
    tx.changed(tenant, "revocation", &subject);
    Ok(removed > 0)
}

/// Whether `what` is entered and not yet over.
pub(super) async fn is_entered(
    tx: &mut Tx,
    tenant: &str,
    what: Revoked<'_>,
    now: Timestamp,
) -> Result<bool, DbError> {
    let row = tx
        .one(
            sql!("SELECT expires_at FROM revocations WHERE tenant = $1 AND subject = $2 AND expires_at > $3")
                .bind(tenant)
                .bind(what.to_string())
                .bind(now),
        )
        .await?;
    Ok(row.is_some())
}

impl Store {
    /// Everything revoked in all tenants: `(tenant, subject, end)`.
    pub async fn all_revocations(
        &self,
        now: Timestamp,
    ) -> Result<Vec<(String, String, Timestamp)>, DbError> {
        let rows = self
            .db
            .all(
                sql!("SELECT tenant, subject, expires_at FROM revocations WHERE expires_at > $1")
                    .bind(now),
            )
            .await?;
        rows.iter()
            .map(|row| {
                Ok((
                    row.text("tenant")?,
                    row.text("subject")?,
                    row.time("expires_at")?,
                ))
            })
            .collect()
    }
}

impl Scoped {
    /// Revokes one access token until it would have expired anyway.
    pub async fn revoke_token(
        &self,
        jti: &str,
        until: Timestamp,
        event: AuditEvent,
    ) -> Result<(), DbError> {
        self.db
            .write(
                (self.tenant.clone(), jti.to_owned(), until, event),
                |tx, (tenant, jti, until, event)| {
                    Box::pin(async move {
                        enter(tx, tenant, Revoked::Token(jti), *until).await?;
                        super::audit::append(tx, tenant, event).await
                    })
                },
            )
            .await
    }

    /// Whether any of the subjects is revoked: what a node asks when its memory may be behind.
    pub async fn any_revoked(&self, subjects: &[String], now: Timestamp) -> Result<bool, DbError> {
        for subject in subjects {
            let row = self
                .db
                .one(
                    sql!(
                        "SELECT expires_at FROM revocations \
                         WHERE tenant = $1 AND subject = $2 AND expires_at > $3"
                    )
                    .bind(&self.tenant)
                    .bind(subject)
                    .bind(now),
                )
                .await?;
            if row.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
