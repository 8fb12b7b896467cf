//! The published keys (RFC 7517 section 5).

use std::sync::Arc;

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
    let load = async {
        let keys = app.keys.of(&ctx.tenant).await?;
        // Never kept longer than a key is announced before it signs.
        let max_age = app.config.tokens.jwks_cache_lifetime.min(MAX_AGE);
        let document = Document::new(keys.jwks(), "application/jwk-set+json", max_age);
        Ok::<_, OAuthError>(Arc::new(document))
    };
    match app.documents.keys.get(ctx.tenant.id.clone(), load).await {
        Ok(document) => cached(&headers, &document),
        Err(error) => error.into_response(),
    }
}
