//! Links that people are sent: single use, for one purpose, of one account with one address.
//!
//! The newest of a purpose is the live one. A new password ends those that would set another; another
//! address of the account leaves those for the old one worthless.

use super::credentials::{self, NewPassword};
use super::sql::{Row, sql};
use super::tx::Tx;
use super::users::{user_columns, user_of};
use super::{DbError, Scoped, Store, audit, required_actions, sessions};
use crate::base::clock::Timestamp;
use crate::model::audit_event::AuditEvent;
use crate::model::letter::{NewLink, Purpose};
use crate::model::required_action::RequiredAction;
use crate::model::user::User;

const HOUR: i64 = 3600;

/// A new password by a link.
pub struct LinkedPassword {
    pub digest: String,
    pub purpose: Purpose,
    pub password: NewPassword,
    pub now: Timestamp,
    pub event: AuditEvent,
}

impl Store {
    /// The id of the tenant whose link has this digest.
    pub async fn tenant_of_mail_link(&self, digest: &str) -> Result<Option<String>, DbError> {
        let row = self
            .db
            .one(sql!("SELECT tenant FROM mail_links WHERE digest = $1").bind(digest))
            .await?;
        row.map(|row| row.text("tenant")).transpose()
    }
}

impl Scoped {
    /// Stores a link that is given to somebody by another way than mail; earlier ones of its purpose
    /// end. `false`: the account is gone, or had too many.
    pub async fn add_mail_link(
        &self,
        user_id: &str,
        link: NewLink,
        event: AuditEvent,
    ) -> Result<bool, DbError> {
        let context = (self.tenant.clone(), user_id.to_owned(), link, event);
        self.db
            .write(context, |tx, (tenant, user_id, link, event)| {
                Box::pin(async move {
                    let added = add(tx, tenant, user_id, link).await?;
                    if added {
                        audit::append(tx, tenant, event).await?;
                    }
                    Ok(added)
                })
            })
            .await
    }

    /// The account a live link is for.
    pub async fn user_of_mail_link(
        &self,
        digest: &str,
        purpose: Purpose,
        now: Timestamp,
    ) -> Result<Option<User>, DbError> {
        let row = self
            .db
            .one(
                sql!(
                    "SELECT ",
                    user_columns!(),
                    " FROM mail_links l JOIN users u ON u.tenant = l.tenant AND u.id = l.user_id \
                     WHERE l.tenant = $1 AND l.digest = $2 AND l.purpose = $3 \
                     AND l.used_at IS NULL AND l.ended_at IS NULL AND l.expires_at > $4 \
                     AND u.enabled = 1 AND COALESCE(u.email_key, '') = COALESCE(l.email_key, '')"
                )
                .bind(&self.tenant)
                .bind(digest)
                .bind(purpose.name())
                .bind(now),
            )
            .await?;
        row.map(|row| user_of(&row)).transpose()
    }

    /// Spends a link that verifies the address of its account, both or neither. `false`: the link is
    /// not live.
    pub async fn verify_by_link(
        &self,
        digest: &str,
        now: Timestamp,
        event: AuditEvent,
    ) -> Result<bool, DbError> {
        let context = (self.tenant.clone(), digest.to_owned(), now, event);
        self.db
            .write(context, |tx, (tenant, digest, now, event)| {
                Box::pin(async move {
                    let purpose = Purpose::VerifyEmail;
                    let Some(spent) = spend(tx, tenant, digest, purpose, *now).await? else {
                        return Ok(tx.undo(false));
                    };
                    verify(tx, tenant, &spent.user_id, *now).await?;
                    end_all(tx, tenant, &spent.user_id, purpose, *now).await?;
                    audit::append(tx, tenant, event).await?;
                    Ok(true)
                })
            })
            .await
    }

    /// Spends a link that sets its account's password, both or neither; every session is over, and no
    /// browser is recognised. `false`: the link is not live.
    pub async fn set_password_by_link(&self, change: LinkedPassword) -> Result<bool, DbError> {
        self.db
            .write((self.tenant.clone(), change), |tx, (tenant, change)| {
                Box::pin(async move {
                    let (digest, now) = (&change.digest, change.now);
                    let Some(spent) = spend(tx, tenant, digest, change.purpose, now).await? else {
                        return Ok(tx.undo(false));
                    };
                    let (user_id, password) = (&spent.user_id, &change.password);
                    credentials::replace_password(tx, tenant, user_id, password, now).await?;
                    touch(tx, tenant, &spent.user_id, now).await?;
                    if spent.by_mail {
                        verify(tx, tenant, &spent.user_id, now).await?;
                    }
                    sessions::end_all_of_user(tx, tenant, &spent.user_id, now).await?;
                    audit::append(tx, tenant, &change.event).await?;
                    Ok(true)
                })
            })
            .await
    }

    /// How many live links of a purpose an account has: never more than one.
    pub async fn live_mail_links(
        &self,
        user_id: &str,
        purpose: Purpose,
        now: Timestamp,
    ) -> Result<i64, DbError> {
        let row = self
            .db
            .one(
                sql!(
                    "SELECT COUNT(*) AS live FROM mail_links WHERE tenant = $1 AND user_id = $2 \
                     AND purpose = $3 AND used_at IS NULL AND ended_at IS NULL AND expires_at > $4"
                )
                .bind(&self.tenant)
                .bind(user_id)
                .bind(purpose.name())
                .bind(now),
            )
            .await?;
        row.map_or(Ok(0), |row| row.integer("live"))
    }
}

