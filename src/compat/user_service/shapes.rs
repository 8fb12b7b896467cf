//! What the profile answers with, and its one shape of refusals.

use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use crate::api::problem::Problem;
use crate::api::refusal::{Refuse, RefusedCall};
use crate::api::views::When;
use crate::compat::refusal::{field_errors, sentence};
use crate::config::Config;
use crate::model::tenant::Tenant;
use crate::model::user::User;
use crate::web::respond;

/// An account.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "UserServiceAccount")]
pub(super) struct Account {
    id: String,
    tenant_id: String,
    username: String,
    email: Option<String>,
    email_verified: bool,
    name: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    roles: Vec<String>,
    is_active: bool,
    created_at: When,
    updated_at: When,
    last_login: Option<When>,
}

/// It is done.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "UserServiceMessage")]
pub(super) struct Message {
    pub(super) message: &'static str,
}

impl Account {
    pub(super) fn of(user: &User, tenant: &Tenant) -> Self {
        let claims = &user.claims;
        Self {
            id: user.id.clone(),
            tenant_id: tenant.id.clone(),
            username: user.username.clone(),
            email: user.email.clone(),
            email_verified: user.email_verified,
            name: claims.name.clone(),
            first_name: claims.given_name.clone(),
            last_name: claims.family_name.clone(),
            roles: user.roles.clone(),
            is_active: user.enabled,
            created_at: When(user.created_at),
            updated_at: When(user.updated_at),
            last_login: user.last_login_at.map(When),
        }
    }
}

/// How calls are refused.
pub(in crate::compat) fn refuse(_: &Config) -> Refuse {
    refused
}

fn refused(problem: Problem, _: &RefusedCall) -> Response {
    let kind = problem.kind();
    let body = json!({
        "error": kind.code(),
        "message": sentence(&problem),
        "errors": field_errors(&problem),
    });
    let body = serde_json::to_vec(&body).unwrap_or_default();
    problem.respond_as(kind.status(), respond::JSON, body)
}
