//! Accounts and their credentials.

use super::sql::{Row, sql};
use super::tx::Tx;
use super::update::UpdateOutcome;
use super::{DbError, LONGEST_ACCESS_TOKEN, Scoped};
use super::{
    admins, api_keys, audit, credentials, memberships, required_actions, revocations, sessions,
    tenant_end,
};
use crate::base::clock::Timestamp;
use crate::model::audit_event::AuditEvent;
use crate::model::login_name::LoginName;
use crate::model::required_action::words;
use crate::model::revocation::Revoked;
use crate::model::user::{AccountKind, CheckedUser, User};

/// The columns of `users u` that [`user_of`] reads.
macro_rules! user_columns {
    () => {
        "u.id, u.kind, u.username, u.email, u.email_verified, u.claims, u.roles, u.groups, \
         u.attributes, u.preferences, u.required_actions, u.enabled, u.created_at, u.updated_at, u.last_login_at"
    };
}
pub(super) use user_columns;

/// An account to be made, with its password's hash if it has one.
#[derive(Clone)]
pub struct NewUser {
    pub id: String,
    pub kind: AccountKind,
    pub user: CheckedUser,
    pub password_hash: Option<String>,
    pub now: Timestamp,
}

impl NewUser {
    /// The account as it will be read.
    pub fn to_user(&self) -> User {
        let input = self.user.input().clone();
        User {
            id: self.id.clone(),
            kind: self.kind,
            username: input.username,
            email: input.email,
            email_verified: input.email_verified,
            claims: input.claims,
            roles: input.roles,
            groups: input.groups,
            attributes: input.attributes,
            preferences: input.preferences,
            enabled: input.enabled,
            required_actions: input.required_actions,
            created_at: self.now,
            updated_at: self.now,
            last_login_at: None,
        }
    }
}

