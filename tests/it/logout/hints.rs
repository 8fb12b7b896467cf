//! What an ID token that comes back proves.

use serde_json::{Value, json};

use super::{BYE, address, assert_asked, assert_signed_out, scene, tokens};
use crate::sign_in::{SCOPE, assert_refused};
use crate::support::browser::Browser;
use crate::support::everywhere;
use crate::support::forge::{HandKey, b64, compact, hmac, opened, public_forms, with};
use crate::support::world::ISSUER;

fn flipped(token: &str, part: usize) -> String {
    let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    let first = parts[part].remove(0);
    parts[part].insert(0, if first == 'A' { 'B' } else { 'A' });
    parts.join(".")
}

// A174
#[tokio::test]
async fn a_hint_that_is_not_ours_signs_nobody_out_and_leads_nowhere() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        let second = world.new_tenant("second").await;
        let rp2 = world
            .client_of(&second, "rp", SCOPE, |metadata| {
                metadata.first_party = true;
                metadata.post_logout_redirect_uris = vec![BYE.to_owned()];
            })
            .await;
        let alice2 = world.person_of(&second, "alice", &["user"]).await;
        let theirs = tokens(&mut Browser::new(world.anonymous()), &rp2, &alice2).await;
        let hint = scene.hint.clone();
        let (header, claims) = opened(&hint);
        let parts: Vec<&str> = hint.split('.').collect();
        let unsigned = |alg: &str| {
            let header = with(&header, json!({ "alg": alg }));
            format!("{}.{}", b64(header.to_string()), parts[1])
        };
        let bob = with(&claims, json!({ "sub": "somebody else" }));
        let stranger = HandKey::new();
        let mut forged = vec![
            format!("{}.", unsigned("none")),
            format!("{}.", unsigned("None")),
            format!("{}.{}", unsigned("none"), parts[2]),
            format!("{}.{}", parts[0], parts[1]),
            format!("{}.{}.", parts[0], parts[1]),
            format!("{}.{}.{}", parts[0], b64(bob.to_string()), parts[2]),
            flipped(&hint, 0),
            flipped(&hint, 1),
            flipped(&hint, 2),
            format!("{hint}.x"),
            "garbage".to_owned(),
            "..".to_owned(),
            stranger.sign(&stranger.header("JWT"), &claims),
            stranger.sign(
                &with(&stranger.header("JWT"), json!({ "jwk": stranger.jwk() })),
                &claims,
            ),
            // Other tokens, and another tenant's.
            scene.access_token.clone(),
            theirs.text("id_token"),
        ];
        let keys = world.anonymous().get("/jwks.json").await.json();
        for secret in public_forms(&keys["keys"][0]) {
            let header = with(&header, json!({ "alg": "HS256" }));
            let sign = |input: &[u8]| hmac(256, &secret, input);
            forged.push(compact(&header.to_string(), &claims.to_string(), sign));
        }
        for forged in &forged {
            for next in [
                [].as_slice(),
                &[("post_logout_redirect_uri", BYE), ("client_id", "rp")],
            ] {
                let params = [&[("id_token_hint", forged.as_str())], next].concat();
                assert_refused(&scene.logout(&params).await, 400);
                // Nor where nobody is signed in.
                let mut nobody = Browser::new(world.anonymous());
                assert_refused(&nobody.get(&address(&params)).await, 400);
            }
        }
        assert!(scene.is_signed_in().await);
        // The original does.
        assert_signed_out(&scene.logout(&[("id_token_hint", &hint)]).await);
        assert!(!scene.is_signed_in().await);
    })
    .await;
}

// A174
#[tokio::test]
async fn a_hint_of_somebody_else_or_of_another_session_is_asked_about() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        let bob = world.person("bob").await;
        let bobs = tokens(&mut Browser::new(world.anonymous()), &scene.rp, &bob).await;
        let mut elsewhere = Browser::new(world.anonymous());
        let other = tokens(&mut elsewhere, &scene.rp, &scene.alice).await;
        let direct = scene.rp.sign_in(&scene.alice, "openid").await;
        for tokens in [&bobs, &other, &direct] {
            let hint = tokens.text("id_token");
            for next in [
                [].as_slice(),
                &[("post_logout_redirect_uri", BYE), ("state", "x")],
            ] {
                let params = [&[("id_token_hint", hint.as_str())], next].concat();
                assert_asked(&scene.logout(&params).await);
            }
        }
        assert!(scene.is_signed_in().await);
        let alice = crate::sign_in::who(&mut elsewhere, &scene.rp).await;
        assert_eq!(alice, Some(scene.alice.id.clone()));
        for tokens in [&bobs, &other, &direct] {
            let seen = scene.rp.introspect(&tokens.text("access_token")).await;
            assert_eq!(seen.json()["active"], true);
        }
    })
    .await;
}

