//! What a tenant decides for itself. What it leaves open is as the installation has it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::password_policy::PasswordSettings;
use super::redirect_uri;
use super::role::{self, ADMIN, MAX_ROLES, USER};
use crate::config::{
    ACCESS_TOKEN_LIFETIME, Bounds, REFRESH_TOKEN_LIFETIME, SESSION_IDLE_LIFETIME, SESSION_LIFETIME,
};

/// A tenant's settings. Lifetimes are in seconds.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct TenantSettings {
    /// Access tokens (`tokens.access_token_lifetime`). A client's own, and a shorter one of a
    /// resource, come before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token_lifetime: Option<i64>,
    /// ID tokens (`tokens.id_token_lifetime`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token_lifetime: Option<i64>,
    /// Refresh tokens, counted from the sign-in (`tokens.refresh_token_lifetime`). A client's own
    /// comes before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token_lifetime: Option<i64>,
    /// Refresh tokens nobody uses (`tokens.refresh_token_idle_lifetime`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token_idle_lifetime: Option<i64>,
    /// Sign-ins in a browser nobody uses (`sessions.idle_lifetime`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_idle_lifetime: Option<i64>,
    /// Sign-ins in a browser, however much they are used (`sessions.lifetime`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_lifetime: Option<i64>,
    /// Refuses sign-ins of accounts whose address is not verified (no). An account without an
    /// address has none to verify.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_verified_email: Option<bool>,
    /// Asks everybody who signs in to a page for a second factor, and whoever has none to set one up
    /// (no).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_second_factor: Option<bool>,
    /// Roles of accounts that are made without naming any (`user`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_roles: Option<Vec<String>>,
    /// What new passwords must be.
    #[serde(skip_serializing_if = "PasswordSettings::is_empty")]
    pub passwords: PasswordSettings,
}

impl TenantSettings {
    /// Roles of an account that is made without naming any.
    pub fn default_roles(&self) -> Vec<String> {
        let roles = self.default_roles.clone();
        roles.unwrap_or_else(|| vec![USER.to_owned()])
    }

    pub fn requires_verified_email(&self) -> bool {
        self.require_verified_email.unwrap_or_default()
    }

    pub fn requires_second_factor(&self) -> bool {
        self.require_second_factor.unwrap_or_default()
    }

    /// Every rule that is broken, each naming its field.
    pub(super) fn problems(&self) -> Vec<String> {
        let lifetimes: [(&str, Option<i64>, Bounds); 6] = [
            (
                "access_token_lifetime",
                self.access_token_lifetime,
                ACCESS_TOKEN_LIFETIME,
            ),
            (
                "id_token_lifetime",
                self.id_token_lifetime,
                ACCESS_TOKEN_LIFETIME,
            ),
            (
                "refresh_token_lifetime",
                self.refresh_token_lifetime,
                REFRESH_TOKEN_LIFETIME,
            ),
            (
                "refresh_token_idle_lifetime",
                self.refresh_token_idle_lifetime,
                REFRESH_TOKEN_LIFETIME,
            ),
            (
                "session_idle_lifetime",
                self.session_idle_lifetime,
                SESSION_IDLE_LIFETIME,
            ),
            ("session_lifetime", self.session_lifetime, SESSION_LIFETIME),
        ];
        let mut problems = Vec::new();
        for (field, value, (least, most)) in lifetimes {
            if value.is_some_and(|seconds| !(least..=most).contains(&seconds)) {
                problems.push(format!("settings.{field}: {least} to {most} seconds"));
            }
        }
        problems.append(&mut self.passwords.problems());
        let roles = self.default_roles.as_deref().unwrap_or_default();
        if roles.len() > MAX_ROLES {
            problems.push(format!("settings.default_roles: at most {MAX_ROLES}"));
        }
        for name in roles {
            // Whoever registers would administer the tenant.
            if name == ADMIN {
                problems.push(format!(
                    "settings.default_roles: {ADMIN} is given by name only"
                ));
            } else if !role::is_built_in(name) && !role::is_role_name(name) {
                problems.push(format!(
                    "settings.default_roles: no role is called {name:?}"
                ));
            }
        }
        problems
    }
}

/// How a tenant shows itself to people.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Display {
    /// An https address of an image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo_uri: Option<String>,
    /// `#rrggbb`, in lower case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub primary_color: Option<String>,
    /// Where people find help.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub support_uri: Option<String>,
}

impl Display {
    /// Every rule that is broken, each naming its field.
    pub(super) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        for (field, uri) in [
            ("logo_uri", &self.logo_uri),
            ("support_uri", &self.support_uri),
        ] {
            if let Some(Err(rule)) = uri.as_deref().map(redirect_uri::check_page) {
                problems.push(format!("display.{field}: {rule}"));
            }
        }
        if let Some(color) = &self.primary_color
            && !is_color(color)
        {
            problems.push("display.primary_color: # and six of 0-9 a-f".to_owned());
        }
        problems
    }
}

fn is_color(text: &str) -> bool {
    let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.len() == 7 && text.starts_with('#') && text.bytes().skip(1).all(digit)
}
