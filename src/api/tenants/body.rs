//! A tenant as it is written and as it is shown.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::admin::tenants::{Administrator, TenantInput};
use crate::api::body::Document;
use crate::api::problem::Problem;
use crate::api::views::{Password, When};
use crate::model::algorithm::Algorithm;
use crate::model::tenant::Tenant;
use crate::model::tenant_settings::{Display, TenantSettings};

/// What is written of a tenant.
#[derive(Deserialize, JsonSchema, Serialize)]
#[schemars(rename = "Tenant")]
#[serde(default, deny_unknown_fields)]
pub struct TenantBody {
    /// Its name for people.
    #[schemars(length(max = 100))]
    pub name: String,
    /// Its name in addresses. Without one it follows from the name, or from the domain: what stands
    /// between letters and digits of ASCII becomes a hyphen.
    #[schemars(length(min = 1, max = 63))]
    pub slug: Option<String>,
    #[schemars(length(max = 1000))]
    pub description: Option<String>,
    /// The domain of its people's e-mail addresses, of no other tenant.
    pub domain: Option<String>,
    /// An issuer of its own, such as `https://login.acme.example`. Another one ends what was given
    /// under the one before; null takes it away.
    pub issuer: Option<String>,
    /// Signs its tokens.
    pub signing_alg: Option<Algorithm>,
    /// Whether it serves.
    pub enabled: bool,
    pub display: Display,
    /// What it decides for itself. What is absent is as the installation has it.
    pub settings: TenantSettings,
    /// Its administrator's name. Without one, the address is the name.
    #[serde(skip_serializing)]
    pub admin_username: Option<String>,
    #[serde(skip_serializing)]
    pub admin_email: Option<String>,
    #[serde(skip_serializing)]
    pub admin_password: Option<Password>,
    #[serde(skip_serializing)]
    pub admin_first_name: Option<String>,
    #[serde(skip_serializing)]
    pub admin_last_name: Option<String>,
}

/// Not derived, so that a tenant of which nothing is said serves.
impl Default for TenantBody {
    fn default() -> Self {
        Self {
            name: String::new(),
            slug: None,
            description: None,
            domain: None,
            issuer: None,
            signing_alg: None,
            enabled: true,
            display: Display::default(),
            settings: TenantSettings::default(),
            admin_username: None,
            admin_email: None,
            admin_password: None,
            admin_first_name: None,
            admin_last_name: None,
        }
    }
}

impl Document for TenantBody {
    const CREATE_ONLY: &'static [&'static str] = &[
        "admin_username",
        "admin_email",
        "admin_password",
        "admin_first_name",
        "admin_last_name",
    ];
}

impl TenantBody {
    /// A tenant as it is, to be changed in places.
    pub fn of(input: TenantInput) -> Self {
        Self {
            name: input.name,
            slug: Some(input.slug),
            description: input.description,
            domain: input.domain,
            issuer: input.issuer,
            signing_alg: Some(input.signing_alg),
            enabled: input.enabled,
            display: input.display,
            settings: input.settings,
            ..Self::default()
        }
    }

    /// The tenant this describes; a slug or an algorithm it does not name is that of `rest`.
    pub fn into_input(self, rest: TenantInput) -> TenantInput {
        TenantInput {
            slug: self.slug.unwrap_or(rest.slug),
            name: self.name,
            description: self.description,
            domain: self.domain,
            issuer: self.issuer,
            signing_alg: self.signing_alg.unwrap_or(rest.signing_alg),
            enabled: self.enabled,
            display: self.display,
            settings: self.settings,
        }
    }

    /// The administrator this describes, if it describes one.
    pub fn administrator<'p>(
        &mut self,
        password: Option<&'p Password>,
    ) -> Result<Option<Administrator<'p>>, Problem> {
        let email = self.admin_email.take();
        let username = self.admin_username.take().or_else(|| email.clone());
        let (given_name, family_name) = (self.admin_first_name.take(), self.admin_last_name.take());
        match (username, password) {
            (Some(username), Some(password)) => Ok(Some(Administrator {
                username,
                email,
                given_name,
                family_name,
                password: password.expose(),
            })),
            (Some(_), None) => Err(Problem::field("admin_password", "needed with a name")),
            (None, None) if given_name.is_none() && family_name.is_none() => Ok(None),
            (None, _) => Err(Problem::field("admin_username", "needed, or an address")),
        }
    }
}

/// A tenant as it is shown.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "TenantRead")]
pub struct TenantView {
    pub id: String,
    pub slug: String,
    pub name: String,
    pub description: Option<String>,
    pub domain: Option<String>,
    /// The `iss` of its tokens.
    pub issuer: String,
    /// Whether that is the root of a host of its own.
    pub has_own_host: bool,
    pub signing_alg: Algorithm,
    pub enabled: bool,
    pub display: Display,
    pub settings: TenantSettings,
    pub created_at: When,
    pub updated_at: When,
}

impl TenantView {
    pub fn of(tenant: &Tenant) -> Self {
        Self {
            id: tenant.id.clone(),
            slug: tenant.slug.clone(),
            name: tenant.name.clone(),
            description: tenant.description.clone(),
            domain: tenant.domain.clone(),
            issuer: tenant.issuer.clone(),
            has_own_host: tenant.host.is_some(),
            signing_alg: tenant.signing_alg,
            enabled: tenant.enabled,
            display: tenant.display.clone(),
            settings: tenant.settings.clone(),
            created_at: When(tenant.created_at),
            updated_at: When(tenant.updated_at),
        }
    }
}
