//! Auth0's users: its export of users, its export of password hashes, and its own form for imports, each
//! an object a line or in an array.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Record, json, when};
use crate::model::user::{StandardClaims, UserInput};

#[derive(Deserialize)]
struct User {
    email: Option<String>,
    #[serde(default)]
    email_verified: bool,
    username: Option<String>,
    phone_number: Option<String>,
    phone_verified: Option<bool>,
    name: Option<String>,
    given_name: Option<String>,
    family_name: Option<String>,
    nickname: Option<String>,
    picture: Option<String>,
    #[serde(default)]
    blocked: bool,
    created_at: Option<Value>,
    last_login: Option<Value>,
    #[serde(rename = "passwordHash", alias = "password_hash")]
    password_hash: Option<String>,
    custom_password_hash: Option<CustomHash>,
    password_set_date: Option<Value>,
    /// The person's own, to be changed by them.
    #[serde(default)]
    user_metadata: Map<String, Value>,
    #[serde(default)]
    app_metadata: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct CustomHash {
    hash: HashValue,
}

#[derive(Deserialize)]
struct HashValue {
    value: String,
}

pub(super) fn record(place: u64, object: &[u8]) -> Result<Record, String> {
    let user: User = json::parsed(object)?;
    let mut record = Record::at(place);
    record.created_at = user.created_at.as_ref().and_then(time);
    record.last_login_at = user.last_login.as_ref().and_then(time);
    record.password_set_at = user.password_set_date.as_ref().and_then(time);
    record.input = UserInput {
        username: user
            .username
            .or_else(|| user.email.clone())
            .unwrap_or_default(),
        email_verified: user.email_verified && user.email.is_some(),
        email: user.email,
        claims: StandardClaims {
            name: user.name,
            given_name: user.given_name,
            family_name: user.family_name,
            nickname: user.nickname,
            picture: user.picture,
            phone_number: user.phone_number,
            phone_number_verified: user.phone_verified,
            ..StandardClaims::default()
        },
        attributes: user.app_metadata,
        preferences: user.user_metadata,
        enabled: !user.blocked,
        ..UserInput::default()
    };
    let custom = user.custom_password_hash.map(|custom| custom.hash.value);
    if let Some(hash) = user.password_hash.or(custom) {
        record.set_hash(&hash);
    }
    Ok(record)
}

/// A text, or `{"$date": ..}`.
fn time(value: &Value) -> Option<crate::base::clock::Timestamp> {
    let value = value.get("$date").unwrap_or(value);
    value.as_str().and_then(when)
}