/// What a login needs to know about an account.
pub struct LoginRow {
    pub user: User,
    pub password_hash: Option<String>,
    pub password_set_at: Option<Timestamp>,
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
                    "SELECT ",
                    user_columns!(),
                    " FROM users u WHERE u.tenant = $1 AND u.id = $2"
                )
                .bind(&self.tenant)
                .bind(id),
            )
            .await?;
        row.map(|row| user_of(&row)).transpose()
    }

    /// The account with this username or address, of whatever kind.
    pub async fn named_user(&self, name: &LoginName) -> Result<Option<User>, DbError> {
        let row = self
            .db
            .one(
                sql!(
                    "SELECT ",
                    user_columns!(),
                    " FROM users u \
                     WHERE u.tenant = $1 AND (u.username_key = $2 OR u.email_key = $2)"
                )
                .bind(&self.tenant)
                .bind(name.as_str()),
            )
            .await?;
        row.map(|row| user_of(&row)).transpose()
    }

    /// The person with this username or address, with their password's hash. A service is never
    /// among those who sign in.
    pub async fn login_row(&self, name: &LoginName) -> Result<Option<LoginRow>, DbError> {
        let row = self
            .db
            .one(
                sql!(
                    "SELECT ",
                    user_columns!(),
                    ", c.data AS password_hash, c.created_at AS password_set_at FROM users u \
                     LEFT JOIN credentials c \
                     ON c.tenant = u.tenant AND c.user_id = u.id AND c.kind = 'password' \
                     WHERE u.tenant = $1 AND (u.username_key = $2 OR u.email_key = $2) \
                     AND u.kind = 'person'"
                )
                .bind(&self.tenant)
                .bind(name.as_str()),
            )
            .await?;
        row.map(|row| {
            Ok(LoginRow {
                user: user_of(&row)?,
                password_hash: row.optional_text("password_hash")?,
                password_set_at: row.optional_time("password_set_at")?,
            })
        })
        .transpose()
    }

    /// Replaces an account's description, if it is still the one of `if_unchanged`; disabling ends
    /// its sessions and kills its tokens.
    pub async fn update_user(
        &self,
        id: &str,
        user: CheckedUser,
        if_unchanged: Option<Timestamp>,
        now: Timestamp,
        event: AuditEvent,
    ) -> Result<UpdateOutcome, DbError> {
        let context = (
            self.tenant.clone(),
            id.to_owned(),
            user,
            if_unchanged,
            now,
            event,
        );
        self.db
            .write(
                context,
                |tx, (tenant, id, user, if_unchanged, now, event)| {
                    Box::pin(async move {
                        memberships::admit(tx, tenant, user.input(), *now).await?;
                        admins::guard_last(tx, tenant, id, user).await?;
                        if !replace(tx, tenant, id, user, *if_unchanged, *now).await? {
                            let there = exists(tx, tenant, id).await?;
                            return Ok(tx.undo(UpdateOutcome::untouched(there)));
                        }
                        memberships::index(tx, tenant, id, user).await?;
                        if user.input().enabled {
                            revocations::take_back(tx, tenant, Revoked::User(id)).await?;
                        } else {
                            sessions::end_all_of_user(tx, tenant, id, *now).await?;
                            let until = revocations::UNTIL_TAKEN_BACK;
                            revocations::enter(tx, tenant, Revoked::User(id), until).await?;
                        }
                        audit::append(tx, tenant, event).await?;
                        Ok(UpdateOutcome::Updated)
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
                    admins::guard_last_removed(tx, tenant, id).await?;
                    sessions::end_all_of_user(tx, tenant, id, *now).await?;
                    api_keys::go_with_owner(tx, tenant, id).await?;
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
}

pub(super) async fn insert(tx: &mut Tx, tenant: &str, new: &NewUser) -> Result<(), DbError> {
    tenant_end::refuse_deleted(tx, tenant).await?;
    let input = new.user.input();
    memberships::admit(tx, tenant, input, new.now).await?;
    tx.run(
        sql!(
            "INSERT INTO users (tenant, id, username, username_key, email, email_key, email_verified, \
             claims, roles, groups, attributes, preferences, enabled, search_key, kind, \
             required_actions, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $17)"
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
        .bind(json(&input.preferences)?)
        .bind(input.enabled)
        .bind(new.user.search_key())
        .bind(new.kind.name())
        .bind(words(&input.required_actions))
        .bind(new.now),
    )
    .await?;
    memberships::index(tx, tenant, &new.id, &new.user).await?;
    if !input.enabled {
        let until = revocations::UNTIL_TAKEN_BACK;
        revocations::enter(tx, tenant, Revoked::User(&new.id), until).await?;
    }
    match &new.password_hash {
        Some(hash) => credentials::put_password(tx, tenant, &new.id, hash, new.now).await,
        None => Ok(()),
    }
}

/// Writes a description over an account's; whether there was one to write over.
pub(super) async fn replace(
    tx: &mut Tx,
    tenant: &str,
    id: &str,
    user: &CheckedUser,
    if_unchanged: Option<Timestamp>,
    now: Timestamp,
) -> Result<bool, DbError> {
    let input = user.input();
    let touched = tx
        .run(
            sql!(
                "UPDATE users SET username = $1, username_key = $2, email = $3, \
                 email_key = $4, email_verified = $5, claims = $6, roles = $7, \
                 groups = $8, attributes = $9, preferences = $10, enabled = $11, search_key = $12, \
                 required_actions = $13, \
                 updated_at = CASE WHEN updated_at < $14 THEN $14 ELSE updated_at + 1 END \
                 WHERE tenant = $15 AND id = $16 \
                 AND (CAST($17 AS BIGINT) IS NULL OR updated_at = $17)"
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
            .bind(json(&input.preferences)?)
            .bind(input.enabled)
            .bind(user.search_key())
            .bind(words(&input.required_actions))
            .bind(now)
            .bind(tenant)
            .bind(id)
            .bind(if_unchanged),
        )
        .await?;
    Ok(touched == 1)
}

/// Notes that something of a person changed that no description shows, so that whoever read the account
/// before does not go on with it. `false`: there is no such person.
pub(super) async fn change(
    tx: &mut Tx,
    tenant: &str,
    id: &str,
    now: Timestamp,
) -> Result<bool, DbError> {
    let touched = tx
        .run(
            sql!(
                "UPDATE users SET updated_at = \
                 CASE WHEN updated_at < $1 THEN $1 ELSE updated_at + 1 END \
                 WHERE tenant = $2 AND id = $3 AND kind = 'person'"
            )
            .bind(now)
            .bind(tenant)
            .bind(id),
        )
        .await?;
    Ok(touched == 1)
}

async fn exists(tx: &mut Tx, tenant: &str, id: &str) -> Result<bool, DbError> {
    let row = tx
        .one(
            sql!("SELECT id FROM users WHERE tenant = $1 AND id = $2")
                .bind(tenant)
                .bind(id),
        )
        .await?;
    Ok(row.is_some())
}

fn json<T: serde::Serialize>(value: &T) -> Result<String, DbError> {
    serde_json::to_string(value).map_err(|_| DbError::Corrupt("users"))
}

pub(super) fn user_of(row: &Row) -> Result<User, DbError> {
    Ok(User {
        id: row.text("id")?,
        kind: row.word("kind")?,
        username: row.text("username")?,
        email: row.optional_text("email")?,
        email_verified: row.flag("email_verified")?,
        claims: row.json("claims")?,
        roles: row.json("roles")?,
        groups: row.json("groups")?,
        attributes: row.json("attributes")?,
        preferences: row.json("preferences")?,
        required_actions: required_actions::parsed(&row.words("required_actions")?)?,
        enabled: row.flag("enabled")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
        last_login_at: row.optional_time("last_login_at")?,
    })
}
