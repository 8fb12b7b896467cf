//! Which scripts of other origins a browser lets call us, and what they may read (Fetch standard). Never
//! with credentials: where scripts call, nobody is known by a cookie.

use std::time::Duration;

use axum::Router;
use axum::http::{HeaderName, HeaderValue, Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::api;
use crate::app::App;
use crate::config::Origin;

/// How long a browser remembers what it may.
const MAX_AGE: Duration = Duration::from_hours(1);

/// Any origin.
pub(super) fn for_everybody() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AllowOrigin::any())
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE])
        .expose_headers([header::WWW_AUTHENTICATE, header::RETRY_AFTER])
        .max_age(MAX_AGE)
}

/// The origins of `cors_origins`, where there are any: a token is what lets their scripts in.
pub(super) fn for_listed(router: Router<App>, origins: &[Origin]) -> Router<App> {
    if origins.is_empty() {
        return router;
    }
    let origins = origins
        .iter()
        .filter_map(|origin| HeaderValue::from_str(origin.as_str()).ok());
    let named = |names: &[&'static str]| -> Vec<HeaderName> {
        names.iter().copied().map(HeaderName::from_static).collect()
    };
    router.layer(
        CorsLayer::new()
            .allow_origin(AllowOrigin::list(origins))
            .allow_methods([
                Method::GET,
                Method::POST,
                Method::PUT,
                Method::PATCH,
                Method::DELETE,
            ])
            .allow_headers(named(api::REQUEST_HEADERS))
            .expose_headers(named(api::ANSWER_HEADERS))
            .max_age(MAX_AGE),
    )
}
