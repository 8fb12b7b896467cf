//! What a login gives.

use std::fmt;

use super::users::User;
use crate::oauth::token::issue::TokenResponse;

/// Tokens, as RFC 6749 section 5.1 names their members. `Debug` shows neither token.
#[derive(Clone)]
#[non_exhaustive]
pub struct TokenPair {
    /// Goes into the header `Authorization`, after `Bearer`.
    pub access_token: String,
    /// Good once: it is exchanged for the next pair. Programs with an API key get none; they come
    /// again with the key.
    pub refresh_token: Option<String>,
    /// Seconds the access token lives.
    pub expires_in: i64,
    /// What the access token reaches, separated by spaces.
    pub scope: String,
}

/// Somebody who was let in, and their tokens.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AuthenticationResult {
    /// The account; the owner's, for an API key.
    pub user: User,
    pub tokens: TokenPair,
}

impl From<TokenResponse> for TokenPair {
    fn from(issued: TokenResponse) -> Self {
        Self {
            access_token: issued.access_token,
            refresh_token: issued.refresh_token,
            expires_in: issued.expires_in,
            scope: issued.scope,
        }
    }
}

impl fmt::Debug for TokenPair {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("TokenPair")
            .field("expires_in", &self.expires_in)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}
