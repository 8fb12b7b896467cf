//! Groups and who is in them.

use super::{AdminError, event, taken, updated};
use crate::app::App;
use crate::model::audit_event::{Actor, AuditEvent, AuditKind};
use crate::model::group::{Group, GroupInput};
use crate::model::tenant::Tenant;
use crate::model::user::User;
use crate::storage::groups::MemberOutcome;

/// A group by name.
pub async fn get(app: &App, tenant: &Tenant, name: &str) -> Result<Group, AdminError> {
    let group = app.store.tenant(&tenant.id).group(name).await?;
    group.ok_or_else(|| missing(name))
}

/// Makes a group.
pub async fn create(
    app: &App,
    actor: &Actor,
    tenant: &Tenant,
    input: GroupInput,
) -> Result<(), AdminError> {
    let group = input.check().map_err(AdminError::Invalid)?;
    let name = group.name().to_owned();
    let event = event(app, actor, AuditKind::GroupCreated, &name);
    let rows = app.store.tenant(&tenant.id);
    let made = rows.create_group(group, app.clock.now(), event).await;
    made.map_err(|error| taken(error, || format!("group {name:?}")))
}

/// Changes what is said of a group, where it is still the one of `before`.
pub async fn update(
    app: &App,
    actor: &Actor,
    tenant: &Tenant,
    before: &Group,
    description: String,
) -> Result<(), AdminError> {
    let name = before.name.clone();
    let input = GroupInput { name, description };
    let group = input.check().map_err(AdminError::Invalid)?;
    let event = event(app, actor, AuditKind::GroupChanged, &before.name);
    let rows = app.store.tenant(&tenant.id);
    let outcome = rows
        .update_group(group, Some(before.updated_at), app.clock.now(), event)
        .await?;
    updated(outcome, || format!("group {:?}", before.name))
}

/// Removes a group and takes everybody out of it.
pub async fn delete(
    app: &App,
    actor: &Actor,
    tenant: &Tenant,
    name: &str,
) -> Result<(), AdminError> {
    let event = event(app, actor, AuditKind::GroupDeleted, name);
    let rows = app.store.tenant(&tenant.id);
    if rows.delete_group(name, app.clock.now(), event).await? {
        Ok(())
    } else {
        Err(missing(name))
    }
}

/// Puts an account into a group.
pub async fn add_member(
    app: &App,
    actor: &Actor,
    tenant: &Tenant,
    group: &str,
    user: &User,
) -> Result<(), AdminError> {
    let event = moved(app, actor, user, "joined", group);
    let rows = app.store.tenant(&tenant.id);
    let outcome = rows
        .add_member(group, &user.id, app.clock.now(), event)
        .await?;
    judged(outcome, group, user)
}

/// Takes an account out of a group.
pub async fn remove_member(
    app: &App,
    actor: &Actor,
    tenant: &Tenant,
    group: &str,
    user: &User,
) -> Result<(), AdminError> {
    let event = moved(app, actor, user, "left", group);
    let rows = app.store.tenant(&tenant.id);
    let outcome = rows
        .remove_member(group, &user.id, app.clock.now(), event)
        .await?;
    judged(outcome, group, user)
}

/// What is noted of the account, with the group it concerns.
fn moved(app: &App, actor: &Actor, user: &User, what: &str, group: &str) -> AuditEvent {
    let mut event = event(app, actor, AuditKind::UserChanged, &user.id);
    event.detail = serde_json::json!({ what: group });
    event
}

/// Whoever asks for what is so already has what they want.
fn judged(outcome: MemberOutcome, group: &str, user: &User) -> Result<(), AdminError> {
    match outcome {
        MemberOutcome::Done | MemberOutcome::Already => Ok(()),
        MemberOutcome::NoGroup => Err(missing(group)),
        MemberOutcome::NoUser => Err(AdminError::Missing(format!("user {:?}", user.username))),
    }
}

fn missing(name: &str) -> AdminError {
    AdminError::Missing(format!("group {name:?}"))
}
