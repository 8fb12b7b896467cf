//! Token introspection (RFC 7662).

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;

use super::access_token::{self, LiveToken};
use super::client_auth::{self, AuthenticatedClient};
use super::error::{ErrorKind, OAuthError};
use crate::app::App;
use crate::base::token::{Kind, OpaqueToken};
use crate::context::Ctx;
use crate::model::scope::Scope;
use crate::web::authorization::{Authorization, authorization};
use crate::web::params::Params;
use crate::web::{form, respond};

/// The scope that lets a client look into every token of its tenant.
const INTROSPECT_SCOPE: &str = "token.introspect";

/// RFC 7662 section 2.2.
#[derive(Serialize)]
struct Answer<'a> {
    active: bool,
    #[serde(skip_serializing_if = "Scope::is_empty")]
    scope: &'a Scope,
    client_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<&'a str>,
    token_type: &'static str,
    exp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    iat: Option<i64>,
    sub: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<&'a [String]>,
    iss: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tenant_id: Option<&'a str>,
    /// The account that an API key acts for.
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<&'a str>,
}

/// Who asks.
enum Asker {
    Client(AuthenticatedClient),
    /// A client's own token with [`INTROSPECT_SCOPE`], as Bearer.
    Token(String),
}

impl Asker {
    fn client_id(&self) -> &str {
        match self {
            Self::Client(client) => client.client_id(),
            Self::Token(client_id) => client_id,
        }
    }

    fn sees_everything(&self) -> bool {
        match self {
            Self::Client(client) => client.client().metadata.scope.contains(INTROSPECT_SCOPE),
            Self::Token(_) => true,
        }
    }
}

/// `POST /introspect`
pub async fn endpoint(State(app): State<App>, ctx: Ctx, request: Request<Body>) -> Response {
    let limits = &app.config.limits;
    let (headers, params) =
        form::of_request(request, limits.max_body_bytes, limits.body_timeout).await;
    match answer(&app, &ctx, &headers, params.map_err(OAuthError::from)).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    }
}

async fn answer(
    app: &App,
    ctx: &Ctx,
    headers: &HeaderMap,
    params: Result<Params, OAuthError>,
) -> Result<Response, OAuthError> {
    let params = params?;
    let asker = asker(app, ctx, headers, &params).await?;
    let token = params
        .get("token")
        .ok_or_else(|| OAuthError::invalid_request("token is missing"))?;
    if let Some(live) = access_token::resolve(app, ctx, token).await?
        && may_see(app, ctx, &asker, &live).await?
    {
        let claims = live.claims();
        return Ok(respond::json(
            StatusCode::OK,
            &Answer {
                active: true,
                scope: &claims.scope,
                client_id: &claims.client_id,
                username: claims.username.as_deref(),
                token_type: "Bearer",
                exp: claims.exp,
                iat: Some(claims.iat),
                sub: &claims.sub,
                aud: Some(&claims.aud),
                iss: &claims.iss,
                jti: Some(&claims.jti),
                sid: claims.sid.as_deref(),
                tenant_id: claims.tenant_id.as_deref(),
                owner: claims.owner.as_deref(),
            },
        ));
    }
    if let Some(response) = refresh_token(app, ctx, &asker, token).await? {
        return Ok(response);
    }
    Ok(respond::json(StatusCode::OK, &json!({ "active": false })))
}

async fn asker(
    app: &App,
    ctx: &Ctx,
    headers: &HeaderMap,
    params: &Params,
) -> Result<Asker, OAuthError> {
    if let Authorization::Bearer(token) = authorization(headers) {
        client_auth::no_other_proof(params)?;
        let live = access_token::resolve(app, ctx, token).await?;
        let live = live.ok_or_else(|| OAuthError::from(ErrorKind::InvalidToken))?;
        let claims = live.claims();
        if !claims.is_client_token() {
            return Err(ErrorKind::InvalidToken.into());
        }
        if !claims.scope.contains(INTROSPECT_SCOPE) {
            return Err(OAuthError::insufficient_scope(INTROSPECT_SCOPE));
        }
        return Ok(Asker::Token(claims.client_id.clone()));
    }
    let client = client_auth::authenticate(app, ctx, headers, params).await?;
    if !client.is_confidential() {
        // A name alone is no authentication (section 2.1).
        return Err(ErrorKind::InvalidClient.into());
    }
    Ok(Asker::Client(client))
}

/// The token's own client, those its resources name, and those with the scope for it.
async fn may_see(
    app: &App,
    ctx: &Ctx,
    asker: &Asker,
    live: &LiveToken,
) -> Result<bool, OAuthError> {
    let claims = live.claims();
    if asker.client_id() == claims.client_id || asker.sees_everything() {
        return Ok(true);
    }
    let catalog = app.directory.catalog(&ctx.tenant).await?;
    Ok(claims
        .aud
        .iter()
        .filter_map(|audience| catalog.by_audience(audience))
        .any(|resource| {
            resource
                .introspection_clients
                .iter()
                .any(|client_id| client_id == asker.client_id())
        }))
}

/// A refresh token is shown to its own client only.
async fn refresh_token(
    app: &App,
    ctx: &Ctx,
    asker: &Asker,
    token: &str,
) -> Result<Option<Response>, OAuthError> {
    let Some(token) = OpaqueToken::parse(Kind::RefreshToken, token) else {
        return Ok(None);
    };
    let row = app
        .store
        .tenant(&ctx.tenant.id)
        .refresh_token(&token.digest(), ctx.now)
        .await?;
    let Some(row) = row.filter(|row| {
        row.token.client_id == asker.client_id()
            && row.used_at.is_none()
            && row.grant_live
            && row.token.expires_at > ctx.now
    }) else {
        return Ok(None);
    };
    let Some(user) = row.user.filter(|user| user.enabled) else {
        return Ok(None);
    };
    Ok(Some(respond::json(
        StatusCode::OK,
        &Answer {
            active: true,
            scope: &row.token.scope,
            client_id: &row.token.client_id,
            username: Some(&user.username),
            token_type: "refresh_token",
            exp: row.token.expires_at.seconds(),
            iat: None,
            sub: &row.token.user_id,
            aud: None,
            iss: &ctx.tenant.issuer,
            jti: None,
            sid: Some(&row.grant.session_id),
            tenant_id: None,
            owner: None,
        },
    )))
}