/// Stores a link and ends the earlier ones of its purpose. `false`: the account is gone, or had so
/// many that it gets none now.
pub(super) async fn add(
    tx: &mut Tx,
    tenant: &str,
    user_id: &str,
    link: &NewLink,
) -> Result<bool, DbError> {
    // Two requests at once would both leave a live one.
    if !sessions::take_user(tx, tenant, user_id).await? {
        return Ok(false);
    }
    let recent = tx
        .one(
            sql!(
                "SELECT COUNT(*) AS recent FROM mail_links WHERE tenant = $1 AND user_id = $2 \
                 AND purpose = $3 AND created_at > $4 AND by_mail = 1"
            )
            .bind(tenant)
            .bind(user_id)
            .bind(link.purpose.name())
            .bind(link.now.minus_seconds(HOUR)),
        )
        .await?;
    let recent = recent.map_or(Ok(0), |row| row.integer("recent"))?;
    if link.by_mail && recent >= link.most_per_hour {
        return Ok(false);
    }
    end_all(tx, tenant, user_id, link.purpose, link.now).await?;
    tx.run(
        sql!(
            "INSERT INTO mail_links (tenant, digest, user_id, purpose, email_key, by_mail, \
             created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
        )
        .bind(tenant)
        .bind(&link.digest)
        .bind(user_id)
        .bind(link.purpose.name())
        .bind(&link.email_key)
        .bind(link.by_mail)
        .bind(link.now)
        .bind(link.expires_at),
    )
    .await?;
    Ok(true)
}

/// Ends the live links of an account that would set its password.
pub(super) async fn end_password_links(
    tx: &mut Tx,
    tenant: &str,
    user_id: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    end_all(tx, tenant, user_id, Purpose::ResetPassword, now).await?;
    end_all(tx, tenant, user_id, Purpose::Invitation, now).await
}

async fn end_all(
    tx: &mut Tx,
    tenant: &str,
    user_id: &str,
    purpose: Purpose,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.run(
        sql!(
            "UPDATE mail_links SET ended_at = $1 WHERE tenant = $2 AND user_id = $3 \
             AND purpose = $4 AND used_at IS NULL AND ended_at IS NULL"
        )
        .bind(now)
        .bind(tenant)
        .bind(user_id)
        .bind(purpose.name()),
    )
    .await
    .map(drop)
}

struct Spent {
    user_id: String,
    by_mail: bool,
}

/// Spends a live link. The account's row is taken first, as everywhere.
async fn spend(
    tx: &mut Tx,
    tenant: &str,
    digest: &str,
    purpose: Purpose,
    now: Timestamp,
) -> Result<Option<Spent>, DbError> {
    let owner = tx
        .one(
            sql!("SELECT user_id FROM mail_links WHERE tenant = $1 AND digest = $2")
                .bind(tenant)
                .bind(digest),
        )
        .await?;
    let Some(owner) = owner else {
        return Ok(None);
    };
    let user_id = owner.text("user_id")?;
    sessions::take_user(tx, tenant, &user_id).await?;
    let spent = tx
        .one(
            sql!(
                "UPDATE mail_links SET used_at = $1 WHERE tenant = $2 AND digest = $3 \
                 AND purpose = $4 AND used_at IS NULL AND ended_at IS NULL AND expires_at > $1 \
                 AND EXISTS (SELECT 1 FROM users u WHERE u.tenant = $2 AND u.id = mail_links.user_id \
                 AND u.enabled = 1 AND COALESCE(u.email_key, '') = COALESCE(mail_links.email_key, '')) \
                 RETURNING by_mail"
            )
            .bind(now)
            .bind(tenant)
            .bind(digest)
            .bind(purpose.name()),
        )
        .await?;
    let spent = spent.map(|row: Row| row.flag("by_mail")).transpose()?;
    Ok(spent.map(|by_mail| Spent { user_id, by_mail }))
}

async fn verify(tx: &mut Tx, tenant: &str, user_id: &str, now: Timestamp) -> Result<(), DbError> {
    tx.run(
        sql!(
            "UPDATE users SET email_verified = 1, updated_at = \
             CASE WHEN updated_at < $1 THEN $1 ELSE updated_at + 1 END \
             WHERE tenant = $2 AND id = $3 AND email IS NOT NULL AND email_verified = 0"
        )
        .bind(now)
        .bind(tenant)
        .bind(user_id),
    )
    .await?;
    required_actions::done(tx, tenant, user_id, RequiredAction::VerifyEmail).await
}

async fn touch(tx: &mut Tx, tenant: &str, user_id: &str, now: Timestamp) -> Result<(), DbError> {
    tx.run(
        sql!(
            "UPDATE users SET updated_at = \
             CASE WHEN updated_at < $1 THEN $1 ELSE updated_at + 1 END \
             WHERE tenant = $2 AND id = $3"
        )
        .bind(now)
        .bind(tenant)
        .bind(user_id),
    )
    .await
    .map(drop)
}
