//! A tenant's own roles.

use super::{AdminError, event, taken, updated};
use crate::app::App;
use crate::model::audit_event::{Actor, AuditKind};
use crate::model::role::{CheckedRole, Role, RoleInput};
use crate::model::tenant::Tenant;

/// One of the tenant's own roles.
pub async fn get(app: &App, tenant: &Tenant, name: &str) -> Result<Role, AdminError> {
    let roles = app.store.tenant(&tenant.id).roles().await?;
    let role = roles.into_iter().find(|role| role.name == name);
    role.ok_or_else(|| AdminError::Missing(format!("role {name:?} of the tenant's own")))
}

/// Makes a role.
pub async fn create(
    app: &App,
    actor: &Actor,
    tenant: &Tenant,
    input: RoleInput,
) -> Result<(), AdminError> {
    let role = check(app, tenant, input).await?;
    let name = role.name().to_owned();
    let event = event(app, actor, AuditKind::RoleCreated, &name);
    let rows = app.store.tenant(&tenant.id);
    let made = rows.create_role(role, app.clock.now(), event).await;
    made.map_err(|error| taken(error, || format!("role {name:?}")))
}

/// Changes what a role says and permits, where it is still the one of `before`.
pub async fn update(
    app: &App,
    actor: &Actor,
    tenant: &Tenant,
    before: &Role,
    input: RoleInput,
) -> Result<(), AdminError> {
    let name = before.name.clone();
    let role = check(app, tenant, RoleInput { name, ..input }).await?;
    let event = event(app, actor, AuditKind::RoleChanged, &before.name);
    let rows = app.store.tenant(&tenant.id);
    let outcome = rows
        .update_role(role, Some(before.updated_at), app.clock.now(), event)
        .await?;
    updated(outcome, || format!("role {:?}", before.name))
}

/// Removes a role that nobody has.
pub async fn delete(
    app: &App,
    actor: &Actor,
    tenant: &Tenant,
    name: &str,
) -> Result<(), AdminError> {
    let event = event(app, actor, AuditKind::RoleDeleted, name);
    if app
        .store
        .tenant(&tenant.id)
        .delete_role(name, event)
        .await?
    {
        Ok(())
    } else {
        let what = format!("role {name:?} of the tenant's own");
        Err(AdminError::Missing(what))
    }
}

/// What a role is now, to be changed in places.
pub fn input_of(role: &Role) -> RoleInput {
    RoleInput {
        name: role.name.clone(),
        description: role.description.clone(),
        permissions: role.permissions.words().map(str::to_owned).collect(),
    }
}

async fn check(app: &App, tenant: &Tenant, input: RoleInput) -> Result<CheckedRole, AdminError> {
    let catalog = app.store.tenant(&tenant.id).catalog().await?;
    input.check(&catalog).map_err(AdminError::Invalid)
}
