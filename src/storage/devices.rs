//! Where accounts were signed in: browsers, and clients that sign people in directly.
//!
//! A browser has a secret for each account, made anew with every sign-in. It is no login: it says that
//! this browser was signed in as this account before. Whatever ends an account's sessions by force
//! forgets the devices they were in, and a new password forgets the secrets of all.

use super::sql::{Row, sql};
use super::tx::Tx;
use super::{DbError, Scoped, audit, grants, sessions};
use crate::base::clock::Timestamp;
use crate::model::audit_event::AuditEvent;
use crate::model::device::{Device, REMEMBERED};
use crate::model::login_name::LoginName;
use crate::model::place::Place;
use crate::model::session::{Origin, Session};
use crate::model::user_agent;

/// The most devices of one account; the one that was not seen for longest makes room.
const MOST: i64 = 50;

/// The browser of a sign-in.
pub struct BrowserDevice {
    /// For a browser that is new.
    pub id: String,
    /// The device that goes on.
    pub known: Option<String>,
    /// Of the secret the browser is given.
    pub digest: String,
}

impl Scoped {
    /// The device of the account with this name that has the secret of `digest`; another account's,
    /// and a forgotten one, is none.
    pub async fn known_device(
        &self,
        name: &LoginName,
        digest: &str,
        now: Timestamp,
    ) -> Result<Option<String>, DbError> {
        let row = self
            .db
            .one(
                sql!(
                    "SELECT d.id FROM devices d JOIN users u ON u.tenant = d.tenant AND u.id = d.user_id \
                     WHERE d.tenant = $1 AND d.digest = $2 AND d.expires_at > $3 AND u.enabled = 1 \
                     AND (u.username_key = $4 OR u.email_key = $4)"
                )
                .bind(&self.tenant)
                .bind(digest)
                .bind(now)
                .bind(name.as_str()),
            )
            .await?;
        row.map(|row| row.text("id")).transpose()
    }

    /// An account's devices after `after`, the newest first.
    pub async fn devices_of_user(
        &self,
        user_id: &str,
        after: &Place,
        limit: i64,
        now: Timestamp,
    ) -> Result<Vec<Device>, DbError> {
        let rows = self
            .db
            .all(
                sql!(
                    "SELECT id, name, client_id, address, created_at, seen_at FROM devices \
                     WHERE tenant = $1 AND user_id = $2 AND expires_at > $3 \
                     AND (created_at, id) < ($4, $5) ORDER BY created_at DESC, id DESC LIMIT $6"
                )
                .bind(&self.tenant)
                .bind(user_id)
                .bind(now)
                .bind(after.created_at)
                .bind(&after.id)
                .bind(limit),
            )
            .await?;
        rows.iter().map(device_of).collect()
    }

    /// Forgets a device, and ends its sessions and everything that was given in it, also what was
    /// given to outlive them: whoever lost the device lost that too. `false`: the account has no
    /// such device.
    pub async fn revoke_device(
        &self,
        user_id: &str,
        id: &str,
        now: Timestamp,
        event: AuditEvent,
    ) -> Result<bool, DbError> {
        let ids = (user_id.to_owned(), id.to_owned());
        self.db
            .write(
                (self.tenant.clone(), ids, now, event),
                |tx, (tenant, (user_id, id), now, event)| {
                    Box::pin(async move {
                        // A sign-in takes this row too: it comes before, and ends here, or after, and
                        // finds no device.
                        sessions::take_user(tx, tenant, user_id).await?;
                        let forgotten = tx
                            .run(
                                sql!(
                                    "DELETE FROM devices WHERE tenant = $1 AND user_id = $2 AND id = $3"
                                )
                                .bind(tenant)
                                .bind(user_id)
                                .bind(id),
                            )
                            .await?;
                        if forgotten == 0 {
                            return Ok(false);
                        }
                        tx.run(
                            sql!(
                                "UPDATE sessions SET ended_at = $1 WHERE tenant = $2 AND user_id = $3 \
                                 AND device_id = $4 AND ended_at IS NULL"
                            )
                            .bind(*now)
                            .bind(tenant)
                            .bind(user_id)
                            .bind(id),
                        )
                        .await?;
                        grants::end_all_of_device(tx, tenant, user_id, id, *now).await?;
                        audit::append(tx, tenant, event).await?;
                        Ok(true)
                    })
                },
            )
            .await
    }
}

/// Notes that a browser was signed in, as the device it was before or as a new one; its id.
pub(super) async fn signed_in(
    tx: &mut Tx,
    tenant: &str,
    session: &Session,
    origin: &Origin,
    browser: &BrowserDevice,
) -> Result<String, DbError> {
    let name = user_agent::name(origin.user_agent.as_deref());
    let address = origin.address.clone().unwrap_or_default();
    if let Some(known) = &browser.known {
        let goes_on = tx
            .run(
                sql!(
                    "UPDATE devices SET digest = $1, name = $2, address = $3, seen_at = $4, \
                     expires_at = $5 WHERE tenant = $6 AND id = $7 AND user_id = $8 \
                     AND client_id IS NULL"
                )
                .bind(&browser.digest)
                .bind(&name)
                .bind(&address)
                .bind(session.seen_at)
                .bind(end(session))
                .bind(tenant)
                .bind(known)
                .bind(&session.user_id),
            )
            .await?;
        if goes_on == 1 {
            return Ok(known.clone());
        }
    }
    tx.run(
        sql!(
            "INSERT INTO devices (tenant, id, user_id, digest, name, address, created_at, seen_at, \
             expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)"
        )
        .bind(tenant)
        .bind(&browser.id)
        .bind(&session.user_id)
        .bind(&browser.digest)
        .bind(name)
        .bind(address)
        .bind(session.seen_at)
        .bind(end(session)),
    )
    .await?;
    make_room(tx, tenant, &session.user_id).await?;
    Ok(browser.id.clone())
}

