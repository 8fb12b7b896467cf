//! Asking the issuer (RFC 7662).

use std::sync::atomic::Ordering;
use std::time::Duration;

use data_encoding::BASE64;
use serde_json::{Value, json};
use users_core::{Algorithm, TokenValidator, TrustedIssuer, ValidationError};

use super::stand_in::{AUDIENCE, ISSUER, Key, StandIn, claims, validator};
use crate::support::forge::with;

fn active() -> Value {
    with(&claims(), json!({ "active": true }))
}

async fn asked() -> (StandIn, Key, TokenValidator, users_core::base::clock::Clock) {
    let key = Key::new(Algorithm::Es256);
    let issuer = StandIn::publishing(&[&key]).await;
    let (validator, clock) = validator();
    validator
        .add_trusted_issuer(issuer.introspected())
        .expect("trusted");
    (issuer, key, validator, clock)
}

#[tokio::test]
async fn an_opaque_token_is_what_its_issuer_says_and_is_asked_about_once() {
    let (issuer, _, validator, _) = asked().await;
    issuer.answers("uc_at_good", active());
    for _ in 0..20 {
        let context = validator
            .validate_token("uc_at_good")
            .await
            .expect("active");
        assert_eq!(context.username.as_deref(), Some("alice"));
        let error = validator
            .validate_token("uc_at_dead")
            .await
            .expect_err("dead");
        assert_eq!(error, ValidationError::Inactive);
    }
    let asked = issuer.asked();
    assert_eq!(asked.len(), 2);
    // RFC 6749 section 2.3.1: form-encoded before it is joined.
    let (authorization, _) = &asked[0];
    assert_eq!(
        *authorization,
        format!("Basic {}", BASE64.encode(b"registrar:a+b%3Ac"))
    );
}

#[tokio::test]
async fn a_signed_token_that_was_revoked_is_out_when_its_issuer_is_asked_again() {
    let (issuer, key, validator, clock) = asked().await;
    let token = key.sign(&claims());
    issuer.answers(&token, active());
    validator.validate_token(&token).await.expect("active");
    issuer.answers(&token, json!({ "active": false }));
    validator.validate_token(&token).await.expect("remembered");
    clock.advance(Duration::from_mins(1));
    let error = validator.validate_token(&token).await.expect_err("revoked");
    assert_eq!(error, ValidationError::Inactive);
}

#[tokio::test]
async fn nobody_is_asked_about_a_token_whose_signature_is_wrong() {
    let (issuer, _, validator, _) = asked().await;
    let forged = Key::new(Algorithm::Es256).sign(&claims());
    assert!(validator.validate_token(&forged).await.is_err());
    assert!(issuer.asked().is_empty());
}

#[tokio::test]
async fn an_answer_that_is_none_lets_nobody_in_and_is_not_remembered() {
    let (issuer, _, validator, _) = asked().await;
    for answer in [
        json!({}),
        json!([]),
        json!({ "active": "true" }),
        json!({ "active": 1 }),
    ] {
        issuer.answers("uc_at_x", answer);
        let error = validator
            .validate_token("uc_at_x")
            .await
            .expect_err("no answer");
        assert_eq!(error, ValidationError::Unavailable);
    }
    issuer.said.failing.store(true, Ordering::SeqCst);
    let error = validator
        .validate_token("uc_at_x")
        .await
        .expect_err("failing");
    assert_eq!(error, ValidationError::Unavailable);
    issuer.said.failing.store(false, Ordering::SeqCst);
    issuer.answers("uc_at_x", active());
    validator.validate_token("uc_at_x").await.expect("active");
}

#[tokio::test]
async fn an_active_token_of_another_issuer_or_for_another_audience_is_refused() {
    let (issuer, _, validator, _) = asked().await;
    let cases = [
        (json!({ "aud": null }), ValidationError::WrongAudience),
        (
            json!({ "aud": "rvoip-api" }),
            ValidationError::WrongAudience,
        ),
        (
            json!({ "iss": "https://other.test" }),
            ValidationError::UntrustedIssuer,
        ),
        (json!({ "exp": 1 }), ValidationError::Expired),
    ];
    for (number, (changes, expected)) in cases.into_iter().enumerate() {
        let token = format!("uc_at_{number}");
        issuer.answers(&token, with(&active(), changes));
        let error = validator.validate_token(&token).await.expect_err("refused");
        assert_eq!(error, expected);
    }
    // What RFC 7662 leaves to the issuer may be left out.
    issuer.answers(
        "uc_at_few",
        with(&active(), json!({ "exp": null, "iss": null, "iat": null })),
    );
    validator.validate_token("uc_at_few").await.expect("active");
}

#[tokio::test]
async fn a_token_that_names_no_issuer_is_shown_to_nobody_where_there_are_several() {
    let (issuer, _, validator, _) = asked().await;
    let key = Key::new(Algorithm::Es256);
    let other = TrustedIssuer::with_public_key_pem("https://other.test", key.pem(), [AUDIENCE]);
    let other = other.introspected_at(format!("{}/introspect", issuer.address), "b", "secret");
    validator.add_trusted_issuer(other).expect("trusted");
    let error = validator
        .validate_token("uc_at_good")
        .await
        .expect_err("several");
    assert_eq!(error, ValidationError::UntrustedIssuer);
    assert!(issuer.asked().is_empty());
}

#[test]
fn a_description_shows_no_secret() {
    let issuer = TrustedIssuer::with_jwks_uri(ISSUER, "https://x.test/jwks", [AUDIENCE]);
    let issuer = issuer.introspected_at("https://x.test/introspect", "registrar", "s3cr3t-word");
    let shown = format!("{issuer:?}");
    assert!(
        shown.contains("registrar") && !shown.contains("s3cr3t-word"),
        "{shown}"
    );
}
