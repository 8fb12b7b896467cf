//! What is asked for a new or changed tenant.

use super::algorithm::Algorithm;
use super::domain;
use super::tenant::{DEFAULT_SLUG, Tenant, is_valid_slug};
use super::tenant_settings::{Display, TenantSettings};
use crate::config::issuer;

const MAX_NAME_CHARS: usize = 100;
const MAX_DESCRIPTION_CHARS: usize = 1000;
const MAX_SLUG_BYTES: usize = 63;

/// What a tenant may be called in addresses.
pub const SLUG_RULE: &str =
    "slug: 1 to 63 of a-z, 0-9 and -, not at the ends, and not a reserved word";
/// Why the default tenant is not disabled.
pub const DEFAULT_STAYS: &str = "enabled: the default tenant cannot be disabled";

/// A tenant as it is to be.
#[derive(Clone, Debug)]
pub struct TenantInput {
    pub slug: String,
    pub name: String,
    pub description: Option<String>,
    /// The domain of its people's e-mail addresses, of no other tenant.
    pub domain: Option<String>,
    /// An issuer of its own, at the root of a host nobody else has.
    pub issuer: Option<String>,
    pub signing_alg: Algorithm,
    pub enabled: bool,
    pub display: Display,
    pub settings: TenantSettings,
}

/// A tenant's description that passed every rule; only [`TenantInput::check`] makes one.
#[derive(Clone, Debug)]
pub struct CheckedTenant {
    input: TenantInput,
    host: Option<String>,
}

impl TenantInput {
    /// A tenant of which nothing but its names is said.
    pub fn named(slug: &str, name: &str, signing_alg: Algorithm) -> Self {
        Self {
            slug: slug.to_owned(),
            name: name.to_owned(),
            description: None,
            domain: None,
            issuer: None,
            signing_alg,
            enabled: true,
            display: Display::default(),
            settings: TenantSettings::default(),
        }
    }

    /// What a tenant is now, to be changed in places.
    pub fn of(tenant: &Tenant) -> Self {
        Self {
            slug: tenant.slug.clone(),
            name: tenant.name.clone(),
            description: tenant.description.clone(),
            domain: tenant.domain.clone(),
            issuer: tenant.host.is_some().then(|| tenant.issuer.clone()),
            signing_alg: tenant.signing_alg,
            enabled: tenant.enabled,
            display: tenant.display.clone(),
            settings: tenant.settings.clone(),
        }
    }

    /// Holds it against every rule; `base` is the configured issuer, whose host stays the
    /// installation's.
    ///
    /// # Errors
    /// Every rule that is broken, each naming its field.
    pub fn check(mut self, base: &str) -> Result<CheckedTenant, Vec<String>> {
        let mut problems = name_problems(&self.name);
        let name = self.name.trim().to_owned();
        self.name = name;
        if !is_valid_slug(&self.slug) {
            problems.push(SLUG_RULE.to_owned());
        }
        if self.slug == DEFAULT_SLUG && !self.enabled {
            problems.push(DEFAULT_STAYS.to_owned());
        }
        if let Some(description) = &self.description
            && !is_description(description)
        {
            problems.push(format!(
                "description: at most {MAX_DESCRIPTION_CHARS} characters, no control characters but line ends"
            ));
        }
        if let Some(typed) = &self.domain {
            match domain::canonical(typed) {
                Some(domain) => self.domain = Some(domain),
                None => problems.push("domain: not a domain name, such as acme.example".to_owned()),
            }
        }
        let host = match self.issuer.as_deref().map(|own| self.own_host(own, base)) {
            Some(Ok(host)) => Some(host),
            Some(Err(rule)) => {
                problems.push(format!("issuer: {rule}"));
                None
            }
            None => None,
        };
        problems.append(&mut self.display.problems());
        problems.append(&mut self.settings.problems());
        if problems.is_empty() {
            Ok(CheckedTenant { input: self, host })
        } else {
            Err(problems)
        }
    }

    fn own_host(&self, own: &str, base: &str) -> Result<String, &'static str> {
        if self.slug == DEFAULT_SLUG {
            return Err("the default tenant's is the installation's");
        }
        let host = issuer::own_host(own)?;
        if host == issuer::authority(base) {
            return Err("its host is the installation's");
        }
        Ok(host.to_owned())
    }
}

impl CheckedTenant {
    pub const fn input(&self) -> &TenantInput {
        &self.input
    }

    /// Host and port of its own issuer.
    pub const fn host(&self) -> Option<&String> {
        self.host.as_ref()
    }
}

/// Every rule a tenant's name for people breaks.
pub fn name_problems(name: &str) -> Vec<String> {
    let name = name.trim();
    if (1..=MAX_NAME_CHARS).contains(&name.chars().count()) && !name.chars().any(char::is_control) {
        return Vec::new();
    }
    vec![format!("name: 1 to {MAX_NAME_CHARS} characters")]
}

fn is_description(text: &str) -> bool {
    text.chars().count() <= MAX_DESCRIPTION_CHARS
        && text
            .chars()
            .all(|letter| !letter.is_control() || matches!(letter, '\n' | '\r'))
}

/// The slug of a tenant that was given none: its name in lower case with a hyphen for whatever
/// stands between letters and digits of ASCII (`Acme & Sons` is `acme-sons`), or, where that gives
/// none, the first label of its domain. `None`: neither gives a slug.
pub fn derived_slug(name: &str, domain: Option<&str>) -> Option<String> {
    let of_name = hyphenated(name);
    let of_domain = domain
        .and_then(domain::canonical)
        .and_then(|domain| domain.split('.').next().map(str::to_owned));
    [Some(of_name), of_domain]
        .into_iter()
        .flatten()
        .find(|slug| is_valid_slug(slug) && slug != DEFAULT_SLUG)
}

fn hyphenated(name: &str) -> String {
    let lower = name.to_lowercase();
    let words = lower.split(|letter: char| !letter.is_ascii_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let mut slug = words.join("-");
    slug.truncate(MAX_SLUG_BYTES);
    slug.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::derived_slug;

    #[test]
    fn a_slug_is_derived_from_the_name_then_from_the_domain() {
        for (name, domain, slug) in [
            ("Acme & Sons", None, Some("acme-sons")),
            ("  ACME  ", Some("other.test"), Some("acme")),
            ("Bücher", Some("buecher.test"), Some("b-cher")),
            ("株式会社", Some("acme.example"), Some("acme")),
            ("株式会社", None, None),
            ("Admin", Some("acme.example"), Some("acme")),
            ("Default", Some("api.example"), None),
            ("Default", None, None),
        ] {
            assert_eq!(derived_slug(name, domain).as_deref(), slug, "{name}");
        }
        let long = derived_slug(&"word ".repeat(40), None).expect("a slug");
        assert!(long.len() <= 63 && !long.ends_with('-'));
    }
}
