//! The one table of problems: what a refused call of the REST API is answered with (RFC 9457).

use std::borrow::Cow;
use std::sync::Arc;

use axum::http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;

use crate::admin::AdminError;
use crate::oauth::error::OAuthError;
use crate::passwords::Overloaded;
use crate::storage::DbError;
use crate::web::request_info::Failure;

macro_rules! kinds {
    ($($kind:ident: $code:literal, $status:ident, $title:literal;)+) => {
        /// Every kind of problem.
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub enum ProblemKind { $(
            #[doc = $title]
            $kind
        ),+ }

        impl ProblemKind {
            pub const ALL: &'static [Self] = &[$(Self::$kind),+];

            /// The end of its `type`, after `/docs#`.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$kind => $code),+ }
            }

            pub const fn status(self) -> StatusCode {
                match self { $(Self::$kind => StatusCode::$status),+ }
            }

            pub const fn title(self) -> &'static str {
                match self { $(Self::$kind => $title),+ }
            }
        }
    };
}

kinds! {
    Malformed: "malformed", BAD_REQUEST, "The request cannot be read";
    Unauthenticated: "unauthenticated", UNAUTHORIZED, "Nobody is signed in";
    Forbidden: "forbidden", FORBIDDEN, "The caller may not do this";
    InteractionRequired: "interaction_required", FORBIDDEN, "The account has something to do at a page first";
    NotFound: "not-found", NOT_FOUND, "There is no such thing";
    MethodNotAllowed: "method-not-allowed", METHOD_NOT_ALLOWED, "The method is not allowed here";
    TooSlow: "too-slow", REQUEST_TIMEOUT, "The request did not arrive in time";
    Conflict: "conflict", CONFLICT, "It does not go with what is there";
    Repeated: "repeated", CONFLICT, "The same call is being answered just now";
    Changed: "changed", PRECONDITION_FAILED, "It is no longer what it was";
    TooLarge: "too-large", PAYLOAD_TOO_LARGE, "The request is too large";
    UnsupportedMediaType: "unsupported-media-type", UNSUPPORTED_MEDIA_TYPE, "The body is of another type";
    InvalidFields: "invalid-fields", UNPROCESSABLE_ENTITY, "A field breaks a rule";
    ReusedKey: "reused-key", UNPROCESSABLE_ENTITY, "The idempotency key belongs to another call";
    TooManyRequests: "too-many-requests", TOO_MANY_REQUESTS, "Too many attempts";
    Internal: "internal", INTERNAL_SERVER_ERROR, "The server failed";
    Unavailable: "unavailable", SERVICE_UNAVAILABLE, "The server cannot do this just now";
}

/// What is wrong with a field that is not there.
const MISSING: &str = "is needed";

const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// Why a call is refused: words for the caller, the cause for the log.
#[derive(Debug)]
pub struct Problem {
    kind: ProblemKind,
    detail: Cow<'static, str>,
    errors: Vec<FieldProblem>,
    headers: Vec<(HeaderName, String)>,
    cause: Option<String>,
}

/// What is wrong with one field or parameter.
#[derive(Clone, Debug, Eq, JsonSchema, PartialEq, Serialize)]
pub struct FieldProblem {
    /// The field in the body, as a JSON Pointer in a URI fragment (RFC 6901 section 6).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// The parameter in the address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    pub detail: String,
}

/// Problem details (RFC 9457).
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "Problem")]
pub struct ProblemDetails<'a> {
    /// Where the kind of problem is described.
    #[serde(rename = "type")]
    kind: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    /// Where an operator can read why, for a day.
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldProblem],
}

