//! `private_key_jwt` (RFC 7523 section 3, OIDC Core section 9).

use serde::Deserialize;

use crate::app::App;
use crate::base::digest::sha256_text;
use crate::context::Ctx;
use crate::directory::KnownClient;
use crate::keys::jws::{Parsed, Verifier};
use crate::model::algorithm::Algorithm;
use crate::model::client_metadata::AuthMethod;
use crate::oauth::error::OAuthError;

/// How far ahead an assertion may end, and so how long its `jti` must be remembered, in seconds.
const MAX_LIFETIME: i64 = 600;
/// Clocks may differ by this much, in seconds.
const SKEW: i64 = 60;

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: i64,
    #[serde(default)]
    nbf: Option<i64>,
    #[serde(default)]
    iat: Option<i64>,
    jti: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    fn names(&self, expected: &str) -> bool {
        match self {
            Self::One(audience) => audience == expected,
            Self::Many(audiences) => audiences.iter().any(|audience| audience == expected),
        }
    }
}

/// Whom an assertion speaks for, before anything is believed: where to look for the keys.
pub(super) fn claimed_client(assertion: &str) -> Option<String> {
    Parsed::parse(assertion).ok()?.unverified_subject()
}

/// Whether an assertion proves the client, once.
pub(super) async fn verify(
    app: &App,
    ctx: &Ctx,
    known: &KnownClient,
    assertion: &str,
) -> Result<bool, OAuthError> {
    let Some(claims) = signed_claims(known, assertion) else {
        return Ok(false);
    };
    if !acceptable(ctx, known, &claims) {
        return Ok(false);
    }
    // Burnt by unique insert, so that two nodes cannot accept it both.
    let digest = sha256_text(&format!("{}\n{}", claims.iss, claims.jti));
    let until = ctx.now.plus_seconds(MAX_LIFETIME + 2 * SKEW);
    Ok(app
        .store
        .tenant(&ctx.tenant.id)
        .burn_assertion(digest, until)
        .await?)
}

fn signed_claims(known: &KnownClient, assertion: &str) -> Option<Claims> {
    let metadata = &known.client.metadata;
    if metadata.token_endpoint_auth_method != AuthMethod::PrivateKeyJwt || !known.client.enabled {
        return None;
    }
    let parsed = Parsed::parse(assertion).ok()?;
    let algorithm: Algorithm = parsed.alg().parse().ok()?;
    if metadata
        .token_endpoint_auth_signing_alg
        .is_some_and(|registered| registered != algorithm)
    {
        return None;
    }
    let key = known.keys.as_ref()?.select(parsed.kid(), algorithm)?;
    let verifier = Verifier::for_client(key, algorithm).ok()?;
    verifier.verify(&parsed).ok()?.claims().ok()
}

fn acceptable(ctx: &Ctx, known: &KnownClient, claims: &Claims) -> bool {
    let now = ctx.now.seconds();
    let issuer = &ctx.tenant.issuer;
    let endpoints = ["/token", "/introspect", "/revoke"];
    claims.iss == known.client.client_id
        && claims.sub == known.client.client_id
        && (claims.aud.names(issuer)
            || endpoints
                .iter()
                .any(|endpoint| claims.aud.names(&format!("{issuer}{endpoint}"))))
        && claims.exp > now.saturating_sub(SKEW)
        && claims.exp <= now.saturating_add(MAX_LIFETIME + SKEW)
        && claims.nbf.is_none_or(|nbf| nbf <= now.saturating_add(SKEW))
        && claims.iat.is_none_or(|iat| {
            iat <= now.saturating_add(SKEW) && iat >= now.saturating_sub(MAX_LIFETIME + SKEW)
        })
        && (1..=256).contains(&claims.jti.len())
}
