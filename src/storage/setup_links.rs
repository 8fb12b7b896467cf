//! The one-time link that makes the first administrator.

use super::sql::sql;
use super::users::{self, NewUser};
use super::{DbError, Store, admins, audit};
use crate::base::clock::Timestamp;
use crate::model::audit_event::AuditEvent;

impl Store {
    /// Stores a link's digest; earlier links die.
    pub async fn replace_setup_link(
        &self,
        digest: String,
        until: Timestamp,
    ) -> Result<(), DbError> {
        self.db
            .write((digest, until), |tx, (digest, until)| {
                Box::pin(async move {
                    tx.run(sql!("DELETE FROM setup_links")).await?;
                    tx.run(
                        sql!("INSERT INTO setup_links (digest, expires_at) VALUES ($1, $2)")
                            .bind(digest)
                            .bind(*until),
                    )
                    .await
                    .map(drop)
                })
            })
            .await
    }

    /// Whether a link would still open.
    pub async fn setup_link_is_live(&self, digest: &str, now: Timestamp) -> Result<bool, DbError> {
        let row = self
            .db
            .one(
                sql!("SELECT digest FROM setup_links WHERE digest = $1 AND used_at IS NULL AND expires_at > $2")
                    .bind(digest)
                    .bind(now),
            )
            .await?;
        Ok(row.is_some())
    }

    /// Spends the link and makes the administrator of tenant `tenant`, both or neither. `false`:
    /// the link was spent or over, or the tenant has an administrator by now.
    pub async fn spend_setup_link(
        &self,
        digest: &str,
        tenant: &str,
        user: NewUser,
        now: Timestamp,
        event: AuditEvent,
    ) -> Result<bool, DbError> {
        let context = (digest.to_owned(), tenant.to_owned(), user, now, event);
        self.db
            .write(context, |tx, (digest, tenant, user, now, event)| {
                Box::pin(async move {
                    let spent = tx
                        .run(
                            sql!(
                                "UPDATE setup_links SET used_at = $1 \
                                 WHERE digest = $2 AND used_at IS NULL AND expires_at > $1"
                            )
                            .bind(*now)
                            .bind(digest),
                        )
                        .await?;
                    if spent == 0 || admins::has_admin(tx, tenant).await? {
                        return Ok(false);
                    }
                    users::insert(tx, tenant, user).await?;
                    audit::append(tx, tenant, event).await?;
                    Ok(true)
                })
            })
            .await
    }
}
