//! Who presents an API key: the key, what it may do now, and the account it acts for.

use std::sync::Arc;

use super::throttle::Throttled;
use crate::app::App;
use crate::base::api_key_secret::ApiKeySecret;
use crate::base::digest::sha256_text;
use crate::context::Ctx;
use crate::model::access_token::AccessTokenClaims;
use crate::model::api_key::ApiKey;
use crate::model::resource::Catalog;
use crate::model::scope::Scope;
use crate::model::tenant::Tenant;
use crate::model::user::User;
use crate::storage::DbError;

/// A live key in the hands of whoever has its secret, or a token of it. Only this module makes it.
pub struct KeyHolder {
    tenant: Arc<Tenant>,
    key: Arc<ApiKey>,
    owner: User,
    catalog: Arc<Catalog>,
    scope: Scope,
}

impl KeyHolder {
    pub const fn tenant(&self) -> &Arc<Tenant> {
        &self.tenant
    }

    pub fn key(&self) -> &ApiKey {
        &self.key
    }

    /// The account the key acts for, as it is now.
    pub const fn owner(&self) -> &User {
        &self.owner
    }

    pub const fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    /// What the key gives of what its owner holds now.
    pub const fn scope(&self) -> &Scope {
        &self.scope
    }
}

/// Why a key is refused. What is wrong with it is for the log; outside, all of it looks the same.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("{0}")]
    Refused(Cause),
    #[error("too many failures")]
    Throttled(Throttled),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// What the log says of a refused key.
pub type Cause = &'static str;

/// The holder of a secret, in whatever tenant its key is: for a key that is presented alone.
///
/// # Errors
/// The key is unknown, over, switched off or not for this place, or its owner is; or the network has
/// presented too many that were.
pub async fn of_secret(app: &App, ctx: &Ctx, presented: &str) -> Result<KeyHolder, KeyError> {
    let refuse = |tenant: &Arc<Tenant>, id: &str, cause: Cause| {
        let ctx = Ctx {
            tenant: Arc::clone(tenant),
            ..ctx.clone()
        };
        app.refusals.count(&ctx, "api_key", id);
        KeyError::Refused(cause)
    };
    let Some(secret) = ApiKeySecret::parse(presented) else {
        return Err(refuse(&ctx.tenant, "", "it has not the form of an API key"));
    };
    let digest = secret.digest();
    let Some((tenant_id, id)) = place_of(app, ctx, &digest).await? else {
        let cause = if secret.has_checksum() {
            "there is no such API key"
        } else {
            "there is no such API key, and its checksum is wrong"
        };
        return Err(refuse(&ctx.tenant, "", cause));
    };
    let tenant = app.directory.tenant_by_id(&tenant_id).await?;
    let Some(tenant) = tenant.filter(|tenant| tenant.enabled) else {
        return Err(refuse(&ctx.tenant, "", "the API key's tenant is disabled"));
    };
    ctx.notes.tenant(&tenant);
    let proof = Proof::Secret(&digest);
    let judged = judge(app, ctx, &tenant, &id, proof).await?;
    judged.map_err(|cause| refuse(&tenant, &id, cause))
}

/// The tenant and the id of a key, looked up as often as the network may.
async fn place_of(
    app: &App,
    ctx: &Ctx,
    digest: &str,
) -> Result<Option<(String, String)>, KeyError> {
    if let Some(place) = app.directory.remembered_key_place(digest) {
        return Ok(Some(place));
    }
    let admitted = app.throttle.admit_key(ctx.address, ctx.now).await;
    let attempt = admitted.map_err(|throttled| {
        app.refusals.count(ctx, "api_key.throttled", "");
        KeyError::Throttled(throttled)
    })?;
    let place = app.directory.key_place(digest).await;
    if !matches!(place, Ok(None)) {
        attempt.withdraw();
    }
    Ok(place?)
}

/// The holder of the key with this id in the tenant of the request, who presents its secret.
pub async fn of_client(
    app: &App,
    ctx: &Ctx,
    id: &str,
    presented: &str,
) -> Result<Result<KeyHolder, Cause>, DbError> {
    let digest = sha256_text(presented);
    let proof = Proof::Secret(&digest);
    judge(app, ctx, &ctx.tenant, id, proof).await
}

/// The holder of a token that a key of the request's tenant got.
pub async fn of_token(
    app: &App,
    ctx: &Ctx,
    claims: &AccessTokenClaims,
) -> Result<Result<KeyHolder, Cause>, DbError> {
    let id = &claims.client_id;
    judge(app, ctx, &ctx.tenant, id, Proof::Token).await
}

/// What shows that somebody has a key.
#[derive(Clone, Copy)]
enum Proof<'a> {
    /// The digest of a secret.
    Secret(&'a str),
    /// A token of ours, verified already.
    Token,
}

/// Looks at a key and its owner. The key comes from memory; only the owner's row is read, and that
/// only for whoever has proved something.
async fn judge(
    app: &App,
    ctx: &Ctx,
    tenant: &Arc<Tenant>,
    id: &str,
    proof: Proof<'_>,
) -> Result<Result<KeyHolder, Cause>, DbError> {
    let Some(key) = app.directory.api_key(tenant, id).await? else {
        return Ok(Err("there is no such API key"));
    };
    if let Proof::Secret(digest) = proof
        && !key.has_secret(digest, ctx.now)
    {
        return Ok(Err("the API key's secret is wrong"));
    }
    // Whoever got here has proved something, so what the record of refusals says is true.
    ctx.notes.account(&key.owner_id);
    if !key.is_live(ctx.now) {
        return Ok(Err("the API key is over or switched off"));
    }
    if !key.may_be_used_from(ctx.address) {
        return Ok(Err("the API key is not for this network"));
    }
    let owner = app.store.tenant(&tenant.id).user(&key.owner_id).await?;
    let Some(owner) = owner.filter(|owner| owner.enabled) else {
        return Ok(Err("the API key's owner is disabled"));
    };
    let catalog = app.directory.catalog(tenant).await?;
    let scope = key.permissions.within(&catalog, &owner.roles);
    app.key_uses.note(&tenant.id, &key.id, ctx.now);
    Ok(Ok(KeyHolder {
        tenant: Arc::clone(tenant),
        key,
        owner,
        catalog,
        scope,
    }))
}
