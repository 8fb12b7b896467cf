//! Sign-ins and their ends.

use super::access_tokens::{self, StoredAccessToken};
use super::refresh_tokens::{self, NewRefreshToken};
use super::sql::sql;
use super::tx::Tx;
use super::{DbError, LONGEST_ACCESS_TOKEN, Scoped, audit, revocations};
use crate::base::clock::Timestamp;
use crate::model::audit_event::AuditEvent;
use crate::model::revocation::Revoked;
use crate::model::session::Session;

/// A direct login: the session, its tokens' rows, the audit row.
pub struct Login {
    pub session: Session,
    /// The account as it was when its password was checked.
    pub user_seen_at: Timestamp,
    pub refresh_token: Option<NewRefreshToken>,
    pub access_token: Option<StoredAccessToken>,
    pub event: AuditEvent,
}

impl Scoped {
    /// Stores a login in one transaction. `false`: the account or the client is not what it was
    /// when the password was checked, and nothing was stored.
    pub async fn start_session(&self, login: Login) -> Result<bool, DbError> {
        self.db
            .write((self.tenant.clone(), login), |tx, (tenant, login)| {
                Box::pin(async move {
                    let session = &login.session;
                    // Takes the account's row: whoever ends its sessions comes before, and is seen
                    // here, or after, and sees this one.
                    let unchanged = tx
                        .run(
                            sql!(
                                "UPDATE users SET updated_at = updated_at \
                                 WHERE tenant = $1 AND id = $2 AND enabled = 1 AND updated_at = $3"
                            )
                            .bind(tenant)
                            .bind(&session.user_id)
                            .bind(login.user_seen_at),
                        )
                        .await?;
                    if unchanged == 0 {
                        return Ok(false);
                    }
                    let stored = tx
                        .run(
                            sql!(
                                "INSERT INTO sessions \
                                 (tenant, id, user_id, client_id, amr, auth_time, expires_at) \
                                 SELECT $1, $2, $3, client_id, $5, CAST($6 AS BIGINT), CAST($7 AS BIGINT) \
                                 FROM clients WHERE tenant = $1 AND client_id = $4 AND enabled = 1"
                            )
                            .bind(tenant)
                            .bind(&session.id)
                            .bind(&session.user_id)
                            .bind(&session.client_id)
                            .bind(session.amr.join(" "))
                            .bind(session.auth_time)
                            .bind(session.expires_at),
                        )
                        .await?;
                    if stored == 0 {
                        return Ok(false);
                    }
                    if let Some(token) = &login.refresh_token {
                        refresh_tokens::insert(tx, tenant, token).await?;
                    }
                    if let Some(token) = &login.access_token {
                        access_tokens::insert(tx, tenant, token).await?;
                    }
                    audit::append(tx, tenant, &login.event).await?;
                    Ok(true)
                })
            })
            .await
    }

    /// A session by id.
    pub async fn session(&self, id: &str) -> Result<Option<Session>, DbError> {
        let row = self
            .db
            .one(
                sql!(
                    "SELECT id, user_id, client_id, amr, auth_time, expires_at, ended_at \
                     FROM sessions WHERE tenant = $1 AND id = $2"
                )
                .bind(&self.tenant)
                .bind(id),
            )
            .await?;
        row.map(|row| {
            Ok(Session {
                id: row.text("id")?,
                user_id: row.text("user_id")?,
                client_id: row.text("client_id")?,
                amr: row.text("amr")?.split(' ').map(str::to_owned).collect(),
                auth_time: row.time("auth_time")?,
                expires_at: row.time("expires_at")?,
                ended_at: row.optional_time("ended_at")?,
            })
        })
        .transpose()
    }

    /// Ends a session: its refresh tokens and access tokens are dead on every node.
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
}

/// Ends one session; `false` when it was over already.
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
    let until = now.plus_seconds(LONGEST_ACCESS_TOKEN);
    revocations::enter(tx, tenant, Revoked::Session(id), until).await?;
    Ok(true)
}

/// Ends every live session of an account.
pub(super) async fn end_all_of_user(
    tx: &mut Tx,
    tenant: &str,
    user_id: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    let rows = tx
        .all(
            sql!("SELECT id FROM sessions WHERE tenant = $1 AND user_id = $2 AND ended_at IS NULL")
                .bind(tenant)
                .bind(user_id),
        )
        .await?;
    for row in rows {
        end(tx, tenant, &row.text("id")?, now).await?;
    }
    Ok(())
}

/// Ends every live session made for a client.
pub(super) async fn end_all_of_client(
    tx: &mut Tx,
    tenant: &str,
    client_id: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.run(
        sql!("UPDATE sessions SET ended_at = $1 WHERE tenant = $2 AND client_id = $3 AND ended_at IS NULL")
            .bind(now)
            .bind(tenant)
            .bind(client_id),
    )
    .await
    .map(drop)
}
