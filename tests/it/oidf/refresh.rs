//! Refresh tokens of the code flow (OIDC Core section 12).

use super::scene::{NONCE, in_both_modes};
use crate::support::browser::{CALLBACK, Form};

#[tokio::test]
async fn a_refresh_token_brings_tokens_of_the_same_sign_in_to_its_own_client() {
    in_both_modes(async |mut scene| {
        let other = scene.world.client("other", "openid offline_access").await;
        let asking = scene
            .asking("openid offline_access")
            .with("prompt", "consent");
        let page = scene.browser.ask(&asking).await;
        let page = scene.browser.sign_in(&page, &scene.person).await;
        let reply = scene.browser.decide(&page, "allow").await;
        let first = scene.redeem(&scene.code(&reply)).await;
        let before = scene.checked(&scene.app, &first, Some(NONCE)).await;
        scene.world.advance(5);
        let foreign = other.refresh(&first.text("refresh_token")).await;
        foreign.assert_error(400, "invalid_grant");
        let second = scene.app.refresh(&first.text("refresh_token")).await;
        let after = scene.checked(&scene.app, &second, None).await;
        for claim in ["iss", "sub", "aud", "auth_time", "sid", "acr", "amr"] {
            assert_eq!(after[claim], before[claim], "{claim}");
        }
        assert_ne!(second.text("access_token"), first.text("access_token"));
        assert_ne!(second.text("refresh_token"), first.text("refresh_token"));
        // Whoever has allowed it before is still asked.
        let page = scene.browser.ask(&asking).await;
        Form::of(&page, "/consent");
    })
    .await;
}

#[tokio::test]
async fn without_offline_access_there_is_no_refresh_token() {
    in_both_modes(async |mut scene| {
        let answer = scene.walk(&scene.asking("openid")).await;
        assert_eq!(answer.to, CALLBACK);
        let reply = scene.redeem(&answer).await;
        assert!(reply.assert_ok().json().get("refresh_token").is_none());
    })
    .await;
}
