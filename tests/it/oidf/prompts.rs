//! When somebody is asked to sign in, and when nobody may be asked anything.

use std::time::Duration;

use super::scene::in_both_modes;
use crate::support::browser::Form;

#[tokio::test]
async fn prompt_login_asks_again_and_the_sign_in_is_a_new_one() {
    in_both_modes(async |mut scene| {
        let answer = scene.walk(&scene.asking("openid")).await;
        let first = scene.id_token(&answer).await;
        scene.world.advance(2);
        let asking = scene.asking("openid").with("prompt", "login");
        let page = scene.browser.ask(&asking).await;
        assert_eq!(page.status, 200, "{page:?}");
        let reply = scene.browser.sign_in(&page, &scene.person).await;
        let second = scene.id_token(&scene.code(&reply)).await;
        assert_eq!(second["sub"], first["sub"]);
        let time = |claims: &serde_json::Value| claims["auth_time"].as_i64().expect("a number");
        assert_eq!(time(&second), time(&first) + 2);
    })
    .await;
}

#[tokio::test]
async fn prompt_none_with_nobody_signed_in_says_login_required() {
    in_both_modes(async |mut scene| {
        let asking = scene.asking("openid").with("prompt", "none");
        let reply = scene.browser.ask(&asking).await;
        scene.refusal_with_state(&reply, "login_required");
    })
    .await;
}

#[tokio::test]
async fn prompt_none_with_somebody_signed_in_tells_of_the_same_sign_in() {
    in_both_modes(async |mut scene| {
        let answer = scene.walk(&scene.asking("openid")).await;
        let first = scene.id_token(&answer).await;
        scene.world.advance(60);
        let asking = scene.asking("openid").with("prompt", "none");
        let reply = scene.browser.ask(&asking).await;
        let second = scene.id_token(&scene.code(&reply)).await;
        for claim in ["sub", "auth_time", "sid"] {
            assert_eq!(second[claim], first[claim], "{claim}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_sign_in_older_than_max_age_has_to_be_made_again() {
    in_both_modes(async |mut scene| {
        let answer = scene.walk(&scene.asking("openid")).await;
        let first = scene.id_token(&answer).await;
        let asking = scene.asking("openid").with("max_age", "1");
        scene.world.advance(1);
        let reply = scene.browser.ask(&asking).await;
        scene.code(&reply);
        scene.world.clock.advance(Duration::from_millis(1));
        let page = scene.browser.ask(&asking).await;
        Form::of(&page, "/sign-in");
        let silent = scene
            .browser
            .ask(&asking.clone().with("prompt", "none"))
            .await;
        scene.refusal_with_state(&silent, "login_required");
        scene.world.advance(1);
        let reply = scene.browser.sign_in(&page, &scene.person).await;
        let second = scene.id_token(&scene.code(&reply)).await;
        let time = |claims: &serde_json::Value| claims["auth_time"].as_i64().expect("a number");
        assert_eq!(time(&second), time(&first) + 2);
        assert_eq!(second["auth_time"], second["iat"]);
    })
    .await;
}

#[tokio::test]
async fn a_sign_in_younger_than_max_age_is_told_as_it_was() {
    in_both_modes(async |mut scene| {
        let answer = scene.walk(&scene.asking("openid")).await;
        let first = scene.id_token(&answer).await;
        scene.world.advance(2);
        let asking = scene.asking("openid").with("max_age", "10000");
        let reply = scene.browser.ask(&asking).await;
        let second = scene.id_token(&scene.code(&reply)).await;
        assert!(second["auth_time"].is_i64());
        assert_eq!(second["auth_time"], first["auth_time"]);
        assert_eq!(second["sub"], first["sub"]);
    })
    .await;
}

#[tokio::test]
async fn a_hint_of_the_person_who_is_signed_in_needs_no_page() {
    in_both_modes(async |mut scene| {
        let answer = scene.walk(&scene.asking("openid")).await;
        let reply = scene.redeem(&answer).await;
        let hint = reply.text("id_token");
        let asking = scene
            .asking("openid")
            .with("prompt", "none")
            .with("id_token_hint", &hint);
        // A hint that is over still says who it was about.
        for seconds in [0, 3600] {
            scene.world.advance(seconds);
            let reply = scene.browser.ask(&asking).await;
            let claims = scene.id_token(&scene.code(&reply)).await;
            assert_eq!(claims["sub"], scene.person.id.as_str());
        }
        // It is no session.
        scene.browser.cookies.clear();
        let reply = scene.browser.ask(&asking).await;
        scene.refusal_with_state(&reply, "login_required");
    })
    .await;
}

#[tokio::test]
async fn a_hint_at_a_name_is_typed_already_and_binds_nobody() {
    in_both_modes(async |mut scene| {
        for hint in ["alice", "alice@example.test", "buffy@localhost"] {
            scene.browser.cookies.clear();
            let asking = scene.asking("openid").with("login_hint", hint);
            let page = scene.browser.ask(&asking).await;
            assert!(page.body.contains(&format!("value=\"{hint}\"")), "{page:?}");
            let answer = scene.walk(&asking).await;
            let claims = scene.id_token(&answer).await;
            assert_eq!(claims["sub"], scene.person.id.as_str());
        }
    })
    .await;
}
