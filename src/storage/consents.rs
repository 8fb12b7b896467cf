//! What people allowed clients to ask for again without asking them.

use super::sql::{Row, sql};
use super::{DbError, Scoped, audit, codes, grants, sessions};
use crate::base::clock::Timestamp;
use crate::model::audit_event::AuditEvent;
use crate::model::client_metadata::ClientMetadata;
use crate::model::scope::Scope;

/// What a person allows one client.
pub struct ConsentEntry {
    pub client_id: String,
    /// As the client calls itself today.
    pub client_name: Option<String>,
    pub scope: Scope,
    /// When something was allowed last.
    pub updated_at: Timestamp,
}

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

    /// What a person allows which clients, in the order of their ids after `after`.
    pub async fn consents_of_user(
        &self,
        user_id: &str,
        after: &str,
        limit: i64,
    ) -> Result<Vec<ConsentEntry>, DbError> {
        let rows = self
            .db
            .all(
                sql!(
                    "SELECT k.client_id, k.scope, k.updated_at, c.metadata FROM consents k \
                     JOIN clients c ON c.tenant = k.tenant AND c.client_id = k.client_id \
                     WHERE k.tenant = $1 AND k.user_id = $2 AND k.client_id > $3 \
                     ORDER BY k.client_id LIMIT $4"
                )
                .bind(&self.tenant)
                .bind(user_id)
                .bind(after)
                .bind(limit),
            )
            .await?;
        rows.iter().map(entry_of).collect()
    }

    /// Takes back what a person allowed a client: everything it was given ends, and it is asked about
    /// again. `false`: there was nothing to take back.
    pub async fn withdraw_consent(
        &self,
        user_id: &str,
        client_id: &str,
        now: Timestamp,
        event: AuditEvent,
    ) -> Result<bool, DbError> {
        let ids = (user_id.to_owned(), client_id.to_owned());
        self.db
            .write(
                (self.tenant.clone(), ids, now, event),
                |tx, (tenant, (user_id, client_id), now, event)| {
                    Box::pin(async move {
                        // In the order in which whoever redeems a code takes these rows: it comes
                        // before, and ends here, or after, and finds nothing allowed.
                        codes::expire_all_between(tx, tenant, user_id, client_id, *now).await?;
                        sessions::take_user(tx, tenant, user_id).await?;
                        let withdrawn = tx
                            .run(
                                sql!(
                                    "DELETE FROM consents \
                                     WHERE tenant = $1 AND user_id = $2 AND client_id = $3"
                                )
                                .bind(tenant)
                                .bind(user_id)
                                .bind(client_id),
                            )
                            .await?;
                        if withdrawn == 0 {
                            return Ok(tx.undo(false));
                        }
                        grants::end_all_between(tx, tenant, user_id, client_id, *now).await?;
                        audit::append(tx, tenant, event).await?;
                        Ok(true)
                    })
                },
            )
            .await
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

fn entry_of(row: &Row) -> Result<ConsentEntry, DbError> {
    let metadata: ClientMetadata = row.json("metadata")?;
    Ok(ConsentEntry {
        client_id: row.text("client_id")?,
        client_name: metadata.client_name,
        scope: row.word("scope")?,
        updated_at: row.time("updated_at")?,
    })
}
