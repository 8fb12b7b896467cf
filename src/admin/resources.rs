//! Resource servers.

use super::{AdminError, event};
use crate::app::App;
use crate::model::audit_event::{Actor, AuditKind};
use crate::model::resource::{Catalog, Resource};
use crate::model::tenant::Tenant;

/// Stores a resource, new or changed, and makes the key its tokens are signed with.
pub async fn put(
    app: &App,
    actor: &Actor,
    tenant: &Tenant,
    resource: &Resource,
) -> Result<(), AdminError> {
    let problems = resource.problems();
    if !problems.is_empty() {
        return Err(AdminError::Invalid(problems));
    }
    if let Some(algorithm) = resource.signing_alg {
        app.key_maker.ensure(&tenant.id, algorithm, actor).await?;
    }
    let event = event(app, actor, AuditKind::ResourceChanged, &resource.audience);
    Ok(app
        .store
        .tenant(&tenant.id)
        .put_resource(resource, app.clock.now(), event)
        .await?)
}

/// Removes a resource; a built-in one returns to its default.
pub async fn delete(
    app: &App,
    actor: &Actor,
    tenant: &Tenant,
    audience: &str,
) -> Result<(), AdminError> {
    let event = event(app, actor, AuditKind::ResourceDeleted, audience);
    if app
        .store
        .tenant(&tenant.id)
        .delete_resource(audience, event)
        .await?
    {
        Ok(())
    } else {
        Err(AdminError::Missing(format!("resource {audience:?}")))
    }
}

/// A resource as it is stored, or, where it is not, as it would begin.
pub fn stored_or_new(stored: &[Resource], audience: &str) -> Resource {
    if let Some(known) = stored.iter().find(|known| known.audience == audience) {
        return known.clone();
    }
    let built_in = Catalog::new(Vec::new(), Vec::new());
    let name = built_in.by_audience(audience).map(|known| &known.name);
    Resource {
        audience: audience.to_owned(),
        name: name.map_or(audience, String::as_str).to_owned(),
        ..Resource::default()
    }
}
