//! Accounts and their credentials.

use super::sql::{Row, sql};
use super::tx::Tx;
use super::{DbError, LONGEST_ACCESS_TOKEN, Scoped, audit, revocations, sessions};
use crate::base::clock::Timestamp;
use crate::model::audit_event::AuditEvent;
use crate::model::login_name::LoginName;
use crate::model::revocation::Revoked;
use crate::model::role;
use crate::model::user::{CheckedUser, User};

/// An account to be made, with its password's hash if it has one.
pub struct NewUser {
    pub id: String,
    pub user: CheckedUser,
    pub password_hash: Option<String>,
    pub now: Timestamp,
}

/// What a login needs to know about an account.
pub struct LoginRow {
    pub user: User,
    pub password_hash: Option<String>,
}

impl Scoped {
    /// Makes an account. [`DbError::Conflict`] when its name or address is taken.
    pub async fn create_user(&self, user: NewUser, event: AuditEvent) -> Result<(), DbError> {
        self.db
            .write(
                (self.tenant.clone(), user, event),
                |tx, (tenant, user, event)| {
                    Box::pin(async move {
                        insert(tx, tenant, user).await?;
                        audit::append(tx, tenant, event).await
                    })
                },
            )
            .await
    }

    /// An account by id.
    pub async fn user(&self, id: &str) -> Result<Option<User>, DbError> {
        let row = self
            .db
            .one(
                sql!(
                    "SELECT id, username, email, email_verified, claims, roles, groups, \
                     attributes, enabled, created_at, updated_at FROM users WHERE tenant = $1 AND id = $2"
                )
                .bind(&self.tenant)
                .bind(id),
            )
            .await?;
        row.map(|row| user_of(&row)).transpose()
    }

    /// The account with this username or address, with its password's hash.
    pub async fn login_row(&self, name: &LoginName) -> Result<Option<LoginRow>, DbError> {
        let row = self
            .db
            .one(
                sql!(
                    "SELECT u.id, u.username, u.email, u.email_verified, u.claims, u.roles, u.groups, \
                     u.attributes, u.enabled, u.created_at, u.updated_at, c.data AS password_hash FROM users u \
                     LEFT JOIN credentials c \
                     ON c.tenant = u.tenant AND c.user_id = u.id AND c.kind = 'password' \
                     WHERE u.tenant = $1 AND (u.username_key = $2 OR u.email_key = $2)"
                )
                .bind(&self.tenant)
                .bind(name.as_str()),
            )
            .await?;
        row.map(|row| {
            Ok(LoginRow {
                user: user_of(&row)?,
                password_hash: row.optional_text("password_hash")?,
            })
        })
        .transpose()
    }

    /// Accounts in the order of their names, after `after`.
    pub async fn users(&self, after: &str, limit: i64) -> Result<Vec<User>, DbError> {
        let rows = self
            .db
            .all(
                sql!(
                    "SELECT id, username, email, email_verified, claims, roles, groups, \
                     attributes, enabled, created_at, updated_at FROM users WHERE tenant = $1 AND username_key > $2 \
                     ORDER BY username_key LIMIT $3"
                )
                .bind(&self.tenant)
                .bind(after)
                .bind(limit),
            )
            .await?;
        rows.iter().map(user_of).collect()
    }

