//! Resource servers of a tenant.

use super::sql::sql;
use super::{DbError, Scoped, audit, tenant_end};
use crate::base::clock::Timestamp;
use crate::model::audit_event::AuditEvent;
use crate::model::resource::{Catalog, Resource};

impl Scoped {
    /// The tenant's own resources; the built-in ones are not rows unless adjusted.
    pub async fn resources(&self) -> Result<Vec<Resource>, DbError> {
        let rows = self
            .db
            .all(
                sql!("SELECT metadata FROM resources WHERE tenant = $1 ORDER BY audience")
                    .bind(&self.tenant),
            )
            .await?;
        rows.iter().map(|row| row.json("metadata")).collect()
    }

    /// What the tenant can give: its resources and roles.
    pub async fn catalog(&self) -> Result<Catalog, DbError> {
        Ok(Catalog::new(self.resources().await?, self.roles().await?))
    }

    /// Stores a resource, new or changed.
    pub async fn put_resource(
        &self,
        resource: &Resource,
        now: Timestamp,
        event: AuditEvent,
    ) -> Result<(), DbError> {
        let metadata =
            serde_json::to_string(resource).map_err(|_| DbError::Corrupt("resources.metadata"))?;
        let context = (
            self.tenant.clone(),
            resource.audience.clone(),
            metadata,
            now,
            event,
        );
        self.db
            .write(context, |tx, (tenant, audience, metadata, now, event)| {
                Box::pin(async move {
                    tenant_end::refuse_deleted(tx, tenant).await?;
                    tx.run(
                        sql!(
                            "INSERT INTO resources (tenant, audience, metadata, created_at, updated_at) \
                             VALUES ($1, $2, $3, $4, $4) \
                             ON CONFLICT (tenant, audience) DO UPDATE SET metadata = $3, updated_at = $4"
                        )
                        .bind(tenant)
                        .bind(audience)
                        .bind(metadata)
                        .bind(*now),
                    )
                    .await?;
                    tx.changed(tenant, "resource", audience);
                    audit::append(tx, tenant, event).await
                })
            })
            .await
    }

    /// Removes a resource; a built-in one returns to its default. `false`: there was no row.
    pub async fn delete_resource(
        &self,
        audience: &str,
        event: AuditEvent,
    ) -> Result<bool, DbError> {
        let context = (self.tenant.clone(), audience.to_owned(), event);
        self.db
            .write(context, |tx, (tenant, audience, event)| {
                Box::pin(async move {
                    let removed = tx
                        .run(
                            sql!("DELETE FROM resources WHERE tenant = $1 AND audience = $2")
                                .bind(tenant)
                                .bind(audience),
                        )
                        .await?;
                    if removed == 0 {
                        return Ok(false);
                    }
                    tx.changed(tenant, "resource", audience);
                    audit::append(tx, tenant, event).await?;
                    Ok(true)
                })
            })
            .await
    }
}
