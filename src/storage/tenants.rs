//! Tenants: the issuers of an installation.

use super::signing_keys::{self, KeyState, SealedKey};
use super::sql::{Row, sql};
use super::tx::Tx;
use super::{DbError, Store, audit, revocations};
use crate::base::clock::Timestamp;
use crate::model::audit_event::AuditEvent;
use crate::model::revocation::Revoked;
use crate::model::tenant::{Tenant, derived_issuer};

/// A tenant to be made, with its first signing key.
pub struct NewTenant {
    pub id: String,
    pub slug: String,
    pub name: String,
    pub key: SealedKey,
    pub now: Timestamp,
    pub event: AuditEvent,
}

impl Store {
    /// A tenant by slug. `base` is the configured issuer, from which those without an address of
    /// their own derive theirs.
    pub async fn tenant_by_slug(&self, base: &str, slug: &str) -> Result<Option<Tenant>, DbError> {
        let row = self
            .db
            .one(
                sql!("SELECT id, slug, name, issuer, signing_alg, enabled FROM tenants WHERE slug = $1")
                    .bind(slug),
            )
            .await?;
        row.map(|row| tenant_of(&row, base)).transpose()
    }

    /// A tenant by id.
    pub async fn tenant_by_id(&self, base: &str, id: &str) -> Result<Option<Tenant>, DbError> {
        let row = self
            .db
            .one(
                sql!(
                    "SELECT id, slug, name, issuer, signing_alg, enabled FROM tenants WHERE id = $1"
                )
                .bind(id),
            )
            .await?;
        row.map(|row| tenant_of(&row, base)).transpose()
    }

    /// Tenants in the order of their slugs, after `after`.
    pub async fn tenants(
        &self,
        base: &str,
        after: &str,
        limit: i64,
    ) -> Result<Vec<Tenant>, DbError> {
        let rows = self
            .db
            .all(
                sql!(
                    "SELECT id, slug, name, issuer, signing_alg, enabled FROM tenants \
                     WHERE slug > $1 ORDER BY slug LIMIT $2"
                )
                .bind(after)
                .bind(limit),
            )
            .await?;
        rows.iter().map(|row| tenant_of(row, base)).collect()
    }

    /// Makes a tenant and its signing key, both or neither. [`DbError::Conflict`]: the slug is taken.
    pub async fn create_tenant(&self, tenant: NewTenant) -> Result<(), DbError> {
        self.db
            .write(tenant, |tx, tenant| {
                Box::pin(async move {
                    tx.run(
                        sql!(
                            "INSERT INTO tenants (id, slug, name, signing_alg, enabled, rev, created_at) \
                             VALUES ($1, $2, $3, $4, 1, 0, $5)"
                        )
                        .bind(&tenant.id)
                        .bind(&tenant.slug)
                        .bind(&tenant.name)
                        .bind(tenant.key.algorithm.name())
                        .bind(tenant.now),
                    )
                    .await?;
                    signing_keys::insert(
                        tx,
                        &tenant.id,
                        &tenant.key,
                        KeyState::Active,
                        tenant.now,
                        tenant.now,
                    )
                    .await?;
                    tx.changed(&tenant.id, "tenant", &tenant.slug);
                    audit::append(tx, &tenant.id, &tenant.event).await
                })
            })
            .await
    }

    /// Changes a tenant's name, algorithm and whether it serves. A disabled tenant's tokens are
    /// dead until it is enabled again.
    pub async fn update_tenant(&self, tenant: Tenant, event: AuditEvent) -> Result<bool, DbError> {
        self.db
            .write((tenant, event), |tx, (tenant, event)| {
                Box::pin(async move {
                    let updated = tx
                        .run(
                            sql!(
                                "UPDATE tenants SET name = $1, signing_alg = $2, enabled = $3, rev = rev + 1 \
                                 WHERE id = $4"
                            )
                            .bind(&tenant.name)
                            .bind(tenant.signing_alg.name())
                            .bind(tenant.enabled)
                            .bind(&tenant.id),
                        )
                        .await?;
                    if updated == 0 {
                        return Ok(false);
                    }
                    let revoked = Revoked::Tenant(&tenant.id);
                    if tenant.enabled {
                        revocations::take_back(tx, &tenant.id, revoked).await?;
                    } else {
                        let until = revocations::UNTIL_TAKEN_BACK;
                        revocations::enter(tx, &tenant.id, revoked, until).await?;
                    }
                    tx.changed(&tenant.id, "tenant", &tenant.slug);
                    audit::append(tx, &tenant.id, event).await?;
                    Ok(true)
                })
            })
            .await
    }
}

/// Lets no other transaction decide across rows of this tenant until this one has ended.
pub(super) async fn hold(tx: &mut Tx, tenant: &str) -> Result<(), DbError> {
    tx.run(sql!("UPDATE tenants SET rev = rev + 1 WHERE id = $1").bind(tenant))
        .await
        .map(drop)
}

pub(super) fn tenant_of(row: &Row, base: &str) -> Result<Tenant, DbError> {
    let slug = row.text("slug")?;
    Ok(Tenant {
        id: row.text("id")?,
        issuer: row
            .optional_text("issuer")?
            .unwrap_or_else(|| derived_issuer(base, &slug)),
        slug,
        name: row.text("name")?,
        signing_alg: row.word("signing_alg")?,
        enabled: row.flag("enabled")?,
    })
}
