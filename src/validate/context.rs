//! What an accepted token says.

use serde_json::{Map, Value};

/// Whoever holds an accepted token, and what it lets them do. Only
/// [`TokenValidator::validate_token`](super::TokenValidator::validate_token) makes one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct UserContext {
    /// `sub`: the account, or the client that got the token for itself.
    pub user_id: String,
    /// The name to show and to compare a SIP user with; a client's own token has none.
    pub username: Option<String>,
    /// The account's roles, where the token is for the REST API or the issuer puts them in.
    pub roles: Vec<String>,
    /// `scope`, word by word (RFC 8693 section 4.2).
    pub scopes: Vec<String>,
    /// `iss`.
    pub issuer: String,
    /// `jti`: one for each token, so one for each device.
    pub token_id: Option<String>,
    /// `exp` in seconds since the Unix epoch; an opaque token's issuer need not tell it.
    pub expires_at: Option<i64>,
    /// Every claim there is, those above too.
    pub claims: Map<String, Value>,
}

impl UserContext {
    /// Whether the token reaches this scope.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes.iter().any(|held| held == scope)
    }

    /// Whether the account has this role, as far as the token says.
    pub fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|held| held == role)
    }
}
