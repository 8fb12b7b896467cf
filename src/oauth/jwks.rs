//! The published keys (RFC 7517 section 5).

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};

use super::error::OAuthError;
use super::metadata::{Document, MAX_AGE, cached};
use crate::app::App;
use crate::context::Ctx;

/// `GET /jwks.json`
pub async fn endpoint(State(app): State<App>, ctx: Ctx, headers: HeaderMap) -> Response<Body> {
    match app.keys.of(&ctx.tenant).await {
        Ok(keys) => cached(
            &headers,
            // Never kept longer than a key is announced before it signs.
            &Document::new(
                keys.jwks(),
                "application/jwk-set+json",
                app.config.tokens.jwks_cache_lifetime.min(MAX_AGE),
            ),
        ),
        Err(error) => OAuthError::from(error).into_response(),
    }
}
