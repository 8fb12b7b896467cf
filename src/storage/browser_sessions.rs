//! Sign-ins in a browser, which holds the secrets of its sessions.

use super::devices::BrowserDevice;
use super::second_factors::{Spend, spend_if_any};
use super::sessions::{insert, note_login, session_of, user_is_unchanged};
use super::sql::sql;
use super::tx::Tx;
use super::users::{user_columns, user_of};
use super::{DbError, Scoped, audit, devices};
use crate::base::clock::Timestamp;
use crate::model::audit_event::AuditEvent;
use crate::model::session::{Origin, Session};
use crate::model::user::User;

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
