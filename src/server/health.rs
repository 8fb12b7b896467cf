//! Health and metrics.

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode};
use axum::response::IntoResponse;
use axum::{Extension, extract::Request};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::config::Profile;
use crate::context::Ctx;
use crate::oauth::access_token;
use crate::oauth::error::{ErrorKind, OAuthError};
use crate::web::accept::prefers_json;
use crate::web::respond;

/// Whether the server has been told to stop.
#[derive(Clone)]
pub struct Stopping(pub CancellationToken);

/// `GET /health/live`: the process answers.
pub async fn live() -> Response<Body> {
    respond::json(StatusCode::OK, &json!({ "status": "alive" }))
}

/// `GET /health/ready`: send requests here. Not while stopping, not without the database.
pub async fn ready(
    State(app): State<App>,
    Extension(stopping): Extension<Stopping>,
) -> Response<Body> {
    let stopping = stopping.0.is_cancelled();
    let ready = !stopping && app.store.ping().await.is_ok();
    let (status, word) = match (ready, stopping) {
        (true, _) => (StatusCode::OK, "ready"),
        (false, true) => (StatusCode::SERVICE_UNAVAILABLE, "stopping"),
        (false, false) => (StatusCode::SERVICE_UNAVAILABLE, "database down"),
    };
    respond::json(status, &json!({ "status": word }))
}

/// `GET /health`: with what it depends on.
pub async fn health(State(app): State<App>) -> Response<Body> {
    let database = app.store.ping().await.is_ok();
    let status = if database {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    // Its callers know it by these.
    let (service, version) = if app.config.serves(Profile::UserManagementService) {
        ("user-management", "2.0.0")
    } else {
        ("users-core", env!("CARGO_PKG_VERSION"))
    };
    respond::json(
        status,
        &json!({
            "status": if database { "healthy" } else { "unhealthy" },
            "service": service,
            "version": version,
            "timestamp": app.clock.now().to_string(),
            "dependencies": {
                "database": if database { "connected" } else { "down" },
                "cache": "disabled",
            },
        }),
    )
}

/// `GET /metrics` in Prometheus' text form, or some of it as JSON where that is asked for. For loopback,
/// the named networks, or `metrics.read`.
pub async fn metrics(State(app): State<App>, ctx: Ctx, request: Request) -> Response<Body> {
    let networks = &app.config.metrics_networks;
    // A proxy nobody named makes the whole world look like loopback.
    let forwarded = ["forwarded", "x-forwarded-for"]
        .iter()
        .any(|name| request.headers().contains_key(*name));
    let through_stranger = forwarded && app.config.proxies.trusted.is_empty();
    let near = !through_stranger
        && (ctx.address.is_loopback()
            || networks
                .iter()
                .any(|network| network.contains(&ctx.address)));
    if !near && let Err(error) = permitted(&app, &ctx, request.headers()).await {
        return error.into_response();
    }
    if prefers_json(request.headers()) {
        return figures(&app).await;
    }
    let mut response = Response::new(Body::from(app.metrics.render()));
    let headers = response.headers_mut();
    let text = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(text));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// What programs read that know no Prometheus. Counts are this process's, since its start; people and
/// keys are those of all tenants.
async fn figures(app: &App) -> Response<Body> {
    let people = app.store.people_there_are().await;
    let keys = app.store.api_keys_there_are(app.clock.now()).await;
    let (people, keys) = match (people, keys) {
        (Ok(people), Ok(keys)) => (people, keys),
        (Err(error), _) | (_, Err(error)) => return OAuthError::from(error).into_response(),
    };
    let metrics = &app.metrics;
    let successes = metrics.logins.get();
    let attempts = successes + metrics.failed_logins.get();
    // Per mille is all a rate of logins is good for, and exact in a float.
    let rate = (successes * 1000).checked_div(attempts).unwrap_or(0);
    let rate = f64::from(u32::try_from(rate).unwrap_or(0)) / 1000.0;
    respond::json(
        StatusCode::OK,
        &json!({
            "users": { "total": people.total, "active": people.active },
            "api_keys": { "total": keys.total, "active": keys.active },
            "authentication": {
                "attempts": attempts,
                "successes": successes,
                "success_rate": rate,
                "tokens_issued": metrics.tokens_issued(),
            },
            "api_requests": metrics.requests_answered(),
            "uptime_seconds": metrics.uptime().as_secs(),
        }),
    )
}

async fn permitted(app: &App, ctx: &Ctx, headers: &HeaderMap) -> Result<(), OAuthError> {
    let token = access_token::bearer(headers, None)?;
    let live = access_token::resolve(app, ctx, token).await?;
    let live = live.ok_or_else(|| OAuthError::from(ErrorKind::InvalidToken))?;
    if live.claims().scope.contains("metrics.read") {
        Ok(())
    } else {
        Err(OAuthError::insufficient_scope("metrics.read"))
    }
}
