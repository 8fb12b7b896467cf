//! A resource owner.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::claim_source::is_attribute_name;
use super::login_name::{LoginName, is_valid_email, is_valid_username};
use super::role::{BUILT_IN, MAX_ROLES};
use crate::base::clock::Timestamp;

/// A person's account in one tenant. Credentials stand in rows of their own.
#[derive(Clone, Debug)]
pub struct User {
    /// `sub`: a UUIDv4, never used again.
    pub id: String,
    pub username: String,
    pub email: Option<String>,
    pub email_verified: bool,
    pub claims: StandardClaims,
    pub roles: Vec<String>,
    /// What the operator counts the person to; told to clients, of no meaning here.
    pub groups: Vec<String>,
    /// What else the operator knows of the person, for claims of clients' own.
    pub attributes: BTreeMap<String, Value>,
    pub enabled: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
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

const MAX_GROUPS: usize = 100;
const MAX_GROUP_CHARS: usize = 64;
const MAX_ATTRIBUTES: usize = 64;
/// All attributes together, in bytes of JSON.
const MAX_ATTRIBUTE_BYTES: usize = 16 * 1024;
/// How deep lists and objects may stand in each other: readers of JSON have bounds of their own.
const MAX_ATTRIBUTE_DEPTH: usize = 16;

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
    pub enabled: bool,
}

/// An account description that passed every rule; only [`UserInput::check`] makes one.
#[derive(Clone, Debug)]
pub struct CheckedUser {
    input: UserInput,
    username_key: LoginName,
    email_key: Option<LoginName>,
}

impl UserInput {
    /// # Errors
    /// Every rule that is broken, each naming its field.
    pub fn check(self) -> Result<CheckedUser, Vec<String>> {
        let mut problems = Vec::new();
        let username_key = LoginName::parse(&self.username);
        if username_key.is_none() || !is_valid_username(&self.username) {
            problems.push("username: 1 to 64 letters, digits or _ . - +".to_owned());
        }
        let email_key = self.email.as_deref().map(LoginName::parse);
        if let Some(email) = &self.email
            && (!is_valid_email(email) || email_key == Some(None))
        {
            problems.push("email: not an address".to_owned());
        }
        if self.username.contains('@') && email_key.as_ref() != Some(&username_key) {
            problems.push(
                "username: one with an @ must be the account's own e-mail address".to_owned(),
            );
        }
        if self.roles.len() > MAX_ROLES {
            problems.push(format!("roles: at most {MAX_ROLES}"));
        }
        for role in self
            .roles
            .iter()
            .filter(|role| !BUILT_IN.contains(&role.as_str()))
        {
            problems.push(format!("roles: no role is called {role:?}"));
        }
        check_groups(&self.groups, &mut problems);
        check_attributes(&self.attributes, &mut problems);
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

fn check_groups(groups: &[String], problems: &mut Vec<String>) {
    if groups.len() > MAX_GROUPS {
        problems.push(format!("groups: at most {MAX_GROUPS}"));
        return;
    }
    for (position, group) in groups.iter().enumerate() {
        if !(1..=MAX_GROUP_CHARS).contains(&group.chars().count())
            || group.chars().any(char::is_control)
        {
            let entry = position + 1;
            problems.push(format!(
                "groups: entry {entry}: 1 to {MAX_GROUP_CHARS} characters, no control characters"
            ));
        } else if groups[..position].contains(group) {
            problems.push(format!("groups: {group:?} stands twice"));
        }
    }
}

fn check_attributes(attributes: &BTreeMap<String, Value>, problems: &mut Vec<String>) {
    if attributes.len() > MAX_ATTRIBUTES {
        problems.push(format!("attributes: at most {MAX_ATTRIBUTES}"));
        return;
    }
    for (name, value) in attributes {
        if !is_attribute_name(name) {
            problems.push(format!(
                "attributes: {name:?} is no name: 1 to 64 letters, digits or . _ -"
            ));
        } else if value.is_null() || has_nul(value) {
            problems.push(format!("attributes: {name}: neither null nor U+0000"));
        } else if depth(value) > MAX_ATTRIBUTE_DEPTH {
            problems.push(format!(
                "attributes: {name}: at most {MAX_ATTRIBUTE_DEPTH} lists and objects in each other"
            ));
        }
    }
    let size = serde_json::to_string(attributes).map_or(usize::MAX, |json| json.len());
    if size > MAX_ATTRIBUTE_BYTES {
        problems.push(format!(
            "attributes: at most {MAX_ATTRIBUTE_BYTES} bytes of JSON together"
        ));
    }
}

fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(members) => members
            .iter()
            .any(|(name, value)| name.contains('\0') || has_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
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
}
