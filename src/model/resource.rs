//! Resource servers: audiences, the scopes they own, and how their tokens look.

use serde::{Deserialize, Serialize};

use super::algorithm::Algorithm;
use super::client_metadata::TokenFormat;
use super::scope::{Scope, is_identity_scope};

/// An audience tokens can be issued for.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Resource {
    pub audience: String,
    pub name: String,
    pub scopes: Scope,
    /// Clients that may look into its tokens (RFC 7662).
    pub introspection_clients: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signing_alg: Option<Algorithm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_format: Option<TokenFormat>,
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_lifetime: Option<i64>,
}

/// The audience of the REST API.
pub const API_AUDIENCE: &str = "rvoip-api";
/// The audience of SIP services.
pub const SIP_AUDIENCE: &str = "rvoip-sip";

pub const API_SCOPES: &[&str] = &[
    "account",
    "audit.read",
    "clients.read",
    "clients.write",
    "keys.write",
    "metrics.read",
    "roles.write",
    "tenants.read",
    "tenants.write",
    "token.introspect",
    "users.read",
    "users.write",
];

/// Scopes that reach accounts and administration: never for somebody else's application.
pub const OWN_SCOPES: &[&str] = &[
    "account",
    "audit.read",
    "clients.read",
    "clients.write",
    "keys.write",
    "roles.write",
    "tenants.read",
    "tenants.write",
    "users.read",
    "users.write",
];

/// Whether only the operator's own applications may have `word`.
pub fn is_own_scope(word: &str) -> bool {
    OWN_SCOPES.contains(&word)
}
const SIP_SCOPES: &[&str] = &[
    "sip.call",
    "sip.message",
    "sip.presence",
    "sip.register",
    "sip.transfer",
];

impl Resource {
    /// Every rule the description breaks, each naming its field.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let plain = |text: &str| {
            text.bytes()
                .all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\')
        };
        if !(1..=255).contains(&self.audience.len())
            || !plain(&self.audience)
            || self.audience.contains('#')
        {
            problems.push("audience: 1 to 255 visible characters, no fragment".to_owned());
        }
        for word in self.scopes.words().filter(|word| is_identity_scope(word)) {
            problems.push(format!("scopes: {word} belongs to the issuer"));
        }
        if self
            .token_lifetime
            .is_some_and(|seconds| !(1..=86_400).contains(&seconds))
        {
            problems.push("token_lifetime: 1 to 86400 seconds".to_owned());
        }
        problems
    }

    pub fn is_built_in(audience: &str) -> bool {
        matches!(audience, API_AUDIENCE | SIP_AUDIENCE)
    }
}

/// All resources of a tenant: the built-in ones, as the tenant adjusted them, and its own.
#[derive(Clone, Debug)]
pub struct Catalog(Vec<Resource>);

impl Catalog {
    /// A stored resource with a built-in audience adjusts it and keeps its scopes.
    pub fn new(stored: Vec<Resource>) -> Self {
        let built_in = |audience: &str, name: &str, scopes: &[&str]| Resource {
            audience: audience.to_owned(),
            name: name.to_owned(),
            scopes: scopes.iter().copied().collect(),
            ..Resource::default()
        };
        let mut all = vec![
            built_in(API_AUDIENCE, "REST API", API_SCOPES),
            built_in(SIP_AUDIENCE, "SIP services", SIP_SCOPES),
        ];
        for mut resource in stored {
            match all
                .iter_mut()
                .find(|known| known.audience == resource.audience)
            {
                Some(known) => {
                    resource.scopes = resource.scopes.union(&known.scopes);
                    *known = resource;
                }
                None => all.push(resource),
            }
        }
        all.sort_by(|left, right| left.audience.cmp(&right.audience));
        Self(all)
    }

    pub fn resources(&self) -> &[Resource] {
        &self.0
    }

    pub fn by_audience(&self, audience: &str) -> Option<&Resource> {
        self.0.iter().find(|resource| resource.audience == audience)
    }

    /// Whether any resource, or the issuer itself, knows this scope.
    pub fn knows(&self, word: &str) -> bool {
        is_identity_scope(word) || self.0.iter().any(|resource| resource.scopes.contains(word))
    }

    /// The resources whose scopes were granted.
    pub fn granted<'a>(&'a self, scope: &'a Scope) -> impl Iterator<Item = &'a Resource> {
        self.0
            .iter()
            .filter(|resource| resource.scopes.words().any(|word| scope.contains(word)))
    }

    /// Every scope, for discovery.
    pub fn scopes(&self) -> Scope {
        self.0.iter().fold(
            super::scope::IDENTITY_SCOPES.iter().copied().collect(),
            |all, resource| all.union(&resource.scopes),
        )
    }
}
