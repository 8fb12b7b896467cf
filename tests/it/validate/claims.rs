//! What the claims must hold (RFC 9068 section 4).

use std::time::Duration;

use serde_json::{Value, json};
use users_core::{Algorithm, TrustedIssuer, ValidationError, ValidatorSettings};

use super::stand_in::{AUDIENCE, ISSUER, Key, claims, trusting, validator_with};
use crate::support::forge::with;
use crate::support::world::START;

async fn outcome(changes: Value) -> Result<(), ValidationError> {
    let key = Key::new(Algorithm::Es256);
    let (validator, _) = trusting(&key);
    let token = key.sign(&with(&claims(), changes));
    validator.validate_token(&token).await.map(|_| ())
}

#[tokio::test]
async fn a_token_is_accepted_up_to_its_end_and_never_at_it() {
    let key = Key::new(Algorithm::Es256);
    let (validator, clock) = trusting(&key);
    let token = key.sign(&claims());
    clock.advance(Duration::from_secs(3599));
    validator
        .validate_token(&token)
        .await
        .expect("a second left");
    clock.advance(Duration::from_secs(1));
    // It was remembered, but not for longer than it is good.
    let error = validator.validate_token(&token).await.expect_err("over");
    assert_eq!(error, ValidationError::Expired);
}

#[tokio::test]
async fn a_leeway_is_counted_from_the_end() {
    let key = Key::new(Algorithm::Es256);
    let (validator, clock) = validator_with(ValidatorSettings {
        leeway: 30,
        accepted_for: 0,
        refused_for: 0,
        ..ValidatorSettings::default()
    });
    let issuer = TrustedIssuer::with_public_key_pem(ISSUER, key.pem(), [AUDIENCE]);
    validator.add_trusted_issuer(issuer).expect("trusted");
    let token = key.sign(&claims());
    clock.advance(Duration::from_secs(3629));
    validator.validate_token(&token).await.expect("within");
    clock.advance(Duration::from_secs(1));
    assert!(validator.validate_token(&token).await.is_err());
}

#[tokio::test]
async fn a_beginning_may_be_ahead_by_what_clocks_differ() {
    let start = START.seconds();
    for name in ["nbf", "iat"] {
        assert_eq!(outcome(json!({ name: start + 60 })).await, Ok(()));
        let error = outcome(json!({ name: start + 61 })).await;
        assert_eq!(error, Err(ValidationError::NotYetValid), "{name}");
    }
}

#[tokio::test]
async fn an_audience_of_ours_must_stand_in_it() {
    for aud in [
        json!(AUDIENCE),
        json!([AUDIENCE]),
        json!(["other", AUDIENCE]),
    ] {
        assert_eq!(outcome(json!({ "aud": aud })).await, Ok(()), "{aud}");
    }
    for aud in [
        json!("rvoip-api"),
        json!([]),
        json!("rvoip-sip rvoip-api"),
        Value::Null,
    ] {
        let error = outcome(json!({ "aud": aud })).await;
        assert_eq!(error, Err(ValidationError::WrongAudience), "{aud}");
    }
}

#[tokio::test]
async fn an_issuer_is_trusted_byte_for_byte() {
    for iss in [
        "https://issuer.example.test/",
        "https://ISSUER.example.test",
        "",
    ] {
        let error = outcome(json!({ "iss": iss })).await;
        assert_eq!(error, Err(ValidationError::UntrustedIssuer), "{iss:?}");
    }
    let error = outcome(json!({ "iss": null })).await;
    assert_eq!(error, Err(ValidationError::UntrustedIssuer));
}

#[tokio::test]
async fn a_claim_of_another_type_is_malformed() {
    let cases = [
        json!({ "exp": null }),
        json!({ "exp": "tomorrow" }),
        json!({ "exp": 1.5e12 }),
        json!({ "sub": null }),
        json!({ "sub": "" }),
        json!({ "aud": [7] }),
        json!({ "scope": ["sip.register"] }),
        json!({ "roles": "admin" }),
        json!({ "username": 7 }),
    ];
    for changes in cases {
        let error = outcome(changes.clone()).await;
        assert_eq!(error, Err(ValidationError::Malformed), "{changes}");
    }
}
