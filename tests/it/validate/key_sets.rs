//! Published keys: read when needed, kept for a while, never asked for by whoever likes.

use std::time::Duration;

use futures_util::future::join_all;
use users_core::{Algorithm, ValidationError};

use super::stand_in::{Key, StandIn, claims};

#[tokio::test]
async fn a_set_is_read_when_first_needed_and_kept() {
    let key = Key::new(Algorithm::Es256);
    let issuer = StandIn::publishing(&[&key]).await;
    let (validator, clock) = issuer.trusted();
    assert_eq!(issuer.reads(), 0);
    for seconds in [0, 61, 61, 61] {
        clock.advance(Duration::from_secs(seconds));
        let accepted = validator.validate_token(&key.sign(&claims())).await;
        accepted.expect("a good token");
    }
    assert_eq!(issuer.reads(), 1);
}

#[tokio::test]
async fn a_new_key_is_found_at_once_and_the_old_one_goes_on() {
    let (old, new) = (Key::new(Algorithm::Es256), Key::new(Algorithm::Rs256));
    let issuer = StandIn::publishing(&[&old]).await;
    let (validator, clock) = issuer.trusted();
    validator
        .validate_token(&old.sign(&claims()))
        .await
        .expect("old");
    issuer.publish(&[&new, &old]);
    clock.advance(Duration::from_secs(10));
    validator
        .validate_token(&new.sign(&claims()))
        .await
        .expect("new");
    validator
        .validate_token(&old.sign(&claims()))
        .await
        .expect("old");
    assert_eq!(issuer.reads(), 2);
}

#[tokio::test]
async fn keys_of_a_callers_invention_cost_the_issuer_one_reading_in_a_while() {
    let key = Key::new(Algorithm::Es256);
    let issuer = StandIn::publishing(&[&key]).await;
    let (validator, clock) = issuer.trusted();
    validator
        .validate_token(&key.sign(&claims()))
        .await
        .expect("good");
    clock.advance(Duration::from_secs(10));
    let strangers: Vec<Key> = (0..50).map(|_| Key::new(Algorithm::Es256)).collect();
    let tokens: Vec<String> = strangers.iter().map(|key| key.sign(&claims())).collect();
    let outcomes = join_all(tokens.iter().map(|token| validator.validate_token(token))).await;
    for outcome in outcomes {
        assert_eq!(outcome.expect_err("unknown"), ValidationError::UnknownKey);
    }
    assert_eq!(issuer.reads(), 2);
}

#[tokio::test]
async fn many_first_tokens_at_once_read_the_set_once() {
    let key = Key::new(Algorithm::Es256);
    let issuer = StandIn::publishing(&[&key]).await;
    let (validator, _) = issuer.trusted();
    let tokens: Vec<String> = (0..50).map(|_| key.sign(&claims())).collect();
    let outcomes = join_all(tokens.iter().map(|token| validator.validate_token(token))).await;
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!(issuer.reads(), 1);
}

#[tokio::test]
async fn keys_outlive_a_failure_of_their_issuer_but_not_for_long() {
    let key = Key::new(Algorithm::Es256);
    let issuer = StandIn::publishing(&[&key]).await;
    let (validator, clock) = issuer.trusted();
    let longer = || {
        let mut claims = claims();
        claims["exp"] = (claims["exp"].as_i64().unwrap() + 86_400).into();
        key.sign(&claims)
    };
    validator.validate_token(&longer()).await.expect("good");
    issuer.fail(true);
    clock.advance(Duration::from_secs(7199));
    validator
        .validate_token(&longer())
        .await
        .expect("still good");
    clock.advance(Duration::from_secs(11));
    let error = validator
        .validate_token(&longer())
        .await
        .expect_err("too old");
    assert_eq!(error, ValidationError::Unavailable);
    // Nothing of that is remembered.
    issuer.fail(false);
    clock.advance(Duration::from_secs(10));
    validator
        .validate_token(&longer())
        .await
        .expect("good again");
}

#[tokio::test]
async fn a_withdrawn_key_is_out_when_the_set_is_read_again() {
    let (gone, kept) = (Key::new(Algorithm::Es256), Key::new(Algorithm::Es256));
    let issuer = StandIn::publishing(&[&gone, &kept]).await;
    let (validator, clock) = issuer.trusted();
    let longer = |key: &Key| {
        let mut claims = claims();
        claims["exp"] = (claims["exp"].as_i64().unwrap() + 86_400).into();
        key.sign(&claims)
    };
    validator
        .validate_token(&longer(&gone))
        .await
        .expect("good");
    issuer.publish(&[&kept]);
    clock.advance(Duration::from_hours(1));
    let error = validator
        .validate_token(&longer(&gone))
        .await
        .expect_err("withdrawn");
    assert_eq!(error, ValidationError::UnknownKey);
    validator
        .validate_token(&longer(&kept))
        .await
        .expect("kept");
}

#[tokio::test]
async fn a_set_that_cannot_be_trusted_gives_no_keys() {
    let key = Key::new(Algorithm::Es256);
    let issuer = StandIn::publishing(&[&key]).await;
    let mut private = key.jwk();
    private["d"] = "AAAA".into();
    let bodies = [
        serde_json::json!({ "keys": [private] }).to_string(),
        "<html>".to_owned(),
        "[]".to_owned(),
        format!(
            "{{\"keys\":[{}],\"x\":\"{}\"}}",
            key.jwk(),
            "a".repeat(300_000)
        ),
    ];
    for body in bodies {
        *issuer.said.raw.lock().unwrap() = Some(body);
        let (validator, _) = issuer.trusted();
        let error = validator.validate_token(&key.sign(&claims())).await;
        assert_eq!(error.expect_err("no keys"), ValidationError::Unavailable);
    }
    // Two keys with one name: neither is chosen.
    *issuer.said.raw.lock().unwrap() = None;
    issuer.publish(&[&key, &key]);
    let (validator, _) = issuer.trusted();
    let error = validator.validate_token(&key.sign(&claims())).await;
    assert_eq!(error.expect_err("ambiguous"), ValidationError::UnknownKey);
}
