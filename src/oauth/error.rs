//! The one table of OAuth errors: code, status, headers. RFC 6749 section 5.2, RFC 6750 section
//! 3.1, RFC 7009 section 2.2.1, RFC 8707 section 2.

use std::borrow::Cow;
use std::sync::Arc;

use axum::body::Body;
use axum::http::header::{ALLOW, CONNECTION, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};
use axum::response::IntoResponse;
use serde_json::json;

use crate::admin::AdminError;
use crate::keys::key_pair::KeyError;
use crate::keys::ring::RingError;
use crate::passwords::Overloaded;
use crate::storage::DbError;
use crate::web::form::FormError;
use crate::web::request_info::Failure;
use crate::web::respond;

/// Every way a request is refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ErrorKind {
    InvalidRequest,
    InvalidClient,
    InvalidGrant,
    UnauthorizedClient,
    UnsupportedGrantType,
    InvalidScope,
    InvalidTarget,
    UnsupportedTokenType,
    /// A bearer token is missing: no error code, only the challenge (RFC 6750 section 3.1).
    MissingToken,
    InvalidToken,
    /// A bearer token is sent in two ways (RFC 6750 section 2).
    AmbiguousToken,
    InsufficientScope,
    NotFound,
    MethodNotAllowed,
    TooSlow,
    TooLarge,
    AddressTooLong,
    UnsupportedCoding,
    TooManyRequests,
    Unavailable,
    Internal,
}

/// Which challenge a refusal carries.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Challenge {
    None,
    Basic,
    Bearer,
}

/// A row of the table.
pub struct ErrorRow {
    pub kind: ErrorKind,
    pub code: &'static str,
    pub status: StatusCode,
    pub challenge: Challenge,
    pub description: &'static str,
}

macro_rules! table {
    ($($kind:ident: $code:literal, $status:ident, $challenge:ident, $description:literal;)+) => {
        /// The table.
        pub const TABLE: &[ErrorRow] = &[$(ErrorRow {
            kind: ErrorKind::$kind,
            code: $code,
            status: StatusCode::$status,
            challenge: Challenge::$challenge,
            description: $description,
        }),+];
    };
}

table! {
    InvalidRequest: "invalid_request", BAD_REQUEST, None, "the request is malformed";
    InvalidClient: "invalid_client", UNAUTHORIZED, Basic, "client authentication failed";
    InvalidGrant: "invalid_grant", BAD_REQUEST, None, "the grant is not valid";
    UnauthorizedClient: "unauthorized_client", BAD_REQUEST, None, "the client may not use this grant";
    UnsupportedGrantType: "unsupported_grant_type", BAD_REQUEST, None, "this server has no such grant";
    InvalidScope: "invalid_scope", BAD_REQUEST, None, "the scope is unknown, malformed or not the client's";
    InvalidTarget: "invalid_target", BAD_REQUEST, None, "the resource is unknown or does not fit the scope";
    UnsupportedTokenType: "unsupported_token_type", BAD_REQUEST, None, "tokens of this type are not revoked here";
    MissingToken: "invalid_token", UNAUTHORIZED, Bearer, "a bearer token is needed";
    InvalidToken: "invalid_token", UNAUTHORIZED, Bearer, "the token is malformed, expired or revoked";
    AmbiguousToken: "invalid_request", BAD_REQUEST, Bearer, "the token is sent in more than one way";
    InsufficientScope: "insufficient_scope", FORBIDDEN, Bearer, "the token does not reach that far";
    NotFound: "not_found", NOT_FOUND, None, "there is nothing at this address";
    MethodNotAllowed: "invalid_request", METHOD_NOT_ALLOWED, None, "the method is not allowed here";
    TooSlow: "invalid_request", REQUEST_TIMEOUT, None, "the request did not arrive in time";
    TooLarge: "invalid_request", PAYLOAD_TOO_LARGE, None, "the request is too large";
    AddressTooLong: "invalid_request", URI_TOO_LONG, None, "the address is too long";
    UnsupportedCoding: "invalid_request", UNSUPPORTED_MEDIA_TYPE, None, "the body must not be compressed";
    TooManyRequests: "temporarily_unavailable", TOO_MANY_REQUESTS, None, "too many failed attempts; try again later";
    Unavailable: "temporarily_unavailable", SERVICE_UNAVAILABLE, None, "the server cannot do this just now; try again";
    Internal: "server_error", INTERNAL_SERVER_ERROR, None, "the server failed; the request id tells where to look";
}

impl ErrorKind {
    /// The row of this kind.
    pub fn row(self) -> &'static ErrorRow {
        TABLE
            .iter()
            .find(|row| row.kind == self)
            .unwrap_or(&TABLE[TABLE.len() - 1])
    }
}

/// A refusal: one sentence for the caller, the cause for the log.
#[derive(Debug)]
pub struct OAuthError {
    kind: ErrorKind,
    description: Cow<'static, str>,
    cause: Option<String>,
    retry_after: Option<i64>,
    allow: Option<&'static str>,
    scope: Option<&'static str>,
}

impl From<ErrorKind> for OAuthError {
    fn from(kind: ErrorKind) -> Self {
        Self {
            kind,
            description: Cow::Borrowed(kind.row().description),
            cause: None,
            retry_after: None,
            allow: None,
            scope: None,
        }
    }
}

