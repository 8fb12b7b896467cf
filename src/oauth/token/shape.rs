//! How an access token looks.

use crate::app::App;
use crate::context::Ctx;
use crate::model::algorithm::Algorithm;
use crate::model::client_metadata::{ClientMetadata, TokenFormat};
use crate::model::lifetimes::Lifetimes;
use crate::model::resource::{Catalog, Resource};
use crate::oauth::error::{ErrorKind, OAuthError};
use crate::oauth::scope_policy::Target;

/// How the access token looks: decided by its resources, then the client, then the tenant.
pub(super) struct Shape {
    pub audience: Vec<String>,
    pub algorithm: Algorithm,
    pub opaque: bool,
    /// Seconds.
    pub lifetime: i64,
}

impl Shape {
    pub fn of(
        app: &App,
        ctx: &Ctx,
        client: &ClientMetadata,
        target: &Target,
        catalog: &Catalog,
    ) -> Result<Self, OAuthError> {
        let resources: Vec<&Resource> = catalog
            .granted(&target.scope)
            .filter(|resource| {
                target.audience.is_empty() || target.audience.contains(&resource.audience)
            })
            .collect();
        let mut audience: Vec<String> = resources
            .iter()
            .map(|resource| resource.audience.clone())
            .collect();
        if target.scope.contains("openid") || audience.is_empty() {
            audience.push(ctx.tenant.issuer.clone());
        }
        let mut wanted = resources.iter().filter_map(|resource| resource.signing_alg);
        let first = wanted.next();
        if wanted.any(|other| Some(other) != first) {
            return Err(OAuthError::new(
                ErrorKind::InvalidTarget,
                "these resources want different signatures; ask for one at a time",
            ));
        }
        let opaque = TokenFormat::Opaque;
        let own = client
            .access_token_lifetime
            .unwrap_or(Lifetimes::of(&app.config, &ctx.tenant).access_token);
        let lifetime = resources
            .iter()
            .filter_map(|resource| resource.token_lifetime)
            .fold(own, i64::min);
        Ok(Self {
            audience,
            algorithm: first
                .or(client.access_token_signing_alg)
                .unwrap_or(ctx.tenant.signing_alg),
            opaque: client.access_token_format == Some(opaque)
                || resources
                    .iter()
                    .any(|resource| resource.token_format == Some(opaque)),
            lifetime,
        })
    }
}
