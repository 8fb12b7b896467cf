//! A tenant is an issuer.

use super::algorithm::Algorithm;
use super::search;
use super::tenant_settings::{Display, TenantSettings};
use crate::base::clock::Timestamp;
use crate::config::issuer;

/// The slug of the tenant that lives at the root.
pub const DEFAULT_SLUG: &str = "default";

/// Slugs that would read like something else in an address or an interface.
const RESERVED: &[&str] = &[
    "admin",
    "all",
    "api",
    "null",
    "root",
    "system",
    "t",
    "undefined",
    "well-known",
];

/// An issuer with its own users, clients, keys and policies.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Tenant {
    pub id: String,
    pub slug: String,
    /// Its name for people.
    pub name: String,
    pub description: Option<String>,
    /// The domain of its people's e-mail addresses, in lower-case ASCII.
    pub domain: Option<String>,
    /// The `iss` of its tokens, without a trailing slash.
    pub issuer: String,
    /// Host and port of an issuer of its own; without one it is at `/t/{slug}`.
    pub host: Option<String>,
    /// Signs its tokens unless a resource or client asks for another.
    pub signing_alg: Algorithm,
    pub enabled: bool,
    pub display: Display,
    pub settings: TenantSettings,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Tenant {
    pub fn is_default(&self) -> bool {
        self.slug == DEFAULT_SLUG
    }

    /// Where its pages are on its host: the path of its issuer, empty for the root.
    pub fn path(&self) -> String {
        issuer::path(&self.issuer).to_owned()
    }
}

/// What a search for tenants looks in.
pub fn search_key(slug: &str, name: &str, domain: Option<&str>) -> String {
    search::key([slug, name].into_iter().chain(domain))
}

/// Whether `slug` may name a new tenant: 1 to 63 of `a-z 0-9 -`, no hyphen at either end.
pub fn is_valid_slug(slug: &str) -> bool {
    (1..=63).contains(&slug.len())
        && slug
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && !slug.starts_with('-')
        && !slug.ends_with('-')
        && !RESERVED.contains(&slug)
}

/// The issuer of a tenant without an address of its own.
pub fn derived_issuer(base: &str, slug: &str) -> String {
    if slug == DEFAULT_SLUG {
        base.to_owned()
    } else {
        format!("{base}/t/{slug}")
    }
}
