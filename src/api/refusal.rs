//! How a refused call is answered: as problem details, or as callers of another system know it.

use std::sync::Arc;

use axum::http::HeaderMap;
use axum::response::Response;

use super::problem::Problem;
use crate::web::authorization::{Authorization, authorization};

/// Writes the answer to a call that is refused.
pub type Refuse = fn(Problem, &RefusedCall) -> Response;

/// What a refusal may look at of the call.
pub struct RefusedCall {
    pub request_id: Option<Arc<str>>,
    /// Whether the operation is for everybody, so that no token was asked for.
    pub is_public: bool,
    /// Whether there is a bearer token in the header, good or bad.
    pub brings_token: bool,
}

impl RefusedCall {
    /// A call of which nothing is known but its header.
    pub fn of(headers: &HeaderMap) -> Self {
        Self {
            request_id: None,
            is_public: true,
            brings_token: matches!(authorization(headers), Authorization::Bearer(_)),
        }
    }
}

/// RFC 9457.
pub fn problem_details(problem: Problem, call: &RefusedCall) -> Response {
    problem.respond(call.request_id.as_deref())
}
