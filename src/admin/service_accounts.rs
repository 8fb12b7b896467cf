//! Service accounts: programs with roles and groups of their own, which bound what their keys may do.
//! One has no password and no page, and nobody signs in as one; otherwise it is an account like any
//! other, changed and removed by [`users::update`] and [`users::delete`].

use super::{AdminError, users};
use crate::app::App;
use crate::model::audit_event::{Actor, AuditKind};
use crate::model::login_name::LoginName;
use crate::model::tenant::Tenant;
use crate::model::user::{AccountKind, User, UserInput};
use crate::storage::users::NewUser;

/// A service account by id, username or address.
pub async fn get(app: &App, tenant: &Tenant, name: &str) -> Result<User, AdminError> {
    let rows = app.store.tenant(&tenant.id);
    let mut user = rows.user(name).await?;
    if user.is_none()
        && let Some(name) = LoginName::parse(name)
    {
        user = rows.named_user(&name).await?;
    }
    user.filter(|user| user.kind == AccountKind::Service)
        .ok_or_else(|| AdminError::Missing(format!("service account {name:?}")))
}

/// Makes a service account; its id.
pub async fn create(
    app: &App,
    actor: &Actor,
    tenant: &Tenant,
    input: UserInput,
) -> Result<String, AdminError> {
    let user = NewUser {
        kind: AccountKind::Service,
        ..users::new_user(app, Some(tenant), input, None).await?
    };
    users::store(app, actor, AuditKind::UserCreated, tenant, user).await
}
