//! API keys.

use data_encoding::HEXLOWER_PERMISSIVE;

use super::{AdminError, event, taken, updated};
use crate::app::App;
use crate::base::api_key_secret::ApiKeySecret;
use crate::base::digest::digest_text;
use crate::model::api_key::{ApiKey, ApiKeyInput, CheckedApiKey, KeySecret, MAX_GRACE};
use crate::model::audit_event::{Actor, AuditKind};
use crate::model::login_name::LoginName;
use crate::model::tenant::Tenant;
use crate::model::user::User;
use crate::storage::api_key_secrets::KeyRotation;
use crate::storage::api_keys::NewApiKey;

/// A key by id.
pub async fn get(app: &App, tenant: &Tenant, id: &str) -> Result<ApiKey, AdminError> {
    let key = app.store.tenant(&tenant.id).api_key(id).await?;
    key.ok_or_else(|| missing(id))
}

/// The account a key may be made for, a person's or a service's, by id, username or address.
pub async fn account(app: &App, tenant: &Tenant, name: &str) -> Result<User, AdminError> {
    let rows = app.store.tenant(&tenant.id);
    let mut user = rows.user(name).await?;
    if user.is_none()
        && let Some(name) = LoginName::parse(name)
    {
        user = rows.named_user(&name).await?;
    }
    user.ok_or_else(|| AdminError::Missing(format!("account {name:?}")))
}

/// The account a key acts for.
pub async fn owner(app: &App, tenant: &Tenant, key: &ApiKey) -> Result<User, AdminError> {
    let owner = app.store.tenant(&tenant.id).user(&key.owner_id).await?;
    // The account and its keys went meanwhile.
    owner.ok_or_else(|| missing(&key.id))
}

/// Makes a key; its id, and its secret, which is never seen again.
pub async fn create(
    app: &App,
    actor: &Actor,
    tenant: &Tenant,
    owner: &User,
    input: ApiKeyInput,
) -> Result<(String, ApiKeySecret), AdminError> {
    let key = check(app, tenant, owner, input, None).await?;
    let secret = ApiKeySecret::generate(&app.config.api_keys.prefix, &app.random);
    let id = insert(app, actor, tenant, owner, key, stored(&secret)).await?;
    Ok((id, secret))
}

/// Takes over a key of another program, of which there is only the SHA-256 digest of the secret, in
/// hexadecimal digits; its new id. Whoever has the secret uses it as before.
pub async fn import(
    app: &App,
    actor: &Actor,
    tenant: &Tenant,
    owner: &User,
    input: ApiKeyInput,
    digest: &str,
    hint: &str,
) -> Result<String, AdminError> {
    let bytes = HEXLOWER_PERMISSIVE.decode(digest.as_bytes()).ok();
    let Some(bytes) = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok()) else {
        let problem = "digest: 64 hexadecimal digits".to_owned();
        return Err(AdminError::Invalid(vec![problem]));
    };
    let key = check(app, tenant, owner, input, None).await?;
    let secret = KeySecret {
        digest: digest_text(&bytes),
        hint: hint.to_owned(),
    };
    insert(app, actor, tenant, owner, key, secret).await
}

/// Replaces a key's description, where it is still the one of `before`.
pub async fn update(
    app: &App,
    actor: &Actor,
    tenant: &Tenant,
    owner: &User,
    before: &ApiKey,
    input: ApiKeyInput,
) -> Result<(), AdminError> {
    let key = check(app, tenant, owner, input, Some(before)).await?;
    let kind = match (before.enabled, key.enabled()) {
        (true, false) => AuditKind::ApiKeyDisabled,
        (false, true) => AuditKind::ApiKeyEnabled,
        _ => AuditKind::ApiKeyChanged,
    };
    let event = event(app, actor, kind, &before.id);
    let name = key.name().to_owned();
    let rows = app.store.tenant(&tenant.id);
    let if_unchanged = Some(before.updated_at);
    let outcome = rows
        .update_api_key(&before.id, key, if_unchanged, app.clock.now(), event)
        .await;
    let outcome = outcome.map_err(|error| taken(error, || format!("API key {name:?}")))?;
    updated(outcome, || format!("API key {:?}", before.id))
}

