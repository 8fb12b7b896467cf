//! What one request sees: its tenant, its instant, its id, where it comes from.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::HeaderValue;
use axum::http::header::USER_AGENT;
use axum::http::request::Parts;

use crate::app::App;
use crate::base::clock::Timestamp;
use crate::model::audit_event::Actor;
use crate::model::session::Origin;
use crate::model::tenant::{DEFAULT_SLUG, Tenant};
use crate::model::user_agent;
use crate::oauth::error::OAuthError;
use crate::storage::DbError;
use crate::web::address::network_of;
use crate::web::host;
use crate::web::request_info::{Notes, RequestInfo};

/// The clock is read once: everything in a request happens at one instant.
#[derive(Clone)]
pub struct Ctx {
    pub tenant: Arc<Tenant>,
    pub now: Timestamp,
    pub request_id: Arc<str>,
    pub address: IpAddr,
    /// What the caller calls itself, as it came.
    pub user_agent: Option<HeaderValue>,
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

    /// Where a sign-in by this request comes from.
    pub fn origin(&self) -> Origin {
        let header = self.user_agent.as_ref();
        Origin {
            address: Some(network_of(self.address)),
            user_agent: header.and_then(|header| user_agent::kept(header.as_bytes())),
            client_id: None,
        }
    }
}

/// The address decides the tenant: its own host, else the path, `/t/{slug}/..`, else the default
/// one. No header does, but `Host` as far as a tenant has that host to itself.
impl FromRequestParts<App> for Ctx {
    type Rejection = OAuthError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, OAuthError> {
        let tenant = addressed(app, parts).await?;
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
            user_agent: parts.headers.get(USER_AGENT).cloned(),
            notes: Arc::clone(&info.notes),
        })
    }
}

/// Every tenant has one address: the default one the root, one with a host of its own that host,
/// the others their slug.
async fn addressed(app: &App, parts: &Parts) -> Result<Option<Arc<Tenant>>, DbError> {
    let slug = slug_of(parts.uri.path());
    if let Some(tenant) = owner_of_host(app, parts).await? {
        return Ok(slug.is_none().then_some(tenant));
    }
    match slug {
        Some(DEFAULT_SLUG) => Ok(None),
        None => app.directory.tenant(DEFAULT_SLUG).await,
        Some(slug) => {
            let tenant = app.directory.tenant(slug).await?;
            Ok(tenant.filter(|tenant| tenant.host.is_none()))
        }
    }
}

/// The tenant that has the host of a request to itself, whether or not it serves.
pub async fn owner_of_host(app: &App, parts: &Parts) -> Result<Option<Arc<Tenant>>, DbError> {
    match host::of(parts) {
        Some(host) => app.directory.tenant_by_host(&host).await,
        None => Ok(None),
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
