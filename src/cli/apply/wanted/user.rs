//! What a `[[user]]` means: what is absent stays as it is.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::admin::users;
use crate::config::{DeclaredUser, Secret};
use crate::model::role;
use crate::model::user::{Address, StandardClaims, User, UserInput};

/// An account as it is to be, as far as it is declared.
pub(in crate::cli::apply) struct WantedUser {
    username: String,
    email: Option<String>,
    email_verified: Option<bool>,
    claims: StandardClaims,
    roles: Option<Vec<String>>,
    groups: Option<Vec<String>>,
    attributes: Option<BTreeMap<String, Value>>,
    enabled: bool,
    pub(in crate::cli::apply) password: Option<Secret>,
    pub(in crate::cli::apply) rotate: bool,
}

impl WantedUser {
    pub(super) fn read(declared: &DeclaredUser) -> (Self, Vec<String>) {
        let mut problems = Vec::new();
        let declared = declared.clone();
        let address = declared.address.map(serde_json::from_value::<Address>);
        let address = address.transpose().unwrap_or_else(|error| {
            problems.push(format!("address: {error}"));
            None
        });
        let password = declared.password.map(|source| source.secret);
        if declared.rotate && password.is_none() {
            problems
                .push("rotate: needs a password; `user set-password` makes another one".to_owned());
        }
        let user = Self {
            username: declared.username,
            email: declared.email,
            email_verified: declared.email_verified,
            claims: StandardClaims {
                name: declared.name,
                given_name: declared.given_name,
                family_name: declared.family_name,
                middle_name: declared.middle_name,
                nickname: declared.nickname,
                profile: declared.profile,
                picture: declared.picture,
                website: declared.website,
                gender: declared.gender,
                birthdate: declared.birthdate,
                zoneinfo: declared.zoneinfo,
                locale: declared.locale,
                phone_number: declared.phone_number,
                phone_number_verified: declared.phone_number_verified,
                address,
            },
            roles: declared.roles,
            groups: declared.groups,
            attributes: declared.attributes,
            enabled: declared.enabled,
            password,
            rotate: declared.rotate,
        };
        (user, problems)
    }

    /// An account that is to be made in a tenant whose accounts have these roles unless they are
    /// named.
    pub(in crate::cli::apply) fn new_input(&self, default_roles: Vec<String>) -> UserInput {
        UserInput {
            roles: self.roles.clone().unwrap_or(default_roles),
            ..self.input(None)
        }
    }

    /// The account as it is to be; `before` is what it is now.
    pub(in crate::cli::apply) fn input(&self, before: Option<&User>) -> UserInput {
        let before = before.map_or_else(
            || UserInput {
                roles: vec![role::USER.to_owned()],
                ..UserInput::default()
            },
            users::input_of,
        );
        let email = self.email.clone().or_else(|| before.email.clone());
        // What was proved of another address says nothing of this one.
        let still_verified = before.email_verified && email == before.email;
        UserInput {
            username: self.username.clone(),
            email_verified: self.email_verified.unwrap_or(still_verified),
            email,
            claims: laid_over(&self.claims, before.claims),
            roles: reordered(self.roles.as_ref(), before.roles),
            groups: reordered(self.groups.as_ref(), before.groups),
            attributes: self
                .attributes
                .clone()
                .filter(|declared| as_stored(declared) != before.attributes)
                .unwrap_or(before.attributes),
            preferences: before.preferences,
            required_actions: before.required_actions,
            enabled: self.enabled,
        }
    }
}

/// The words that are declared; those there are, where only their order differs: it means nothing.
fn reordered(declared: Option<&Vec<String>>, before: Vec<String>) -> Vec<String> {
    let sorted = |words: &[String]| {
        let mut sorted = words.to_vec();
        sorted.sort_unstable();
        sorted
    };
    match declared {
        Some(words) if sorted(words) != sorted(&before) => words.clone(),
        _ => before,
    }
}

/// As they are read back: the last digit of a fraction may differ.
fn as_stored(attributes: &BTreeMap<String, Value>) -> BTreeMap<String, Value> {
    let json = serde_json::to_string(attributes);
    let stored = json.and_then(|json| serde_json::from_str(&json));
    stored.unwrap_or_else(|_| attributes.clone())
}

/// The claims that are declared, over those there are.
fn laid_over(declared: &StandardClaims, before: StandardClaims) -> StandardClaims {
    let over = declared.clone();
    let same_phone = over.phone_number.is_none() || over.phone_number == before.phone_number;
    let still_verified = before.phone_number_verified.filter(|_| same_phone);
    StandardClaims {
        name: over.name.or(before.name),
        given_name: over.given_name.or(before.given_name),
        family_name: over.family_name.or(before.family_name),
        middle_name: over.middle_name.or(before.middle_name),
        nickname: over.nickname.or(before.nickname),
        profile: over.profile.or(before.profile),
        picture: over.picture.or(before.picture),
        website: over.website.or(before.website),
        gender: over.gender.or(before.gender),
        birthdate: over.birthdate.or(before.birthdate),
        zoneinfo: over.zoneinfo.or(before.zoneinfo),
        locale: over.locale.or(before.locale),
        phone_number: over.phone_number.or(before.phone_number),
        phone_number_verified: over.phone_number_verified.or(still_verified),
        address: over.address.or(before.address),
    }
}
