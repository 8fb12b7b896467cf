//! Our own form: an object with the members of an account as the REST API names them, and what proves
//! the person.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use zeroize::Zeroizing;

use super::{DigestRecord, KeyRecord, Proof, Record, when};
use crate::model::required_action::RequiredAction;
use crate::model::totp::TotpSecret;
use crate::model::user::{Address, Preferences, StandardClaims, UserInput};

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Account {
    id: Option<String>,
    username: Option<String>,
    email: Option<String>,
    email_verified: bool,
    name: Option<String>,
    #[serde(alias = "first_name")]
    given_name: Option<String>,
    #[serde(alias = "last_name")]
    family_name: Option<String>,
    middle_name: Option<String>,
    nickname: Option<String>,
    profile: Option<String>,
    picture: Option<String>,
    website: Option<String>,
    gender: Option<String>,
    birthdate: Option<String>,
    zoneinfo: Option<String>,
    locale: Option<String>,
    phone_number: Option<String>,
    phone_number_verified: Option<bool>,
    address: Option<Address>,
    roles: Vec<String>,
    groups: Vec<String>,
    attributes: BTreeMap<String, Value>,
    preferences: Preferences,
    required_actions: Vec<RequiredAction>,
    enabled: Option<bool>,
    password: Option<String>,
    password_hash: Option<String>,
    password_set_at: Option<String>,
    created_at: Option<String>,
    last_login_at: Option<String>,
    api_keys: Vec<Key>,
    sip_digests: Vec<Digest>,
    totp_secret: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Key {
    name: String,
    sha256: String,
    #[serde(default)]
    permissions: Vec<String>,
    enabled: Option<bool>,
    expires_at: Option<String>,
    last_used_at: Option<String>,
    created_at: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Digest {
    sip_username: String,
    realm: String,
    algorithm: String,
    ha1: String,
    created_at: Option<String>,
}

/// Reads one object.
///
/// # Errors
/// What is wrong with it: a member's name, never its value.
pub(super) fn record(place: u64, object: &[u8]) -> Result<Record, String> {
    let account: Account = parsed(object)?;
    Ok(account.into_record(place))
}

/// Reads an object, and says where it is of another form without repeating what stands there.
pub(super) fn parsed<T: serde::de::DeserializeOwned>(object: &[u8]) -> Result<T, String> {
    let mut reader = serde_json::Deserializer::from_slice(object);
    let read = serde_path_to_error::deserialize(&mut reader);
    read.map_err(|error| {
        let path = error.path().to_string();
        let error = error.into_inner();
        if error.is_data() {
            // `unknown field`, `missing field` and the types name fields; values may stand in the rest.
            let text = error.to_string();
            let unknown = text.starts_with("unknown field") || text.starts_with("missing field");
            let said = if unknown {
                text.split(", expected")
                    .next()
                    .unwrap_or_default()
                    .to_owned()
            } else {
                "is of another type".to_owned()
            };
            format!("{path}: {said}")
        } else {
            "it is no JSON object".to_owned()
        }
    })
}

impl Account {
    pub(super) fn into_record(self, place: u64) -> Record {
        let mut record = Record::at(place);
        record.input = UserInput {
            username: self
                .username
                .or_else(|| self.email.clone())
                .unwrap_or_default(),
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
            roles: self.roles,
            groups: self.groups,
            attributes: self.attributes,
            preferences: self.preferences,
            required_actions: self.required_actions,
            enabled: self.enabled.unwrap_or(true),
        };
        record.id = self.id;
        let mut times = Times(Vec::new());
        record.password_set_at = times.read("password_set_at", self.password_set_at);
        record.created_at = times.read("created_at", self.created_at);
        record.last_login_at = times.read("last_login_at", self.last_login_at);
        match (self.password, self.password_hash) {
            (Some(_), Some(_)) => record
                .problems
                .push("password: goes without password_hash".to_owned()),
            (Some(password), None) => record.password = Proof::Plain(Zeroizing::new(password)),
            (None, Some(hash)) => record.set_hash(&hash),
            (None, None) => {}
        }
        for key in self.api_keys {
            record.keys.push(KeyRecord {
                name: key.name,
                sha256: key.sha256,
                permissions: key.permissions,
                enabled: key.enabled.unwrap_or(true),
                expires_at: times.read("api_keys: expires_at", key.expires_at),
                last_used_at: times.read("api_keys: last_used_at", key.last_used_at),
                created_at: times.read("api_keys: created_at", key.created_at),
            });
        }
        for digest in self.sip_digests {
            record.digests.push(DigestRecord {
                sip_username: digest.sip_username,
                realm: digest.realm,
                algorithm: digest.algorithm,
                ha1: Zeroizing::new(digest.ha1),
                created_at: times.read("sip_digests: created_at", digest.created_at),
            });
        }
        if let Some(secret) = self.totp_secret.map(Zeroizing::new) {
            record.totp = TotpSecret::parse(&secret);
            if record.totp.is_none() {
                let rule = "totp_secret: 16 to 64 bytes in Base32";
                record.problems.push(rule.to_owned());
            }
        }
        record.problems.append(&mut times.0);
        record
    }
}

/// Reads times, and notes those that are none.
pub(super) struct Times(pub(super) Vec<String>);

impl Times {
    pub(super) fn read(
        &mut self,
        field: &str,
        text: Option<String>,
    ) -> Option<crate::base::clock::Timestamp> {
        let text = text.filter(|text| !text.is_empty())?;
        let read = when(&text);
        if read.is_none() {
            self.0
                .push(format!("{field}: a time, as 2026-01-31T12:00:00Z is"));
        }
        read
    }
}
