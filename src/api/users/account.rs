//! An account as it is written and as it is shown.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::api::body::Document;
use crate::api::call::Call;
use crate::api::views::{Password, When};
use crate::model::required_action::RequiredAction;
use crate::model::user::{Address, StandardClaims, User, UserInput};

/// What is written of an account. Names are those of OpenID Connect's standard claims.
#[derive(Deserialize, JsonSchema, Serialize)]
#[schemars(rename = "Account")]
#[serde(default, deny_unknown_fields)]
pub struct AccountBody {
    /// The name to sign in with. Without one, the address is the name.
    #[schemars(length(min = 1, max = 64))]
    pub username: Option<String>,
    #[schemars(length(max = 254))]
    pub email: Option<String>,
    pub email_verified: bool,
    pub name: Option<String>,
    pub given_name: Option<String>,
    pub family_name: Option<String>,
    pub middle_name: Option<String>,
    pub nickname: Option<String>,
    pub profile: Option<String>,
    pub picture: Option<String>,
    pub website: Option<String>,
    pub gender: Option<String>,
    pub birthdate: Option<String>,
    pub zoneinfo: Option<String>,
    pub locale: Option<String>,
    pub phone_number: Option<String>,
    pub phone_number_verified: Option<bool>,
    pub address: Option<Address>,
    /// Without any, those that new accounts of the tenant have.
    pub roles: Option<Vec<String>>,
    pub groups: Vec<String>,
    /// What else is known of the person, for claims of clients' own.
    pub attributes: BTreeMap<String, Value>,
    /// What the person has to do at a page before anything is given to them.
    pub required_actions: Vec<RequiredAction>,
    /// Whether the person may sign in.
    pub enabled: bool,
    /// Without one, nobody can sign in with a password.
    #[serde(skip_serializing)]
    pub password: Option<Password>,
}

/// Not derived, so that whoever names nothing gets an account that may sign in.
impl Default for AccountBody {
    fn default() -> Self {
        Self::of(UserInput {
            enabled: true,
            ..UserInput::default()
        })
    }
}

impl Document for AccountBody {
    const ALIASES: &'static [(&'static str, &'static str)] =
        &[("first_name", "given_name"), ("last_name", "family_name")];
    const CREATE_ONLY: &'static [&'static str] = &["password"];
}

impl AccountBody {
    /// The account as it is, to be changed in places.
    pub fn of(input: UserInput) -> Self {
        let UserInput {
            username,
            email,
            email_verified,
            claims,
            roles,
            groups,
            attributes,
            required_actions,
            enabled,
            ..
        } = input;
        Self {
            username: (!username.is_empty()).then_some(username),
            email,
            email_verified,
            name: claims.name,
            given_name: claims.given_name,
            family_name: claims.family_name,
            middle_name: claims.middle_name,
            nickname: claims.nickname,
            profile: claims.profile,
            picture: claims.picture,
            website: claims.website,
            gender: claims.gender,
            birthdate: claims.birthdate,
            zoneinfo: claims.zoneinfo,
            locale: claims.locale,
            phone_number: claims.phone_number,
            phone_number_verified: claims.phone_number_verified,
            address: claims.address,
            roles: (!roles.is_empty()).then_some(roles),
            groups,
            attributes,
            required_actions,
            enabled,
            password: None,
        }
    }

    /// The account this describes; what it does not speak of is as in `rest`.
    pub fn into_input(self, default_roles: &[String], rest: UserInput) -> UserInput {
        let username = self.username.or_else(|| self.email.clone());
        UserInput {
            username: username.unwrap_or_default(),
            email: self.email,
            email_verified: self.email_verified,
            claims: StandardClaims {
                name: self.name,
                given_name: self.given_name,
                family_name: self.family_name,
                middle_name: self.middle_name,
                nickname: self.nickname,
                profile: self.profile,
                picture: self.picture,
                website: self.website,
                gender: self.gender,
                birthdate: self.birthdate,
                zoneinfo: self.zoneinfo,
                locale: self.locale,
                phone_number: self.phone_number,
                phone_number_verified: self.phone_number_verified,
                address: self.address,
            },
            roles: self.roles.unwrap_or_else(|| default_roles.to_vec()),
            groups: self.groups,
            attributes: self.attributes,
            required_actions: self.required_actions,
            enabled: self.enabled,
            ..rest
        }
    }
}

/// An account as it is shown.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "AccountRead")]
pub struct AccountView {
    /// `sub` in tokens.
    pub id: String,
    pub tenant_id: String,
    pub username: String,
    pub email: Option<String>,
    pub email_verified: bool,
    #[serde(flatten)]
    pub claims: StandardClaims,
    /// The same as `given_name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// The same as `family_name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_name: Option<String>,
    pub roles: Vec<String>,
    pub groups: Vec<String>,
    pub attributes: BTreeMap<String, Value>,
    pub required_actions: Vec<RequiredAction>,
    pub enabled: bool,
    pub created_at: When,
    pub updated_at: When,
}

impl AccountView {
    pub fn of(user: &User, call: &Call) -> Self {
        Self {
            id: user.id.clone(),
            tenant_id: call.tenant().id.clone(),
            username: user.username.clone(),
            email: user.email.clone(),
            email_verified: user.email_verified,
            first_name: user.claims.given_name.clone(),
            last_name: user.claims.family_name.clone(),
            claims: user.claims.clone(),
            roles: user.roles.clone(),
            groups: user.groups.clone(),
            attributes: user.attributes.clone(),
            required_actions: user.required_actions.clone(),
            enabled: user.enabled,
            created_at: When(user.created_at),
            updated_at: When(user.updated_at),
        }
    }
}

/// The roles of an account that was made without any.
pub fn default_roles(call: &Call) -> Vec<String> {
    call.tenant().settings.default_roles()
}
