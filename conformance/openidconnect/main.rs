//! Drives the issuer with the crate `openidconnect` over https and prints `N passed, N failed`.
//!
//! Environment: `ISSUER`, `CA_FILE` (PEM), `CONFORMANCE_SECRET`, `CONFORMANCE_OTHER_SECRET`,
//! `CONFORMANCE_PASSWORD`.

mod agent;
mod html;
mod people;
mod relying;
mod tokens;

use relying::{Outcome, Relying};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let provider = rustls::crypto::ring::default_provider();
    provider
        .install_default()
        .expect("no other provider is installed");
    let (mut passed, mut failed) = (0, 0);
    let mut count = |name: &str, outcome: Outcome| match outcome {
        Ok(()) => {
            passed += 1;
            println!("ok   openidconnect: {name}");
        }
        Err(error) => {
            failed += 1;
            println!("FAIL openidconnect: {name}: {error}");
        }
    };
    match Relying::discover().await {
        Err(error) => count("discovery and keys", Err(error)),
        Ok(relying) => {
            count("discovery and keys", Ok(()));
            count(
                "RFC 8414 metadata is the same",
                tokens::metadata_agrees(&relying).await,
            );
            count(
                "client credentials",
                tokens::client_credentials(&relying).await,
            );
            count(
                "client_secret_post",
                tokens::secret_in_the_body(&relying).await,
            );
            count(
                "RS256, PS256, ES256 and EdDSA verify",
                tokens::signatures(&relying).await,
            );
            count(
                "a wrong secret is invalid_client",
                tokens::wrong_secret(&relying).await,
            );
            count(
                "another's scope is invalid_scope",
                tokens::wrong_scope(&relying).await,
            );
            count("introspection", tokens::introspection(&relying).await);
            count("userinfo", tokens::userinfo(&relying).await);
            count("refresh, retry, replay", tokens::refresh(&relying).await);
            count("revocation", tokens::revocation(&relying).await);
            count(
                "somebody signs in: PKCE, nonce, ID token, at_hash, userinfo",
                people::signs_in(&relying).await,
            );
            count(
                "an ID token for another nonce or client is noticed",
                people::wrong_id_token(&relying).await,
            );
            count("form_post", people::form_post(&relying).await);
            count(
                "a desktop program on a free loopback port",
                people::desktop(&relying).await,
            );
            count("offline access", people::offline(&relying).await);
            count(
                "a code with another verifier, and a code twice",
                people::wrong_code(&relying).await,
            );
            count("denial and prompt=none", people::refusals(&relying).await);
            count("logout", people::logout(&relying).await);
        }
    }
    println!("{passed} passed, {failed} failed");
    std::process::exit(i32::from(failed > 0));
}
