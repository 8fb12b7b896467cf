//! Sign-ins and their ends.

use super::access_tokens::{self, StoredAccessToken};
use super::devices::BrowserDevice;
use super::grants::Hold;
use super::refresh_tokens::{self, NewRefreshToken};
use super::second_factors::{Spend, spend_if_any};
use super::sql::{Row, sql};
use super::tx::Tx;
use super::users::{user_columns, user_of};
use super::{DbError, Scoped, audit, devices, grants};
use crate::base::clock::Timestamp;
use crate::model::audit_event::AuditEvent;
use crate::model::grant::Grant;
use crate::model::session::{Origin, Session};
use crate::model::user::User;

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

/// A person's sign-in in a browser.
pub struct SignIn {
    pub session: Session,
    pub origin: Origin,
    /// `None`: a second factor is still to be shown, and nobody signed in yet.
    pub device: Option<BrowserDevice>,
    /// Of the secret the browser is given.
    pub digest: String,
    /// The session that goes on under its own id.
    pub renews: Option<String>,
    /// Whether it goes on or nothing does: part of what proves the person was shown in it.
    pub only_renews: bool,
    pub user_seen_at: Timestamp,
    /// What was shown beside the password.
    pub proof: Option<Spend>,
    /// Its letters go where the device is new.
    pub event: AuditEvent,
}

/// A live session of a browser.
pub struct SignedInRow {
    pub digest: String,
    pub session: Session,
    pub device_id: Option<String>,
    pub user: User,
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

    /// Stores the sign-in of a person in a browser, which is given the secret of `digest`; the ids of
    /// the session and of the device. One in `renews` goes on with the new secret, and its old one is worth nothing.
    /// `None`: the account is not what it was when it was proved, or what proved it was used up meanwhile.
    pub async fn sign_in(
        &self,
        sign_in: SignIn,
    ) -> Result<Option<(String, Option<String>)>, DbError> {
        self.db
            .write((self.tenant.clone(), sign_in), |tx, (tenant, sign_in)| {
                Box::pin(async move {
                    let session = &sign_in.session;
                    let (user_id, seen_at) = (&session.user_id, sign_in.user_seen_at);
                    let unchanged = match sign_in.device {
                        Some(_) => note_login(tx, tenant, session, seen_at).await?,
                        None => user_is_unchanged(tx, tenant, user_id, seen_at).await?,
                    };
                    let proof = sign_in.proof.as_ref();
                    if !unchanged || !spend_if_any(tx, tenant, user_id, proof).await? {
                        return Ok(tx.undo(None));
                    }
                    let device = match &sign_in.device {
                        Some(device) => {
                            let origin = &sign_in.origin;
                            Some(devices::signed_in(tx, tenant, session, origin, device).await?)
                        }
                        None => None,
                    };
                    let renewed = match &sign_in.renews {
                        Some(id) => renew(tx, tenant, id, sign_in, device.as_deref())
                            .await?
                            .then_some(id),
                        None => None,
                    };
                    if renewed.is_none() {
                        if sign_in.only_renews {
                            return Ok(tx.undo(None));
                        }
                        let digest = Some(sign_in.digest.clone());
                        let origin = &sign_in.origin;
                        insert(tx, tenant, session, origin, device.as_deref(), digest).await?;
                    }
                    let is_new = device.is_some()
                        && device.as_ref() == sign_in.device.as_ref().map(|device| &device.id);
                    if is_new {
                        audit::append(tx, tenant, &sign_in.event).await?;
                    } else {
                        audit::append_quietly(tx, tenant, &sign_in.event).await?;
                    }
                    let id = renewed.unwrap_or(&session.id).clone();
                    Ok(Some((id, device)))
                })
            })
            .await
    }

    /// The live sessions of a browser with their accounts, by the digests of its secrets. Sessions of
    /// disabled accounts are not among them.
    pub async fn browser_sessions(
        &self,
        digests: &[String],
        now: Timestamp,
    ) -> Result<Vec<SignedInRow>, DbError> {
        let mut found = Vec::with_capacity(digests.len());
        for digest in digests {
            let row = self
                .db
                .one(
                    sql!(
                        "SELECT s.id AS sid, s.user_id, s.remembered, s.amr, s.auth_time, s.seen_at, \
                         s.expires_at, s.ended_at, s.device_id, ",
                         user_columns!(),
                         " FROM sessions s JOIN users u ON u.tenant = s.tenant AND u.id = s.user_id \
                         WHERE s.tenant = $1 AND s.digest = $2 AND s.ended_at IS NULL \
                         AND s.expires_at > $3 AND u.enabled = 1"
                    )
                    .bind(&self.tenant)
                    .bind(digest)
                    .bind(now),
                )
                .await?;
            if let Some(row) = row {
                found.push(SignedInRow {
                    digest: digest.clone(),
                    session: session_of(&row)?,
                    device_id: row.optional_text("device_id")?,
                    user: user_of(&row)?,
                });
            }
        }
        Ok(found)
    }

    /// Notes that a browser came with its session, from the network `address`; `false`: it is over.
    pub async fn touch_session(
        &self,
        id: &str,
        now: Timestamp,
        expires_at: Timestamp,
        address: &str,
    ) -> Result<bool, DbError> {
        let ids = (id.to_owned(), address.to_owned());
        self.db
            .write(
                (self.tenant.clone(), ids, now, expires_at),
                |tx, (tenant, (id, address), now, expires_at)| {
                    Box::pin(async move {
                        devices::seen(tx, tenant, id, *now, *expires_at, address).await?;
                        let touched = tx
                            .run(
                                sql!(
                                    "UPDATE sessions SET seen_at = $1, expires_at = $2 \
                                 WHERE tenant = $3 AND id = $4 AND ended_at IS NULL"
                                )
                                .bind(*now)
                                .bind(*expires_at)
                                .bind(tenant)
                                .bind(id),
                            )
                            .await?;
                        Ok(touched == 1)
                    })
                },
            )
            .await
    }
}

/// As [`user_is_unchanged`], and notes when the account signed in.
async fn note_login(
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

/// Gives a live session a new secret; `false` when there is none to go on with.
async fn renew(
    tx: &mut Tx,
    tenant: &str,
    id: &str,
    sign_in: &SignIn,
    device_id: Option<&str>,
) -> Result<bool, DbError> {
    let SignIn {
        session, origin, ..
    } = sign_in;
    let renewed = tx
        .run(
            sql!(
                "UPDATE sessions SET digest = $1, remembered = $2, amr = $3, auth_time = $4, \
                 seen_at = $5, expires_at = $6, address = $7, user_agent = $8, \
                 device_id = COALESCE(CAST($9 AS TEXT), device_id) \
                 WHERE tenant = $10 AND id = $11 AND user_id = $12 AND ended_at IS NULL"
            )
            .bind(&sign_in.digest)
            .bind(session.remembered)
            .bind(session.amr.join(" "))
            .bind(session.auth_time)
            .bind(session.seen_at)
            .bind(session.expires_at)
            .bind(&origin.address)
            .bind(&origin.user_agent)
            .bind(device_id)
            .bind(tenant)
            .bind(id)
            .bind(&session.user_id),
        )
        .await?;
    Ok(renewed == 1)
}

/// `digest` is that of the secret a browser holds.
async fn insert(
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
