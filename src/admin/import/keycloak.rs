//! The users of a Keycloak realm export: `{"realm": .., "users": [..]}`, in one file with the realm or
//! in files of their own.

use std::collections::BTreeMap;

use data_encoding::BASE64;
use serde::Deserialize;
use serde_json::Value;
use zeroize::Zeroizing;

use super::{Proof, Record, UNKNOWN_HASH, json};
use crate::base::clock::Timestamp;
use crate::model::required_action::RequiredAction;
use crate::model::totp::{STEP, TotpSecret};
use crate::model::user::{StandardClaims, UserInput};
use crate::passwords::foreign::{self, Prf};

/// Roles every account of a realm has, which mean nothing elsewhere.
const OWN_ROLES: &[&str] = &["offline_access", "uma_authorization"];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct User {
    id: Option<String>,
    username: Option<String>,
    email: Option<String>,
    #[serde(default)]
    email_verified: bool,
    enabled: Option<bool>,
    first_name: Option<String>,
    last_name: Option<String>,
    created_timestamp: Option<i64>,
    service_account_client_id: Option<String>,
    #[serde(default)]
    attributes: BTreeMap<String, Value>,
    #[serde(default)]
    credentials: Vec<Credential>,
    #[serde(default)]
    required_actions: Vec<String>,
    #[serde(default)]
    realm_roles: Vec<String>,
    #[serde(default)]
    groups: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Credential {
    #[serde(rename = "type")]
    kind: Option<String>,
    created_date: Option<i64>,
    /// JSON in a text.
    secret_data: Option<String>,
    #[serde(rename = "credentialData")]
    parameters: Option<String>,
    /// In the clear, in files made for an import.
    value: Option<String>,
    /// Before version 8.
    hashed_salted_value: Option<String>,
    salt: Option<String>,
    hash_iterations: Option<u32>,
    algorithm: Option<String>,
}

#[derive(Deserialize)]
struct SecretData {
    value: String,
    salt: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CredentialData {
    hash_iterations: u32,
    algorithm: String,
    #[serde(default)]
    additional_parameters: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
struct OtpSecret {
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OtpData {
    #[serde(default)]
    sub_type: Option<String>,
    digits: u32,
    #[serde(default)]
    period: Option<u32>,
    algorithm: String,
    #[serde(default)]
    secret_encoding: Option<String>,
}

impl OtpData {
    fn is_ours(&self) -> bool {
        self.sub_type.as_deref().is_none_or(|kind| kind == "totp")
            && self.digits == 6
            && self.period.is_none_or(|seconds| i64::from(seconds) == STEP)
            && self.algorithm == "HmacSHA1"
    }
}

pub(super) fn record(place: u64, object: &[u8]) -> Result<Record, String> {
    let user: User = json::parsed(object)?;
    if user.service_account_client_id.is_some() {
        return Err(
            "it is the account of a client, and nobody's: make a service account".to_owned(),
        );
    }
    let mut record = Record::at(place);
    record.created_at = user.created_timestamp.map(Timestamp::from_millis);
    record.id = user.id;
    let name: Vec<&str> = [&user.first_name, &user.last_name]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect();
    let own =
        |role: &String| OWN_ROLES.contains(&role.as_str()) || role.starts_with("default-roles-");
    record.input = UserInput {
        username: user
            .username
            .or_else(|| user.email.clone())
            .unwrap_or_default(),
        email_verified: user.email_verified && user.email.is_some(),
        email: user.email,
        claims: StandardClaims {
            name: (!name.is_empty()).then(|| name.join(" ")),
            given_name: user.first_name.clone(),
            family_name: user.last_name.clone(),
            locale: first(&user.attributes, "locale"),
            phone_number: first(&user.attributes, "phoneNumber"),
            picture: first(&user.attributes, "picture"),
            ..StandardClaims::default()
        },
        roles: user
            .realm_roles
            .into_iter()
            .filter(|role| !own(role))
            .collect(),
        groups: user
            .groups
            .iter()
            .map(|path| path.trim_matches('/').to_owned())
            .collect(),
        attributes: user
            .attributes
            .into_iter()
            .filter(|(name, _)| !["locale", "phoneNumber", "picture"].contains(&name.as_str()))
            .map(|(name, value)| (name, single(value)))
            .collect(),
        enabled: user.enabled.unwrap_or(true),
        required_actions: user
            .required_actions
            .iter()
            .filter_map(|name| action(name))
            .collect(),
        ..UserInput::default()
    };
    let is_password = |credential: &&Credential| credential.kind.as_deref() == Some("password");
    if let Some(credential) = user.credentials.iter().find(is_password) {
        record.password_set_at = credential.created_date.map(Timestamp::from_millis);
        match credential.proof() {
            Some(proof) => record.password = proof,
            None => record.problems.push(UNKNOWN_HASH.to_owned()),
        }
    }
    // The first that works here. Whoever had others, or none of that kind, sets one up: nobody is left
    // with less than they had.
    let factors = || user.credentials.iter().filter(|one| one.is_second_factor());
    record.totp = factors().find_map(Credential::totp);
    let actions = &mut record.input.required_actions;
    actions.retain(|action| *action != RequiredAction::ConfigureTotp || record.totp.is_none());
    if record.totp.is_none()
        && factors().next().is_some()
        && !actions.contains(&RequiredAction::ConfigureTotp)
    {
        actions.push(RequiredAction::ConfigureTotp);
    }
    Ok(record)
}

fn action(name: &str) -> Option<RequiredAction> {
    match name {
        "UPDATE_PASSWORD" => Some(RequiredAction::UpdatePassword),
        "VERIFY_EMAIL" => Some(RequiredAction::VerifyEmail),
        "CONFIGURE_TOTP" => Some(RequiredAction::ConfigureTotp),
        _ => None,
    }
}

/// Attributes are lists there, most of them of one.
fn single(value: Value) -> Value {
    match value {
        Value::Array(mut items) if items.len() == 1 => items.remove(0),
        other => other,
    }
}

fn first(attributes: &BTreeMap<String, Value>, name: &str) -> Option<String> {
    let value = single(attributes.get(name)?.clone());
    value.as_str().map(str::to_owned)
}

impl Credential {
    fn is_second_factor(&self) -> bool {
        matches!(
            self.kind.as_deref(),
            Some("otp" | "totp" | "hotp" | "webauthn")
        )
    }

    /// Its secret, where it makes the codes that ours do.
    fn totp(&self) -> Option<TotpSecret> {
        let data: OtpData = serde_json::from_str(self.parameters.as_deref()?).ok()?;
        let secret: OtpSecret = serde_json::from_str(self.secret_data.as_deref()?).ok()?;
        let secret = Zeroizing::new(secret.value);
        if !data.is_ours() {
            return None;
        }
        match data.secret_encoding.as_deref() {
            Some("BASE32") => TotpSecret::parse(&secret),
            None | Some("") => TotpSecret::of(secret.as_bytes()),
            Some(_) => None,
        }
    }

    fn proof(&self) -> Option<Proof> {
        if let Some(value) = &self.value {
            return Some(Proof::Plain(value.clone().into()));
        }
        let (secret, data) = match (&self.secret_data, &self.parameters) {
            (Some(secret), Some(data)) => (
                serde_json::from_str(secret).ok()?,
                serde_json::from_str(data).ok()?,
            ),
            _ => (
                SecretData {
                    value: self.hashed_salted_value.clone()?,
                    salt: self.salt.clone()?,
                },
                CredentialData {
                    hash_iterations: self.hash_iterations?,
                    algorithm: self.algorithm.clone()?,
                    additional_parameters: BTreeMap::new(),
                },
            ),
        };
        data.hash(&secret).map(Proof::Hash)
    }
}

impl CredentialData {
    fn hash(&self, secret: &SecretData) -> Option<String> {
        let output = BASE64.decode(secret.value.as_bytes()).ok()?;
        let salt = BASE64.decode(secret.salt.as_bytes()).ok()?;
        let rounds = self.hash_iterations;
        match self.algorithm.as_str() {
            "pbkdf2" => foreign::pbkdf2(Prf::Sha1, rounds, &salt, &output),
            "pbkdf2-sha256" => foreign::pbkdf2(Prf::Sha256, rounds, &salt, &output),
            "pbkdf2-sha512" => foreign::pbkdf2(Prf::Sha512, rounds, &salt, &output),
            "argon2" => {
                let version = match self.parameter("version")? {
                    "1.0" => 16,
                    "1.3" => 19,
                    _ => return None,
                };
                let memory = self.parameter("memory")?.parse().ok()?;
                let lanes = self.parameter("parallelism")?.parse().ok()?;
                let kind = (self.parameter("type")?, version);
                foreign::argon2(kind, (memory, rounds, lanes), &salt, &output)
            }
            _ => None,
        }
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        let values = self.additional_parameters.get(name)?;
        values.first().map(String::as_str)
    }
}
