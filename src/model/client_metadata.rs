//! A client's registration: the fields of RFC 7591 section 2 and ours beside them.

mod rules;

use std::collections::BTreeMap;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::algorithm::Algorithm;
use super::claim_source::ClaimSource;
use super::scope::Scope;
use crate::base::id::is_uuid;

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
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
        AuthorizationCode = "authorization_code",
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
    /// What the authorization endpoint answers with (RFC 6749 section 3.1.1): never a token.
    ResponseType {
        Code = "code",
    }
}

words! {
    /// Where a client runs (OIDC Dynamic Client Registration section 2).
    ApplicationType {
        Web = "web",
        Native = "native",
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
#[derive(Clone, Debug, Deserialize, JsonSchema, PartialEq, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a field of the registration, independent of the others"
)]
#[serde(default)]
pub struct ClientMetadata {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
    pub token_endpoint_auth_method: AuthMethod,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_signing_alg: Option<Algorithm>,
    pub grant_types: Vec<GrantType>,
    /// `code` with the grant `authorization_code`, else nothing:
    /// [`ClientMetadata::served_response_types`].
    pub response_types: Vec<ResponseType>,
    pub application_type: ApplicationType,
    /// Where answers may be sent: [`ClientMetadata::redirect`].
    pub redirect_uris: Vec<String>,
    /// Where a browser may be sent after signing out: [`ClientMetadata::post_logout_redirect`].
    pub post_logout_redirect_uris: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tos_uri: Option<String>,
    pub scope: Scope,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks: Option<serde_json::Value>,
    /// Seconds since a person last signed in, unless the request says otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_max_age: Option<i64>,
    /// Whether its ID tokens always say `auth_time`.
    pub require_auth_time: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token_signed_response_alg: Option<Algorithm>,
    /// Whether it must use PKCE (RFC 7636).
    pub require_pkce: bool,
    /// Claims of its own, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub claims: BTreeMap<String, ClaimSource>,
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
            application_type: ApplicationType::Web,
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            client_uri: None,
            logo_uri: None,
            policy_uri: None,
            tos_uri: None,
            scope: Scope::default(),
            jwks: None,
            default_max_age: None,
            require_auth_time: false,
            id_token_signed_response_alg: None,
            require_pkce: true,
            claims: BTreeMap::new(),
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

/// The fewest characters of a client secret somebody typed.
pub const MIN_SECRET_CHARS: usize = 32;

impl ClientMetadata {
    pub fn allows(&self, grant: GrantType) -> bool {
        self.grant_types.contains(&grant)
    }

    /// What `response_types` is with these grants.
    pub fn served_response_types(&self) -> Vec<ResponseType> {
        if self.allows(GrantType::AuthorizationCode) {
            vec![ResponseType::Code]
        } else {
            Vec::new()
        }
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
