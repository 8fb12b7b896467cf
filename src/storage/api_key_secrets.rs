//! The secrets of API keys, and their use.

use super::sql::sql;
use super::{DbError, Scoped, audit};
use crate::base::clock::Timestamp;
use crate::model::api_key::KeySecret;
use crate::model::audit_event::AuditEvent;

/// A secret that takes the place of another.
pub struct KeyRotation {
    pub secret: KeySecret,
    /// When the secret it replaces ends; none: when somebody ends it.
    pub old_expires_at: Option<Timestamp>,
    pub now: Timestamp,
    pub event: AuditEvent,
}

impl Scoped {
    /// Gives a key another secret beside its newest one; the one before that is dead. `false`: there
    /// is no such key.
    pub async fn rotate_api_key(&self, id: &str, rotation: KeyRotation) -> Result<bool, DbError> {
        let context = (self.tenant.clone(), id.to_owned(), rotation);
        self.db
            .write(context, |tx, (tenant, id, rotation)| {
                Box::pin(async move {
                    let rotated = tx
                        .run(
                            sql!(
                                "UPDATE api_keys SET old_digest = digest, old_hint = hint, \
                                 old_expires_at = $1, digest = $2, hint = $3, \
                                 updated_at = CASE WHEN updated_at < $4 THEN $4 ELSE updated_at + 1 END \
                                 WHERE tenant = $5 AND id = $6"
                            )
                            .bind(rotation.old_expires_at)
                            .bind(&rotation.secret.digest)
                            .bind(&rotation.secret.hint)
                            .bind(rotation.now)
                            .bind(tenant)
                            .bind(id),
                        )
                        .await?;
                    if rotated == 0 {
                        return Ok(false);
                    }
                    tx.changed(tenant, "api_key", id);
                    audit::append(tx, tenant, &rotation.event).await?;
                    Ok(true)
                })
            })
            .await
    }

    /// Ends the secret that another has taken the place of; `false`: there is none.
    pub async fn end_previous_secret(
        &self,
        id: &str,
        now: Timestamp,
        event: AuditEvent,
    ) -> Result<bool, DbError> {
        let context = (self.tenant.clone(), id.to_owned(), now, event);
        self.db
            .write(context, |tx, (tenant, id, now, event)| {
                Box::pin(async move {
                    let ended = tx
                        .run(
                            sql!(
                                "UPDATE api_keys SET old_digest = NULL, old_hint = NULL, \
                                 old_expires_at = NULL, \
                                 updated_at = CASE WHEN updated_at < $1 THEN $1 ELSE updated_at + 1 END \
                                 WHERE tenant = $2 AND id = $3 AND old_digest IS NOT NULL \
                                 AND (old_expires_at IS NULL OR old_expires_at > $1)"
                            )
                            .bind(*now)
                            .bind(tenant)
                            .bind(id),
                        )
                        .await?;
                    if ended == 0 {
                        return Ok(false);
                    }
                    tx.changed(tenant, "api_key", id);
                    audit::append(tx, tenant, event).await?;
                    Ok(true)
                })
            })
            .await
    }

    /// Notes when keys were last used. Nobody is told: nothing hangs on it.
    pub async fn note_api_key_uses(&self, uses: Vec<(String, Timestamp)>) -> Result<(), DbError> {
        self.db
            .write((self.tenant.clone(), uses), |tx, (tenant, uses)| {
                Box::pin(async move {
                    for (id, at) in uses {
                        tx.run(
                            sql!(
                                "UPDATE api_keys SET last_used_at = $1 WHERE tenant = $2 AND id = $3 \
                                 AND (last_used_at IS NULL OR last_used_at < $1)"
                            )
                            .bind(*at)
                            .bind(tenant)
                            .bind(id),
                        )
                        .await?;
                    }
                    Ok(())
                })
            })
            .await
    }
}
