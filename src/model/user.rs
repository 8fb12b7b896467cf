//! A resource owner.

mod rules;

use std::collections::BTreeMap;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::client_metadata::UnknownWord;
use super::login_name::{LoginName, is_valid_email, is_valid_username};
use super::required_action::RequiredAction;
use super::search;
use crate::base::clock::Timestamp;

/// What an account stands for.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum AccountKind {
    #[default]
    Person,
    /// A program: it has roles and groups, but no password, and nobody signs in as it.
    Service,
}

impl AccountKind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Service => "service",
        }
    }
}

impl FromStr for AccountKind {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        match text {
            "person" => Ok(Self::Person),
            "service" => Ok(Self::Service),
            _ => Err(UnknownWord),
        }
    }
}

/// What a person keeps with an account for the applications they use: a JSON object.
pub type Preferences = Map<String, Value>;

/// An account in one tenant. Credentials stand in rows of their own.
#[derive(Clone, Debug)]
pub struct User {
    /// `sub`: a UUIDv4, never used again.
    pub id: String,
    pub kind: AccountKind,
    pub username: String,
    pub email: Option<String>,
    pub email_verified: bool,
    pub claims: StandardClaims,
    pub roles: Vec<String>,
    /// What the operator counts the person to; told to clients, of no meaning here.
    pub groups: Vec<String>,
    /// What else the operator knows of the person, for claims of clients' own.
    pub attributes: BTreeMap<String, Value>,
    /// The account's own, told to nobody in claims.
    pub preferences: Preferences,
    /// What the person has to do at a page before anything is given to them, as it was asked for.
    pub required_actions: Vec<RequiredAction>,
    pub enabled: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub last_login_at: Option<Timestamp>,
}

/// The standard claims an account keeps, beside its name and address (OIDC Core section 5.1).
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct StandardClaims {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub middle_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nickname: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gender: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birthdate: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zoneinfo: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number_verified: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
}

/// OIDC Core section 5.1.1.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Address {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub formatted: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub street_address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locality: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}

/// What is asked for a new or changed account.
#[derive(Clone, Debug, Default)]
pub struct UserInput {
    pub username: String,
    pub email: Option<String>,
    pub email_verified: bool,
    pub claims: StandardClaims,
    pub roles: Vec<String>,
    /// What the operator counts the person to; told to clients, of no meaning here.
    pub groups: Vec<String>,
    /// What else the operator knows of the person, for claims of clients' own.
    pub attributes: BTreeMap<String, Value>,
    /// The account's own, told to nobody in claims.
    pub preferences: Preferences,
    /// What the person has to do at a page before anything is given to them.
    pub required_actions: Vec<RequiredAction>,
    pub enabled: bool,
}

/// An account description that passed every rule; only [`UserInput::check`] makes one.
#[derive(Clone, Debug)]
pub struct CheckedUser {
    input: UserInput,
    username_key: LoginName,
    email_key: Option<LoginName>,
}

impl User {
    /// Whether something is left to do of what was asked for.
    pub fn has_to(&self, action: RequiredAction) -> bool {
        self.required_actions.contains(&action)
            && match action {
                RequiredAction::UpdatePassword | RequiredAction::ConfigureTotp => true,
                RequiredAction::VerifyEmail => self.email.is_some() && !self.email_verified,
            }
    }

    /// Where the account stands in lists: its username in canonical form.
    pub fn name_key(&self) -> String {
        LoginName::parse(&self.username)
            .map_or_else(|| self.username.clone(), |name| name.as_str().to_owned())
    }
}

impl UserInput {
    /// Checks what can be seen without a look at the tenant; whether it has the roles is seen where
    /// the account is written.
    ///
    /// # Errors
    /// Every rule that is broken, each naming its field.
    pub fn check(mut self) -> Result<CheckedUser, Vec<String>> {
        let mut problems = Vec::new();
        self.required_actions.sort_unstable();
        self.required_actions.dedup();
        let username_key = LoginName::parse(&self.username);
        let email_key = self.email.as_deref().map(LoginName::parse);
        // An address may be longer than a name and have other letters; it is judged as an address.
        let is_own_address =
            self.username.contains('@') && email_key.as_ref() == Some(&username_key);
        if !is_own_address && (username_key.is_none() || !is_valid_username(&self.username)) {
            problems.push("username: 1 to 64 letters, digits or _ . - +".to_owned());
        }
        if let Some(email) = &self.email
            && (!is_valid_email(email) || email_key == Some(None))
        {
            problems.push("email: not an address".to_owned());
        }
        if self.username.contains('@') && !is_own_address {
            problems.push(
                "username: one with an @ must be the account's own e-mail address".to_owned(),
            );
        }
        rules::check_roles(&self.roles, &mut problems);
        rules::check_groups(&self.groups, &mut problems);
        rules::check_attributes(&self.attributes, &mut problems);
        rules::check_preferences(&self.preferences, &mut problems);
        match username_key {
            Some(username_key) if problems.is_empty() => Ok(CheckedUser {
                input: self,
                username_key,
                email_key: email_key.flatten(),
            }),
            _ => Err(problems),
        }
    }
}

impl CheckedUser {
    pub const fn input(&self) -> &UserInput {
        &self.input
    }

    pub fn username_key(&self) -> &str {
        self.username_key.as_str()
    }

    pub fn email_key(&self) -> Option<String> {
        self.email_key.as_ref().map(|key| key.as_str().to_owned())
    }
    /// What a search for accounts looks in.
    pub fn search_key(&self) -> String {
        let UserInput {
            username,
            email,
            claims,
            ..
        } = &self.input;
        search_key(username, email.as_deref(), claims)
    }
}

/// A whole name of its parts, if there are any.
pub fn joined_name(given: Option<&str>, family: Option<&str>) -> Option<String> {
    let parts: Vec<&str> = [given, family].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// What a search for accounts looks in: the username, the address and the name.
pub fn search_key(username: &str, email: Option<&str>, claims: &StandardClaims) -> String {
    let fields = [Some(username), email, claims.name.as_deref()];
    search::key(fields.into_iter().flatten())
}
