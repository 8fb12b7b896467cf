//! What userinfo tells, and in which types (OIDC Core sections 5.1 to 5.5).

use serde_json::{Value, json};

use super::scene::{NONCE, Scene, in_both_modes};
use crate::support::world::START;

/// What each scope opens of the person.
fn opened_by(scope: &str) -> Value {
    match scope {
        "profile" => json!({
            "name": "Alice Pleasance Liddell",
            "given_name": "Alice",
            "family_name": "Liddell",
            "middle_name": "Pleasance",
            "nickname": "al",
            "preferred_username": "alice",
            "profile": "https://alice.example.test/",
            "picture": "https://alice.example.test/me.png",
            "website": "https://alice.example.test/blog",
            "gender": "female",
            "birthdate": "1992-05-04",
            "zoneinfo": "Europe/London",
            "locale": "en-GB",
            "updated_at": START.seconds(),
        }),
        "email" => json!({ "email": "alice@example.test", "email_verified": true }),
        "phone" => json!({ "phone_number": "+442079460000", "phone_number_verified": true }),
        "address" => json!({ "address": {
            "formatted": "1 Folly Bridge\nOxford",
            "street_address": "1 Folly Bridge",
            "locality": "Oxford",
            "region": "Oxfordshire",
            "postal_code": "OX1 4LA",
            "country": "GB",
        } }),
        _ => json!({}),
    }
}

/// Asks for scopes beside `openid`: userinfo tells what they open, in type and value, and the ID
/// token, which is checked, nothing of it.
async fn assert_opens(mut scene: Scene, scopes: &[&str]) {
    let asking = scene.asking(&format!("openid {}", scopes.join(" ")));
    let answer = scene.walk(&asking).await;
    let reply = scene.redeem(&answer).await;
    let nonce = Some(NONCE);
    scene.checked(&scene.app, &reply, nonce).await;
    let told = scene.app.userinfo(&reply.text("access_token")).await.json();
    let mut expected = json!({ "sub": scene.person.id });
    for scope in scopes {
        let mut opened = opened_by(scope);
        let members = expected.as_object_mut().expect("an object");
        members.append(opened.as_object_mut().expect("an object"));
    }
    assert_eq!(told, expected);
}

#[tokio::test]
async fn the_scope_profile_opens_the_profile() {
    in_both_modes(async |scene| assert_opens(scene, &["profile"]).await).await;
}

#[tokio::test]
async fn the_scope_email_opens_the_address_and_whether_it_is_verified() {
    in_both_modes(async |scene| assert_opens(scene, &["email"]).await).await;
}

#[tokio::test]
async fn the_scope_address_opens_an_object() {
    in_both_modes(async |scene| assert_opens(scene, &["address"]).await).await;
}

#[tokio::test]
async fn the_scope_phone_opens_the_number_and_whether_it_is_verified() {
    in_both_modes(async |scene| assert_opens(scene, &["phone"]).await).await;
}

#[tokio::test]
async fn all_scopes_together_open_what_each_opens() {
    let all = ["email", "phone", "address", "profile"];
    in_both_modes(async |scene| assert_opens(scene, &all).await).await;
}

#[tokio::test]
async fn an_essential_claim_comes_without_its_scope_where_it_was_asked_to_be() {
    in_both_modes(async |mut scene| {
        let claims = json!({ "userinfo": { "name": { "essential": true } } }).to_string();
        let asking = scene.asking("openid").with("claims", &claims);
        let answer = scene.walk(&asking).await;
        let reply = scene.redeem(&answer).await;
        let nonce = Some(NONCE);
        scene.checked(&scene.app, &reply, nonce).await;
        let told = scene.app.userinfo(&reply.text("access_token")).await;
        let expected = json!({ "sub": scene.person.id, "name": "Alice Pleasance Liddell" });
        assert_eq!(told.json(), expected);
    })
    .await;
}

#[tokio::test]
async fn userinfo_takes_get_and_post_with_the_token_in_header_or_body() {
    in_both_modes(async |mut scene| {
        let answer = scene.walk(&scene.asking("openid email")).await;
        let reply = scene.redeem(&answer).await;
        let token = reply.text("access_token");
        let bearer = format!("Bearer {token}");
        let header = [("authorization", bearer.as_str())];
        let anonymous = scene.world.anonymous();
        let got = anonymous.get_with("/userinfo", &header).await;
        let posted = anonymous.post("/userinfo", &[], &header).await;
        let form = [("access_token", token.as_str())];
        let in_body = anonymous.post("/userinfo", &form, &[]).await;
        for reply in [&got, &posted, &in_body] {
            assert_eq!(reply.header("content-type"), Some("application/json"));
            let told = reply.assert_ok().json();
            assert_eq!(told["sub"], scene.person.id.as_str());
            assert_eq!(told["email_verified"], true);
        }
        assert_eq!((&got.body, &got.body), (&posted.body, &in_body.body));
    })
    .await;
}
