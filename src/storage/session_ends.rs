//! How sessions end: by signing out, or by force, from elsewhere or by whoever manages the account.
//! What was given to outlive a session outlives a sign-out only.

use super::sql::sql;
use super::tx::Tx;
use super::{DbError, Scoped, audit, devices, grants, sessions};
use crate::base::clock::Timestamp;
use crate::model::audit_event::AuditEvent;

/// Which of an account's sessions end.
#[derive(Clone, Debug)]
pub enum Ending {
    /// This one.
    One(String),
    /// All but this one; the devices of the others are forgotten.
    AllBut(String),
    /// All, and what was given without any; every device is forgotten.
    All,
}

impl Scoped {
    /// Signs somebody out: ends a session and what it gave, but for what was given to outlive it.
    pub async fn end_session(
        &self,
        id: &str,
        now: Timestamp,
        event: AuditEvent,
    ) -> Result<bool, DbError> {
        self.db
            .write(
                (self.tenant.clone(), id.to_owned(), now, event),
                |tx, (tenant, id, now, event)| {
                    Box::pin(async move {
                        let ended = end(tx, tenant, id, *now).await?;
                        if ended {
                            audit::append(tx, tenant, event).await?;
                        }
                        Ok(ended)
                    })
                },
            )
            .await
    }

    /// Ends sessions of an account by force, with everything they gave. `false`: there was nothing to end.
    pub async fn end_sessions_of_user(
        &self,
        user_id: &str,
        ending: Ending,
        now: Timestamp,
        event: AuditEvent,
    ) -> Result<bool, DbError> {
        let context = (self.tenant.clone(), user_id.to_owned(), ending, now, event);
        self.db
            .write(context, |tx, (tenant, user_id, ending, now, event)| {
                Box::pin(async move {
                    let ended = match ending {
                        Ending::One(id) => end_one(tx, tenant, user_id, id, *now).await?,
                        Ending::AllBut(id) => end_others(tx, tenant, user_id, id, *now).await?,
                        Ending::All => sessions::end_all_of_user(tx, tenant, user_id, *now).await?,
                    };
                    if ended > 0 {
                        audit::append(tx, tenant, event).await?;
                    }
                    Ok(ended > 0)
                })
            })
            .await
    }
}

/// Ends one session as signing out does; `false` when it was over already.
async fn end(tx: &mut Tx, tenant: &str, id: &str, now: Timestamp) -> Result<bool, DbError> {
    let ended = tx
        .run(
            sql!("UPDATE sessions SET ended_at = $1 WHERE tenant = $2 AND id = $3 AND ended_at IS NULL")
                .bind(now)
                .bind(tenant)
                .bind(id),
        )
        .await?;
    if ended == 0 {
        return Ok(false);
    }
    grants::end_all_of_session(tx, tenant, id, now).await?;
    Ok(true)
}

async fn end_one(
    tx: &mut Tx,
    tenant: &str,
    user_id: &str,
    id: &str,
    now: Timestamp,
) -> Result<u64, DbError> {
    sessions::take_user(tx, tenant, user_id).await?;
    let ended = tx
        .run(
            sql!(
                "UPDATE sessions SET ended_at = $1 WHERE tenant = $2 AND user_id = $3 AND id = $4 \
                 AND ended_at IS NULL AND expires_at > $1"
            )
            .bind(now)
            .bind(tenant)
            .bind(user_id)
            .bind(id),
        )
        .await?;
    if ended > 0 {
        grants::end_everything_of_session(tx, tenant, id, now).await?;
    }
    Ok(ended)
}

/// Ends everything of an account but one session and what it gave; how much that was.
pub(super) async fn end_others(
    tx: &mut Tx,
    tenant: &str,
    user_id: &str,
    kept: &str,
    now: Timestamp,
) -> Result<u64, DbError> {
    sessions::take_user(tx, tenant, user_id).await?;
    let ended = tx
        .run(
            sql!(
                "UPDATE sessions SET ended_at = $1 WHERE tenant = $2 AND user_id = $3 AND id <> $4 \
                 AND ended_at IS NULL AND expires_at > $1"
            )
            .bind(now)
            .bind(tenant)
            .bind(user_id)
            .bind(kept),
        )
        .await?;
    let grants = grants::end_all_of_user_but(tx, tenant, user_id, kept, now).await?;
    let devices = devices::forget_others(tx, tenant, user_id, kept).await?;
    Ok(ended + grants + devices)
}
