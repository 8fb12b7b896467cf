//! Taking a client's secret away. They are added with the registration.

use super::sql::sql;
use super::{DbError, Scoped, audit};
use crate::base::clock::Timestamp;
use crate::model::audit_event::AuditEvent;

impl Scoped {
    /// Removes the secret with this digest. `false`: the client has no such secret.
    /// [`DbError::Refused`]: it is the only one, and the client would be locked out.
    pub async fn remove_client_secret(
        &self,
        client_id: &str,
        digest: &str,
        now: Timestamp,
        event: AuditEvent,
    ) -> Result<bool, DbError> {
        let context = (
            self.tenant.clone(),
            client_id.to_owned(),
            digest.to_owned(),
            now,
            event,
        );
        self.db
            .write(context, |tx, (tenant, client_id, digest, now, event)| {
                Box::pin(async move {
                    // The client's row first: two who take the last two away must not both succeed.
                    tx.run(
                        sql!(
                            "UPDATE clients SET updated_at = \
                             CASE WHEN updated_at < $1 THEN $1 ELSE updated_at + 1 END \
                             WHERE tenant = $2 AND client_id = $3"
                        )
                        .bind(*now)
                        .bind(tenant)
                        .bind(client_id),
                    )
                    .await?;
                    let removed = tx
                        .run(
                            sql!(
                                "DELETE FROM client_secrets \
                                 WHERE tenant = $1 AND client_id = $2 AND digest = $3"
                            )
                            .bind(tenant)
                            .bind(client_id)
                            .bind(digest),
                        )
                        .await?;
                    if removed == 0 {
                        return Ok(tx.undo(false));
                    }
                    let left = tx
                        .one(
                            sql!(
                                "SELECT digest FROM client_secrets WHERE tenant = $1 AND client_id = $2 LIMIT 1"
                            )
                            .bind(tenant)
                            .bind(client_id),
                        )
                        .await?;
                    if left.is_none() {
                        return Err(DbError::Refused(
                            "it is the client's only secret; add another one first".to_owned(),
                        ));
                    }
                    tx.changed(tenant, "client", client_id);
                    audit::append(tx, tenant, event).await?;
                    Ok(true)
                })
            })
            .await
    }
}
