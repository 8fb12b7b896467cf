//! Registered clients and the digests of their secrets.

use super::page::containing;
use super::sql::{Row, sql};
use super::tx::Tx;
use super::update::UpdateOutcome;
use super::{DbError, LONGEST_ACCESS_TOKEN, Scoped, audit, grants, revocations, tenant_end};
use crate::base::clock::Timestamp;
use crate::model::audit_event::AuditEvent;
use crate::model::client::{self, Client, StoredSecret};
use crate::model::client_metadata::ClientMetadata;
use crate::model::revocation::Revoked;
use crate::model::search::SearchTerm;

/// A client as it shall be.
pub struct ClientWrite {
    pub client_id: String,
    pub metadata: ClientMetadata,
    pub enabled: bool,
    pub secret: Option<StoredSecret>,
    /// When the registration it replaces was written; `None` replaces whatever there is.
    pub if_unchanged: Option<Timestamp>,
    pub now: Timestamp,
    pub event: AuditEvent,
}

/// Live secrets a client may have: the old and the new one while it changes over.
const MAX_SECRETS: i64 = 2;

impl Scoped {
    /// A client by id, with its secrets.
    pub async fn client(&self, client_id: &str) -> Result<Option<Client>, DbError> {
        let row = self
            .db
            .one(
                sql!(
                    "SELECT client_id, metadata, enabled, created_at, updated_at FROM clients \
                     WHERE tenant = $1 AND client_id = $2"
                )
                .bind(&self.tenant)
                .bind(client_id),
            )
            .await?;
        let Some(row) = row else { return Ok(None) };
        let secrets = self
            .db
            .all(
                sql!(
                    "SELECT digest, secret_kind, created_at, expires_at FROM client_secrets \
                     WHERE tenant = $1 AND client_id = $2 ORDER BY created_at DESC"
                )
                .bind(&self.tenant)
                .bind(client_id),
            )
            .await?;
        let secrets = secrets.iter().map(secret_of).collect::<Result<_, _>>()?;
        client_of(&row, secrets).map(Some)
    }

    /// Clients in the order of their ids, after `after`; without their secrets.
    pub async fn clients(&self, after: &str, limit: i64) -> Result<Vec<Client>, DbError> {
        let rows = self
            .db
            .all(
                sql!(
                    "SELECT client_id, metadata, enabled, created_at, updated_at FROM clients \
                     WHERE tenant = $1 AND client_id > $2 ORDER BY client_id LIMIT $3"
                )
                .bind(&self.tenant)
                .bind(after)
                .bind(limit),
            )
            .await?;
        rows.iter().map(|row| client_of(row, Vec::new())).collect()
    }

    /// The same of those whose id or name has `term` in it.
    pub async fn find_clients(
        &self,
        term: &SearchTerm,
        after: &str,
        limit: i64,
    ) -> Result<Vec<Client>, DbError> {
        let rows = self
            .db
            .all(
                sql!(
                    "SELECT client_id, metadata, enabled, created_at, updated_at FROM clients \
                     WHERE tenant = $1 AND client_id > $2 AND search_key LIKE $4 ESCAPE '\\' \
                     ORDER BY client_id LIMIT $3"
                )
                .bind(&self.tenant)
                .bind(after)
                .bind(limit)
                .bind(containing(term)),
            )
            .await?;
        rows.iter().map(|row| client_of(row, Vec::new())).collect()
    }

    /// Registers a client. [`DbError::Conflict`] when the id is taken,
    /// [`DbError::Refused`] while tokens of a deleted namesake could still live.
    pub async fn create_client(&self, client: ClientWrite) -> Result<(), DbError> {
        self.db
            .write((self.tenant.clone(), client), |tx, (tenant, client)| {
                Box::pin(async move {
                    tenant_end::refuse_deleted(tx, tenant).await?;
                    let revoked = Revoked::Client(&client.client_id);
                    if revocations::is_entered(tx, tenant, revoked, client.now).await?
                        && !exists(tx, tenant, &client.client_id).await?
                    {
                        return Err(DbError::Refused(format!(
                            "a client {:?} was deleted less than a day ago and its tokens may still be about; \
                             choose another client_id or wait",
                            client.client_id
                        )));
                    }
                    tx.run(
                        sql!(
                            "INSERT INTO clients (tenant, client_id, metadata, enabled, search_key, created_at, updated_at) \
                             VALUES ($1, $2, $3, $4, $5, $6, $6)"
                        )
                        .bind(tenant)
                        .bind(&client.client_id)
                        .bind(json(&client.metadata)?)
                        .bind(client.enabled)
                        .bind(client::search_key(&client.client_id, &client.metadata))
                        .bind(client.now),
                    )
                    .await?;
                    follow_enabled(tx, tenant, client).await?;
                    put_secret(tx, tenant, client).await?;
                    audit::append(tx, tenant, &client.event).await
                })
            })
            .await
    }

