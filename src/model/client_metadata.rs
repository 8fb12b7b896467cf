//! A client's registration: the fields of RFC 7591 section 2 and ours beside them.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::algorithm::Algorithm;
use super::scope::Scope;
use crate::base::id::is_uuid;

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
        pub enum $name { $(#[serde(rename = $word)] $variant),+ }

        impl $name {
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(UnknownWord),
                }
            }
        }
    };
}

/// A word outside a closed set.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not a word this server knows")]
pub struct UnknownWord;

words! {
    /// The grants the token endpoint serves. Metadata, registration and permission read this.
    GrantType {
        ClientCredentials = "client_credentials",
        Password = "password",
        RefreshToken = "refresh_token",
    }
}

words! {
    /// How a client proves itself (OIDC Core section 9).
    AuthMethod {
        ClientSecretBasic = "client_secret_basic",
        ClientSecretPost = "client_secret_post",
        PrivateKeyJwt = "private_key_jwt",
        None = "none",
    }
}

words! {
    /// What an access token looks like.
    TokenFormat {
        Jwt = "jwt",
        Opaque = "opaque",
    }
}

/// The registered metadata of a client, as stored.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default)]
pub struct ClientMetadata {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
    pub token_endpoint_auth_method: AuthMethod,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_signing_alg: Option<Algorithm>,
    pub grant_types: Vec<GrantType>,
    pub response_types: Vec<String>,
    pub scope: Scope,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks: Option<serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token_format: Option<TokenFormat>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token_signing_alg: Option<Algorithm>,
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token_lifetime: Option<i64>,
    /// Seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token_lifetime: Option<i64>,
    /// Seconds in which a lost refresh answer may be asked for again; 0 turns it off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_retry_window: Option<i64>,
    pub refresh_without_offline_access: bool,
    /// One of the operator's own applications.
    pub first_party: bool,
}

impl Default for ClientMetadata {
    fn default() -> Self {
        Self {
            client_name: None,
            token_endpoint_auth_method: AuthMethod::ClientSecretBasic,
            token_endpoint_auth_signing_alg: None,
            grant_types: vec![GrantType::ClientCredentials],
            response_types: Vec::new(),
            scope: Scope::default(),
            jwks: None,
            access_token_format: None,
            access_token_signing_alg: None,
            access_token_lifetime: None,
            refresh_token_lifetime: None,
            refresh_retry_window: None,
            refresh_without_offline_access: false,
            first_party: false,
        }
    }
}

/// A day: longer access tokens defeat their purpose.
const MAX_ACCESS_LIFETIME: i64 = 86_400;
const MAX_REFRESH_LIFETIME: i64 = 366 * 86_400;
const MAX_RETRY_WINDOW: i64 = 300;

/// The fewest characters of a client secret somebody typed.
pub const MIN_SECRET_CHARS: usize = 32;

impl ClientMetadata {
    pub fn allows(&self, grant: GrantType) -> bool {
        self.grant_types.contains(&grant)
    }

    pub const fn is_public(&self) -> bool {
        matches!(self.token_endpoint_auth_method, AuthMethod::None)
    }

    /// Whether the client proves itself with a shared secret.
    pub const fn uses_secret(&self) -> bool {
        matches!(
            self.token_endpoint_auth_method,
            AuthMethod::ClientSecretBasic | AuthMethod::ClientSecretPost
        )
    }

    /// Every rule the fields break among themselves, each naming its field.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.grant_types.is_empty() {
            problems.push("grant_types: at least one".to_owned());
        }
        if !self.response_types.is_empty() {
            problems.push("response_types: none is served without authorization_code".to_owned());
        }
        if self.is_public() {
            for grant in [GrantType::ClientCredentials, GrantType::Password] {
                if self.allows(grant) {
                    problems.push(format!(
                        "grant_types: {} is for confidential clients",
                        grant.name()
                    ));
                }
            }
        }
        let by_key = self.token_endpoint_auth_method == AuthMethod::PrivateKeyJwt;
        if by_key && self.jwks.is_none() {
            problems.push("jwks: needed for private_key_jwt".to_owned());
        }
        if !by_key && self.token_endpoint_auth_signing_alg.is_some() {
            problems.push("token_endpoint_auth_signing_alg: only with private_key_jwt".to_owned());
        }
        for (field, value, most) in [
            (
                "access_token_lifetime",
                self.access_token_lifetime,
                MAX_ACCESS_LIFETIME,
            ),
            (
                "refresh_token_lifetime",
                self.refresh_token_lifetime,
                MAX_REFRESH_LIFETIME,
            ),
        ] {
            if value.is_some_and(|seconds| !(1..=most).contains(&seconds)) {
                problems.push(format!("{field}: 1 to {most} seconds"));
            }
        }
        if self
            .refresh_retry_window
            .is_some_and(|window| !(0..=MAX_RETRY_WINDOW).contains(&window))
        {
            problems.push(format!(
                "refresh_retry_window: 0 to {MAX_RETRY_WINDOW} seconds"
            ));
        }
        problems
    }
}

/// Whether `client_id` may name a client: 1 to 128 of `A-Za-z0-9._~-`, and never a UUID, so that a
/// client's `sub` is never mistaken for a person's.
pub fn is_valid_client_id(client_id: &str) -> bool {
    (1..=128).contains(&client_id.len()) && is_unreserved(client_id) && !is_uuid(client_id)
}

/// Whether a typed client secret is long enough and survives every encoding.
pub fn is_valid_client_secret(secret: &str) -> bool {
    (MIN_SECRET_CHARS..=256).contains(&secret.len()) && is_unreserved(secret)
}

fn is_unreserved(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"._~-".contains(&byte))
}
