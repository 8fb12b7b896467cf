//! `private_key_jwt` (RFC 7523 section 3, OIDC Core section 9).

use serde::Deserialize;

use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::digest::sha256_text;
use crate::context::Ctx;
use crate::directory::KnownClient;
use crate::keys::jws::{Parsed, Verifier};
use crate::model::algorithm::Algorithm;
use crate::model::client_metadata::AuthMethod;
use crate::oauth::error::OAuthError;

/// How old an assertion may grow, and so how long its `jti` must be remembered, in seconds.
const MAX_AGE: i64 = 600;
/// The longest life an assertion may give itself, in seconds: what client libraries choose when they are not told.
const MAX_LIFETIME: i64 = 3600;
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

/// Why an assertion proves nothing.
type Cause = &'static str;

/// Whether an assertion proves the client, once; if not, why, for the log.
pub(super) async fn verify(
    app: &App,
    ctx: &Ctx,
    known: &KnownClient,
    assertion: &str,
) -> Result<Result<(), Cause>, OAuthError> {
    let judged = signed_claims(known, assertion)
        .and_then(|claims| accepted_until(ctx, known, &claims).map(|end| (claims, end)));
    let (claims, until) = match judged {
        Ok(judged) => judged,
        Err(cause) => return Ok(Err(cause)),
    };
    // Burnt by unique insert, so that two nodes cannot accept it both.
    let digest = sha256_text(&format!("{}\n{}", claims.iss, claims.jti));
    let burnt = app.store.tenant(&ctx.tenant.id).burn(digest, until).await?;
    Ok(burnt.then_some(()).ok_or("the assertion was used before"))
}

fn signed_claims(known: &KnownClient, assertion: &str) -> Result<Claims, Cause> {
    let metadata = &known.client.metadata;
    if metadata.token_endpoint_auth_method != AuthMethod::PrivateKeyJwt {
        return Err("the client does not authenticate with assertions");
    }
    let parsed = Parsed::parse(assertion).map_err(|_| "the assertion is malformed")?;
    let algorithm: Algorithm = parsed
        .alg()
        .parse()
        .map_err(|_| "the assertion's algorithm is not supported")?;
    if metadata
        .token_endpoint_auth_signing_alg
        .is_some_and(|registered| registered != algorithm)
    {
        return Err("the assertion's algorithm is not the registered one");
    }
    let key = known
        .keys
        .as_ref()
        .and_then(|keys| keys.select(parsed.kid(), algorithm))
        .ok_or("no key of the client fits the assertion")?;
    let verifier = Verifier::for_client(key, algorithm)
        .map_err(|_| "the client's key does not fit the assertion's algorithm")?;
    let payload = verifier
        .verify(&parsed)
        .map_err(|_| "the assertion's signature is wrong")?;
    payload
        .claims()
        .map_err(|_| "the assertion's claims are incomplete or of the wrong type")
}

/// When the assertion will be refused in any case, if its claims are in order now.
fn accepted_until(ctx: &Ctx, known: &KnownClient, claims: &Claims) -> Result<Timestamp, Cause> {
    let now = ctx.now.seconds();
    let issuer = &ctx.tenant.issuer;
    let client_id = &known.client.client_id;
    if claims.iss != *client_id || claims.sub != *client_id {
        return Err("iss and sub of the assertion are not the client");
    }
    let endpoints = ["/token", "/introspect", "/revoke"];
    let addressed = claims.aud.names(issuer)
        || endpoints
            .iter()
            .any(|endpoint| claims.aud.names(&format!("{issuer}{endpoint}")));
    if !addressed {
        return Err("the assertion is for somebody else");
    }
    if !(1..=256).contains(&claims.jti.len()) {
        return Err("the assertion's jti is empty or too long");
    }
    let soon = now.saturating_add(SKEW);
    if claims.nbf.is_some_and(|nbf| nbf > soon) || claims.iat.is_some_and(|iat| iat > soon) {
        return Err("the assertion is not valid yet");
    }
    // Without `iat` its age is unknown, and it may only end soon.
    let (lifetime, made) = match claims.iat {
        Some(iat) => (MAX_LIFETIME, iat),
        None => (MAX_AGE, soon),
    };
    if claims.exp > made.saturating_add(lifetime) {
        return Err("the assertion is valid for too long");
    }
    let until = claims
        .exp
        .min(made.saturating_add(MAX_AGE))
        .saturating_add(SKEW);
    if until <= now {
        return Err("the assertion is too old");
    }
    Ok(ctx.now.plus_seconds(until - now))
}
