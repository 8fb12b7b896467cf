//! API keys. A key's row has both of its secrets, so that whoever presents one costs one read.

use super::sql::{Row, sql};
use super::tx::Tx;
use super::update::UpdateOutcome;
use super::{DbError, LONGEST_ACCESS_TOKEN, Scoped, Store, audit, revocations, tenant_end};
use crate::base::clock::Timestamp;
use crate::model::api_key::{ApiKey, CheckedApiKey, KeySecret, MAX_KEYS, PreviousSecret};
use crate::model::audit_event::AuditEvent;
use crate::model::permissions::Permissions;
use crate::model::revocation::Revoked;

/// The columns that [`key_of`] reads.
macro_rules! key_columns {
    () => {
        "id, user_id, name, permissions, networks, enabled, digest, hint, old_digest, old_hint, \
         old_expires_at, expires_at, last_used_at, created_at, updated_at"
    };
}

/// A key to be made.
#[derive(Clone)]
pub struct NewApiKey {
    pub id: String,
    pub owner_id: String,
    pub key: CheckedApiKey,
    pub secret: KeySecret,
    pub now: Timestamp,
    pub event: AuditEvent,
}

impl Store {
    /// The tenant and the id of the key with a secret of this digest, live or not.
    pub async fn place_of_api_key(
        &self,
        digest: &str,
    ) -> Result<Option<(String, String)>, DbError> {
        let row = self
            .db
            .one(
                sql!("SELECT tenant, id FROM api_keys WHERE digest = $1 OR old_digest = $1")
                    .bind(digest),
            )
            .await?;
        row.map(|row| Ok((row.text("tenant")?, row.text("id")?)))
            .transpose()
    }
}

impl Scoped {
    /// Makes a key; `false`: there is no such owner. [`DbError::Conflict`] when the owner has one of
    /// that name or the secret is known, [`DbError::Refused`] when they have as many as they may have.
    pub async fn create_api_key(&self, new: NewApiKey) -> Result<bool, DbError> {
        self.db
            .write((self.tenant.clone(), new), |tx, (tenant, new)| {
                Box::pin(async move {
                    tenant_end::refuse_deleted(tx, tenant).await?;
                    if !hold_owner(tx, tenant, &new.owner_id).await? {
                        return Ok(false);
                    }
                    if count(tx, tenant, &new.owner_id).await? >= MAX_KEYS {
                        let sentence = format!("an account has at most {MAX_KEYS} API keys");
                        return Err(DbError::Refused(sentence));
                    }
                    insert(tx, tenant, new).await?;
                    follow_enabled(tx, tenant, &new.id, new.key.enabled()).await?;
                    audit::append(tx, tenant, &new.event).await?;
                    Ok(true)
                })
            })
            .await
    }

    /// A key by id.
    pub async fn api_key(&self, id: &str) -> Result<Option<ApiKey>, DbError> {
        let row = self
            .db
            .one(
                sql!(
                    "SELECT ",
                    key_columns!(),
                    " FROM api_keys WHERE tenant = $1 AND id = $2"
                )
                .bind(&self.tenant)
                .bind(id),
            )
            .await?;
        row.map(|row| key_of(&row)).transpose()
    }

    /// Keys in the order they were made in, after the one with the id `after`: those of one owner, or
    /// everybody's.
    pub async fn api_keys(
        &self,
        owner_id: Option<&str>,
        after: &str,
        limit: i64,
    ) -> Result<Vec<ApiKey>, DbError> {
        let rows = self
            .db
            .all(
                sql!(
                    "SELECT ",
                    key_columns!(),
                    " FROM api_keys WHERE tenant = $1 AND id > $2 \
                     AND (CAST($3 AS TEXT) IS NULL OR user_id = $3) ORDER BY id LIMIT $4"
                )
                .bind(&self.tenant)
                .bind(after)
                .bind(owner_id)
                .bind(limit),
            )
            .await?;
        rows.iter().map(key_of).collect()
    }

    /// Replaces a key's description, if it is still the one of `if_unchanged`. Tokens of a key that is
    /// switched off are dead on every node.
    pub async fn update_api_key(
        &self,
        id: &str,
        key: CheckedApiKey,
        if_unchanged: Option<Timestamp>,
        now: Timestamp,
        event: AuditEvent,
    ) -> Result<UpdateOutcome, DbError> {
        let context = (
            self.tenant.clone(),
            id.to_owned(),
            key,
            if_unchanged,
            now,
            event,
        );
        self.db
            .write(context, |tx, (tenant, id, key, if_unchanged, now, event)| {
                Box::pin(async move {
                    let updated = tx
                        .run(
                            sql!(
                                "UPDATE api_keys SET name = $1, permissions = $2, networks = $3, \
                                 enabled = $4, expires_at = $5, \
                                 updated_at = CASE WHEN updated_at < $6 THEN $6 ELSE updated_at + 1 END \
                                 WHERE tenant = $7 AND id = $8 \
                                 AND (CAST($9 AS BIGINT) IS NULL OR updated_at = $9)"
                            )
                            .bind(key.name())
                            .bind(permissions(key))
                            .bind(networks(key))
                            .bind(key.enabled())
                            .bind(key.expires_at())
                            .bind(*now)
                            .bind(tenant)
                            .bind(id)
                            .bind(*if_unchanged),
                        )
                        .await?;
                    if updated == 0 {
                        let there = exists(tx, tenant, id).await?;
                        return Ok(UpdateOutcome::untouched(there));
                    }
                    follow_enabled(tx, tenant, id, key.enabled()).await?;
                    audit::append(tx, tenant, event).await?;
                    Ok(UpdateOutcome::Updated)
                })
            })
            .await
    }