impl Problem {
    pub fn new(kind: ProblemKind, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            errors: Vec::new(),
            headers: Vec::new(),
            cause: None,
        }
    }

    pub fn malformed(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ProblemKind::Malformed, detail)
    }

    pub fn forbidden(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ProblemKind::Forbidden, detail)
    }

    /// What somebody brought to sign in with is wrong.
    pub fn unauthenticated(detail: impl Into<Cow<'static, str>>) -> Self {
        // RFC 9110 section 15.5.2 wants a challenge with every 401.
        let challenge = "Bearer realm=\"users-core\"".to_owned();
        Self::new(ProblemKind::Unauthenticated, detail).with_header(WWW_AUTHENTICATE, challenge)
    }

    /// The same for what is not there and for what is somebody else's.
    pub fn not_found() -> Self {
        Self::new(ProblemKind::NotFound, "nothing is there under this name")
    }

    pub fn conflict(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ProblemKind::Conflict, detail)
    }

    pub fn changed() -> Self {
        let detail = "it was changed since it was read; read it again";
        Self::new(ProblemKind::Changed, detail)
    }

    /// The token does not reach this operation (RFC 6750 section 3.1).
    pub fn insufficient_scope(scopes: &[&'static str]) -> Self {
        let scope = scopes.join(" or ");
        let challenge = format!(
            "Bearer realm=\"users-core\", error=\"insufficient_scope\", scope=\"{}\"",
            scopes.first().copied().unwrap_or_default()
        );
        Self::forbidden(format!("this needs a token with the scope {scope}"))
            .with_header(WWW_AUTHENTICATE, challenge)
            .because(format_args!("the token has not the scope {scope}"))
    }

    pub fn method_not_allowed(allow: &str) -> Self {
        let problem = Self::new(
            ProblemKind::MethodNotAllowed,
            "see the header Allow for those that are",
        );
        problem.with_header(ALLOW, allow.to_owned())
    }

    /// `field` of the body breaks a rule.
    pub fn field(field: &str, detail: impl Into<String>) -> Self {
        Self::fields(vec![FieldProblem::of_body(field, detail)])
    }

    pub fn fields(errors: Vec<FieldProblem>) -> Self {
        Self {
            errors,
            ..Self::new(ProblemKind::InvalidFields, "see errors")
        }
    }

    /// A parameter of the address that cannot be read.
    pub fn parameter(parameter: &str, detail: impl Into<String>) -> Self {
        Self {
            errors: vec![FieldProblem {
                pointer: None,
                parameter: Some(parameter.to_owned()),
                detail: detail.into(),
            }],
            ..Self::malformed("see errors")
        }
    }

    /// Members without which the body says nothing.
    pub fn missing(fields: &[&str]) -> Self {
        let errors = fields
            .iter()
            .map(|field| FieldProblem::of_body(field, MISSING));
        Self {
            errors: errors.collect(),
            ..Self::malformed("see errors")
        }
    }

    /// A part of the body that cannot be read.
    pub fn part(pointer: String, detail: impl Into<String>) -> Self {
        Self {
            errors: vec![FieldProblem {
                pointer: Some(pointer),
                parameter: None,
                detail: detail.into(),
            }],
            ..Self::malformed("see errors")
        }
    }

    /// `seconds` until it is worth trying again.
    pub fn too_many_requests(seconds: i64) -> Self {
        let detail = "too many failed attempts; try again later";
        Self::new(ProblemKind::TooManyRequests, detail)
            .with_header(RETRY_AFTER, seconds.max(1).to_string())
    }

    pub fn internal(cause: impl std::fmt::Display) -> Self {
        let detail = "the request id tells operators where to look";
        Self::new(ProblemKind::Internal, detail).because(cause)
    }

    fn unavailable(cause: impl std::fmt::Display) -> Self {
        Self::new(ProblemKind::Unavailable, "try again in a moment")
            .with_header(RETRY_AFTER, "1".to_owned())
            .because(cause)
    }

    /// What the log says and the caller does not see. Never a secret.
    #[must_use]
    pub fn because(mut self, cause: impl std::fmt::Display) -> Self {
        self.cause = Some(cause.to_string());
        self
    }

    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    pub const fn kind(&self) -> ProblemKind {
        self.kind
    }

    /// The answer. `request_id` is where the decision can be read again.
    pub fn respond(self, request_id: Option<&str>) -> Response {
        let status = self.kind.status();
        let details = ProblemDetails {
            kind: format!("/docs#{}", self.kind.code()),
            title: self.kind.title(),
            status: status.as_u16(),
            detail: &self.detail,
            instance: request_id.map(|id| format!("/api/v1/decisions/{id}")),
            errors: &self.errors,
        };
        let body = serde_json::to_vec(&details).unwrap_or_default();
        self.respond_as(status, PROBLEM_JSON, body)
    }

    /// The same answer in other words: what `body` says of the problem, with its headers.
    pub fn respond_as(
        self,
        status: StatusCode,
        media_type: HeaderValue,
        body: Vec<u8>,
    ) -> Response {
        let mut response = Response::new(body.into());
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, media_type);
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(name, value);
            }
        }
        response.extensions_mut().insert(Failure {
            code: self.kind.code(),
            // Only a sentence of ours has surely nothing in it that was typed.
            description: match self.detail {
                Cow::Borrowed(sentence) => sentence.into(),
                Cow::Owned(_) => self.kind.title().into(),
            },
            cause: self.cause.map(Arc::from),
        });
        response
    }

    /// What the caller is told: one sentence.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// What is wrong with single fields.
    pub fn errors(&self) -> &[FieldProblem] {
        &self.errors
    }
}

