//! The one table of errors that go back to a client through the browser: RFC 6749 section 4.1.2.1,
//! OIDC Core section 3.1.2.6, RFC 8707 section 2, OpenID Connect Core Error Code
//! `unmet_authentication_requirements` 1.0.

use crate::oauth::error::{ErrorKind, OAuthError};
use crate::storage::DbError;

macro_rules! table {
    ($($kind:ident: $code:literal, $description:literal;)+) => {
        /// Every way a client is refused.
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub enum AuthorizeErrorKind { $($kind),+ }

        impl AuthorizeErrorKind {
            pub const ALL: &[Self] = &[$(Self::$kind),+];

            pub const fn code(self) -> &'static str {
                match self { $(Self::$kind => $code),+ }
            }

            pub const fn description(self) -> &'static str {
                match self { $(Self::$kind => $description),+ }
            }
        }
    };
}

table! {
    InvalidRequest: "invalid_request", "the request is malformed";
    UnauthorizedClient: "unauthorized_client", "the client may not ask this way";
    AccessDenied: "access_denied", "the request was denied";
    UnsupportedResponseType: "unsupported_response_type", "only the response type code is served";
    InvalidScope: "invalid_scope", "the scope is malformed or not the client's";
    InvalidTarget: "invalid_target", "the resource is unknown or does not fit the scope";
    ServerError: "server_error", "the server failed";
    TemporarilyUnavailable: "temporarily_unavailable", "the server cannot do this just now";
    LoginRequired: "login_required", "nobody who fits the request is signed in";
    AccountSelectionRequired: "account_selection_required", "an account has to be chosen";
    ConsentRequired: "consent_required", "the person has to be asked";
    InteractionRequired: "interaction_required", "the person has to confirm";
    RequestNotSupported: "request_not_supported", "request objects are not supported";
    RequestUriNotSupported: "request_uri_not_supported", "request_uri is not supported";
    RegistrationNotSupported: "registration_not_supported", "registration is not supported";
    UnmetAuthenticationRequirements: "unmet_authentication_requirements", "nobody can sign in here as strongly as that";
}

/// A refusal on its way to a client.
#[derive(Debug)]
pub struct AuthorizeError {
    kind: AuthorizeErrorKind,
    description: &'static str,
    /// For the log.
    cause: Option<String>,
}

impl AuthorizeError {
    pub const fn new(kind: AuthorizeErrorKind, description: &'static str) -> Self {
        Self {
            kind,
            description,
            cause: None,
        }
    }

    pub const fn invalid_request(description: &'static str) -> Self {
        Self::new(AuthorizeErrorKind::InvalidRequest, description)
    }

    pub const fn kind(&self) -> AuthorizeErrorKind {
        self.kind
    }

    pub const fn description(&self) -> &'static str {
        self.description
    }

    pub fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }
}

impl From<AuthorizeErrorKind> for AuthorizeError {
    fn from(kind: AuthorizeErrorKind) -> Self {
        Self::new(kind, kind.description())
    }
}

/// What the rules shared with the other endpoints find wrong.
impl From<OAuthError> for AuthorizeError {
    fn from(error: OAuthError) -> Self {
        let kind = match error.kind() {
            ErrorKind::InvalidRequest => AuthorizeErrorKind::InvalidRequest,
            ErrorKind::InvalidScope => AuthorizeErrorKind::InvalidScope,
            ErrorKind::InvalidTarget => AuthorizeErrorKind::InvalidTarget,
            ErrorKind::Unavailable | ErrorKind::TooManyRequests => {
                AuthorizeErrorKind::TemporarilyUnavailable
            }
            _ => AuthorizeErrorKind::ServerError,
        };
        Self {
            cause: error.cause().map(str::to_owned),
            ..kind.into()
        }
    }
}

impl From<DbError> for AuthorizeError {
    fn from(error: DbError) -> Self {
        OAuthError::from(error).into()
    }
}
