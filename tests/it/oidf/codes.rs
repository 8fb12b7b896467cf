//! The flow itself: a code, and what becomes of it.

use std::collections::BTreeMap;

use data_encoding::BASE64URL_NOPAD;
use serde_json::json;
use users_core::base::digest::sha256;
use users_core::model::client_metadata::AuthMethod;

use super::scene::{NONCE, Scene, in_both_modes};
use crate::support::browser::{Answer, CALLBACK};
use crate::support::people::Service;

/// The suite's estimate of how much chance is in a text, in bits.
fn entropy(text: &str) -> f64 {
    let mut counts: BTreeMap<char, f64> = BTreeMap::new();
    for character in text.chars() {
        *counts.entry(character).or_default() += 1.0;
    }
    let length: f64 = counts.values().sum();
    counts
        .values()
        .map(|count| -count * (count / length).log2())
        .sum()
}

#[tokio::test]
async fn a_plain_request_brings_a_code_nobody_guesses_and_its_tokens() {
    in_both_modes(async |mut scene| {
        let asking = scene.asking("openid");
        let answer = scene.walk(&asking).await;
        assert!(entropy(answer.code()) > 96.0, "{answer:?}");
        assert!(answer.code().len() >= 43, "256 bits and more");
        scene.id_token(&answer).await;
        let again = scene.walk(&asking).await;
        let common = answer.code().bytes().zip(again.code().bytes());
        let common = common.take_while(|(one, other)| one == other).count();
        assert!(common < 16, "{} and {}", answer.code(), again.code());
        // Nothing of the person that was not asked for.
        let reply = scene.redeem(&again).await;
        let told = scene.app.userinfo(&reply.text("access_token")).await;
        assert_eq!(told.json(), json!({ "sub": scene.person.id }));
    })
    .await;
}

#[tokio::test]
async fn a_nonce_may_be_left_out_and_none_is_made_up() {
    in_both_modes(async |mut scene| {
        let answer = scene.walk(&scene.asking("openid").without("nonce")).await;
        let reply = scene.redeem(&answer).await;
        scene.checked(&scene.app, &reply, None).await;
    })
    .await;
}

#[tokio::test]
async fn a_client_with_client_secret_post_gets_the_same() {
    in_both_modes(async |mut scene| {
        let change = |metadata: &mut users_core::model::client_metadata::ClientMetadata| {
            metadata.require_pkce = false;
            metadata.token_endpoint_auth_method = AuthMethod::ClientSecretPost;
        };
        let poster = scene.world.client_with("poster", "openid", change).await;
        let answer = scene.walk(&scene.asking_for(&poster, "openid")).await;
        let form = [
            ("grant_type", "authorization_code"),
            ("code", answer.code()),
            ("redirect_uri", CALLBACK),
            ("client_id", "poster"),
            ("client_secret", &poster.secret),
        ];
        let reply = scene.world.anonymous().post("/token", &form, &[]).await;
        scene.checked(&poster, &reply, Some(NONCE)).await;
    })
    .await;
}

/// Redeems a code twice, some time apart: the second finds nothing and ends what came of the first.
async fn twice(mut scene: Scene, seconds: u64) {
    let answer = scene.walk(&scene.asking("openid offline_access")).await;
    let first = scene.redeem(&answer).await;
    let (token, refresh) = (first.text("access_token"), first.text("refresh_token"));
    scene.app.userinfo(&token).await.assert_ok();
    scene.world.advance(seconds);
    let second = scene.redeem(&answer).await;
    second.assert_error(400, "invalid_grant");
    let told = scene.app.userinfo(&token).await;
    told.assert_error(401, "invalid_token");
    assert!(!Service::is_active(&scene.app.introspect(&token).await));
    let refreshed = scene.app.refresh(&refresh).await;
    refreshed.assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn a_code_used_again_at_once_ends_what_came_of_it() {
    in_both_modes(async |scene| twice(scene, 0).await).await;
}

#[tokio::test]
async fn a_code_used_again_after_half_a_minute_ends_what_came_of_it() {
    in_both_modes(async |scene| twice(scene, 30).await).await;
}

#[tokio::test]
async fn a_challenge_by_s256_is_met_by_its_verifier_and_nothing_else() {
    in_both_modes(async |mut scene| {
        let asking = scene.asking("openid");
        let challenge = BASE64URL_NOPAD.encode(&sha256(&[asking.verifier.as_bytes()]));
        let asking = asking
            .with("code_challenge", &challenge)
            .with("code_challenge_method", "S256");
        let answer: Answer = scene.walk(&asking).await;
        let reply = scene.app.redeem(&answer, &asking).await;
        scene.checked(&scene.app, &reply, Some(NONCE)).await;
        let answer = scene.walk(&asking).await;
        let without = scene.redeem(&answer).await;
        without.assert_error(400, "invalid_grant");
        let answer = scene.walk(&asking).await;
        let other = "x".repeat(43);
        let wrong = scene.app.redeem_with(answer.code(), &other, CALLBACK).await;
        wrong.assert_error(400, "invalid_grant");
    })
    .await;
}
