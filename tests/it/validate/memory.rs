//! What is remembered of tokens, and for how long.

use std::time::Duration;

use users_core::{Algorithm, TrustedIssuer, ValidationError, ValidatorSettings};

use super::stand_in::{AUDIENCE, ISSUER, Key, StandIn, claims, validator, validator_with};

#[tokio::test]
async fn whoever_is_trusted_no_more_is_refused_at_once() {
    let key = Key::new(Algorithm::Es256);
    let (validator, _) = super::stand_in::trusting(&key);
    let token = key.sign(&claims());
    validator.validate_token(&token).await.expect("trusted");
    validator.remove_trusted_issuer(ISSUER);
    let error = validator
        .validate_token(&token)
        .await
        .expect_err("not trusted");
    assert_eq!(error, ValidationError::UntrustedIssuer);
}

#[tokio::test]
async fn whoever_becomes_trusted_is_accepted_though_refused_before() {
    let key = Key::new(Algorithm::Es256);
    let (validator, _) = validator();
    let token = key.sign(&claims());
    assert!(validator.validate_token(&token).await.is_err());
    let issuer = TrustedIssuer::with_public_key_pem(ISSUER, key.pem(), [AUDIENCE]);
    validator.add_trusted_issuer(issuer).expect("trusted");
    validator.validate_token(&token).await.expect("trusted");
}

#[tokio::test]
async fn a_flood_of_bad_tokens_pushes_out_no_good_one() {
    let key = Key::new(Algorithm::Es256);
    let issuer = StandIn::publishing(&[&key]).await;
    let (validator, clock) = validator_with(ValidatorSettings {
        remembered: 4,
        ..ValidatorSettings::default()
    });
    validator
        .add_trusted_issuer(issuer.introspected())
        .expect("trusted");
    let mut answer = claims();
    answer["active"] = true.into();
    issuer.answers("uc_at_good", answer);
    validator
        .validate_token("uc_at_good")
        .await
        .expect("active");
    for number in 0..100 {
        let token = format!("uc_at_{number}");
        assert!(validator.validate_token(&token).await.is_err());
    }
    validator
        .validate_token("uc_at_good")
        .await
        .expect("remembered");
    let about_it = || {
        let asked = issuer.asked();
        asked
            .iter()
            .filter(|(_, token)| token == "uc_at_good")
            .count()
    };
    assert_eq!(about_it(), 1);
    clock.advance(Duration::from_mins(1));
    validator
        .validate_token("uc_at_good")
        .await
        .expect("active");
    assert_eq!(about_it(), 2);
}