/// Notes a direct login. The device is the client and what the program calls itself: the same again
/// is the same device. `id` is for a new one; returns the one it is.
pub(super) async fn logged_in(
    tx: &mut Tx,
    tenant: &str,
    session: &Session,
    origin: &Origin,
    id: &str,
) -> Result<String, DbError> {
    let row = tx
        .one(
            sql!(
                "INSERT INTO devices (tenant, id, user_id, client_id, name, address, created_at, \
                 seen_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8) \
                 ON CONFLICT (tenant, user_id, client_id, name) \
                 DO UPDATE SET address = $6, seen_at = $7, expires_at = $8 RETURNING id"
            )
            .bind(tenant)
            .bind(id)
            .bind(&session.user_id)
            .bind(&origin.client_id)
            .bind(user_agent::name(origin.user_agent.as_deref()))
            .bind(origin.address.clone().unwrap_or_default())
            .bind(session.seen_at)
            .bind(end(session)),
        )
        .await?;
    let known = row.ok_or(DbError::Corrupt("devices.id"))?.text("id")?;
    if known == id {
        make_room(tx, tenant, &session.user_id).await?;
    }
    Ok(known)
}

/// Notes that the browser of a live session was seen. Before the session's row is taken: sign-ins
/// take the two in this order.
pub(super) async fn seen(
    tx: &mut Tx,
    tenant: &str,
    session_id: &str,
    now: Timestamp,
    until: Timestamp,
    address: &str,
) -> Result<(), DbError> {
    tx.run(
        sql!(
            "UPDATE devices SET seen_at = $1, expires_at = $2, address = $3 WHERE tenant = $4 \
             AND id = (SELECT device_id FROM sessions WHERE tenant = $4 AND id = $5 \
             AND ended_at IS NULL)"
        )
        .bind(now)
        .bind(now.plus_seconds(REMEMBERED).max(until))
        .bind(address)
        .bind(tenant)
        .bind(session_id),
    )
    .await
    .map(drop)
}

/// Forgets every device of an account; how many there were.
pub(super) async fn forget_all(tx: &mut Tx, tenant: &str, user_id: &str) -> Result<u64, DbError> {
    tx.run(
        sql!("DELETE FROM devices WHERE tenant = $1 AND user_id = $2")
            .bind(tenant)
            .bind(user_id),
    )
    .await
}

/// Forgets every device of an account but the one a session is in; how many that were.
pub(super) async fn forget_others(
    tx: &mut Tx,
    tenant: &str,
    user_id: &str,
    session_id: &str,
) -> Result<u64, DbError> {
    tx.run(
        sql!(
            "DELETE FROM devices WHERE tenant = $1 AND user_id = $2 AND id <> \
             COALESCE((SELECT device_id FROM sessions WHERE tenant = $1 AND id = $3), '')"
        )
        .bind(tenant)
        .bind(user_id)
        .bind(session_id),
    )
    .await
}

/// Recognises no browser of an account any more; they stay in the list.
pub(super) async fn forget_secrets(
    tx: &mut Tx,
    tenant: &str,
    user_id: &str,
) -> Result<(), DbError> {
    tx.run(
        sql!("UPDATE devices SET digest = NULL WHERE tenant = $1 AND user_id = $2")
            .bind(tenant)
            .bind(user_id),
    )
    .await
    .map(drop)
}

async fn make_room(tx: &mut Tx, tenant: &str, user_id: &str) -> Result<(), DbError> {
    tx.run(
        sql!(
            "DELETE FROM devices WHERE tenant = $1 AND id IN (SELECT id FROM devices \
             WHERE tenant = $1 AND user_id = $2 ORDER BY seen_at DESC, id DESC LIMIT $3 OFFSET $3)"
        )
        .bind(tenant)
        .bind(user_id)
        .bind(MOST),
    )
    .await
    .map(drop)
}

/// A device is remembered at least as long as the session in it.
fn end(session: &Session) -> Timestamp {
    let remembered = session.seen_at.plus_seconds(REMEMBERED);
    remembered.max(session.expires_at)
}

fn device_of(row: &Row) -> Result<Device, DbError> {
    Ok(Device {
        id: row.text("id")?,
        name: row.text("name")?,
        client_id: row.optional_text("client_id")?,
        address: row.text("address")?,
        created_at: row.time("created_at")?,
        seen_at: row.time("seen_at")?,
    })
}
