//! What the profile answers with, and its one shape of refusals.

use axum::http::header::VARY;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use crate::api::problem::{FieldProblem, Problem, ProblemKind};
use crate::api::refusal::{Refuse, RefusedCall};
use crate::api::views::When;
use crate::compat::refusal::{field_errors, sentence};
use crate::config::Config;
use crate::model::user::User;
use crate::web::respond;

/// The version of the API its callers know, whatever ours is.
const VERSION: &str = "1.0.0";

/// What went well.
#[derive(JsonSchema, Serialize)]
pub(super) struct Envelope<T> {
    success: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'static str>,
    data: T,
}

impl<T> Envelope<T> {
    pub(super) const fn of(data: T) -> Self {
        Self {
            success: true,
            message: None,
            data,
        }
    }

    pub(super) const fn saying(message: &'static str, data: T) -> Self {
        Self {
            success: true,
            message: Some(message),
            data,
        }
    }
}

/// An account as its callers know one.
#[derive(JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Person {
    user_id: String,
    name: String,
    email: Option<String>,
    created_at: When,
}

/// Somebody who signed in.
#[derive(JsonSchema, Serialize)]
pub(super) struct SignedIn {
    pub(super) token: String,
    pub(super) user: Person,
}

impl Person {
    pub(super) fn of(user: &User) -> Self {
        let name = user.claims.name.as_ref();
        Self {
            user_id: user.id.clone(),
            // Accounts that were made elsewhere need not have one.
            name: name.unwrap_or(&user.username).clone(),
            email: user.email.clone(),
            created_at: When(user.created_at),
        }
    }
}

/// `GET /`, for programs.
pub(in crate::compat) fn status() -> Response {
    let status = json!({
        "status": "ok",
        "message": "User Management API is running",
        "version": VERSION,
    });
    let mut response = respond::json(StatusCode::OK, &status);
    response
        .headers_mut()
        .insert(VARY, HeaderValue::from_static("accept"));
    response
}

/// How calls are refused.
pub(in crate::compat) fn refuse(_: &Config) -> Refuse {
    refused
}

fn refused(problem: Problem, call: &RefusedCall) -> Response {
    let kind = problem.kind();
    let lacks_only = problem.errors().iter().all(FieldProblem::is_missing);
    let status = match kind {
        // A header that is missing or broken is one thing, a bad token another.
        ProblemKind::Unauthenticated if !call.is_public && !call.brings_token => {
            StatusCode::FORBIDDEN
        }
        ProblemKind::Malformed if !lacks_only => StatusCode::UNPROCESSABLE_ENTITY,
        _ => kind.status(),
    };
    let body = json!({
        "success": false,
        "message": sentence(&problem),
        "errors": field_errors(&problem),
    });
    let body = serde_json::to_vec(&body).unwrap_or_default();
    problem.respond_as(status, respond::JSON, body)
}
