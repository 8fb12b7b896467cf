//! Resource servers: audiences, the scopes they own, and how their tokens look.

use serde::{Deserialize, Serialize};

use super::algorithm::Algorithm;
use super::client_metadata::TokenFormat;
use super::role::{self, Role};
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

/// Reads what phones prove themselves with: whoever has that is every phone.
pub const SIP_DIGEST: &str = "sip.digest";

pub const API_SCOPES: &[&str] = &[
    "account",
    "audit.read",
    "clients.read",
    "clients.write",
    "keys.write",
    "metrics.read",
    "roles.write",
    SIP_DIGEST,
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

/// Whether `word` is for clients and API keys that act for themselves. No person's token has it, by consent
/// or without, and an API key only where it says so by name.
pub fn is_for_programs(word: &str) -> bool {
    word == SIP_DIGEST
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

/// What a tenant can give: its resources, the built-in ones as the tenant adjusted them, with their
/// scopes, and the roles by which people hold them.
#[derive(Clone, Debug)]
pub struct Catalog {
    resources: Vec<Resource>,
    roles: Vec<Role>,
}

impl Catalog {
    /// A stored resource with a built-in audience adjusts it and keeps its scopes. `roles` are the
    /// tenant's own.
    pub fn new(stored: Vec<Resource>, roles: Vec<Role>) -> Self {
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
        Self {
            resources: all,
            roles,
        }
    }

    pub fn resources(&self) -> &[Resource] {
        &self.resources
    }

    /// The tenant's own roles.
    pub fn roles(&self) -> &[Role] {
        &self.roles
    }

    /// Whether a token that speaks for a person with these roles may have `scope`.
    pub fn may_give<R: AsRef<str>>(&self, roles: &[R], scope: &str) -> bool {
        !is_for_programs(scope) && self.may_hold(roles, scope)
    }

    /// Whether `scope` is among what an account with these roles has to give: to a person's token, where
    /// that [may have it](Self::may_give), or to an API key.
    pub fn may_hold<R: AsRef<str>>(&self, roles: &[R], scope: &str) -> bool {
        let gives = |own: &Role| {
            own.permissions.contains(scope) && roles.iter().any(|held| held.as_ref() == own.name)
        };
        role::built_in_give(roles, scope) || self.roles.iter().any(gives)
    }

    /// The scopes a role gives beside those that speak of the person, which are everybody's.
    pub fn given_by(&self, role: &str) -> Scope {
        self.scopes()
            .filtered(|word| !is_identity_scope(word) && self.may_hold(&[role], word))
    }

    pub fn by_audience(&self, audience: &str) -> Option<&Resource> {
        self.resources
            .iter()
            .find(|resource| resource.audience == audience)
    }

    /// Whether any resource, or the issuer itself, knows this scope.
    pub fn knows(&self, word: &str) -> bool {
        is_identity_scope(word)
            || self
                .resources
                .iter()
                .any(|resource| resource.scopes.contains(word))
    }

    /// The resources whose scopes were granted.
    pub fn granted<'a>(&'a self, scope: &'a Scope) -> impl Iterator<Item = &'a Resource> {
        self.resources
            .iter()
            .filter(|resource| resource.scopes.words().any(|word| scope.contains(word)))
    }

    /// Every scope, for discovery.
    pub fn scopes(&self) -> Scope {
        self.resources.iter().fold(
            super::scope::IDENTITY_SCOPES.iter().copied().collect(),
            |all, resource| all.union(&resource.scopes),
        )
    }
}
