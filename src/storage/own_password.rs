//! A new password of somebody who knew the one before.

use super::credentials::NewPassword;
use super::second_factors::{Spend, spend_if_any};
use super::sql::sql;
use super::{DbError, Scoped, audit, credentials, devices, session_ends};
use crate::base::clock::Timestamp;
use crate::model::audit_event::AuditEvent;

pub struct PasswordChange {
    pub user_id: String,
    pub password: NewPassword,
    /// The account as it was when the old password was checked.
    pub user_seen_at: Timestamp,
    /// The session that goes on, with what it gave.
    pub session_id: String,
    /// What was shown beside the old password.
    pub proof: Option<Spend>,
    pub now: Timestamp,
    pub event: AuditEvent,
}

impl Scoped {
    /// Changes a password, ends every other session of the account and recognises none of its
    /// browsers any more. `false`: the account is not what it was when the old password was checked,
    /// and nothing was done.
    pub async fn change_own_password(&self, change: PasswordChange) -> Result<bool, DbError> {
        self.db
            .write((self.tenant.clone(), change), |tx, (tenant, change)| {
                Box::pin(async move {
                    let (user_id, now) = (&change.user_id, change.now);
                    let taken = tx
                        .run(
                            sql!(
                                "UPDATE users SET updated_at = \
                                 CASE WHEN updated_at < $1 THEN $1 ELSE updated_at + 1 END \
                                 WHERE tenant = $2 AND id = $3 AND enabled = 1 AND updated_at = $4"
                            )
                            .bind(now)
                            .bind(tenant)
                            .bind(user_id)
                            .bind(change.user_seen_at),
                        )
                        .await?;
                    let proof = change.proof.as_ref();
                    if taken == 0 || !spend_if_any(tx, tenant, user_id, proof).await? {
                        return Ok(tx.undo(false));
                    }
                    credentials::replace_password(tx, tenant, user_id, &change.password, now)
                        .await?;
                    session_ends::end_others(tx, tenant, user_id, &change.session_id, now).await?;
                    devices::forget_secrets(tx, tenant, user_id).await?;
                    audit::append(tx, tenant, &change.event).await?;
                    Ok(true)
                })
            })
            .await
    }
}
