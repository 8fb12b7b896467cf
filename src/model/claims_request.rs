//! The `claims` parameter (OIDC Core section 5.5): single claims, asked for by name.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::base::strict_json;

/// The longest parameter that is looked at, in bytes.
pub const MAX_BYTES: usize = 8 * 1024;
/// The most claims of both lists together.
pub const MAX_CLAIMS: usize = 64;
/// The deepest nesting: the parameter, a list, a claim, and room for a value.
const MAX_DEPTH: u8 = 8;

/// What a client asks to be told, by where it wants to be told.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
pub struct ClaimsRequest {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub userinfo: BTreeMap<String, ClaimRequest>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub id_token: BTreeMap<String, ClaimRequest>,
}

/// How one claim is asked for; the default is a voluntary claim of any value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClaimRequest {
    pub essential: bool,
    pub value: Option<Value>,
    pub values: Vec<Value>,
}

/// The parameter asks for nothing that could be understood. No message repeats it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ClaimsRequestError {
    #[error("claims is longer than 8 KiB")]
    TooLong,
    #[error("claims is not a JSON object with unique members, or nests too deeply")]
    NotStrict,
    #[error("claims has a member of the wrong type")]
    WrongType,
    #[error("claims asks for more than 64 claims")]
    TooMany,
}

impl ClaimsRequest {
    /// Reads the parameter. Members this server does not know are passed over, as the standard
    /// demands.
    pub fn parse(text: &str) -> Result<Self, ClaimsRequestError> {
        if text.len() > MAX_BYTES {
            return Err(ClaimsRequestError::TooLong);
        }
        strict_json::check_object(text, MAX_DEPTH).map_err(|_| ClaimsRequestError::NotStrict)?;
        let asked: Self = serde_json::from_str(text).map_err(|_| ClaimsRequestError::WrongType)?;
        if asked.userinfo.len() + asked.id_token.len() > MAX_CLAIMS {
            return Err(ClaimsRequestError::TooMany);
        }
        // A person who is demanded must not be overlooked.
        let demanded = asked.id_token.get("sub").and_then(|sub| sub.value.as_ref());
        if demanded.is_some_and(|sub| !sub.is_string()) {
            return Err(ClaimsRequestError::WrongType);
        }
        Ok(asked)
    }

    pub fn is_empty(&self) -> bool {
        self.userinfo.is_empty() && self.id_token.is_empty()
    }

    /// The one person the answer may be about (section 5.5.1).
    pub fn demanded_sub(&self) -> Option<&str> {
        self.id_token.get("sub")?.value.as_ref()?.as_str()
    }

    /// How the ID token's `acr` is asked for (section 5.5.1.1).
    pub fn acr(&self) -> Option<&ClaimRequest> {
        self.id_token.get("acr")
    }

    /// Whether the ID token shall say when the person signed in.
    pub fn wants_auth_time(&self) -> bool {
        self.id_token.contains_key("auth_time")
    }
}

impl ClaimRequest {
    /// Whether this value is what was asked for.
    pub fn accepts(&self, value: &Value) -> bool {
        self.value.as_ref().is_none_or(|wanted| wanted == value)
            && (self.values.is_empty() || self.values.contains(value))
    }
}

/// The form on the wire; `null` is the default.
#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
struct Written {
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    essential: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    values: Vec<Value>,
}

impl Serialize for ClaimRequest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let written = (*self != Self::default()).then(|| Written {
            essential: self.essential,
            value: self.value.clone(),
            values: self.values.clone(),
        });
        written.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ClaimRequest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Option::<Written>::deserialize(deserializer)?.unwrap_or_default();
        Ok(Self {
            essential: written.essential,
            value: written.value,
            values: written.values,
        })
    }
}
