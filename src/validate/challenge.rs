//! The header around a token: how it is presented, and how one is asked for. The grammar is HTTP's
//! (RFC 6750 sections 2.1 and 3) and SIP's (RFC 8898 section 4) alike.

use std::fmt;

use super::error::ValidationError;

/// The token in the value of an `Authorization` or `Proxy-Authorization` header. `None`: another
/// scheme, or nothing that could be a token (RFC 6750 section 2.1).
///
/// ```
/// use users_core::bearer_token;
///
/// assert_eq!(bearer_token("Bearer abc.def-ghi"), Some("abc.def-ghi"));
/// assert_eq!(bearer_token("Digest username=\"alice\""), None);
/// ```
pub fn bearer_token(value: &str) -> Option<&str> {
    let (scheme, token) = value.trim().split_once(' ')?;
    let token = token.trim_start_matches(' ');
    let body = token.trim_end_matches('=');
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
    let is_token = !body.is_empty() && body.bytes().all(fits);
    (scheme.eq_ignore_ascii_case("bearer") && is_token).then_some(token)
}

/// What a `WWW-Authenticate` or `Proxy-Authenticate` header asks for.
///
/// ```
/// use users_core::{BearerChallenge, ValidationError};
///
/// let challenge = BearerChallenge::new("sip.example.org")
///     .authz_server("https://login.example.org")
///     .scope("sip.register")
///     .refused(ValidationError::Expired);
/// assert_eq!(
///     challenge.to_string(),
///     "Bearer realm=\"sip.example.org\", authz_server=\"https://login.example.org\", \
///      scope=\"sip.register\", error=\"invalid_token\", \
///      error_description=\"the token has expired\""
/// );
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BearerChallenge {
    realm: String,
    authz_server: Option<String>,
    scope: Option<String>,
    error: Option<(&'static str, String)>,
}

impl BearerChallenge {
    /// A challenge to somebody who brought no token: without an error (RFC 6750 section 3.1).
    pub fn new(realm: impl Into<String>) -> Self {
        Self {
            realm: realm.into(),
            authz_server: None,
            scope: None,
            error: None,
        }
    }

    /// Where a SIP user agent gets a token: the issuer (RFC 8898 section 4).
    #[must_use]
    pub fn authz_server(mut self, issuer: impl Into<String>) -> Self {
        self.authz_server = Some(issuer.into());
        self
    }

    /// The scope that is needed.
    #[must_use]
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// Says that the token was refused, and why. Goes with 401.
    #[must_use]
    pub fn refused(mut self, error: ValidationError) -> Self {
        self.error = Some(("invalid_token", error.to_string()));
        self
    }

    /// Says that the token does not reach that far. Goes with 403.
    #[must_use]
    pub fn insufficient_scope(mut self) -> Self {
        let description = "the token does not reach that far".to_owned();
        self.error = Some(("insufficient_scope", description));
        self
    }
}

impl fmt::Display for BearerChallenge {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Bearer realm={}", Quoted(&self.realm))?;
        if let Some(issuer) = &self.authz_server {
            write!(formatter, ", authz_server={}", Quoted(issuer))?;
        }
        if let Some(scope) = &self.scope {
            write!(formatter, ", scope={}", Quoted(scope))?;
        }
        if let Some((code, description)) = &self.error {
            write!(formatter, ", error=\"{code}\"")?;
            write!(formatter, ", error_description={}", Quoted(description))?;
        }
        Ok(())
    }
}

/// A quoted string (RFC 9110 section 5.6.4): what ends it is escaped, what ends a header left out.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write as _;
        formatter.write_char('"')?;
        for letter in self.0.chars().filter(|letter| !letter.is_control()) {
            if matches!(letter, '"' | '\\') {
                formatter.write_char('\\')?;
            }
            formatter.write_char(letter)?;
        }
        formatter.write_char('"')
    }
}
