//! What happens around every request: its id, its caller's address, a bound on its time, the
//! headers every answer carries, one log line when it failed, the counts.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;

use super::routes::pattern_of;
use crate::app::App;
use crate::base::clock::monotonic;
use crate::base::id::ordered_id;
use crate::oauth::error::{ErrorKind, OAuthError};
use crate::telemetry::RequestLabels;
use crate::web::address::client_address;
use crate::web::request_info::{Failure, Peer, RequestInfo};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000; includeSubDomains");
const MAX_URI_BYTES: usize = 16_384;

/// Puts the layers around the routes, the outermost last.
pub(super) fn wrap(router: Router, app: &App) -> Router {
    router
        .layer(CatchPanicLayer::custom(
            |_: Box<dyn std::any::Any + Send>| {
                OAuthError::internal()
                    .because("a handler panicked")
                    .into_response()
            },
        ))
        .layer(middleware::from_fn_with_state(app.clone(), around))
}

async fn around(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let started = monotonic();
    let method = method_label(request.method());
    let route = pattern_of(request.uri().path());
    let Some(peer) = request.extensions().get::<Peer>().copied() else {
        return OAuthError::internal()
            .because("a request without a peer")
            .into_response();
    };
    let address = client_address(
        peer.address.ip(),
        request.headers(),
        &app.config.proxies.trusted,
    );
    let id: Arc<str> = ordered_id(&app.random, app.clock.now()).into();
    request.extensions_mut().insert(RequestInfo {
        id: Arc::clone(&id),
        address,
    });
    let mut response = if request
        .uri()
        .path_and_query()
        .is_some_and(|uri| uri.as_str().len() > MAX_URI_BYTES)
    {
        OAuthError::from(ErrorKind::AddressTooLong).into_response()
    } else {
        match tokio::time::timeout(app.config.limits.request_timeout, next.run(request)).await {
            Ok(response) => response,
            Err(_) => OAuthError::from(ErrorKind::Unavailable)
                .because("the request took too long")
                .into_response(),
        }
    };
    if response.status() == StatusCode::INTERNAL_SERVER_ERROR {
        app.metrics.panics.inc_by(u64::from(
            response
                .extensions()
                .get::<Failure>()
                .is_some_and(|failure| failure.cause.as_deref() == Some("a handler panicked")),
        ));
    }
    report(&response, &id, route, address);
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::try_from(&*id) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    if peer.tls {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HSTS);
    }
    let labels = RequestLabels {
        method,
        route,
        status: response.status().as_u16(),
    };
    app.metrics.requests.get_or_create(&labels).inc();
    app.metrics.observe(route, started.elapsed());
    response
}

/// The one place a failure is logged. Nothing a caller sent is in the line but its address.
fn report(response: &Response<Body>, id: &str, route: &str, address: std::net::IpAddr) {
    let Some(failure) = response.extensions().get::<Failure>() else {
        return;
    };
    let status = response.status().as_u16();
    let cause = failure.cause.as_deref().unwrap_or_default();
    if response.status().is_server_error() {
        tracing::error!(request = id, route, status, error = failure.code, cause, %address, "request failed");
    } else {
        tracing::info!(request = id, route, status, error = failure.code, cause, %address, "request refused");
    }
}

/// A method of a caller's invention must not become a label.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::OPTIONS => "OPTIONS",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}
