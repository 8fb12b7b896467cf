//! What happens around every request: its id, its caller's address, a bound on its time, the
//! headers every answer carries, one log line when it failed, the counts.

use std::convert::Infallible;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tower::Service;

use super::routes::pattern_of;
use crate::app::App;
use crate::base::clock::monotonic;
use crate::base::id::ordered_id;
use crate::oauth::error::{ErrorKind, OAuthError};
use crate::telemetry::RequestLabels;
use crate::trail::decisions::Refused;
use crate::web::address::client_address;
use crate::web::request_info::{Failure, Notes, Peer, RequestInfo, RoutePattern};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000; includeSubDomains");
const MAX_URI_BYTES: usize = 16_384;

/// Puts the routes inside.
pub(super) fn wrap(routes: Router, app: &App) -> Router {
    let app = app.clone();
    Router::new().fallback_service(Around { app, routes })
}

/// One service instead of a layer for each concern: every layer of the router costs each request
/// two allocations and a move.
#[derive(Clone)]
struct Around {
    app: App,
    routes: Router,
}

impl Service<Request> for Around {
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let Self { app, routes } = self.clone();
        Box::pin(async move { Ok(around(app, routes, request).await) })
    }
}

async fn around(app: App, mut routes: Router, mut request: Request) -> Response {
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
    let notes = Arc::<Notes>::default();
    request.extensions_mut().insert(RequestInfo {
        id: Arc::clone(&id),
        address,
        notes: Arc::clone(&notes),
    });
    let mut response = if request
        .uri()
        .path_and_query()
        .is_some_and(|uri| uri.as_str().len() > MAX_URI_BYTES)
    {
        OAuthError::from(ErrorKind::AddressTooLong).into_response()
    } else {
        let answer = AssertUnwindSafe(routes.call(request)).catch_unwind();
        match tokio::time::timeout(app.config.limits.request_timeout, answer).await {
            Ok(Ok(Ok(response))) => response,
            Ok(Err(_)) => {
                app.metrics.panics.inc();
                OAuthError::internal()
                    .because("a handler panicked")
                    .into_response()
            }
            Err(_) => OAuthError::from(ErrorKind::Unavailable)
                .because("the request took too long")
                .into_response(),
        }
    };
    let route = match response.extensions().get::<RoutePattern>() {
        Some(RoutePattern(pattern)) => pattern,
        None => route,
    };
    report(&app, &response, &id, route, address, &notes);
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

/// The one place a failure is logged, and kept for whoever asks why. Nothing a caller sent is in the
/// line but its address.
fn report(
    app: &App,
    response: &Response<Body>,
    id: &str,
    route: &'static str,
    address: IpAddr,
    notes: &Notes,
) {
    let Some(failure) = response.extensions().get::<Failure>() else {
        return;
    };
    let known = notes.read();
    let status = response.status().as_u16();
    let tenant = known.tenant.as_ref().map(|tenant| tenant.slug.as_str());
    let client = known.client.as_ref();
    let client = client.map(|client| client.client.client_id.as_str());
    let cause = failure.cause.as_deref().or(known.cause);
    let (error, cause) = (failure.code, cause.unwrap_or_default());
    if response.status().is_server_error() {
        tracing::error!(request = id, route, status, tenant, client, error, cause, %address, "request failed");
    } else {
        tracing::info!(request = id, route, status, tenant, client, error, cause, %address, "request refused");
    }
    let refused = Refused {
        request_id: id,
        route,
        status,
        address,
        failure,
        noted: &known,
    };
    app.decisions.note(app, &refused);
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
