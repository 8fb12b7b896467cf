//! The claims of an access token (RFC 9068), as signed and as stored for opaque ones.

use serde::{Deserialize, Serialize};

use super::scope::Scope;

/// Few on purpose: with `sip.*` scopes only, a REGISTER over UDP must stay under 1300 bytes.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct AccessTokenClaims {
    pub iss: String,
    pub sub: String,
    pub aud: Vec<String>,
    /// Seconds.
    pub exp: i64,
    /// Seconds.
    pub iat: i64,
    /// Seconds. Ours begin with `iat` and do not say so twice; where it stands, it counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    pub jti: String,
    pub client_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    #[serde(default, skip_serializing_if = "Scope::is_empty")]
    pub scope: Scope,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<String>,
    /// Only in tokens for the REST API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<String>>,
    /// `sub` once more, for programs that look for it here.
    #[serde(default, rename = "userId", skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
}

impl AccessTokenClaims {
    /// Whether a client got this token for itself.
    pub fn is_client_token(&self) -> bool {
        self.sub == self.client_id
    }
}
