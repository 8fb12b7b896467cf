//! Sign-ins and their ends.

use super::access_tokens::{self, StoredAccessToken};
use super::grants::Hold;
use super::refresh_tokens::{self, NewRefreshToken};
use super::second_factors::{Spend, spend_if_any};
use super::sql::{Row, sql};
use super::tx::Tx;
use super::{DbError, Scoped, audit, devices, grants};
use crate::base::clock::Timestamp;
use crate::model::audit_event::AuditEvent;
use crate::model::grant::Grant;
use crate::model::session::{Origin, Session};

/// A direct login: the session, what it gave to the client, its tokens' rows, the audit row.
pub struct Login {
    pub session: Session,
    pub origin: Origin,
    /// For a device that is new.
    pub device_id: String,
    pub grant: Grant,
    /// The account as it was when its password was checked.
    pub user_seen_at: Timestamp,
    /// What was shown beside the password.
    pub proof: Option<Spend>,
    pub refresh_token: Option<NewRefreshToken>,
    pub access_token: Option<StoredAccessToken>,
    /// Its letters go where the device is new.
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
                    if !note_login(tx, tenant, session, login.user_seen_at).await? {
                        return Ok(false);
                    }
                    let proof = login.proof.as_ref();
                    if !spend_if_any(tx, tenant, &session.user_id, proof).await? {
                        return Ok(tx.undo(false));
                    }
                    let (origin, id) = (&login.origin, &login.device_id);
                    let device = devices::logged_in(tx, tenant, session, origin, id).await?;
                    let hold = Hold {
                        device_id: Some(device.clone()),
                        consent: None,
                    };
                    if !grants::insert(tx, tenant, &login.grant, hold).await? {
                        return Ok(tx.undo(false));
                    }
                    insert(tx, tenant, session, origin, Some(&device), None).await?;
                    if let Some(token) = &login.refresh_token {
                        refresh_tokens::insert(tx, tenant, token).await?;
                    }
                    if let Some(token) = &login.access_token {
                        access_tokens::insert(tx, tenant, token).await?;
                    }
                    if device == *id {
                        audit::append(tx, tenant, &login.event).await?;
                    } else {
                        audit::append_quietly(tx, tenant, &login.event).await?;
                    }
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
                    "SELECT id AS sid, user_id, remembered, amr, auth_time, seen_at, expires_at, ended_at \
                     FROM sessions WHERE tenant = $1 AND id = $2"
                )
                .bind(&self.tenant)
                .bind(id),
            )
            .await?;
        row.map(|row| session_of(&row)).transpose()
    }
}

/// As [`user_is_unchanged`], and notes when the account signed in.
pub(super) async fn note_login(
    tx: &mut Tx,
    tenant: &str,
    session: &Session,
    seen_at: Timestamp,
) -> Result<bool, DbError> {
    let unchanged = tx
        .run(
            sql!(
                "UPDATE users SET last_login_at = $1 \
                 WHERE tenant = $2 AND id = $3 AND enabled = 1 AND updated_at = $4"
            )
            .bind(session.auth_time)
            .bind(tenant)
            .bind(&session.user_id)
            .bind(seen_at),
        )
        .await?;
    Ok(unchanged == 1)
}

/// Takes the account's row: whoever ends its sessions comes before, and is seen here, or after, and
/// sees what is stored now.
pub(super) async fn user_is_unchanged(
    tx: &mut Tx,
    tenant: &str,
    user_id: &str,
    seen_at: Timestamp,
) -> Result<bool, DbError> {
    let unchanged = tx
        .run(
            sql!(
                "UPDATE users SET updated_at = updated_at \
                 WHERE tenant = $1 AND id = $2 AND enabled = 1 AND updated_at = $3"
            )
            .bind(tenant)
            .bind(user_id)
            .bind(seen_at),
        )
        .await?;
    Ok(unchanged == 1)
}

/// Takes the account's row, as every sign-in does. `false`: there is none.
pub(super) async fn take_user(tx: &mut Tx, tenant: &str, user_id: &str) -> Result<bool, DbError> {
    let taken = tx
        .run(
            sql!("UPDATE users SET updated_at = updated_at WHERE tenant = $1 AND id = $2")
                .bind(tenant)
                .bind(user_id),
        )
        .await?;
    Ok(taken == 1)
}

/// Takes a live session's row, so that whoever ends it comes before or after; the device it is in.
/// `None`: it is over.
pub(super) async fn take_live(
    tx: &mut Tx,
    tenant: &str,
    id: &str,
    now: Timestamp,
) -> Result<Option<Option<String>>, DbError> {
    let row = tx
        .one(
            sql!(
                "UPDATE sessions SET seen_at = seen_at \
                 WHERE tenant = $1 AND id = $2 AND ended_at IS NULL AND expires_at > $3 \
                 RETURNING device_id"
            )
            .bind(tenant)
            .bind(id)
            .bind(now),
        )
        .await?;
    row.map(|row| row.optional_text("device_id")).transpose()
}

/// Stores a session; `digest` is that of the secret a browser holds.
pub(super) async fn insert(
    tx: &mut Tx,
    tenant: &str,
    session: &Session,
    origin: &Origin,
    device_id: Option<&str>,
    digest: Option<String>,
) -> Result<(), DbError> {
    tx.run(
        sql!(
            "INSERT INTO sessions (tenant, id, user_id, digest, remembered, amr, auth_time, seen_at, \
             expires_at, created_at, address, user_agent, client_id, device_id) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $7, $10, $11, $12, $13)"
        )
        .bind(tenant)
        .bind(&session.id)
        .bind(&session.user_id)
        .bind(digest)
        .bind(session.remembered)
        .bind(session.amr.join(" "))
        .bind(session.auth_time)
        .bind(session.seen_at)
        .bind(session.expires_at)
        .bind(&origin.address)
        .bind(&origin.user_agent)
        .bind(&origin.client_id)
        .bind(device_id),
    )
    .await
    .map(drop)
}

/// Reads a session from a row that calls its id `sid`.
pub(super) fn session_of(row: &Row) -> Result<Session, DbError> {
    Ok(Session {
        id: row.text("sid")?,
        user_id: row.text("user_id")?,
        remembered: row.flag("remembered")?,
        amr: row.words("amr")?,
        auth_time: row.time("auth_time")?,
        seen_at: row.time("seen_at")?,
        expires_at: row.time("expires_at")?,
        ended_at: row.optional_time("ended_at")?,
    })
}

/// Ends every session of an account and everything it gave, and forgets its devices; how much that
/// was.
pub(super) async fn end_all_of_user(
    tx: &mut Tx,
    tenant: &str,
    user_id: &str,
    now: Timestamp,
) -> Result<u64, DbError> {
    // A sign-in takes the account's row first and a device's after.
    take_user(tx, tenant, user_id).await?;
    let sessions = tx
        .run(
            sql!(
                "UPDATE sessions SET ended_at = $1 WHERE tenant = $2 AND user_id = $3 \
                 AND ended_at IS NULL"
            )
            .bind(now)
            .bind(tenant)
            .bind(user_id),
        )
        .await?;
    let grants = grants::end_all_of_user(tx, tenant, user_id, now).await?;
    let devices = devices::forget_all(tx, tenant, user_id).await?;
    Ok(sessions + grants + devices)
}
