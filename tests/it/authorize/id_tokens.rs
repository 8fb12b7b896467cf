//! What an ID token says (OIDC Core section 2), and what it is not.

use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256, Sha512};
use users_core::model::algorithm::Algorithm;
use users_core::model::client_metadata::{ClientMetadata, TokenFormat};

use super::scene;
use crate::jwks::signed_with;
use crate::support::browser::{Answer, Asking, Browser, CALLBACK, Form};
use crate::support::everywhere;
use crate::support::forge::{opened, with};
use crate::support::people::Service;
use crate::support::world::{ISSUER, START};

/// The left half of a token's hash, as a relying party reckons it.
fn half_hash(algorithm: Algorithm, token: &str) -> String {
    let digest = match algorithm {
        Algorithm::EdDsa => Sha512::digest(token).to_vec(),
        _ => Sha256::digest(token).to_vec(),
    };
    BASE64URL_NOPAD.encode(&digest[..digest.len() / 2])
}

/// What a token says and when.
fn claims(token: &str) -> Value {
    opened(token).1
}

#[tokio::test]
async fn every_algorithm_signs_id_tokens_that_say_the_same() {
    everywhere(async |world| {
        let person = world.person("alice").await;
        let mut browser = Browser::new(world.anonymous());
        for (round, algorithm) in Algorithm::ALL.into_iter().enumerate() {
            for format in [TokenFormat::Jwt, TokenFormat::Opaque] {
                let name = format!("app-{algorithm}-{format:?}").to_lowercase();
                let change = |metadata: &mut ClientMetadata| {
                    metadata.id_token_signed_response_alg = Some(algorithm);
                    metadata.access_token_format = Some(format);
                    metadata.first_party = true;
                };
                let app = world
                    .client_with(&name, "openid email offline_access", change)
                    .await;
                let asking = Asking::of(&app, "openid email offline_access");
                let answer = browser.authorize(&asking, &person).await;
                world.advance(7);
                let tokens = app.redeem(&answer, &asking).await;
                let id_token = tokens.assert_ok().text("id_token");
                let header = opened(&id_token).0;
                let (kid, signed) = signed_with(world.anonymous(), &id_token).await;
                assert_eq!(signed, algorithm);
                assert_eq!(
                    header,
                    json!({ "typ": "JWT", "alg": algorithm.name(), "kid": kid })
                );
                let now = world.app.clock.now().seconds();
                let access = tokens.text("access_token");
                let sid = app.introspect(&access).await.json()["sid"].clone();
                let expected = json!({
                    "iss": ISSUER,
                    "sub": person.id,
                    "aud": name,
                    "exp": now + 900,
                    "iat": now,
                    "auth_time": START.seconds(),
                    "acr": "1",
                    "amr": ["pwd"],
                    "sid": sid,
                    "nonce": "the nonce",
                    "at_hash": half_hash(algorithm, &access),
                });
                assert_eq!(claims(&id_token), expected, "round {round}");
                // Section 12.2: later the same, but for its times and what it is bound to.
                world.advance(7);
                let later = app.refresh(&tokens.text("refresh_token")).await;
                let access = later.assert_ok().text("access_token");
                let changes = json!({
                    "exp": now + 907,
                    "iat": now + 7,
                    "nonce": null,
                    "at_hash": half_hash(algorithm, &access),
                });
                assert_eq!(claims(&later.text("id_token")), with(&expected, changes));
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_nonce_comes_back_as_it_was_and_only_where_one_was() {
    everywhere(async |world| {
        let (app, person, mut browser) = scene(&world).await;
        let asking = Asking::of(&app, "openid");
        browser.authorize(&asking, &person).await.code();
        let long = "n".repeat(1000);
        for nonce in [
            "n",
            " ",
            "\"}",
            "\\u0000",
            "\u{e9}\u{1f600}",
            "a\r\nb",
            "<b>",
            &long,
        ] {
            let asking = asking.clone().with("nonce", nonce);
            let answer = Answer::of(&browser.ask(&asking).await);
            let tokens = app.redeem(&answer, &asking).await;
            assert_eq!(claims(&tokens.text("id_token"))["nonce"], nonce);
        }
        for asking in [asking.clone().without("nonce"), asking.with("nonce", "")] {
            let answer = Answer::of(&browser.ask(&asking).await);
            let tokens = app.redeem(&answer, &asking).await;
            assert!(claims(&tokens.text("id_token")).get("nonce").is_none());
        }
    })
    .await;
}

#[tokio::test]
async fn there_is_an_id_token_where_openid_was_granted_and_nowhere_else() {
    everywhere(async |world| {
        let (app, person, mut browser) = scene(&world).await;
        let asking = Asking::of(&app, "profile offline_access");
        let answer = browser.authorize(&asking, &person).await;
        let tokens = app.redeem(&answer, &asking).await;
        assert!(tokens.assert_ok().json().get("id_token").is_none());
        let later = app.refresh(&tokens.text("refresh_token")).await;
        assert!(later.assert_ok().json().get("id_token").is_none());
    })
    .await;
}

// OIDC Core section 3.1.2.1
#[tokio::test]
async fn max_age_asks_for_a_new_sign_in_and_auth_time_tells() {
    everywhere(async |world| {
        let (app, person, mut browser) = scene(&world).await;
        let asking = Asking::of(&app, "openid");
        browser.authorize(&asking, &person).await.code();
        world.advance(100);
        let mut auth_time = START.seconds();
        for (max_age, is_asked) in [
            ("100", false),
            ("9999999999", false),
            ("", false),
            ("99", true),
            ("0", true),
            ("00", true),
        ] {
            let asking = asking.clone().with("max_age", max_age);
            let silent = Answer::of(&browser.ask(&asking.clone().with("prompt", "none")).await);
            if is_asked {
                silent.assert_error("login_required");
                auth_time = world.app.clock.now().seconds();
            }
            let page = browser.ask(&asking).await;
            assert_eq!(
                Form::find(&page, "/sign-in").is_some(),
                is_asked,
                "{max_age}"
            );
            let page = if is_asked {
                browser.sign_in(&page, &person).await
            } else {
                page
            };
            let tokens = app.redeem(&Answer::of(&page), &asking).await;
            let claims = claims(&tokens.text("id_token"));
            assert_eq!(claims["auth_time"], auth_time, "{max_age}");
            world.advance(1);
            if is_asked {
                world.advance(99);
            }
        }
        for max_age in [
            "-1",
            "1.5",
            "1e3",
            "+1",
            " 1",
            "0x1",
            "one",
            "99999999999",
            "\u{661}",
        ] {
            let answer = Answer::of(&browser.ask(&asking.clone().with("max_age", max_age)).await);
            answer.assert_error("invalid_request");
        }
        // A client can say it once for all, and say otherwise in a request.
        world
            .change_client(&world.tenant, "app", true, |metadata| {
                metadata.default_max_age = Some(50);
            })
            .await;
        world.advance(100);
        let page = browser.ask(&asking).await;
        Form::of(&page, "/sign-in");
        let answer = Answer::of(&browser.ask(&asking.with("max_age", "1000")).await);
        answer.code();
    })
    .await;
}

#[tokio::test]
async fn an_id_token_opens_nothing() {
    everywhere(async |world| {
        let scope = "openid offline_access token.introspect";
        let app = world
            .client_with("app", scope, |metadata| metadata.first_party = true)
            .await;
        let person = world.person_of(&world.tenant, "root", &["admin"]).await;
        let mut browser = Browser::new(world.anonymous());
        let asking = Asking::of(&app, scope);
        let answer = browser.authorize(&asking, &person).await;
        let tokens = app.redeem(&answer, &asking).await;
        let id_token = tokens.assert_ok().text("id_token");
        app.introspect(&id_token).await.assert_inactive();
        for hint in ["id_token", "access_token", "refresh_token"] {
            let form = [("token", id_token.as_str()), ("token_type_hint", hint)];
            app.post("/introspect", &form).await.assert_inactive();
        }
        let refused = app.userinfo(&id_token).await;
        assert_eq!(refused.status, 401, "{refused:?}");
        let challenge = refused.header("www-authenticate").expect("a challenge");
        assert!(challenge.contains("invalid_token"), "{challenge}");
        let posted = [("access_token", id_token.as_str())];
        assert_eq!(app.caller.post("/userinfo", &posted, &[]).await.status, 401);
        let bearer = format!("Bearer {id_token}");
        let asked = [("token", tokens.text("access_token"))];
        let asked = [(asked[0].0, asked[0].1.as_str())];
        let reply = app
            .caller
            .post("/introspect", &asked, &[("authorization", &bearer)])
            .await;
        assert_eq!(reply.status, 401, "{reply:?}");
        app.refresh(&id_token)
            .await
            .assert_error(400, "invalid_grant");
        let reply = app.redeem_with(&id_token, &asking.verifier, CALLBACK).await;
        reply.assert_error(400, "invalid_grant");
        let assertion = [
            ("grant_type", "client_credentials"),
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
            ("client_assertion", id_token.as_str()),
        ];
        let reply = app.caller.post("/token", &assertion, &[]).await;
        reply.assert_error(401, "invalid_client");
        // Revoking it is not revoking anything.
        let reply = app.revoke(&id_token).await;
        reply.assert_error(400, "unsupported_token_type");
        let seen = app.introspect(&tokens.text("access_token")).await;
        assert!(Service::is_active(&seen));
        app.refresh(&tokens.text("refresh_token")).await.assert_ok();
        // And an access token is no ID token.
        let hint = asking.with("id_token_hint", &tokens.text("access_token"));
        Answer::of(&browser.ask(&hint).await).assert_error("invalid_request");
    })
    .await;
}
