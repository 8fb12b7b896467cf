//! The userinfo endpoint (OIDC Core section 5.3).

use std::collections::BTreeMap;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use axum::response::{IntoResponse, Response};

use super::claims;
use crate::app::App;
use crate::context::Ctx;
use crate::model::grant::GrantId;
use crate::oauth::access_token;
use crate::oauth::error::{ErrorKind, OAuthError};
use crate::web::params::Params;
use crate::web::{form, respond};

/// `GET /userinfo`, `POST /userinfo`
pub async fn endpoint(State(app): State<App>, ctx: Ctx, request: Request<Body>) -> Response {
    let limits = &app.config.limits;
    let (headers, params) = if request.method() == Method::POST && form::is_form(request.headers())
    {
        let (headers, params) =
            form::of_request(request, limits.max_body_bytes, limits.body_timeout).await;
        (headers, params.map(Some).map_err(OAuthError::from))
    } else {
        (request.into_parts().0.headers, Ok(None))
    };
    match answer(&app, &ctx, &headers, params).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    }
}

async fn answer(
    app: &App,
    ctx: &Ctx,
    headers: &HeaderMap,
    params: Result<Option<Params>, OAuthError>,
) -> Result<Response, OAuthError> {
    let params = params?;
    let token = access_token::bearer(headers, params.as_ref())?;
    let live = access_token::resolve(app, ctx, token).await?;
    let live = live.ok_or_else(|| OAuthError::from(ErrorKind::InvalidToken))?;
    let granted = live.claims();
    // A client's own token speaks of nobody.
    if granted.is_client_token() || !granted.scope.contains("openid") {
        return Err(OAuthError::insufficient_scope("openid"));
    }
    ctx.notes.account(&granted.sub);
    if !granted.aud.contains(&ctx.tenant.issuer) {
        return Err(ErrorKind::InvalidToken.into());
    }
    let user = app.store.tenant(&ctx.tenant.id).user(&granted.sub).await?;
    let user = user
        .filter(|user| user.enabled)
        .ok_or_else(|| OAuthError::from(ErrorKind::InvalidToken))?;
    let client = app.directory.client(&ctx.tenant, &granted.client_id);
    let client = client
        .await?
        .filter(|known| known.client.enabled)
        .ok_or_else(|| OAuthError::from(ErrorKind::InvalidToken))?;
    let metadata = &client.client.metadata;
    let rows = app.store.tenant(&ctx.tenant.id);
    let asked = match GrantId::of_token(&granted.jti) {
        Some(grant) => rows.claims_request(grant).await?.userinfo,
        None => BTreeMap::new(),
    };
    Ok(respond::json(
        StatusCode::OK,
        &claims::of(&user, &granted.scope, &asked, metadata),
    ))
}
