//! What a presented access token stands for, if it stands for anything now.

use axum::http::HeaderMap;

use super::error::{ErrorKind, OAuthError};
use crate::app::App;
use crate::base::token::{Kind, OpaqueToken};
use crate::context::Ctx;
use crate::directory::TokenIds;
use crate::keys::jws::{Parsed, Typ};
use crate::model::access_token::AccessTokenClaims;
use crate::web::authorization::{Authorization, authorization};
use crate::web::params::Params;

/// Clocks may differ by this much, in seconds.
const SKEW: i64 = 60;

/// An access token of this tenant that is signed or known, not expired, not revoked. Only
/// [`resolve`] makes it.
pub struct LiveToken(AccessTokenClaims);

impl LiveToken {
    pub const fn claims(&self) -> &AccessTokenClaims {
        &self.0
    }
}

/// Looks at a presented token. `None` for whatever is wrong with it.
pub async fn resolve(app: &App, ctx: &Ctx, token: &str) -> Result<Option<LiveToken>, OAuthError> {
    let claims = match OpaqueToken::parse(Kind::AccessToken, token) {
        Some(opaque) => {
            app.store
                .tenant(&ctx.tenant.id)
                .access_token(&opaque.digest())
                .await?
        }
        None => signed(app, ctx, token).await?,
    };
    let Some(claims) = claims else {
        return Ok(None);
    };
    if claims.iss != ctx.tenant.issuer || !is_timely(&claims, ctx.now.seconds()) {
        note(
            ctx,
            &claims,
            "the token has expired, or is not this tenant's",
        );
        return Ok(None);
    }
    let revoked = app
        .directory
        .is_revoked(&ctx.tenant, &TokenIds::of(&claims), ctx.now)
        .await?;
    if revoked {
        note(ctx, &claims, "the token was revoked");
        return Ok(None);
    }
    Ok(Some(LiveToken(claims)))
}

/// Notes whose token was refused: it is one of ours, so what it says of itself is true.
fn note(ctx: &Ctx, claims: &AccessTokenClaims, cause: &'static str) {
    ctx.notes.tenant(&ctx.tenant);
    ctx.notes.cause(cause);
    if !claims.is_client_token() {
        ctx.notes.account(&claims.sub);
    }
}

/// Never a second past its end; its beginning may be ahead by what the clocks of nodes differ.
fn is_timely(claims: &AccessTokenClaims, now: i64) -> bool {
    let begins = claims.nbf.unwrap_or(claims.iat).max(claims.iat);
    claims.exp > now && begins <= now.saturating_add(SKEW)
}

async fn signed(
    app: &App,
    ctx: &Ctx,
    token: &str,
) -> Result<Option<AccessTokenClaims>, OAuthError> {
    let Ok(parsed) = Parsed::parse(token) else {
        return Ok(None);
    };
    if !parsed.is_typ(Typ::AccessToken.name()) {
        return Ok(None);
    }
    let keys = app.keys.of(&ctx.tenant).await?;
    Ok(keys
        .verify(&parsed)
        .and_then(|payload| payload.claims().ok()))
}

/// The bearer token of a request (RFC 6750 section 2): in the header, or in a form, not in both.
/// A token in the query is not looked at.
pub fn bearer<'a>(headers: &'a HeaderMap, form: Option<&'a Params>) -> Result<&'a str, OAuthError> {
    let in_form = form.and_then(|form| form.get("access_token"));
    match (authorization(headers), in_form) {
        (Authorization::Bearer(token), None) | (Authorization::Absent, Some(token)) => Ok(token),
        (Authorization::Absent | Authorization::Basic(_), None) => {
            Err(ErrorKind::MissingToken.into())
        }
        (Authorization::Unusable { .. }, None) => Err(ErrorKind::InvalidToken.into()),
        (_, Some(_)) => Err(ErrorKind::AmbiguousToken.into()),
    }
}