    /// Replaces a client's registration and adds a secret if one is given.
    pub async fn update_client(&self, client: ClientWrite) -> Result<UpdateOutcome, DbError> {
        self.db
            .write((self.tenant.clone(), client), |tx, (tenant, client)| {
                Box::pin(async move {
                    let updated = tx
                        .run(
                            sql!(
                                "UPDATE clients SET metadata = $1, enabled = $2, search_key = $7, \
                                 updated_at = CASE WHEN updated_at < $3 THEN $3 ELSE updated_at + 1 END \
                                 WHERE tenant = $4 AND client_id = $5 \
                                 AND (CAST($6 AS BIGINT) IS NULL OR updated_at = $6)"
                            )
                            .bind(json(&client.metadata)?)
                            .bind(client.enabled)
                            .bind(client.now)
                            .bind(tenant)
                            .bind(&client.client_id)
                            .bind(client.if_unchanged)
                            .bind(client::search_key(&client.client_id, &client.metadata)),
                        )
                        .await?;
                    if updated == 0 {
                        let there = exists(tx, tenant, &client.client_id).await?;
                        return Ok(UpdateOutcome::untouched(there));
                    }
                    follow_enabled(tx, tenant, client).await?;
                    put_secret(tx, tenant, client).await?;
                    audit::append(tx, tenant, &client.event).await?;
                    Ok(UpdateOutcome::Updated)
                })
            })
            .await
    }

    /// Removes a client with its secrets; its tokens die everywhere.
    pub async fn delete_client(
        &self,
        client_id: &str,
        now: Timestamp,
        event: AuditEvent,
    ) -> Result<bool, DbError> {
        let context = (self.tenant.clone(), client_id.to_owned(), now, event);
        self.db
            .write(context, |tx, (tenant, client_id, now, event)| {
                Box::pin(async move {
                    let removed = tx
                        .run(
                            sql!("DELETE FROM clients WHERE tenant = $1 AND client_id = $2")
                                .bind(tenant)
                                .bind(client_id),
                        )
                        .await?;
                    if removed == 0 {
                        return Ok(false);
                    }
                    // An open-ended entry of a disabled client gives way to one that ends.
                    revocations::take_back(tx, tenant, Revoked::Client(client_id)).await?;
                    let until = now.plus_seconds(LONGEST_ACCESS_TOKEN);
                    revocations::enter(tx, tenant, Revoked::Client(client_id), until).await?;
                    grants::end_all_of_client(tx, tenant, client_id, *now).await?;
                    tx.changed(tenant, "client", client_id);
                    audit::append(tx, tenant, event).await?;
                    Ok(true)
                })
            })
            .await
    }
}

/// A disabled client's tokens are dead on every node until it is enabled again.
async fn follow_enabled(tx: &mut Tx, tenant: &str, client: &ClientWrite) -> Result<(), DbError> {
    let revoked = Revoked::Client(&client.client_id);
    let ends = if client.enabled {
        // A login that met the disabling may have left a session behind.
        revocations::take_back(tx, tenant, revoked).await?
    } else {
        revocations::enter(tx, tenant, revoked, revocations::UNTIL_TAKEN_BACK).await?;
        true
    };
    if ends {
        grants::end_all_of_client(tx, tenant, &client.client_id, client.now).await?;
    }
    tx.changed(tenant, "client", &client.client_id);
    Ok(())
}

/// Adds the new secret and lets the oldest beyond the two newest go.
async fn put_secret(tx: &mut Tx, tenant: &str, client: &ClientWrite) -> Result<(), DbError> {
    let Some(secret) = &client.secret else {
        return Ok(());
    };
    tx.run(
        sql!(
            "INSERT INTO client_secrets (tenant, client_id, digest, secret_kind, created_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tenant, client_id, digest) DO NOTHING"
        )
        .bind(tenant)
        .bind(&client.client_id)
        .bind(&secret.digest)
        .bind(secret.kind.name())
        .bind(client.now)
        .bind(secret.expires_at),
    )
    .await?;
    tx.run(
        sql!(
            "DELETE FROM client_secrets WHERE tenant = $1 AND client_id = $2 AND digest NOT IN \
             (SELECT digest FROM client_secrets WHERE tenant = $1 AND client_id = $2 \
             ORDER BY created_at DESC, digest LIMIT $3)"
        )
        .bind(tenant)
        .bind(&client.client_id)
        .bind(MAX_SECRETS),
    )
    .await
    .map(drop)
}

async fn exists(tx: &mut Tx, tenant: &str, client_id: &str) -> Result<bool, DbError> {
    let row = tx
        .one(
            sql!("SELECT client_id FROM clients WHERE tenant = $1 AND client_id = $2")
                .bind(tenant)
                .bind(client_id),
        )
        .await?;
    Ok(row.is_some())
}

fn json(metadata: &ClientMetadata) -> Result<String, DbError> {
    serde_json::to_string(metadata).map_err(|_| DbError::Corrupt("clients.metadata"))
}

fn client_of(row: &Row, secrets: Vec<StoredSecret>) -> Result<Client, DbError> {
    Ok(Client {
        client_id: row.text("client_id")?,
        metadata: row.json("metadata")?,
        enabled: row.flag("enabled")?,
        secrets,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}

fn secret_of(row: &Row) -> Result<StoredSecret, DbError> {
    Ok(StoredSecret {
        kind: row.word("secret_kind")?,
        digest: row.text("digest")?,
        created_at: row.time("created_at")?,
        expires_at: row.optional_time("expires_at")?,
    })
}
