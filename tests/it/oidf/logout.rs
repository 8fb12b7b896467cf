//! What the modules of RP-Initiated Logout 1.0 ask of one who is signed in.

use serde_json::{Value, json};

use super::discovery::certified;
use super::scene::{Mode, Scene, assert_error_page};
use crate::support::browser::{Answer, Form};
use crate::support::forge::{HandKey, b64, opened, with};
use crate::support::world::everywhere_with;
use crate::support::{Reply, everywhere};

const BYE: &str = "https://app.example.test/bye";

/// As long as the suite's.
fn state() -> String {
    "s-._~S4".repeat(16)
}

/// Somebody signed in, and the ID token the client has of it.
async fn signed_in(rule: impl AsyncFn(Scene, String)) {
    everywhere(async |world| {
        let mut scene = Scene::new(world, Mode::Query).await;
        let tenant = scene.world.tenant.clone();
        scene
            .world
            .change_client(&tenant, "app", true, |metadata| {
                metadata.post_logout_redirect_uris = vec![BYE.to_owned()];
            })
            .await;
        let answer = scene.walk(&scene.asking("openid")).await;
        let hint = scene.redeem(&answer).await.text("id_token");
        assert!(scene.is_signed_in().await);
        rule(scene, hint).await;
    })
    .await;
}

async fn log_out(scene: &mut Scene, params: &[(&str, &str)]) -> Reply {
    let query = serde_urlencoded::to_string(params).expect("a query");
    scene.browser.get(&format!("/logout?{query}")).await
}

/// A page that says it is done, and the truth of it.
async fn assert_signed_out(scene: &mut Scene, page: &Reply) {
    assert_eq!(page.status, 200, "{page:?}");
    assert_eq!(page.header("location"), None);
    assert!(page.body.contains("id=\"signed-out\""), "{page:?}");
    assert!(!page.body.contains("example.test"), "{page:?}");
    assert!(!scene.is_signed_in().await);
}

#[tokio::test]
async fn the_document_names_the_endpoint() {
    everywhere_with(certified, async |world| {
        let path = "/.well-known/openid-configuration";
        let document = world.anonymous().get(path).await.json();
        let endpoint = document["end_session_endpoint"].as_str();
        assert_eq!(endpoint, Some("https://id.example.test/logout"));
    })
    .await;
}

#[tokio::test]
async fn a_client_gets_its_person_back_signed_out_with_the_state() {
    signed_in(async |mut scene, hint| {
        let state = state();
        let params = [
            ("id_token_hint", hint.as_str()),
            ("post_logout_redirect_uri", BYE),
            ("state", &state),
        ];
        let reply = log_out(&mut scene, &params).await;
        let answer = Answer::of(&reply);
        assert_eq!((answer.to.as_str(), answer.params.len()), (BYE, 1));
        assert_eq!(answer.get("state"), state);
        assert!(!scene.is_signed_in().await);
    })
    .await;
}

#[tokio::test]
async fn without_a_state_none_comes_back() {
    signed_in(async |mut scene, hint| {
        let params = [
            ("id_token_hint", hint.as_str()),
            ("post_logout_redirect_uri", BYE),
        ];
        let reply = log_out(&mut scene, &params).await;
        assert_eq!(reply.status, 303, "{reply:?}");
        assert_eq!(reply.header("location"), Some(BYE));
        assert!(!scene.is_signed_in().await);
    })
    .await;
}

/// An address that is not registered leads nowhere, and nobody is signed out on the way.
async fn assert_leads_nowhere(address: &str) {
    signed_in(async |mut scene, hint| {
        let params = [
            ("id_token_hint", hint.as_str()),
            ("post_logout_redirect_uri", address),
            ("state", "gone"),
        ];
        assert_error_page(&log_out(&mut scene, &params).await);
        assert!(scene.is_signed_in().await);
    })
    .await;
}

#[tokio::test]
async fn an_address_that_is_not_registered_leads_nowhere() {
    assert_leads_nowhere("https://app.example.test/elsewhere").await;
}

#[tokio::test]
async fn a_query_added_to_the_registered_address_leads_nowhere() {
    assert_leads_nowhere("https://app.example.test/bye?foo=bar").await;
}

/// A hint that is none of ours signs nobody out and sends nobody anywhere.
async fn assert_proves_nothing(forge: impl Fn(&Value, &Value, &str) -> String) {
    signed_in(async |mut scene, hint| {
        let (header, claims) = opened(&hint);
        let signature = hint.rsplit('.').next().expect("a part");
        let forged = forge(&header, &claims, signature);
        let params = [
            ("id_token_hint", forged.as_str()),
            ("post_logout_redirect_uri", BYE),
            ("state", "gone"),
        ];
        assert_error_page(&log_out(&mut scene, &params).await);
        assert!(scene.is_signed_in().await);
    })
    .await;
}

#[tokio::test]
async fn a_hint_whose_signature_was_taken_off_proves_nothing() {
    for keeps_signature in [false, true] {
        assert_proves_nothing(|header, claims, signature| {
            let header = with(header, json!({ "alg": "none" }));
            let signature = if keeps_signature { signature } else { "" };
            let (header, claims) = (b64(header.to_string()), b64(claims.to_string()));
            format!("{header}.{claims}.{signature}")
        })
        .await;
    }
}

#[tokio::test]
async fn a_hint_somebody_else_signed_proves_nothing() {
    let stranger = HandKey::new();
    assert_proves_nothing(|_, claims, _| stranger.sign(&stranger.header("JWT"), claims)).await;
    // Nor under the name of our key.
    assert_proves_nothing(|header, claims, _| stranger.sign(header, claims)).await;
}

#[tokio::test]
async fn without_a_hint_an_address_leads_nowhere() {
    signed_in(async |mut scene, _| {
        let params = [("post_logout_redirect_uri", BYE), ("state", "gone")];
        assert_error_page(&log_out(&mut scene, &params).await);
        assert!(scene.is_signed_in().await);
    })
    .await;
}

/// Without a proof the person is asked, and signed out by saying so.
async fn assert_asked(params: &[(&str, &str)]) {
    signed_in(async |mut scene, _| {
        let page = log_out(&mut scene, params).await;
        assert_eq!(page.status, 200, "{page:?}");
        assert!(page.body.contains("id=\"sign-out\""), "{page:?}");
        assert!(scene.is_signed_in().await);
        let form = Form::of(&page, "/account/sign-out");
        let page = scene.browser.submit(&form).await;
        assert_signed_out(&mut scene, &page).await;
    })
    .await;
}

#[tokio::test]
async fn without_any_parameters_the_person_is_asked_and_told() {
    assert_asked(&[]).await;
}

#[tokio::test]
async fn with_a_state_alone_the_person_is_asked_and_told() {
    assert_asked(&[("state", &state())]).await;
}

#[tokio::test]
async fn without_an_address_the_person_is_signed_out_and_told() {
    signed_in(async |mut scene, hint| {
        let state = state();
        let params = [("id_token_hint", hint.as_str()), ("state", &state)];
        let page = log_out(&mut scene, &params).await;
        assert_signed_out(&mut scene, &page).await;
    })
    .await;
}
