//! Lets the validators of `rvoip-oidc` and `rvoip-auth-core` judge the issuer's tokens and prints `N passed, N failed`.
//!
//! Environment: `ISSUER`, `SSL_CERT_FILE` (PEM, the authority that is trusted), `FOREIGN_KEY_FILE` (PEM, an RSA key
//! that the issuer never had), `USERS_CORE` and `USERS_CORE_CONFIG` (the program and its settings), `CONFORMANCE_SECRET`,
//! `CONFORMANCE_OTHER_SECRET`, `CONFORMANCE_PASSWORD`.

mod accepted;
mod forged;
mod issuer;
mod refused;

use std::future::Future;

use issuer::{Issuer, Outcome};

#[derive(Default)]
struct Checks {
    passed: u32,
    failed: u32,
}

impl Checks {
    async fn check(&mut self, name: &str, run: impl Future<Output = Outcome>) {
        match run.await {
            Ok(()) => {
                self.passed += 1;
                println!("ok   auth-core: {name}");
            }
            Err(error) => {
                self.failed += 1;
                println!("FAIL auth-core: {name}: {error}");
            }
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut checks = Checks::default();
    match Issuer::discover("").await {
        Err(error) => checks.check("discovery", async { Err(error) }).await,
        Ok(issuer) => {
            let seen = accepted::discovery(&issuer);
            checks.check("discovery, keys and endpoints", seen).await;
            accept(&mut checks, &issuer).await;
            refuse(&mut checks, &issuer).await;
        }
    }
    println!("{} passed, {} failed", checks.passed, checks.failed);
    std::process::exit(i32::from(checks.failed > 0));
}

async fn accept(checks: &mut Checks, issuer: &Issuer) {
    checks
        .check(
            "a person's token by RS256 and JWKS: sub, scopes, iss, exp",
            accepted::person_by_keys(issuer),
        )
        .await;
    checks
        .check(
            "a person's token by introspection: the same principal",
            accepted::person_by_introspection(issuer),
        )
        .await;
    checks
        .check("a client's token both ways", accepted::client(issuer))
        .await;
    checks
        .check(
            "jti and iat, and each token a jti of its own",
            accepted::token_ids(issuer),
        )
        .await;
    checks
        .check(
            "an ES256 token, where ES256 is expected",
            accepted::es256(issuer),
        )
        .await;
    checks
        .check(
            "a new key is fetched when it signs, and the old one still verifies",
            accepted::rotation(issuer),
        )
        .await;
    checks
        .check(
            "an opaque token by introspection, and only there",
            accepted::opaque(issuer),
        )
        .await;
    checks
        .check(
            "a tenant at its own issuer: tenant_id both ways",
            accepted::tenant(issuer),
        )
        .await;
}

async fn refuse(checks: &mut Checks, issuer: &Issuer) {
    checks
        .check(
            "another issuer: discovery, JWKS, introspection",
            refused::issuer(issuer),
        )
        .await;
    checks
        .check("another audience both ways", refused::audience(issuer))
        .await;
    checks
        .check(
            "an unknown kid, and none, both ways",
            refused::key_id(issuer),
        )
        .await;
    checks
        .check("a bad signature both ways", refused::signature(issuer))
        .await;
    checks
        .check(
            "HS256 with the public key, and none, both ways",
            refused::algorithm(issuer),
        )
        .await;
    checks
        .check("an expired token both ways", refused::expired(issuer))
        .await;
    checks
        .check(
            "a revoked token by introspection (JWKS cannot see it)",
            refused::revoked(issuer),
        )
        .await;
    checks
        .check(
            "the token of an account that is disabled, by introspection",
            refused::disabled(issuer),
        )
        .await;
    checks
        .check(
            "a refresh token as access token both ways",
            refused::refresh_token(issuer),
        )
        .await;
    checks
        .check(
            "an ID token as access token both ways",
            refused::id_token(issuer),
        )
        .await;
    checks
        .check(
            "an ID token for a client named like the audience by introspection (JWKS: auth-core reads no typ)",
            refused::id_token_for_the_audience(issuer),
        )
        .await;
    checks
        .check(
            "whoever may not introspect learns nothing and lets nobody in",
            refused::introspection(issuer),
        )
        .await;
}