    /// Removes a key; its tokens die everywhere and its id is never used again.
    pub async fn delete_api_key(
        &self,
        id: &str,
        now: Timestamp,
        event: AuditEvent,
    ) -> Result<bool, DbError> {
        let context = (self.tenant.clone(), id.to_owned(), now, event);
        self.db
            .write(context, |tx, (tenant, id, now, event)| {
                Box::pin(async move {
                    let removed = tx
                        .run(
                            sql!("DELETE FROM api_keys WHERE tenant = $1 AND id = $2")
                                .bind(tenant)
                                .bind(id),
                        )
                        .await?;
                    if removed == 0 {
                        return Ok(false);
                    }
                    // An open-ended entry of a key that was off gives way to one that ends.
                    revocations::take_back(tx, tenant, Revoked::Client(id)).await?;
                    let until = now.plus_seconds(LONGEST_ACCESS_TOKEN);
                    revocations::enter(tx, tenant, Revoked::Client(id), until).await?;
                    tx.changed(tenant, "api_key", id);
                    audit::append(tx, tenant, event).await?;
                    Ok(true)
                })
            })
            .await
    }
}

/// Lets every node forget the keys of an account that goes, and them with it.
pub(super) async fn go_with_owner(
    tx: &mut Tx,
    tenant: &str,
    owner_id: &str,
) -> Result<(), DbError> {
    let rows = tx
        .all(
            sql!("SELECT id FROM api_keys WHERE tenant = $1 AND user_id = $2")
                .bind(tenant)
                .bind(owner_id),
        )
        .await?;
    for row in rows {
        let id = row.text("id")?;
        // What kept a disabled key's tokens dead; the owner's own entry does it from now on.
        revocations::take_back(tx, tenant, Revoked::Client(&id)).await?;
        tx.changed(tenant, "api_key", &id);
    }
    Ok(())
}

/// A key that is off has dead tokens until it is on again.
pub(super) async fn follow_enabled(
    tx: &mut Tx,
    tenant: &str,
    id: &str,
    enabled: bool,
) -> Result<(), DbError> {
    if enabled {
        revocations::take_back(tx, tenant, Revoked::Client(id)).await?;
    } else {
        let until = revocations::UNTIL_TAKEN_BACK;
        revocations::enter(tx, tenant, Revoked::Client(id), until).await?;
    }
    tx.changed(tenant, "api_key", id);
    Ok(())
}

/// Takes the owner's row, so that several new keys at once cannot pass the bound.
pub(super) async fn hold_owner(tx: &mut Tx, tenant: &str, id: &str) -> Result<bool, DbError> {
    let held = tx
        .run(
            sql!("UPDATE users SET enabled = enabled WHERE tenant = $1 AND id = $2")
                .bind(tenant)
                .bind(id),
        )
        .await?;
    Ok(held == 1)
}

async fn count(tx: &mut Tx, tenant: &str, owner_id: &str) -> Result<i64, DbError> {
    let row = tx
        .one(
            sql!("SELECT COUNT(*) AS keys FROM api_keys WHERE tenant = $1 AND user_id = $2")
                .bind(tenant)
                .bind(owner_id),
        )
        .await?;
    row.map_or(Ok(0), |row| row.integer("keys"))
}

pub(super) async fn insert(tx: &mut Tx, tenant: &str, new: &NewApiKey) -> Result<(), DbError> {
    tx.run(
        sql!(
            "INSERT INTO api_keys (tenant, id, user_id, name, permissions, networks, enabled, digest, \
             hint, expires_at, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)"
        )
        .bind(tenant)
        .bind(&new.id)
        .bind(&new.owner_id)
        .bind(new.key.name())
        .bind(permissions(&new.key))
        .bind(networks(&new.key))
        .bind(new.key.enabled())
        .bind(&new.secret.digest)
        .bind(&new.secret.hint)
        .bind(new.key.expires_at())
        .bind(new.now),
    )
    .await
    .map(drop)
}

async fn exists(tx: &mut Tx, tenant: &str, id: &str) -> Result<bool, DbError> {
    let row = tx
        .one(
            sql!("SELECT id FROM api_keys WHERE tenant = $1 AND id = $2")
                .bind(tenant)
                .bind(id),
        )
        .await?;
    Ok(row.is_some())
}

fn permissions(key: &CheckedApiKey) -> String {
    let words: Vec<&str> = key.permissions().words().collect();
    words.join(" ")
}

fn networks(key: &CheckedApiKey) -> String {
    let networks: Vec<String> = key.networks().iter().map(ToString::to_string).collect();
    networks.join(" ")
}

fn key_of(row: &Row) -> Result<ApiKey, DbError> {
    let networks = row.words("networks")?;
    let networks = networks.iter().map(|text| text.parse());
    let networks = networks
        .collect::<Result<_, _>>()
        .map_err(|_| DbError::Corrupt("api_keys.networks"))?;
    let previous = match row.optional_text("old_digest")? {
        Some(digest) => Some(PreviousSecret {
            secret: KeySecret {
                digest,
                hint: row.text("old_hint")?,
            },
            expires_at: row.optional_time("old_expires_at")?,
        }),
        None => None,
    };
    Ok(ApiKey {
        id: row.text("id")?,
        owner_id: row.text("user_id")?,
        name: row.text("name")?,
        permissions: Permissions::new(row.word("permissions")?),
        networks,
        enabled: row.flag("enabled")?,
        secret: KeySecret {
            digest: row.text("digest")?,
            hint: row.text("hint")?,
        },
        previous,
        expires_at: row.optional_time("expires_at")?,
        last_used_at: row.optional_time("last_used_at")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}
