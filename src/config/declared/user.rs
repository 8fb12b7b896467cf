//! `[[user]]`

use std::collections::BTreeMap;

use serde_json::Value;

use super::secret_source::{self, SecretSource};
use crate::config::environment::Environment;
use crate::config::reader::TableReader;

/// A user to have. The claims are those of `OpenID` Connect Core 1.0 section 5.1; what is absent is
/// left as it is.
#[derive(Clone, Debug)]
pub struct DeclaredUser {
    /// The line of the entry.
    pub line: usize,
    /// The slug of their tenant (the default tenant).
    pub tenant: Option<String>,
    /// What they sign in with.
    pub username: String,
    /// Their first password. An existing one stays unless `rotate` is set.
    pub password: Option<SecretSource>,
    /// Claim `email`.
    pub email: Option<String>,
    /// Claim `email_verified`.
    pub email_verified: Option<bool>,
    /// Claim `phone_number`.
    pub phone_number: Option<String>,
    /// Claim `phone_number_verified`.
    pub phone_number_verified: Option<bool>,
    /// Claim `name`.
    pub name: Option<String>,
    /// Claim `given_name`.
    pub given_name: Option<String>,
    /// Claim `family_name`.
    pub family_name: Option<String>,
    /// Claim `middle_name`.
    pub middle_name: Option<String>,
    /// Claim `nickname`.
    pub nickname: Option<String>,
    /// Claim `profile`, an address.
    pub profile: Option<String>,
    /// Claim `picture`, an address.
    pub picture: Option<String>,
    /// Claim `website`, an address.
    pub website: Option<String>,
    /// Claim `gender`.
    pub gender: Option<String>,
    /// Claim `birthdate`, `YYYY-MM-DD`.
    pub birthdate: Option<String>,
    /// Claim `zoneinfo`.
    pub zoneinfo: Option<String>,
    /// Claim `locale`.
    pub locale: Option<String>,
    /// Claim `address`, an object (section 5.1.1).
    pub address: Option<Value>,
    /// Their roles.
    pub roles: Option<Vec<String>>,
    /// The groups they are told to be in; an empty list for none.
    pub groups: Option<Vec<String>>,
    /// What clients' own claims may tell of them: any JSON by name, in place of all there was.
    pub attributes: Option<BTreeMap<String, Value>>,
    /// Whether they may sign in (true).
    pub enabled: bool,
    /// Whether `apply` sets the password of a user that exists (false).
    pub rotate: bool,
}

impl DeclaredUser {
    pub(super) fn read(reader: &mut TableReader<'_, '_>, env: Environment<'_>) -> Self {
        Self {
            line: reader.line(),
            tenant: reader.text("tenant"),
            username: reader.required_text("username"),
            password: secret_source::read(reader, "password", env),
            email: reader.text("email"),
            email_verified: reader.flag("email_verified"),
            phone_number: reader.text("phone_number"),
            phone_number_verified: reader.flag("phone_number_verified"),
            name: reader.text("name"),
            given_name: reader.text("given_name"),
            family_name: reader.text("family_name"),
            middle_name: reader.text("middle_name"),
            nickname: reader.text("nickname"),
            profile: reader.text("profile"),
            picture: reader.text("picture"),
            website: reader.text("website"),
            gender: reader.text("gender"),
            birthdate: reader.text("birthdate"),
            zoneinfo: reader.text("zoneinfo"),
            locale: reader.text("locale"),
            address: reader.object("address"),
            roles: reader.texts("roles"),
            groups: reader.texts("groups"),
            attributes: reader.values("attributes"),
            enabled: reader.flag("enabled").unwrap_or(true),
            rotate: reader.flag("rotate").unwrap_or(false),
        }
    }
}
