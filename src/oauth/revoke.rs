//! Token revocation (RFC 7009).

use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse, Response};

use super::access_token;
use super::client_auth;
use super::error::{ErrorKind, OAuthError};
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::token::{Kind, OpaqueToken};
use crate::context::Ctx;
use crate::keys::jws::{Parsed, Typ};
use crate::model::audit_event::{AuditEvent, AuditKind};
use crate::web::{form, respond};

/// `POST /revoke`. What is unknown, malformed or dead already is revoked: 200 (section 2.2).
pub async fn endpoint(State(app): State<App>, ctx: Ctx, request: Request<Body>) -> Response {
    match revoke(&app, &ctx, request).await {
        Ok(()) => respond::empty(StatusCode::OK),
        Err(error) => error.into_response(),
    }
}

async fn revoke(app: &App, ctx: &Ctx, request: Request<Body>) -> Result<(), OAuthError> {
    let limits = &app.config.limits;
    let (headers, params) =
        form::of_request(request, limits.max_body_bytes, limits.body_timeout).await;
    let params = params?;
    let client = client_auth::authenticate(app, ctx, &headers, &params).await?;
    let token = params
        .get("token")
        .ok_or_else(|| OAuthError::invalid_request("token is missing"))?;
    let rows = app.store.tenant(&ctx.tenant.id);
    let event = |subject: &str| -> AuditEvent {
        let mut event = ctx.actor(client.client_id()).did(
            AuditKind::TokenRevoked,
            subject,
            app.row_id(),
            ctx.now,
        );
        event.client_id = Some(client.client_id().to_owned());
        event
    };
    if let Some(token) = OpaqueToken::parse(Kind::RefreshToken, token) {
        let Some(row) = rows.refresh_token(&token.digest(), ctx.now).await? else {
            return Ok(());
        };
        own(app, ctx, &row.token.client_id, client.client_id())?;
        // The whole family dies, and with it the access tokens made from it (section 2.1).
        let event = event(&row.token.user_id);
        rows.end_grant(row.grant.id.as_str(), ctx.now, event)
            .await?;
        return Ok(());
    }
    if let Some(live) = access_token::resolve(app, ctx, token).await? {
        let claims = live.claims();
        own(app, ctx, &claims.client_id, client.client_id())?;
        let until = Timestamp::from_millis(0).plus_seconds(claims.exp + 1);
        rows.revoke_token(&claims.jti, until, event(&claims.sub))
            .await?;
        return Ok(());
    }
    if is_another_of_ours(app, ctx, token).await? {
        return Err(ErrorKind::UnsupportedTokenType.into());
    }
    Ok(())
}

/// A client revokes its own tokens; somebody else's is refused (section 2.1).
fn own(app: &App, ctx: &Ctx, of: &str, by: &str) -> Result<(), OAuthError> {
    if of == by {
        return Ok(());
    }
    app.refusals.count(ctx, "token.foreign", by);
    Err(OAuthError::new(
        ErrorKind::InvalidGrant,
        "the token was issued to another client",
    ))
}

/// Whether we signed it, but as something else than an access token (section 2.2.1).
async fn is_another_of_ours(app: &App, ctx: &Ctx, token: &str) -> Result<bool, OAuthError> {
    let Ok(parsed) = Parsed::parse(token) else {
        return Ok(false);
    };
    let keys = app.keys.of(&ctx.tenant).await?;
    Ok(!parsed.is_typ(Typ::AccessToken.name()) && keys.verify(&parsed).is_some())
}