impl FieldProblem {
    pub fn of_body(field: &str, detail: impl Into<String>) -> Self {
        Self {
            pointer: Some(format!("#/{field}")),
            parameter: None,
            detail: detail.into(),
        }
    }

    /// Whether nothing is wrong with it but that it is not there.
    pub fn is_missing(&self) -> bool {
        self.detail == MISSING
    }

    /// Reads a rule as the checks below say it: `field: what is wrong`.
    fn of_rule(rule: &str) -> Self {
        let is_name = |name: &str| {
            name.bytes()
                .all(|byte| byte.is_ascii_lowercase() || b"_.".contains(&byte))
        };
        match rule.split_once(": ") {
            // A dot leads into a member.
            Some((field, detail)) if is_name(field) => {
                Self::of_body(&field.replace('.', "/"), detail)
            }
            _ => Self {
                pointer: None,
                parameter: None,
                detail: rule.to_owned(),
            },
        }
    }
}

impl From<AdminError> for Problem {
    fn from(error: AdminError) -> Self {
        match error {
            AdminError::Invalid(rules) => Self::fields(
                rules
                    .iter()
                    .map(|rule| FieldProblem::of_rule(rule))
                    .collect(),
            ),
            AdminError::Refused(sentence) => Self::conflict(sentence),
            AdminError::Conflict(what) => Self::conflict(format!("{what} exists already")),
            AdminError::Changed(_) => Self::changed(),
            AdminError::Missing(_) => Self::not_found(),
            AdminError::Overloaded(error) => error.into(),
            AdminError::Keys(error) => Self::internal(error),
            AdminError::Db(error) => error.into(),
        }
    }
}

impl From<DbError> for Problem {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Unavailable(_) | DbError::Collision(_) | DbError::Together => {
                Self::unavailable(error)
            }
            DbError::Conflict => Self::conflict("another of that name exists already"),
            DbError::Refused(sentence) => Self::conflict(sentence),
            _ => Self::internal(error),
        }
    }
}

impl From<Overloaded> for Problem {
    fn from(error: Overloaded) -> Self {
        Self::unavailable(error)
    }
}

/// What is wrong with a token, in the words of RFC 6750.
impl From<OAuthError> for Problem {
    fn from(error: OAuthError) -> Self {
        let kind = match error.status() {
            StatusCode::UNAUTHORIZED => ProblemKind::Unauthenticated,
            StatusCode::FORBIDDEN => ProblemKind::Forbidden,
            StatusCode::NOT_FOUND => ProblemKind::NotFound,
            StatusCode::REQUEST_TIMEOUT => ProblemKind::TooSlow,
            StatusCode::PAYLOAD_TOO_LARGE => ProblemKind::TooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => ProblemKind::UnsupportedMediaType,
            StatusCode::TOO_MANY_REQUESTS => ProblemKind::TooManyRequests,
            StatusCode::SERVICE_UNAVAILABLE => ProblemKind::Unavailable,
            StatusCode::INTERNAL_SERVER_ERROR => ProblemKind::Internal,
            _ => ProblemKind::Malformed,
        };
        let mut problem = Self::new(kind, error.description().to_owned());
        problem.headers = error.headers();
        problem.cause = error.cause().map(str::to_owned);
        problem
    }
}
