//! What proves a person: their password's hash.

use super::sql::sql;
use super::tx::Tx;
use super::{
    DbError, Scoped, audit, mail_links, password_history, required_actions, sessions, users,
};
use crate::base::clock::Timestamp;
use crate::model::audit_event::AuditEvent;

/// The hash of a password that takes the place of another.
#[derive(Clone)]
pub struct NewPassword {
    pub hash: String,
    /// How many of those before it are remembered.
    pub kept: u32,
    /// Whether somebody else chose it, so that one of their own is asked for at the next sign-in.
    pub temporary: bool,
}

/// One that lasts, with none before it remembered.
impl From<String> for NewPassword {
    fn from(hash: String) -> Self {
        Self {
            hash,
            kept: 0,
            temporary: false,
        }
    }
}

impl Scoped {
    /// Sets a person's password's hash and ends every session that began with the old one. `false`:
    /// there is no such person.
    pub async fn set_password(
        &self,
        id: &str,
        password: impl Into<NewPassword>,
        now: Timestamp,
        event: AuditEvent,
    ) -> Result<bool, DbError> {
        let context = (
            self.tenant.clone(),
            id.to_owned(),
            password.into(),
            now,
            event,
        );
        self.db
            .write(context, |tx, (tenant, id, password, now, event)| {
                Box::pin(async move {
                    if !users::change(tx, tenant, id, *now).await? {
                        return Ok(false);
                    }
                    replace_password(tx, tenant, id, password, *now).await?;
                    sessions::end_all_of_user(tx, tenant, id, *now).await?;
                    audit::append(tx, tenant, event).await?;
                    Ok(true)
                })
            })
            .await
    }

    /// Replaces a hash by a stronger one of the same password, if it is still the same.
    pub async fn upgrade_password_hash(
        &self,
        id: &str,
        old: String,
        new: String,
    ) -> Result<(), DbError> {
        self.db
            .write(
                (self.tenant.clone(), id.to_owned(), old, new),
                |tx, (tenant, id, old, new)| {
                    Box::pin(async move {
                        tx.run(
                        sql!(
                            "UPDATE credentials SET data = $1 WHERE tenant = $2 AND user_id = $3 \
                             AND kind = 'password' AND data = $4"
                        )
                        .bind(new)
                        .bind(tenant)
                        .bind(id)
                        .bind(old),
                    )
                    .await
                    .map(drop)
                    })
                },
            )
            .await
    }
}

/// Puts a password in the place of the one before.
pub(super) async fn replace_password(
    tx: &mut Tx,
    tenant: &str,
    user_id: &str,
    password: &NewPassword,
    now: Timestamp,
) -> Result<(), DbError> {
    password_history::remember(tx, tenant, user_id, password.kept).await?;
    put_password(tx, tenant, user_id, &password.hash, now).await?;
    required_actions::password_was_set(tx, tenant, user_id, password.temporary).await
}

/// Writes the hash of an account's password, as set at `now`.
pub(super) async fn put_password(
    tx: &mut Tx,
    tenant: &str,
    user_id: &str,
    hash: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.run(
        sql!(
            "INSERT INTO credentials (tenant, user_id, kind, id, data, created_at) \
             VALUES ($1, $2, 'password', 'password', $3, $4) \
             ON CONFLICT (tenant, user_id, kind, id) DO UPDATE SET data = $3, created_at = $4"
        )
        .bind(tenant)
        .bind(user_id)
        .bind(hash)
        .bind(now),
    )
    .await?;
    // Whoever has such a link would have the last word.
    mail_links::end_password_links(tx, tenant, user_id, now).await
}
