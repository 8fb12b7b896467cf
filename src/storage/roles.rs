//! A tenant's own roles. Those every tenant has are no rows.

use super::memberships::{self, ROLE};
use super::sql::{Row, sql};
use super::tx::Tx;
use super::update::UpdateOutcome;
use super::{DbError, Scoped, audit, tenants};
use crate::base::clock::Timestamp;
use crate::model::audit_event::AuditEvent;
use crate::model::role::{CheckedRole, MAX_OWN_ROLES, Role};

impl Scoped {
    /// The tenant's own roles, in the order of their names: never more than [`MAX_OWN_ROLES`].
    pub async fn roles(&self) -> Result<Vec<Role>, DbError> {
        let rows = self
            .db
            .all(
                sql!(
                    "SELECT name, description, permissions, created_at, updated_at FROM roles \
                     WHERE tenant = $1 ORDER BY name"
                )
                .bind(&self.tenant),
            )
            .await?;
        rows.iter().map(role_of).collect()
    }

    /// Makes a role. [`DbError::Conflict`] when its name is taken, [`DbError::Refused`] when the
    /// tenant has as many as it may have.
    pub async fn create_role(
        &self,
        role: CheckedRole,
        now: Timestamp,
        event: AuditEvent,
    ) -> Result<(), DbError> {
        let context = (self.tenant.clone(), role, now, event);
        self.db
            .write(context, |tx, (tenant, role, now, event)| {
                Box::pin(async move {
                    // Or several at once could pass the bound.
                    tenants::hold(tx, tenant).await?;
                    if count(tx, tenant).await? >= MAX_OWN_ROLES {
                        let sentence = format!("a tenant has at most {MAX_OWN_ROLES} roles of its own");
                        return Err(DbError::Refused(sentence));
                    }
                    tx.run(
                        sql!(
                            "INSERT INTO roles (tenant, name, description, permissions, created_at, updated_at) \
                             VALUES ($1, $2, $3, $4, $5, $5)"
                        )
                        .bind(tenant)
                        .bind(role.name())
                        .bind(role.description())
                        .bind(role.permissions().to_string())
                        .bind(*now),
                    )
                    .await?;
                    tx.changed(tenant, "role", role.name());
                    audit::append(tx, tenant, event).await
                })
            })
            .await
    }

    /// Changes what a role says and permits, if it is still the one of `if_unchanged`. Whoever holds
    /// it holds the other scopes from now on; access tokens that are out keep theirs until they end.
    pub async fn update_role(
        &self,
        role: CheckedRole,
        if_unchanged: Option<Timestamp>,
        now: Timestamp,
        event: AuditEvent,
    ) -> Result<UpdateOutcome, DbError> {
        let context = (self.tenant.clone(), role, if_unchanged, now, event);
        self.db
            .write(context, |tx, (tenant, role, if_unchanged, now, event)| {
                Box::pin(async move {
                    let updated = tx
                        .run(
                            sql!(
                                "UPDATE roles SET description = $1, permissions = $2, \
                                 updated_at = CASE WHEN updated_at < $3 THEN $3 ELSE updated_at + 1 END \
                                 WHERE tenant = $4 AND name = $5 \
                                 AND (CAST($6 AS BIGINT) IS NULL OR updated_at = $6)"
                            )
                            .bind(role.description())
                            .bind(role.permissions().to_string())
                            .bind(*now)
                            .bind(tenant)
                            .bind(role.name())
                            .bind(*if_unchanged),
                        )
                        .await?;
                    if updated == 0 {
                        let there = exists(tx, tenant, role.name()).await?;
                        return Ok(UpdateOutcome::untouched(there));
                    }
                    tx.changed(tenant, "role", role.name());
                    audit::append(tx, tenant, event).await?;
                    Ok(UpdateOutcome::Updated)
                })
            })
            .await
    }

    /// Removes a role that nobody has; `false`: there is none. [`DbError::Refused`] while somebody
    /// has it: what people may do is taken from them by name, not by the way.
    pub async fn delete_role(&self, name: &str, event: AuditEvent) -> Result<bool, DbError> {
        let context = (self.tenant.clone(), name.to_owned(), event);
        self.db
            .write(context, |tx, (tenant, name, event)| {
                Box::pin(async move {
                    // Or it could be given to somebody before it is gone.
                    tenants::hold(tx, tenant).await?;
                    let holders = memberships::count(tx, tenant, ROLE, name).await?;
                    if holders > 0 {
                        let accounts = if holders == 1 {
                            "account has"
                        } else {
                            "accounts have"
                        };
                        return Err(DbError::Refused(format!(
                            "{holders} {accounts} the role {name}; take it from them first"
                        )));
                    }
                    if tenants::settings(tx, tenant).await?.default_roles().contains(name) {
                        return Err(DbError::Refused(format!(
                            "new accounts get the role {name}; take it out of settings.default_roles first"
                        )));
                    }
                    let removed = tx
                        .run(
                            sql!("DELETE FROM roles WHERE tenant = $1 AND name = $2")
                                .bind(tenant)
                                .bind(name),
                        )
                        .await?;
                    if removed == 0 {
                        return Ok(false);
                    }
                    tx.changed(tenant, "role", name);
                    audit::append(tx, tenant, event).await?;
                    Ok(true)
                })
            })
            .await
    }
}

pub(super) async fn exists(tx: &mut Tx, tenant: &str, name: &str) -> Result<bool, DbError> {
    let row = tx
        .one(
            sql!("SELECT name FROM roles WHERE tenant = $1 AND name = $2")
                .bind(tenant)
                .bind(name),
        )
        .await?;
    Ok(row.is_some())
}

async fn count(tx: &mut Tx, tenant: &str) -> Result<i64, DbError> {
    let row = tx
        .one(sql!("SELECT COUNT(*) AS roles FROM roles WHERE tenant = $1").bind(tenant))
        .await?;
    row.map_or(Ok(0), |row| row.integer("roles"))
}

fn role_of(row: &Row) -> Result<Role, DbError> {
    Ok(Role {
        name: row.text("name")?,
        description: row.text("description")?,
        permissions: row.word("permissions")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}
