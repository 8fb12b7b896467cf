//! Sign-ins and their ends.

use super::access_tokens::{self, StoredAccessToken};
use super::refresh_tokens::{self, NewRefreshToken};
use super::sql::{Row, sql};
use super::tx::Tx;
use super::users::{user_columns, user_of};
use super::{DbError, Scoped, audit, grants};
use crate::base::clock::Timestamp;
use crate::model::audit_event::AuditEvent;
use crate::model::grant::Grant;
use crate::model::session::Session;
use crate::model::user::User;

/// A direct login: the session, what it gave to the client, its tokens' rows, the audit row.
pub struct Login {
    pub session: Session,
    pub grant: Grant,
    /// The account as it was when its password was checked.
    pub user_seen_at: Timestamp,
    pub refresh_token: Option<NewRefreshToken>,
    pub access_token: Option<StoredAccessToken>,
    pub event: AuditEvent,
}

/// A person's sign-in in a browser.
pub struct SignIn {
    pub session: Session,
    /// Of the secret the browser is given.
    pub digest: String,
    /// The session that goes on under its own id.
    pub renews: Option<String>,
    pub user_seen_at: Timestamp,
    pub event: AuditEvent,
}

/// A live session of a browser.
pub struct SignedInRow {
    pub digest: String,
    pub session: Session,
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
                    if !user_is_unchanged(tx, tenant, &session.user_id, login.user_seen_at).await?
                        || !grants::insert(tx, tenant, &login.grant).await?
                    {
                        return Ok(false);
                    }
                    insert(tx, tenant, session, None).await?;
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
                    "SELECT id AS sid, user_id, remembered, amr, auth_time, seen_at, expires_at, ended_at \
                     FROM sessions WHERE tenant = $1 AND id = $2"
                )
                .bind(&self.tenant)
                .bind(id),
            )
            .await?;
        row.map(|row| session_of(&row)).transpose()
    }

    /// Stores the sign-in of a person in a browser, which is given the secret of `digest`; the id of
    /// the session. One in `renews` goes on with the new secret, and its old one is worth nothing.
    /// `None`: the account is not what it was when it was proved.
    pub async fn sign_in(&self, sign_in: SignIn) -> Result<Option<String>, DbError> {
        self.db
            .write((self.tenant.clone(), sign_in), |tx, (tenant, sign_in)| {
                Box::pin(async move {
                    let session = &sign_in.session;
                    if !user_is_unchanged(tx, tenant, &session.user_id, sign_in.user_seen_at)
                        .await?
                    {
                        return Ok(None);
                    }
                    let renewed = match &sign_in.renews {
                        Some(id) => renew(tx, tenant, id, sign_in).await?.then_some(id),
                        None => None,
                    };
                    if renewed.is_none() {
                        insert(tx, tenant, session, Some(sign_in.digest.clone())).await?;
                    }
                    audit::append(tx, tenant, &sign_in.event).await?;
                    Ok(Some(renewed.unwrap_or(&session.id).clone()))
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
                         s.expires_at, s.ended_at, ",
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
                    user: user_of(&row)?,
                });
            }
        }
        Ok(found)
    }

    /// Notes that a browser came with its session; `false`: it is over.
    pub async fn touch_session(
        &self,
        id: &str,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<bool, DbError> {
        self.db
            .write(
                (self.tenant.clone(), id.to_owned(), now, expires_at),
                |tx, (tenant, id, now, expires_at)| {
                    Box::pin(async move {
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

    /// Ends a session and what it gave, but for what was given to outlive it.
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

/// Whether a session is live; takes its row, so that whoever ends it comes before or after.
pub(super) async fn is_live(
    tx: &mut Tx,
    tenant: &str,
    id: &str,
    now: Timestamp,
) -> Result<bool, DbError> {
    let live = tx
        .run(
            sql!(
                "UPDATE sessions SET seen_at = seen_at \
                 WHERE tenant = $1 AND id = $2 AND ended_at IS NULL AND expires_at > $3"
            )
            .bind(tenant)
            .bind(id)
            .bind(now),
        )
        .await?;
    Ok(live == 1)
}

/// Gives a live session a new secret; `false` when there is none to go on with.
async fn renew(tx: &mut Tx, tenant: &str, id: &str, sign_in: &SignIn) -> Result<bool, DbError> {
    let session = &sign_in.session;
    let renewed = tx
        .run(
            sql!(
                "UPDATE sessions SET digest = $1, remembered = $2, amr = $3, auth_time = $4, \
                 seen_at = $5, expires_at = $6 \
                 WHERE tenant = $7 AND id = $8 AND user_id = $9 AND ended_at IS NULL"
            )
            .bind(&sign_in.digest)
            .bind(session.remembered)
            .bind(session.amr.join(" "))
            .bind(session.auth_time)
            .bind(session.seen_at)
            .bind(session.expires_at)
            .bind(tenant)
            .bind(id)
            .bind(&session.user_id),
        )
        .await?;
    Ok(renewed == 1)
}

/// `digest` is that of the secret a browser holds.
pub(super) async fn insert(
    tx: &mut Tx,
    tenant: &str,
    session: &Session,
    digest: Option<String>,
) -> Result<(), DbError> {
    tx.run(
        sql!(
            "INSERT INTO sessions \
             (tenant, id, user_id, digest, remembered, amr, auth_time, seen_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
        )
        .bind(tenant)
        .bind(&session.id)
        .bind(&session.user_id)
        .bind(digest)
        .bind(session.remembered)
        .bind(session.amr.join(" "))
        .bind(session.auth_time)
        .bind(session.seen_at)
        .bind(session.expires_at),
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
    grants::end_all_of_session(tx, tenant, id, now).await?;
    Ok(true)
}

/// Ends every session of an account, and everything it gave.
pub(super) async fn end_all_of_user(
    tx: &mut Tx,
    tenant: &str,
    user_id: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.run(
        sql!("UPDATE sessions SET ended_at = $1 WHERE tenant = $2 AND user_id = $3 AND ended_at IS NULL")
            .bind(now)
            .bind(tenant)
            .bind(user_id),
    )
    .await?;
    grants::end_all_of_user(tx, tenant, user_id, now).await
}