    /// Replaces an account's description; disabling ends its sessions and kills its tokens.
    /// `false`: there is no such account.
    pub async fn update_user(
        &self,
        id: &str,
        user: CheckedUser,
        now: Timestamp,
        event: AuditEvent,
    ) -> Result<bool, DbError> {
        let context = (self.tenant.clone(), id.to_owned(), user, now, event);
        self.db
            .write(context, |tx, (tenant, id, user, now, event)| {
                Box::pin(async move {
                    guard_last_admin(tx, tenant, id, user).await?;
                    let input = user.input();
                    let row = tx
                        .one(
                            sql!(
                                "UPDATE users SET username = $1, username_key = $2, email = $3, \
                                 email_key = $4, email_verified = $5, claims = $6, roles = $7, \
                                 groups = $8, attributes = $9, enabled = $10, \
                                 updated_at = CASE WHEN updated_at < $11 THEN $11 ELSE updated_at + 1 END \
                                 WHERE tenant = $12 AND id = $13 RETURNING id"
                            )
                            .bind(&input.username)
                            .bind(user.username_key())
                            .bind(&input.email)
                            .bind(user.email_key())
                            .bind(input.email_verified)
                            .bind(json(&input.claims)?)
                            .bind(json(&input.roles)?)
                            .bind(json(&input.groups)?)
                            .bind(json(&input.attributes)?)
                            .bind(input.enabled)
                            .bind(*now)
                            .bind(tenant)
                            .bind(id),
                        )
                        .await?;
                    if row.is_none() {
                        return Ok(false);
                    }
                    if input.enabled {
                        revocations::take_back(tx, tenant, Revoked::User(id)).await?;
                    } else {
                        sessions::end_all_of_user(tx, tenant, id, *now).await?;
                        let until = revocations::UNTIL_TAKEN_BACK;
                        revocations::enter(tx, tenant, Revoked::User(id), until).await?;
                    }
                    audit::append(tx, tenant, event).await?;
                    Ok(true)
                })
            })
            .await
    }

