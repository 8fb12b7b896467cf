//! Accounts.

use super::new_password::{self, Owner};
use super::{AdminError, event, taken, updated};
use crate::app::App;
use crate::letters;
use crate::mail::Contents;
use crate::model::audit_event::{Actor, AuditEvent, AuditKind};
use crate::model::letter::Purpose;
use crate::model::login_name::LoginName;
use crate::model::role;
use crate::model::tenant::Tenant;
use crate::model::user::{AccountKind, CheckedUser, User, UserInput};
use crate::storage::credentials::NewPassword;
use crate::storage::users::NewUser;
use crate::storage::{DbError, Scoped};

/// A person's account by id, username or address.
pub async fn get(app: &App, tenant: &Tenant, name: &str) -> Result<User, AdminError> {
    let rows = app.store.tenant(&tenant.id);
    let mut user = rows.user(name).await?;
    if user.is_none()
        && let Some(name) = LoginName::parse(name)
    {
        user = rows.named_user(&name).await?;
    }
    user.filter(|user| user.kind == AccountKind::Person)
        .ok_or_else(|| AdminError::Missing(format!("user {name:?}")))
}

/// Makes an account; its id.
pub async fn create(
    app: &App,
    actor: &Actor,
    tenant: &Tenant,
    input: UserInput,
    password: Option<&str>,
) -> Result<String, AdminError> {
    create_as(app, actor, AuditKind::UserCreated, tenant, input, password).await
}

/// The same, as an event of this kind.
pub(super) async fn create_as(
    app: &App,
    actor: &Actor,
    kind: AuditKind,
    tenant: &Tenant,
    input: UserInput,
    password: Option<&str>,
) -> Result<String, AdminError> {
    let password = password.map(|password| (password, Owner::new(app, Some(tenant), &input)));
    let user = new_user(app, Some(tenant), input, password).await?;
    store(app, actor, kind, tenant, user).await
}

/// Stores a new account, as an event of this kind; its id.
pub(super) async fn store(
    app: &App,
    actor: &Actor,
    kind: AuditKind,
    tenant: &Tenant,
    user: NewUser,
) -> Result<String, AdminError> {
    let event = event(app, actor, kind, &user.id);
    store_with(app, tenant, user, event).await
}

/// The same, with an event that is there already.
pub(super) async fn store_with(
    app: &App,
    tenant: &Tenant,
    user: NewUser,
    event: AuditEvent,
) -> Result<String, AdminError> {
    let id = user.id.clone();
    let name = user.user.input().username.clone();
    let created = app.store.tenant(&tenant.id).create_user(user, event).await;
    created.map_err(|error| {
        taken(error, || {
            format!("user {name:?}, or another with its address,")
        })
    })?;
    Ok(id)
}

