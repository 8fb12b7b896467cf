//! ID tokens (OIDC Core section 2).

use serde_json::{Map, Value, json};

use super::{acr, claims};
use crate::app::App;
use crate::base::digest::sha256;
use crate::context::Ctx;
use crate::keys::jws::Typ;
use crate::model::algorithm::Algorithm;
use crate::model::client::Client;
use crate::model::grant::Grant;
use crate::model::lifetimes::Lifetimes;
use crate::model::scope::Scope;
use crate::model::user::User;
use crate::oauth::error::OAuthError;
use data_encoding::BASE64URL_NOPAD;

/// What an ID token is bound to.
pub struct Bound<'a> {
    pub nonce: Option<&'a str>,
    pub access_token: &'a str,
}

/// A signed ID token for `client`.
pub async fn sign(
    app: &App,
    ctx: &Ctx,
    client: &Client,
    user: &User,
    grant: &Grant,
    bound: &Bound<'_>,
) -> Result<String, OAuthError> {
    let algorithm = client
        .metadata
        .id_token_signed_response_alg
        .unwrap_or(ctx.tenant.signing_alg);
    let keys = app.keys.of(&ctx.tenant).await?;
    let claims = claims_of(app, ctx, client, user, grant, bound, algorithm);
    Ok(keys.signer(algorithm)?.sign(Typ::Jwt, &claims)?)
}

fn claims_of(
    app: &App,
    ctx: &Ctx,
    client: &Client,
    user: &User,
    grant: &Grant,
    bound: &Bound<'_>,
    algorithm: Algorithm,
) -> Map<String, Value> {
    // With a token to ask userinfo with, the scopes' claims are there (section 5.4); what was asked
    // for by name, and what the client has mapped, is here.
    let asked = &grant.claims.id_token;
    let mut claims = claims::of(user, &Scope::default(), asked, &client.metadata);
    let now = ctx.now.seconds();
    let mut put = |name: &str, value: Value| {
        claims.insert(name.to_owned(), value);
    };
    put("iss", json!(ctx.tenant.issuer));
    put("sub", json!(user.id));
    put("aud", json!(client.client_id));
    let lifetime = Lifetimes::of(&app.config, &ctx.tenant).id_token;
    put("exp", json!(now + lifetime));
    put("iat", json!(now));
    put("auth_time", json!(grant.auth_time.seconds()));
    put("acr", json!(acr::of(&grant.amr)));
    put("amr", json!(grant.amr));
    put("sid", json!(grant.session_id));
    put("at_hash", json!(half_hash(algorithm, bound.access_token)));
    if let Some(nonce) = bound.nonce {
        put("nonce", json!(nonce));
    }
    claims
}

/// The left half of a token's hash (section 3.1.3.6), with the hash of the signature's algorithm.
fn half_hash(algorithm: Algorithm, token: &str) -> String {
    match algorithm {
        Algorithm::Rs256 | Algorithm::Ps256 | Algorithm::Es256 => {
            BASE64URL_NOPAD.encode(&sha256(&[token.as_bytes()])[..16])
        }
        // Ed25519 hashes with SHA-512 (RFC 8032 section 5.1).
        Algorithm::EdDsa => {
            BASE64URL_NOPAD.encode(&crate::base::digest::sha512(token.as_bytes())[..32])
        }
    }
}