    /// Sets the password's hash and ends every session that began with the old one.
    pub async fn set_password(
        &self,
        id: &str,
        hash: String,
        now: Timestamp,
        event: AuditEvent,
    ) -> Result<bool, DbError> {
        let context = (self.tenant.clone(), id.to_owned(), hash, now, event);
        self.db
            .write(context, |tx, (tenant, id, hash, now, event)| {
                Box::pin(async move {
                    let touched = tx
                        .run(
                            sql!(
                                "UPDATE users SET updated_at = \
                                 CASE WHEN updated_at < $1 THEN $1 ELSE updated_at + 1 END \
                                 WHERE tenant = $2 AND id = $3"
                            )
                            .bind(*now)
                            .bind(tenant)
                            .bind(id),
                        )
                        .await?;
                    if touched == 0 {
                        return Ok(false);
                    }
                    put_password(tx, tenant, id, hash, *now).await?;
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

    /// Removes an account; its tokens die everywhere and its id is never used again.
    pub async fn delete_user(
        &self,
        id: &str,
        now: Timestamp,
        event: AuditEvent,
    ) -> Result<bool, DbError> {
        let context = (self.tenant.clone(), id.to_owned(), now, event);
        self.db
            .write(context, |tx, (tenant, id, now, event)| {
                Box::pin(async move {
                    let was_admin = is_active_admin(tx, tenant, id).await?;
                    if was_admin && active_admins(tx, tenant).await? == 1 {
                        return Err(last_admin());
                    }
                    sessions::end_all_of_user(tx, tenant, id, *now).await?;
                    let removed = tx
                        .run(
                            sql!("DELETE FROM users WHERE tenant = $1 AND id = $2")
                                .bind(tenant)
                                .bind(id),
                        )
                        .await?;
                    if removed == 0 {
                        return Ok(false);
                    }
                    // An open-ended entry of a disabled account gives way to one that ends: the id is
                    // never used again, and by then no token of it lives.
                    revocations::take_back(tx, tenant, Revoked::User(id)).await?;
                    let until = now.plus_seconds(LONGEST_ACCESS_TOKEN);
                    revocations::enter(tx, tenant, Revoked::User(id), until).await?;
                    audit::append(tx, tenant, event).await?;
                    Ok(true)
                })
            })
            .await
    }

    /// Whether the tenant has an administrator who can sign in.
    pub async fn has_active_admin(&self) -> Result<bool, DbError> {
        let row = self.db.one(active_admins_query(&self.tenant)).await?;
        Ok(row.map_or(Ok(0), |row| row.integer("admins"))? > 0)
    }
}

pub(super) async fn has_admin(tx: &mut Tx, tenant: &str) -> Result<bool, DbError> {
    Ok(active_admins(tx, tenant).await? > 0)
}

pub(super) async fn insert(tx: &mut Tx, tenant: &str, new: &NewUser) -> Result<(), DbError> {
    let input = new.user.input();
    tx.run(
        sql!(
            "INSERT INTO users (tenant, id, username, username_key, email, email_key, email_verified, \
             claims, roles, groups, attributes, enabled, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)"
        )
        .bind(tenant)
        .bind(&new.id)
        .bind(&input.username)
        .bind(new.user.username_key())
        .bind(&input.email)
        .bind(new.user.email_key())
        .bind(input.email_verified)
        .bind(json(&input.claims)?)
        .bind(json(&input.roles)?)
        .bind(json(&input.groups)?)
        .bind(json(&input.attributes)?)
        .bind(input.enabled)
        .bind(new.now),
    )
    .await?;
    if !input.enabled {
        let until = revocations::UNTIL_TAKEN_BACK;
        revocations::enter(tx, tenant, Revoked::User(&new.id), until).await?;
    }
    match &new.password_hash {
        Some(hash) => put_password(tx, tenant, &new.id, hash, new.now).await,
        None => Ok(()),
    }
}

async fn put_password(
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
    .await
    .map(drop)
}

fn active_admins_query(tenant: &str) -> super::sql::Sql {
    // Roles are a JSON list of known words, so the quoted word finds exactly the role.
    sql!(
        "SELECT COUNT(*) AS admins FROM users \
         WHERE tenant = $1 AND enabled = 1 AND roles LIKE '%\"admin\"%'"
    )
    .bind(tenant)
}

async fn active_admins(tx: &mut Tx, tenant: &str) -> Result<i64, DbError> {
    // Every rule across rows takes the tenant's row first, or two administrators could remove
    // each other at once.
    tx.run(sql!("UPDATE tenants SET rev = rev + 1 WHERE id = $1").bind(tenant))
        .await?;
    let row = tx.one(active_admins_query(tenant)).await?;
    row.map_or(Ok(0), |row| row.integer("admins"))
}

async fn is_active_admin(tx: &mut Tx, tenant: &str, id: &str) -> Result<bool, DbError> {
    let row = tx
        .one(
            sql!("SELECT roles FROM users WHERE tenant = $1 AND id = $2 AND enabled = 1")
                .bind(tenant)
                .bind(id),
        )
        .await?;
    let roles: Vec<String> = row
        .map(|row| row.json("roles"))
        .transpose()?
        .unwrap_or_default();
    Ok(roles.iter().any(|held| held == role::ADMIN))
}

async fn guard_last_admin(
    tx: &mut Tx,
    tenant: &str,
    id: &str,
    user: &CheckedUser,
) -> Result<(), DbError> {
    let stays_admin =
        user.input().enabled && user.input().roles.iter().any(|held| held == role::ADMIN);
    if stays_admin || !is_active_admin(tx, tenant, id).await? {
        return Ok(());
    }
    if active_admins(tx, tenant).await? == 1 {
        Err(last_admin())
    } else {
        Ok(())
    }
}

fn last_admin() -> DbError {
    DbError::Refused("this is the last active administrator of the tenant".to_owned())
}

fn json<T: serde::Serialize>(value: &T) -> Result<String, DbError> {
    serde_json::to_string(value).map_err(|_| DbError::Corrupt("users"))
}

pub(super) fn user_of(row: &Row) -> Result<User, DbError> {
    Ok(User {
        id: row.text("id")?,
        username: row.text("username")?,
        email: row.optional_text("email")?,
        email_verified: row.flag("email_verified")?,
        claims: row.json("claims")?,
        roles: row.json("roles")?,
        groups: row.json("groups")?,
        attributes: row.json("attributes")?,
        enabled: row.flag("enabled")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}