#[tokio::test]
async fn a_hint_is_good_after_its_end_and_for_one_logout() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        let hint = scene.hint.clone();
        world.advance(7 * 3600);
        let now = world.clock.now().seconds();
        assert!(opened(&hint).1["exp"].as_i64().expect("a number") < now);
        assert_signed_out(&scene.logout(&[("id_token_hint", &hint)]).await);
        assert!(!scene.is_signed_in().await);
        // The session it speaks of is over: another one is asked about.
        tokens(&mut scene.browser, &scene.rp, &scene.alice).await;
        assert_asked(&scene.logout(&[("id_token_hint", &hint)]).await);
        assert!(scene.is_signed_in().await);
    })
    .await;
}

#[tokio::test]
async fn a_hint_is_good_long_after_its_key_was_retired() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        let actor = users_core::model::audit_event::Actor::system();
        let algorithm = world.tenant.signing_alg;
        let rotated = world
            .app
            .key_maker
            .rotate_now(&world.tenant.id, algorithm, &actor);
        rotated.await.expect("rotated");
        world.advance(3 * 86_400);
        // A node that has just been started has never seen the key in use.
        let (_node, caller) = world.second_node().await;
        scene.browser.caller = caller.clone();
        let jwks = caller.get("/jwks.json").await.json();
        let kid = opened(&scene.hint).0["kid"].clone();
        let keys = jwks["keys"].as_array().expect("keys");
        assert!(keys.iter().all(|key| key["kid"] != kid), "{jwks}");
        let app = scene.rp.through(&caller);
        app.introspect(&scene.access_token).await.assert_inactive();
        let hint = scene.hint.clone();
        let reply = scene
            .logout(&[("id_token_hint", &hint), ("post_logout_redirect_uri", BYE)])
            .await;
        assert_eq!(reply.header("location"), Some(BYE), "{reply:?}");
    })
    .await;
}

#[tokio::test]
async fn a_hint_and_a_client_speak_of_the_same_application() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        world
            .client_with("other", "openid", |metadata| {
                metadata.post_logout_redirect_uris = vec!["https://other.example.test/".to_owned()];
            })
            .await;
        let hint = scene.hint.clone();
        for client_id in ["other", "nobody", "RP"] {
            for next in ["", BYE, "https://other.example.test/"] {
                let params = [
                    ("id_token_hint", hint.as_str()),
                    ("client_id", client_id),
                    ("post_logout_redirect_uri", next),
                ];
                assert_refused(&scene.logout(&params).await, 400);
            }
        }
        assert!(scene.is_signed_in().await);
        let reply = scene
            .logout(&[
                ("id_token_hint", hint.as_str()),
                ("client_id", "rp"),
                ("post_logout_redirect_uri", BYE),
            ])
            .await;
        assert_eq!(reply.header("location"), Some(BYE));
        assert!(!scene.is_signed_in().await);
    })
    .await;
}

#[tokio::test]
async fn a_hint_is_a_whole_id_token_of_this_issuer() {
    everywhere(async |world| {
        let key = HandKey::new();
        key.install(&world, &world.tenant).await;
        let mut scene = scene(&world).await;
        let (_, claims) = opened(&scene.hint);
        let sign = |typ: &str, changes: Value| key.sign(&key.header(typ), &with(&claims, changes));
        for (typ, changes) in [
            ("at+jwt", json!({})),
            ("logout+jwt", json!({})),
            ("JWT", json!({ "iss": "https://evil.test" })),
            ("JWT", json!({ "iss": format!("{ISSUER}/") })),
            ("JWT", json!({ "iss": format!("{ISSUER}/t/second") })),
            ("JWT", json!({ "iss": null })),
            ("JWT", json!({ "sub": null })),
            ("JWT", json!({ "sub": 1 })),
            ("JWT", json!({ "aud": null })),
            ("JWT", json!({ "aud": ["rp", "other"] })),
        ] {
            let hint = sign(typ, changes.clone());
            let reply = scene.logout(&[("id_token_hint", &hint)]).await;
            assert_eq!(reply.status, 400, "{typ} {changes}: {reply:?}");
        }
        // One that names another session, or another person of this session, is asked about.
        for changes in [json!({ "sid": "another" }), json!({ "sub": "another" })] {
            let hint = sign("JWT", changes);
            assert_asked(&scene.logout(&[("id_token_hint", &hint)]).await);
        }
        assert!(scene.is_signed_in().await);
        let hint = sign("JWT", json!({}));
        assert_signed_out(&scene.logout(&[("id_token_hint", &hint)]).await);
        assert!(!scene.is_signed_in().await);
    })
    .await;
}
