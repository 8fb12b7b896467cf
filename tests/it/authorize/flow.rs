//! From the request to the tokens.

use super::scene;
use crate::support::browser::{Answer, Asking, CALLBACK, Form};
use crate::support::everywhere;
use crate::support::forge::opened;
use crate::support::people::Service;
use crate::support::world::ISSUER;

#[tokio::test]
async fn a_person_signs_in_allows_and_the_client_gets_tokens() {
    everywhere(async |world| {
        let (app, person, mut browser) = scene(&world).await;
        let asking = Asking::of(&app, "openid profile sip.register offline_access");
        let page = browser.ask(&asking).await;
        assert_eq!(page.status, 200, "{page:?}");
        let page = browser.sign_in(&page, &person).await;
        assert_eq!(page.status, 200, "{page:?}");
        let reply = browser.decide(&page, "allow").await;
        let answer = Answer::of(&reply);
        assert_eq!(answer.to, CALLBACK);
        assert_eq!(answer.get("state"), "the state");
        assert_eq!(answer.get("iss"), ISSUER);
        let tokens = app.redeem(&answer, &asking).await;
        tokens.assert_ok();
        assert_eq!(tokens.json()["token_type"], "Bearer");
        let claims = app.introspect(&tokens.text("access_token")).await.json();
        assert_eq!(claims["sub"], person.id.as_str());
        assert_eq!(claims["active"], true);
        let id_token = opened(&tokens.text("id_token")).1;
        assert_eq!(id_token["iss"], ISSUER);
        assert_eq!(id_token["sub"], person.id.as_str());
        assert_eq!(id_token["aud"], "app");
        assert_eq!(id_token["nonce"], "the nonce");
        assert_eq!(id_token["sid"], claims["sid"]);
        let refreshed = app.refresh(&tokens.text("refresh_token")).await;
        refreshed.assert_ok();
        let later = opened(&refreshed.text("id_token")).1;
        assert_eq!(later["auth_time"], id_token["auth_time"]);
        assert!(later["nonce"].is_null());
        assert!(Service::is_active(
            &app.introspect(&refreshed.text("access_token")).await
        ));
        // The next time nobody is asked anything.
        let again = Answer::of(&browser.ask(&asking.clone().with("prompt", "none")).await);
        app.redeem(&again, &asking).await.assert_ok();
    })
    .await;
}

#[tokio::test]
async fn a_code_used_twice_kills_what_came_of_it() {
    everywhere(async |world| {
        let (app, person, mut browser) = scene(&world).await;
        let asking = Asking::of(&app, "openid offline_access");
        let answer = browser.authorize(&asking, &person).await;
        let tokens = app.redeem(&answer, &asking).await;
        tokens.assert_ok();
        let replay = app.redeem(&answer, &asking).await;
        replay.assert_error(400, "invalid_grant");
        app.introspect(&tokens.text("access_token"))
            .await
            .assert_inactive();
        let refreshed = app.refresh(&tokens.text("refresh_token")).await;
        refreshed.assert_error(400, "invalid_grant");
        // The person is still signed in.
        let again = browser.ask(&asking.clone().with("prompt", "none")).await;
        Answer::of(&again).code();
    })
    .await;
}

#[tokio::test]
async fn a_client_signs_its_person_out_with_an_id_token() {
    everywhere(async |world| {
        let (app, person, mut browser) = scene(&world).await;
        world
            .change_client(&world.tenant, "app", true, |metadata| {
                metadata.post_logout_redirect_uris = vec!["https://rp.example.test/bye".to_owned()];
            })
            .await;
        let asking = Asking::of(&app, "openid");
        let answer = browser.authorize(&asking, &person).await;
        let tokens = app.redeem(&answer, &asking).await;
        let query = serde_urlencoded::to_string([
            ("id_token_hint", tokens.text("id_token").as_str()),
            ("post_logout_redirect_uri", "https://rp.example.test/bye"),
            ("state", "gone"),
        ])
        .expect("a query");
        let reply = browser.get(&format!("/logout?{query}")).await;
        assert_eq!(
            reply.header("location"),
            Some("https://rp.example.test/bye?state=gone"),
            "{reply:?}"
        );
        app.introspect(&tokens.text("access_token"))
            .await
            .assert_inactive();
        let reply = browser.ask(&asking.with("prompt", "none")).await;
        Answer::of(&reply).assert_error("login_required");
    })
    .await;
}

#[tokio::test]
async fn without_a_hint_the_person_is_asked_before_signing_out() {
    everywhere(async |world| {
        let (app, person, mut browser) = scene(&world).await;
        let asking = Asking::of(&app, "openid");
        browser.authorize(&asking, &person).await;
        let page = browser.get("/logout").await;
        let form = Form::of(&page, "/account/sign-out");
        let still = browser.ask(&asking.clone().with("prompt", "none")).await;
        Answer::of(&still).code();
        let page = browser.submit(&form).await;
        assert!(page.body.contains("id=\"signed-out\""), "{page:?}");
        let reply = browser.ask(&asking.with("prompt", "none")).await;
        Answer::of(&reply).assert_error("login_required");
    })
    .await;
}
