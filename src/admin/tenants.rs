//! Tenants.

use super::{AdminError, event, taken};
use crate::app::App;
use crate::model::algorithm::Algorithm;
use crate::model::audit_event::{Actor, AuditKind};
use crate::model::tenant::{DEFAULT_SLUG, Tenant, is_valid_slug};
use crate::storage::tenants::NewTenant;

/// A tenant by slug.
pub async fn get(app: &App, slug: &str) -> Result<Tenant, AdminError> {
    let tenant = app.store.tenant_by_slug(&app.config.issuer, slug).await?;
    tenant.ok_or_else(|| AdminError::Missing(format!("tenant {slug:?}")))
}

/// Makes a tenant with its signing key.
pub async fn create(
    app: &App,
    actor: &Actor,
    slug: &str,
    name: &str,
    algorithm: Option<Algorithm>,
) -> Result<Tenant, AdminError> {
    if !is_valid_slug(slug) || slug == DEFAULT_SLUG {
        return Err(AdminError::Invalid(vec![
            "slug: 1 to 63 of a-z, 0-9 and -, not at the ends, and not a reserved word".to_owned(),
        ]));
    }
    insert(app, actor, slug, name, algorithm).await
}

/// Makes the default tenant where there is none yet. When several nodes start at once, one wins.
pub async fn ensure_default(app: &App) -> Result<Tenant, AdminError> {
    match get(app, DEFAULT_SLUG).await {
        Err(AdminError::Missing(_)) => {}
        known => return known,
    }
    match insert(app, &Actor::system(), DEFAULT_SLUG, "Default", None).await {
        Err(AdminError::Conflict(_)) => get(app, DEFAULT_SLUG).await,
        made => made,
    }
}

async fn insert(
    app: &App,
    actor: &Actor,
    slug: &str,
    name: &str,
    algorithm: Option<Algorithm>,
) -> Result<Tenant, AdminError> {
    let name = name.trim();
    if !(1..=100).contains(&name.chars().count()) || name.chars().any(char::is_control) {
        return Err(AdminError::Invalid(vec![
            "name: 1 to 100 characters".to_owned(),
        ]));
    }
    let algorithm = algorithm.unwrap_or_else(|| app.signing_alg());
    let tenant = NewTenant {
        id: app.opaque_id(),
        slug: slug.to_owned(),
        name: name.to_owned(),
        key: app.key_maker.fresh(algorithm).await?,
        now: app.clock.now(),
        event: event(app, actor, AuditKind::TenantCreated, slug),
    };
    app.store
        .create_tenant(tenant)
        .await
        .map_err(|error| taken(error, || format!("tenant {slug:?}")))?;
    get(app, slug).await
}

/// Changes a tenant's name, algorithm, or whether it serves.
pub async fn update(app: &App, actor: &Actor, tenant: Tenant) -> Result<(), AdminError> {
    if tenant.is_default() && !tenant.enabled {
        return Err(AdminError::Invalid(vec![
            "the default tenant cannot be disabled".to_owned(),
        ]));
    }
    app.key_maker
        .ensure(&tenant.id, tenant.signing_alg, actor)
        .await?;
    let event = event(app, actor, AuditKind::TenantChanged, &tenant.slug);
    let slug = tenant.slug.clone();
    if app.store.update_tenant(tenant, event).await? {
        Ok(())
    } else {
        Err(AdminError::Missing(format!("tenant {slug:?}")))
    }
}