/// Checks an account's description and hashes its password. `None` is a tenant that is to be made.
pub(super) async fn new_user(
    app: &App,
    tenant: Option<&Tenant>,
    input: UserInput,
    password: Option<(&str, Owner<'_>)>,
) -> Result<NewUser, AdminError> {
    let more = match &password {
        Some((password, owner)) => new_password::problems(app, owner, password).await?,
        None => Vec::new(),
    };
    let checked = check(app, tenant, input, more).await?;
    let password_hash = match password {
        Some((password, owner)) => Some(new_password::hash(app, &owner, password).await?.hash),
        None => None,
    };
    Ok(NewUser {
        id: app.opaque_id(),
        kind: AccountKind::Person,
        user: checked,
        password_hash,
        now: app.clock.now(),
    })
}

/// Checks an account's description; `more` is what is known to be wrong already.
async fn check(
    app: &App,
    tenant: Option<&Tenant>,
    input: UserInput,
    mut more: Vec<String>,
) -> Result<CheckedUser, AdminError> {
    let rows = tenant.map(|tenant| app.store.tenant(&tenant.id));
    let unknown = role_problems(rows.as_ref(), &input.roles).await?;
    let checked = input.check();
    let mut problems = checked.as_ref().err().cloned().unwrap_or_default();
    problems.extend(unknown);
    problems.append(&mut more);
    checked
        .ok()
        .filter(|_| problems.is_empty())
        .ok_or(AdminError::Invalid(problems))
}

/// Names the roles a tenant does not have; `None` is one that is to be made. What could be no
/// role's name is named by [`UserInput::check`].
pub async fn role_problems(
    rows: Option<&Scoped>,
    roles: &[String],
) -> Result<Vec<String>, DbError> {
    let mut unknown: Vec<&String> = roles
        .iter()
        .filter(|name| role::is_role_name(name) && !role::is_built_in(name))
        .collect();
    if let Some(rows) = rows
        && !unknown.is_empty()
    {
        let known = rows.roles().await?;
        unknown.retain(|name| !known.iter().any(|role| role.name == **name));
    }
    Ok(unknown
        .into_iter()
        .map(|name| role::unknown(name))
        .collect())
}

/// Replaces an account's description, where it is still the one of `before`.
pub async fn update(
    app: &App,
    actor: &Actor,
    tenant: &Tenant,
    before: &User,
    input: UserInput,
) -> Result<(), AdminError> {
    let checked = check(app, Some(tenant), input, Vec::new()).await?;
    let kind = match (before.enabled, checked.input().enabled) {
        (true, false) => AuditKind::UserDisabled,
        (false, true) => AuditKind::UserEnabled,
        _ => AuditKind::UserChanged,
    };
    let mut event = event(app, actor, kind, &before.id);
    tell_of_new_address(app, tenant, before, &checked, &mut event);
    let name = checked.input().username.clone();
    let rows = app.store.tenant(&tenant.id);
    let if_unchanged = Some(before.updated_at);
    let outcome = rows
        .update_user(&before.id, checked, if_unchanged, app.clock.now(), event)
        .await;
    let outcome = outcome.map_err(|error| {
        taken(error, || {
            format!("user {name:?}, or another with its address,")
        })
    })?;
    updated(outcome, || format!("user {name:?}"))
}

/// A changed address is told to whoever reads the old one, and is not verified before somebody used
/// the link that goes to it.
fn tell_of_new_address(
    app: &App,
    tenant: &Tenant,
    before: &User,
    after: &CheckedUser,
    event: &mut AuditEvent,
) {
    let old_key = before.email.as_deref().and_then(LoginName::parse);
    let old_key = old_key.map(|key| key.as_str().to_owned());
    if before.kind != AccountKind::Person || after.email_key() == old_key {
        return;
    }
    let at = event.at.millis();
    letters::tell(app, tenant, before, &Contents::AddressChanged { at }, event);
    let UserInput {
        email,
        email_verified,
        enabled,
        ..
    } = after.input();
    if *enabled && !*email_verified {
        let user = User {
            email: email.clone(),
            ..before.clone()
        };
        let purpose = Purpose::VerifyEmail;
        let letter = letters::with_link(app, tenant, &user, purpose, event.at);
        event.letters.extend(letter);
    }
}

/// Sets a password; every session that began with the old one ends.
pub async fn set_password(
    app: &App,
    actor: &Actor,
    tenant: &Tenant,
    user: &User,
    password: &str,
) -> Result<(), AdminError> {
    put_password(app, actor, tenant, user, password, false).await
}

/// The same; a `temporary` one is good for one sign-in, at which another is asked for.
pub async fn put_password(
    app: &App,
    actor: &Actor,
    tenant: &Tenant,
    user: &User,
    password: &str,
    temporary: bool,
) -> Result<(), AdminError> {
    let owner = Owner::of(app, tenant, user);
    let accepted = new_password::accepted(app, &owner, password).await?;
    let accepted = NewPassword {
        temporary,
        ..accepted
    };
    let mut event = event(app, actor, AuditKind::PasswordChanged, &user.id);
    let at = event.at.millis();
    let news = Contents::PasswordChanged { at };
    letters::tell(app, tenant, user, &news, &mut event);
    let rows = app.store.tenant(&tenant.id);
    if rows
        .set_password(&user.id, accepted, app.clock.now(), event)
        .await?
    {
        Ok(())
    } else {
        Err(AdminError::Missing(format!("user {:?}", user.username)))
    }
}

/// Removes an account.
pub async fn delete(
    app: &App,
    actor: &Actor,
    tenant: &Tenant,
    user: &User,
) -> Result<(), AdminError> {
    let event = event(app, actor, AuditKind::UserDeleted, &user.id);
    if app
        .store
        .tenant(&tenant.id)
        .delete_user(&user.id, app.clock.now(), event)
        .await?
    {
        Ok(())
    } else {
        Err(AdminError::Missing(format!("user {:?}", user.username)))
    }
}

/// What an account is now, to be changed in places.
pub fn input_of(user: &User) -> UserInput {
    UserInput {
        username: user.username.clone(),
        email: user.email.clone(),
        email_verified: user.email_verified,
        claims: user.claims.clone(),
        roles: user.roles.clone(),
        groups: user.groups.clone(),
        attributes: user.attributes.clone(),
        preferences: user.preferences.clone(),
        required_actions: user.required_actions.clone(),
        enabled: user.enabled,
    }
}
