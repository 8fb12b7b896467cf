//! What one request sees: its tenant, its instant, its id, its caller's address.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::app::App;
use crate::base::clock::Timestamp;
use crate::model::audit_event::Actor;
use crate::model::tenant::{DEFAULT_SLUG, Tenant};
use crate::oauth::error::OAuthError;
use crate::web::request_info::{Notes, RequestInfo};

/// The clock is read once: everything in a request happens at one instant.
#[derive(Clone)]
pub struct Ctx {
    pub tenant: Arc<Tenant>,
    pub now: Timestamp,
    pub request_id: Arc<str>,
    pub address: IpAddr,
    /// Where to note what becomes known of the request.
    pub notes: Arc<Notes>,
}

impl Ctx {
    /// The caller as an actor in the audit trail.
    pub fn actor(&self, name: &str) -> Actor {
        Actor {
            name: Some(name.to_owned()),
            address: Some(self.address.to_string()),
            request_id: Some(self.request_id.to_string()),
        }
    }
}

/// The path alone decides the tenant: `/t/{slug}/..`, else the default one. No header does.
impl FromRequestParts<App> for Ctx {
    type Rejection = OAuthError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, OAuthError> {
        let slug = slug_of(parts.uri.path());
        let tenant = match slug {
            // The default tenant has one address: the root.
            Some(DEFAULT_SLUG) => None,
            slug => app.directory.tenant(slug.unwrap_or(DEFAULT_SLUG)).await?,
        };
        let tenant = tenant
            .filter(|tenant| tenant.enabled)
            .ok_or_else(OAuthError::not_found)?;
        let info = parts
            .extensions
            .get::<RequestInfo>()
            .ok_or_else(OAuthError::internal)?;
        info.notes.tenant(&tenant);
        Ok(Self {
            tenant,
            now: app.clock.now(),
            request_id: Arc::clone(&info.id),
            address: info.address,
            notes: Arc::clone(&info.notes),
        })
    }
}

/// The slug a path names, as it is written: an encoded spelling names nobody.
fn slug_of(path: &str) -> Option<&str> {
    let path = [
        "/.well-known/oauth-authorization-server/t/",
        "/.well-known/openid-configuration/t/",
        "/t/",
    ]
    .iter()
    .find_map(|prefix| path.strip_prefix(prefix))?;
    Some(path.split('/').next().unwrap_or_default())
}
