//! What people allowed clients to ask for again without asking them.

use super::sql::sql;
use super::{DbError, Scoped, audit};
use crate::base::clock::Timestamp;
use crate::model::audit_event::AuditEvent;
use crate::model::scope::Scope;

impl Scoped {
    /// What the person has allowed the client so far.
    pub async fn consent(&self, user_id: &str, client_id: &str) -> Result<Scope, DbError> {
        let row = self
            .db
            .one(
                sql!(
                    "SELECT scope FROM consents WHERE tenant = $1 AND user_id = $2 AND client_id = $3"
                )
                .bind(&self.tenant)
                .bind(user_id)
                .bind(client_id),
            )
            .await?;
        row.map_or(Ok(Scope::default()), |row| row.word("scope"))
    }

    /// Remembers what the person allows the client, beside what was allowed before. `false`: the
    /// account or the client is gone.
    pub async fn allow(
        &self,
        user_id: &str,
        client_id: &str,
        scope: Scope,
        now: Timestamp,
        event: AuditEvent,
    ) -> Result<bool, DbError> {
        let ids = (user_id.to_owned(), client_id.to_owned());
        self.db
            .write(
                (self.tenant.clone(), ids, scope, now, event),
                |tx, (tenant, (user_id, client_id), scope, now, event)| {
                    Box::pin(async move {
                        // Both rows must be there, and the account's row is taken, so that two
                        // answers at once are both remembered.
                        let taken = tx
                            .run(
                                sql!(
                                    "UPDATE users SET updated_at = updated_at \
                                     WHERE tenant = $1 AND id = $2 AND EXISTS (SELECT 1 FROM clients \
                                     WHERE tenant = $1 AND client_id = $3)"
                                )
                                .bind(tenant)
                                .bind(user_id)
                                .bind(client_id),
                            )
                            .await?;
                        if taken == 0 {
                            return Ok(false);
                        }
                        let earlier = tx
                            .one(
                                sql!(
                                    "SELECT scope FROM consents \
                                     WHERE tenant = $1 AND user_id = $2 AND client_id = $3"
                                )
                                .bind(tenant)
                                .bind(user_id)
                                .bind(client_id),
                            )
                            .await?;
                        let earlier = earlier.map(|row| row.word::<Scope>("scope"));
                        let all = earlier.transpose()?.unwrap_or_default().union(scope);
                        // Over the years a client may have asked for more than one scope can hold.
                        let all = if all.is_readable() { &all } else { scope };
                        tx.run(
                            sql!(
                                "INSERT INTO consents (tenant, user_id, client_id, scope, updated_at) \
                                 VALUES ($1, $2, $3, $4, $5) \
                                 ON CONFLICT (tenant, user_id, client_id) \
                                 DO UPDATE SET scope = $4, updated_at = $5"
                            )
                            .bind(tenant)
                            .bind(user_id)
                            .bind(client_id)
                            .bind(all.to_string())
                            .bind(*now),
                        )
                        .await?;
                        audit::append(tx, tenant, event).await?;
                        Ok(true)
                    })
                },
            )
            .await
    }
}
