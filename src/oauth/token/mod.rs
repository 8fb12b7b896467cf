//! The token endpoint (RFC 6749 section 3.2).

pub mod direct;
pub mod grants;
pub mod issue;
mod shape;
mod successor;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse, Response};

use super::client_auth::{self, AuthenticatedClient};
use super::error::{ErrorKind, OAuthError};
use crate::app::App;
use crate::context::Ctx;
use crate::model::client_metadata::GrantType;
use crate::telemetry::ErrorLabel;
use crate::trail::hours::Counter;
use crate::web::params::Params;
use crate::web::{form, respond};

/// `POST /token`
pub async fn endpoint(State(app): State<App>, ctx: Ctx, request: Request<Body>) -> Response {
    match answer(&app, &ctx, request).await {
        Ok(response) => respond::json(StatusCode::OK, &response),
        Err(error) => {
            let error_label = ErrorLabel {
                error: error.kind().row().code,
            };
            app.metrics.refusals.get_or_create(&error_label).inc();
            error.into_response()
        }
    }
}

async fn answer(
    app: &App,
    ctx: &Ctx,
    request: Request<Body>,
) -> Result<issue::TokenResponse, OAuthError> {
    let limits = &app.config.limits;
    let (headers, params) =
        form::of_request(request, limits.max_body_bytes, limits.body_timeout).await;
    let params = params?;
    let client = client_auth::authenticate(app, ctx, &headers, &params).await?;
    let grant = grant_type(&params)?;
    if !client.client().metadata.allows(grant) {
        return Err(ErrorKind::UnauthorizedClient.into());
    }
    for _ in 0..REDEMPTIONS {
        let authorization = grants::redeem(app, ctx, &client, grant, &params).await?;
        if let Some(response) = issue::issue(app, ctx, &client, authorization).await? {
            app.metrics.issued(grant.name());
            app.hours
                .count(&ctx.tenant.id, ctx.now, Counter::Tokens(grant));
            return Ok(response);
        }
    }
    Err(OAuthError::from(ErrorKind::Unavailable).because("the source kept changing"))
}

/// A source that somebody else spent meanwhile is looked at again: it may be a retry, or a replay.
const REDEMPTIONS: usize = 3;

fn grant_type(params: &Params) -> Result<GrantType, OAuthError> {
    match params.get("grant_type") {
        Some(name) => name
            .parse()
            .map_err(|_| ErrorKind::UnsupportedGrantType.into()),
        None if params.has("grant_type") => Err(ErrorKind::UnsupportedGrantType.into()),
        None => Err(OAuthError::invalid_request("grant_type is missing")),
    }
}

/// A parameter a grant cannot do without.
fn required<'a>(
    params: &'a Params,
    name: &str,
    missing: &'static str,
) -> Result<&'a str, OAuthError> {
    params
        .get(name)
        .ok_or_else(|| OAuthError::invalid_request(missing))
}

/// Grants that speak for a person are not for clients that cannot prove themselves.
fn confidential(client: &AuthenticatedClient) -> Result<(), OAuthError> {
    if client.is_confidential() {
        Ok(())
    } else {
        Err(ErrorKind::UnauthorizedClient.into())
    }
}
