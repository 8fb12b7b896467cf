//! Where a claim made up for one client comes from.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The fact of an account a client's own claim tells: `roles`, `groups`, `username` or
/// `attribute:NAME`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ClaimSource {
    Roles,
    Groups,
    Username,
    Attribute(String),
}

impl JsonSchema for ClaimSource {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "ClaimSource".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^(roles|groups|username|attribute:[A-Za-z0-9._-]{1,64})$"
        })
    }
}

/// The text names no source of claims.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a claim comes from roles, groups, username or attribute:NAME")]
pub struct UnknownSource;

/// The most claims of one client's own.
pub const MAX_CLAIMS: usize = 50;
/// The longest name of a claim, in bytes.
const MAX_NAME: usize = 128;
/// The longest name of an attribute, in bytes.
const MAX_ATTRIBUTE_NAME: usize = 64;

/// Names with a meaning in tokens (RFC 7519 section 4.1, OIDC Core section 2 and its companions),
/// and the addresses whose proof the account itself keeps.
const RESERVED: &[&str] = &[
    "_claim_names",
    "_claim_sources",
    "acr",
    "act",
    "amr",
    "at_hash",
    "aud",
    "auth_time",
    "azp",
    "c_hash",
    "client_id",
    "cnf",
    "email",
    "email_verified",
    "events",
    "exp",
    "iat",
    "iss",
    "jti",
    "may_act",
    "nbf",
    "nonce",
    "phone_number",
    "phone_number_verified",
    "s_hash",
    "scope",
    "sid",
    "sub",
    "sub_jwk",
    "tenant_id",
    "updated_at",
];

/// Whether a client may have a claim of its own under this name.
pub fn is_free_claim_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
    (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(plain) && !RESERVED.contains(&name)
}

/// Whether an account may have an attribute of this name: 1 to 64 of `A-Za-z0-9._-`.
pub fn is_attribute_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=MAX_ATTRIBUTE_NAME).contains(&name.len()) && name.bytes().all(plain)
}

impl FromStr for ClaimSource {
    type Err = UnknownSource;

    fn from_str(text: &str) -> Result<Self, UnknownSource> {
        match text {
            "roles" => Ok(Self::Roles),
            "groups" => Ok(Self::Groups),
            "username" => Ok(Self::Username),
            _ => match text.strip_prefix("attribute:") {
                Some(name) if is_attribute_name(name) => Ok(Self::Attribute(name.to_owned())),
                _ => Err(UnknownSource),
            },
        }
    }
}

impl fmt::Display for ClaimSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Roles => formatter.write_str("roles"),
            Self::Groups => formatter.write_str("groups"),
            Self::Username => formatter.write_str("username"),
            Self::Attribute(name) => write!(formatter, "attribute:{name}"),
        }
    }
}

impl Serialize for ClaimSource {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ClaimSource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}