/// Gives a key another secret. The one it had works for `grace` more seconds, or without that until
/// it is ended; one that was on its way out already is dead.
pub async fn rotate(
    app: &App,
    actor: &Actor,
    tenant: &Tenant,
    id: &str,
    grace: Option<i64>,
) -> Result<ApiKeySecret, AdminError> {
    if grace.is_some_and(|seconds| !(0..=MAX_GRACE).contains(&seconds)) {
        let problem = format!("grace_seconds: 0 to {MAX_GRACE}");
        return Err(AdminError::Invalid(vec![problem]));
    }
    let secret = ApiKeySecret::generate(&app.config.api_keys.prefix, &app.random);
    let now = app.clock.now();
    let rotation = KeyRotation {
        secret: stored(&secret),
        old_expires_at: grace.map(|seconds| now.plus_seconds(seconds)),
        now,
        event: event(app, actor, AuditKind::ApiKeyRotated, id),
    };
    let rows = app.store.tenant(&tenant.id);
    if rows.rotate_api_key(id, rotation).await? {
        Ok(secret)
    } else {
        Err(missing(id))
    }
}

/// Ends the secret that another has taken the place of.
pub async fn end_previous_secret(
    app: &App,
    actor: &Actor,
    tenant: &Tenant,
    id: &str,
) -> Result<(), AdminError> {
    let event = event(app, actor, AuditKind::ApiKeySecretEnded, id);
    let rows = app.store.tenant(&tenant.id);
    if rows.end_previous_secret(id, app.clock.now(), event).await? {
        Ok(())
    } else {
        let what = format!("earlier secret of API key {id:?}");
        Err(AdminError::Missing(what))
    }
}

/// Removes a key; its tokens die everywhere.
pub async fn revoke(app: &App, actor: &Actor, tenant: &Tenant, id: &str) -> Result<(), AdminError> {
    let event = event(app, actor, AuditKind::ApiKeyRevoked, id);
    let rows = app.store.tenant(&tenant.id);
    if rows.delete_api_key(id, app.clock.now(), event).await? {
        Ok(())
    } else {
        Err(missing(id))
    }
}

/// Checks a key's description. What it may do is held against what its owner may do now, but for a
/// key that may do no more than before.
async fn check(
    app: &App,
    tenant: &Tenant,
    owner: &User,
    input: ApiKeyInput,
    before: Option<&ApiKey>,
) -> Result<CheckedApiKey, AdminError> {
    let checked = input.check(before, app.clock.now());
    let checked = checked.map_err(AdminError::Invalid)?;
    let permissions = checked.permissions();
    if before.is_none_or(|before| before.permissions != *permissions) {
        let catalog = app.directory.catalog(tenant).await?;
        let problems = permissions.problems(&catalog, &owner.roles);
        if !problems.is_empty() {
            return Err(AdminError::Invalid(problems));
        }
    }
    Ok(checked)
}

async fn insert(
    app: &App,
    actor: &Actor,
    tenant: &Tenant,
    owner: &User,
    key: CheckedApiKey,
    secret: KeySecret,
) -> Result<String, AdminError> {
    let id = app.row_id();
    let name = key.name().to_owned();
    let mut event = event(app, actor, AuditKind::ApiKeyCreated, &id);
    event.detail = serde_json::json!({ "owner": owner.id });
    let new = NewApiKey {
        id: id.clone(),
        owner_id: owner.id.clone(),
        key,
        secret,
        now: app.clock.now(),
        event,
    };
    let made = app.store.tenant(&tenant.id).create_api_key(new).await;
    let made = made.map_err(|error| taken(error, || format!("API key {name:?} of this owner")))?;
    if made {
        Ok(id)
    } else {
        Err(AdminError::Missing(format!("user {:?}", owner.username)))
    }
}

fn stored(secret: &ApiKeySecret) -> KeySecret {
    KeySecret {
        digest: secret.digest(),
        hint: secret.hint(),
    }
}

fn missing(id: &str) -> AdminError {
    AdminError::Missing(format!("API key {id:?}"))
}
