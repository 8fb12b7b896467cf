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
    let mut problems = name_problems(name);
    if !is_valid_slug(slug) || slug == DEFAULT_SLUG {
        problems.push(SLUG_RULE.to_owned());
    }
    if problems.is_empty() {
        insert(app, actor, slug, name, algorithm).await
    } else {
        Err(AdminError::Invalid(problems))
    }
}

/// What a tenant may be called in addresses.
pub const SLUG_RULE: &str =
    "slug: 1 to 63 of a-z, 0-9 and -, not at the ends, and not a reserved word";

/// Every rule a tenant's name for people breaks.
pub fn name_problems(name: &str) -> Vec<String> {
    let name = name.trim();
    if (1..=100).contains(&name.chars().count()) && !name.chars().any(char::is_control) {
        return Vec::new();
    }
    vec!["name: 1 to 100 characters".to_owned()]
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
    let algorithm = algorithm.unwrap_or_else(|| app.signing_alg());
    let tenant = NewTenant {
        id: app.opaque_id(),
        slug: slug.to_owned(),
        name: name.trim().to_owned(),
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

/// Why the default tenant is not disabled.
pub const DEFAULT_STAYS: &str = "enabled: the default tenant cannot be disabled";

/// Changes a tenant's name, algorithm, or whether it serves.
pub async fn update(app: &App, actor: &Actor, tenant: Tenant) -> Result<(), AdminError> {
    let mut problems = name_problems(&tenant.name);
    if tenant.is_default() && !tenant.enabled {
        problems.push(DEFAULT_STAYS.to_owned());
    }
    if !problems.is_empty() {
        return Err(AdminError::Invalid(problems));
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
