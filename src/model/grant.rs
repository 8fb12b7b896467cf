//! What one authorization gave to one client: the family its tokens belong to and die with.

use data_encoding::BASE64URL_NOPAD;

use super::claims_request::ClaimsRequest;
use crate::base::clock::Timestamp;
use crate::base::random::Random;

#[derive(Clone, Debug)]
pub struct Grant {
    pub id: GrantId,
    pub session_id: String,
    pub user_id: String,
    pub client_id: String,
    /// Whether it outlives its session (OIDC Core section 11).
    pub offline: bool,
    /// How and when the person signed in, for the ID tokens of later refreshes.
    pub amr: Vec<String>,
    pub auth_time: Timestamp,
    /// What was asked for by name (OIDC Core section 5.5).
    pub claims: ClaimsRequest,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

/// 128 random bits as base64url. Every `jti` of the grant's tokens begins with it, so that
/// introspection knows the family without a look at the database.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct GrantId(String);

impl GrantId {
    pub fn generate(random: &Random) -> Self {
        Self(BASE64URL_NOPAD.encode(&random.bytes::<16>()))
    }

    /// As it was stored.
    pub const fn stored(id: String) -> Self {
        Self(id)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A fresh `jti` in this family.
    pub fn token_id(&self, random: &Random) -> String {
        format!(
            "{}.{}",
            self.0,
            BASE64URL_NOPAD.encode(&random.bytes::<8>())
        )
    }

    /// The family of a `jti`; none where a client speaks for itself.
    pub fn of_token(jti: &str) -> Option<&str> {
        jti.split_once('.').map(|(grant, _)| grant)
    }
}