impl OAuthError {
    pub fn new(kind: ErrorKind, description: &'static str) -> Self {
        Self {
            description: Cow::Borrowed(description),
            ..kind.into()
        }
    }

    pub fn invalid_request(description: &'static str) -> Self {
        Self::new(ErrorKind::InvalidRequest, description)
    }

    pub fn not_found() -> Self {
        ErrorKind::NotFound.into()
    }

    pub fn internal() -> Self {
        ErrorKind::Internal.into()
    }

    pub fn method_not_allowed(allow: &'static str) -> Self {
        Self {
            allow: Some(allow),
            ..ErrorKind::MethodNotAllowed.into()
        }
    }

    pub fn insufficient_scope(scope: &'static str) -> Self {
        Self {
            scope: Some(scope),
            ..ErrorKind::InsufficientScope.into()
        }
    }

    /// `seconds` until it is worth trying again.
    pub fn too_many_requests(seconds: i64) -> Self {
        Self {
            retry_after: Some(seconds.max(1)),
            ..ErrorKind::TooManyRequests.into()
        }
    }

    /// What the log says and the caller does not see. Never a secret.
    #[must_use]
    pub fn because(mut self, cause: impl std::fmt::Display) -> Self {
        self.cause = Some(cause.to_string());
        self
    }

    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What the log says.
    pub fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }

    pub fn status(&self) -> StatusCode {
        self.kind.row().status
    }

    /// What the caller is told.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The headers that belong to the refusal, whatever its body looks like.
    pub fn headers(&self) -> Vec<(HeaderName, String)> {
        let retry_after = self
            .retry_after
            .or((self.kind == ErrorKind::Unavailable).then_some(1));
        // The rest of a body that is too much is not worth reading.
        let closes = matches!(self.kind, ErrorKind::TooSlow | ErrorKind::TooLarge);
        let headers = [
            (WWW_AUTHENTICATE, self.challenge()),
            (ALLOW, self.allow.map(str::to_owned)),
            (RETRY_AFTER, retry_after.map(|seconds| seconds.to_string())),
            (CONNECTION, closes.then(|| "close".to_owned())),
        ];
        let present = headers
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
        present.collect()
    }

    fn challenge(&self) -> Option<String> {
        let row = self.kind.row();
        match row.challenge {
            Challenge::None => None,
            Challenge::Basic => Some("Basic realm=\"users-core\", charset=\"UTF-8\"".to_owned()),
            Challenge::Bearer if self.kind == ErrorKind::MissingToken => {
                Some("Bearer realm=\"users-core\"".to_owned())
            }
            Challenge::Bearer => {
                let scope = self
                    .scope
                    .map(|scope| format!(", scope=\"{scope}\""))
                    .unwrap_or_default();
                Some(format!(
                    "Bearer realm=\"users-core\", error=\"{}\", error_description=\"{}\"{scope}",
                    row.code, self.description
                ))
            }
        }
    }
}

impl IntoResponse for OAuthError {
    fn into_response(self) -> Response<Body> {
        let row = self.kind.row();
        let body = json!({ "error": row.code, "error_description": self.description });
        let mut response = respond::json(row.status, &body);
        for (name, value) in self.headers() {
            if let Ok(value) = HeaderValue::try_from(value) {
                response.headers_mut().insert(name, value);
            }
        }
        let cause = self.cause.map(Arc::from);
        response.extensions_mut().insert(Failure {
            code: row.code,
            description: self.description,
            cause,
        });
        response
    }
}

impl From<DbError> for OAuthError {
    fn from(error: DbError) -> Self {
        let kind = match error {
            DbError::Unavailable(_) | DbError::Collision(_) | DbError::Together => {
                ErrorKind::Unavailable
            }
            _ => ErrorKind::Internal,
        };
        Self::from(kind).because(error)
    }
}

/// What the program itself wanted to write, and could not.
impl From<AdminError> for OAuthError {
    fn from(error: AdminError) -> Self {
        match error {
            AdminError::Db(error) => error.into(),
            AdminError::Overloaded(error) => error.into(),
            other => Self::internal().because(other),
        }
    }
}

impl From<RingError> for OAuthError {
    fn from(error: RingError) -> Self {
        match error {
            RingError::Db(error) => error.into(),
            other => Self::internal().because(other),
        }
    }
}

impl From<KeyError> for OAuthError {
    fn from(error: KeyError) -> Self {
        Self::internal().because(error)
    }
}

impl From<Overloaded> for OAuthError {
    fn from(error: Overloaded) -> Self {
        Self::from(ErrorKind::Unavailable).because(error)
    }
}

impl From<FormError> for OAuthError {
    fn from(error: FormError) -> Self {
        match error {
            FormError::TooLarge => ErrorKind::TooLarge.into(),
            FormError::TooSlow => ErrorKind::TooSlow.into(),
            FormError::ContentType => {
                Self::invalid_request("the body must be application/x-www-form-urlencoded")
            }
            FormError::Coding => ErrorKind::UnsupportedCoding.into(),
            FormError::Broken => Self::invalid_request("the body ended early"),
            FormError::Query => {
                Self::invalid_request("parameters belong in the body, not in the address")
            }
            FormError::Params(error) => Self {
                description: Cow::Owned(error.to_string()),
                ..ErrorKind::InvalidRequest.into()
            },
        }
    }
}
