//! What the claims of a token must hold (RFC 9068 section 4), and what is made of them.

use serde_json::{Map, Value};

use super::context::UserContext;
use super::error::ValidationError;

/// Clocks of issuers may be ahead by this much, in seconds.
const SKEW: i64 = 60;

/// What one side expects.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    /// At least one of them stands in `aud`.
    pub(super) audiences: &'a [String],
    /// Seconds since the Unix epoch.
    pub(super) now: i64,
    /// Seconds a token is good for after its end.
    pub(super) leeway: i64,
}

impl Expected<'_> {
    /// Judges the claims of a signed token: all of them must be there.
    pub(super) fn signed(
        &self,
        claims: Map<String, Value>,
    ) -> Result<UserContext, ValidationError> {
        if text(&claims, "iss")? != Some(self.issuer) {
            return Err(ValidationError::UntrustedIssuer);
        }
        if seconds(&claims, "exp")?.is_none() {
            return Err(ValidationError::Malformed);
        }
        self.common(claims)
    }

    /// Judges an answer about an opaque token (RFC 7662 section 2.2), which need not say everything.
    /// An audience it has to say: without one, the token is for anybody.
    pub(super) fn introspected(
        &self,
        answer: Map<String, Value>,
    ) -> Result<UserContext, ValidationError> {
        if text(&answer, "iss")?.is_some_and(|issuer| issuer != self.issuer) {
            return Err(ValidationError::UntrustedIssuer);
        }
        self.common(answer)
    }

    fn common(&self, claims: Map<String, Value>) -> Result<UserContext, ValidationError> {
        let expires_at = seconds(&claims, "exp")?;
        if expires_at.is_some_and(|end| end.saturating_add(self.leeway) <= self.now) {
            return Err(ValidationError::Expired);
        }
        let begins = seconds(&claims, "nbf")?.max(seconds(&claims, "iat")?);
        if begins.is_some_and(|begins| begins > self.now.saturating_add(SKEW)) {
            return Err(ValidationError::NotYetValid);
        }
        if !self.is_for_us(&claims)? {
            return Err(ValidationError::WrongAudience);
        }
        let subject = text(&claims, "sub")?.filter(|subject| !subject.is_empty());
        let user_id = subject.ok_or(ValidationError::Malformed)?.to_owned();
        let username = match text(&claims, "username")? {
            Some(name) => Some(name),
            None => text(&claims, "preferred_username")?,
        };
        let scope = text(&claims, "scope")?.unwrap_or_default();
        let scopes = scope.split(' ').filter(|word| !word.is_empty());
        Ok(UserContext {
            user_id,
            username: username.map(str::to_owned),
            roles: texts(&claims, "roles")?,
            scopes: scopes.map(str::to_owned).collect(),
            issuer: self.issuer.to_owned(),
            token_id: text(&claims, "jti")?.map(str::to_owned),
            expires_at,
            claims,
        })
    }

    /// `aud` is one text or a list of them (RFC 7519 section 4.1.3).
    fn is_for_us(&self, claims: &Map<String, Value>) -> Result<bool, ValidationError> {
        let named = match claims.get("aud") {
            Some(Value::String(one)) => vec![one.clone()],
            _ => texts(claims, "aud")?,
        };
        Ok(named.iter().any(|name| self.audiences.contains(name)))
    }
}

fn text<'c>(
    claims: &'c Map<String, Value>,
    name: &str,
) -> Result<Option<&'c str>, ValidationError> {
    match claims.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_str().map(Some).ok_or(ValidationError::Malformed),
    }
}

fn texts(claims: &Map<String, Value>, name: &str) -> Result<Vec<String>, ValidationError> {
    let list = match claims.get(name) {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(value) => value.as_array().ok_or(ValidationError::Malformed)?,
    };
    let words = list.iter().map(|word| word.as_str().map(str::to_owned));
    words
        .collect::<Option<_>>()
        .ok_or(ValidationError::Malformed)
}

/// A whole number of seconds: a fraction or a text is no date of ours.
fn seconds(claims: &Map<String, Value>, name: &str) -> Result<Option<i64>, ValidationError> {
    match claims.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value.as_i64().map(Some).ok_or(ValidationError::Malformed),
    }
}
