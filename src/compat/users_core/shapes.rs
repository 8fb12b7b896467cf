//! What the profile answers with, and its one shape of refusals.

use axum::http::StatusCode;
use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use crate::api::call::Call;
use crate::api::operation::{Output, Shape};
use crate::api::problem::{Problem, ProblemKind};
use crate::api::refusal::{Refuse, RefusedCall};
use crate::api::views::When;
use crate::compat::refusal::field_errors;
use crate::config::Config;
use crate::model::user::User;
use crate::web::respond;

/// An account as its callers know one.
#[derive(JsonSchema, Serialize)]
pub(super) struct Person {
    id: String,
    username: String,
    email: Option<String>,
    display_name: Option<String>,
    roles: Vec<String>,
    active: bool,
    created_at: When,
    updated_at: When,
    last_login: Option<When>,
}

impl Person {
    pub(super) fn of(user: &User) -> Self {
        Self {
            id: user.id.clone(),
            username: user.username.clone(),
            email: user.email.clone(),
            display_name: user.claims.name.clone(),
            roles: user.roles.clone(),
            active: user.enabled,
            created_at: When(user.created_at),
            updated_at: When(user.updated_at),
            last_login: user.last_login_at.map(When),
        }
    }
}

/// What became of a change of a password. A wrong old one is no missing token, though both are 401
/// elsewhere.
pub(super) enum Changed {
    Done,
    WrongPassword,
}

impl Output for Changed {
    fn describe(shape: &mut Shape) {
        shape.success = StatusCode::NO_CONTENT;
    }

    fn respond(self, _: &Call) -> Response {
        match self {
            Self::Done => respond::empty(StatusCode::NO_CONTENT),
            Self::WrongPassword => {
                let problem = Problem::unauthenticated("the old password is wrong");
                answer(problem, StatusCode::UNAUTHORIZED, "INVALID_CREDENTIALS")
            }
        }
    }
}

/// How calls are refused under these settings.
pub(in crate::compat) fn refuse(config: &Config) -> Refuse {
    if config.compat_missing_token_status == "401" {
        |problem, call| refused(problem, call, StatusCode::UNAUTHORIZED)
    } else {
        |problem, call| refused(problem, call, StatusCode::FORBIDDEN)
    }
}

/// Answers a refused call; `without_token` is what one without a valid token gets.
fn refused(problem: Problem, call: &RefusedCall, without_token: StatusCode) -> Response {
    use ProblemKind as Kind;
    let kind = problem.kind();
    let (status, code) = match kind {
        Kind::Unauthenticated if call.is_public => (kind.status(), "INVALID_CREDENTIALS"),
        Kind::Unauthenticated => (without_token, "FORBIDDEN"),
        Kind::Forbidden | Kind::InteractionRequired => (kind.status(), "FORBIDDEN"),
        Kind::NotFound => (kind.status(), "NOT_FOUND"),
        Kind::TooManyRequests => (kind.status(), "ACCOUNT_LOCKED"),
        // Its callers know one status for whatever is wrong with a request.
        Kind::InvalidFields => (StatusCode::BAD_REQUEST, "BAD_REQUEST"),
        Kind::Conflict | Kind::Repeated | Kind::Changed => (kind.status(), "CONFLICT"),
        Kind::Internal | Kind::Unavailable => (kind.status(), "INTERNAL_ERROR"),
        Kind::Malformed
        | Kind::MethodNotAllowed
        | Kind::TooSlow
        | Kind::TooLarge
        | Kind::UnsupportedMediaType
        | Kind::ReusedKey => (kind.status(), "BAD_REQUEST"),
    };
    answer(problem, status, code)
}

fn answer(problem: Problem, status: StatusCode, code: &str) -> Response {
    let fields = field_errors(&problem);
    let message = match problem.errors() {
        [] => problem.detail().to_owned(),
        errors => {
            let details: Vec<&str> = errors.iter().map(|error| error.detail.as_str()).collect();
            details.join("; ")
        }
    };
    let mut error = json!({ "code": code, "message": message });
    if !fields.is_empty() {
        error["details"] = serde_json::to_value(fields).unwrap_or(Value::Null);
    }
    let body = serde_json::to_vec(&json!({ "error": error })).unwrap_or_default();
    problem.respond_as(status, respond::JSON, body)
}
