//! Coming in, staying in, leaving, and the keys that others verify tokens with.

use serde_json::{Value, json};
use users_core::base::id::is_uuid;

use super::{Client, everywhere, login, members, on, signed_in, try_login};
use crate::support::forge::opened;
use crate::support::world::everywhere_with;

#[tokio::test]
async fn a_login_gives_the_four_members_and_the_claims_callers_know() {
    everywhere(async |world| {
        let alice = world.person("alice").await;
        let reply = login(&world, &alice).await;
        let tokens = reply.json();
        let expected = ["access_token", "expires_in", "refresh_token", "token_type"];
        assert_eq!(members(&tokens), expected);
        assert_eq!(tokens["token_type"], "Bearer");
        assert_eq!(tokens["expires_in"], 900);
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        let (header, claims) = opened(&reply.text("access_token"));
        assert!(header["kid"].is_string() && header["alg"].is_string());
        assert_eq!(claims["iss"], world.tenant.issuer.as_str());
        assert_eq!(claims["sub"], alice.id.as_str());
        assert!(is_uuid(&alice.id), "{}", alice.id);
        let audience = claims["aud"].as_array().expect("a list");
        for expected in ["rvoip-api", "rvoip-sip"] {
            assert!(audience.iter().any(|known| known == expected), "{claims}");
        }
        let lives = claims["exp"].as_i64().expect("seconds") - claims["iat"].as_i64().expect("too");
        assert_eq!(lives, 900);
        assert!(claims["jti"].is_string());
        assert_eq!(claims["username"], "alice");
        assert_eq!(claims["email"], "alice@example.test");
        assert_eq!(claims["roles"], json!(["user"]));
        let scope = claims["scope"].as_str().expect("one text");
        for expected in ["openid", "profile", "email", "sip.register"] {
            assert!(scope.split(' ').any(|word| word == expected), "{scope}");
        }
        assert!(claims.get("tenant_id").is_none(), "{claims}");
        // The refresh token says nothing to whoever holds it.
        assert!(!reply.text("refresh_token").contains('.'));
    })
    .await;
}

#[tokio::test]
async fn sip_is_for_users_moderators_and_administrators_and_not_for_guests() {
    everywhere(async |world| {
        for (role, expected) in [
            ("user", true),
            ("moderator", true),
            ("admin", true),
            ("guest", false),
        ] {
            let person = world.person_of(&world.tenant, role, &[role]).await;
            let token = login(&world, &person).await.text("access_token");
            let scope = opened(&token).1["scope"].to_string();
            assert_eq!(scope.contains("sip.register"), expected, "{role}: {scope}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_login_finds_the_account_by_address_too_and_in_its_tenant() {
    everywhere(async |world| {
        let alice = world.person("alice").await;
        try_login(&world, "Alice@example.test", &alice.password)
            .await
            .assert_ok();
        try_login(&world, "ALICE", &alice.password)
            .await
            .assert_ok();
        let second = world.new_tenant("second").await;
        let eve = world.person_of(&second, "eve", &["user"]).await;
        let refused = try_login(&world, "eve", &eve.password).await;
        refused.assert_code(401, "INVALID_CREDENTIALS");
    })
    .await;
}

/// ENUM A229.
#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_are_told_in_the_same_words() {
    everywhere(async |world| {
        let alice = world.person("alice").await;
        let off = world.person("off").await;
        world.set_enabled(&off, false).await;
        let wrong = try_login(&world, "alice", "not the passphrase").await;
        wrong.assert_code(401, "INVALID_CREDENTIALS");
        let hashes = world.app.passwords.computed();
        for (name, password) in [
            ("nobody", alice.password.as_str()),
            ("off", &off.password),
            ("nobody@example.test", "x"),
        ] {
            let reply = try_login(&world, name, password).await;
            assert_eq!((reply.status, &reply.body), (wrong.status, &wrong.body));
        }
        assert_eq!(world.app.passwords.computed(), hashes + 3, "one hash each");
    })
    .await;
}

/// BRUTE A239, A243.
#[tokio::test]
async fn five_wrong_passwords_lock_the_right_one_out_for_a_quarter_of_an_hour() {
    everywhere(async |world| {
        let alice = world.person("alice").await;
        for _ in 0..5 {
            try_login(&world, "alice", "wrong").await;
            try_login(&world, "nobody", "wrong").await;
        }
        let locked = try_login(&world, "alice", &alice.password).await;
        locked.assert_code(429, "ACCOUNT_LOCKED");
        assert_eq!(locked.header("retry-after"), Some("900"));
        let nobody = try_login(&world, "nobody", "wrong").await;
        assert_eq!((nobody.status, &nobody.body), (locked.status, &locked.body));
        world.advance(900);
        try_login(&world, "alice", &alice.password)
            .await
            .assert_ok();
    })
    .await;
}

#[tokio::test]
async fn a_refresh_gives_new_tokens_and_its_replay_ends_the_session() {
    everywhere(async |world| {
        let alice = world.person("alice").await;
        let first = login(&world, &alice).await.text("refresh_token");
        let client = Client::anonymous(&world);
        let refresh = async |token: &str| {
            let body = json!({ "refresh_token": token });
            client.post("/auth/refresh", &body).await
        };
        let second = refresh(&first).await;
        second.assert_ok();
        assert_eq!(members(&second.json()).len(), 4);
        assert_eq!(second.json()["expires_in"], 900);
        assert_ne!(second.text("refresh_token"), first);
        world.advance(11);
        refresh(&first)
            .await
            .assert_code(401, "INVALID_CREDENTIALS");
        refresh(&second.text("refresh_token"))
            .await
            .assert_code(401, "INVALID_CREDENTIALS");
        let late = login(&world, &alice).await.text("refresh_token");
        world.advance(2_592_000);
        refresh(&late).await.assert_code(401, "INVALID_CREDENTIALS");
    })
    .await;
}

#[tokio::test]
async fn whatever_is_no_refresh_token_is_401_and_never_500() {
    everywhere(async |world| {
        let alice = world.person("alice").await;
        let access = login(&world, &alice).await.text("access_token");
        let client = Client::anonymous(&world);
        for token in [
            access.as_str(),
            "",
            "x",
            "eyJhbGciOiJIUzI1NiJ9.e30.x",
            &"x".repeat(9000),
        ] {
            let body = json!({ "refresh_token": token });
            let reply = client.post("/auth/refresh", &body).await;
            reply.assert_code(401, "INVALID_CREDENTIALS");
        }
    })
    .await;
}

#[tokio::test]
async fn a_logout_ends_every_token_of_the_account() {
    everywhere(async |world| {
        let alice = world.person("alice").await;
        let (one, other) = (login(&world, &alice).await, login(&world, &alice).await);
        let here = Client::with_token(&world, &one.text("access_token"));
        let there = Client::with_token(&world, &other.text("access_token"));
        let own = format!("/users/{}", alice.id);
        there.get(&own).await.assert_ok();
        let reply = here.call("POST", "/auth/logout", None).await;
        reply.assert_status(204);
        assert_eq!(reply.body, "");
        for client in [&here, &there] {
            client.get(&own).await.assert_code(403, "FORBIDDEN");
            let again = client.call("POST", "/auth/logout", None).await;
            again.assert_code(403, "FORBIDDEN");
        }
        for reply in [&one, &other] {
            let body = json!({ "refresh_token": reply.text("refresh_token") });
            let reply = Client::anonymous(&world).post("/auth/refresh", &body).await;
            reply.assert_code(401, "INVALID_CREDENTIALS");
        }
        // A new one in the same second lives.
        signed_in(&world, &alice).await.get(&own).await.assert_ok();
    })
    .await;
}

#[tokio::test]
async fn the_keys_are_under_the_name_older_validators_know() {
    everywhere_with(
        |config| {
            on(config);
            "RS256".clone_into(&mut config.tokens.signing_alg);
        },
        async |world| {
            let alice = world.person("alice").await;
            let token = login(&world, &alice).await.text("access_token");
            let known = world.anonymous().get("/auth/jwks.json").await;
            known.assert_ok();
            let ours = world.anonymous().get("/jwks.json").await;
            assert_eq!(known.body, ours.body);
            assert_eq!(known.header("content-type"), ours.header("content-type"));
            let keys = known.json()["keys"].as_array().expect("keys").clone();
            let kid = &opened(&token).0["kid"];
            let signer = keys.iter().find(|key| key["kid"] == *kid);
            let signer = signer.expect("the key that signed");
            assert_eq!(signer["alg"], "RS256");
            for key in &keys {
                for member in ["kty", "kid", "alg", "n", "e"] {
                    assert!(key[member].is_string(), "{member}: {key}");
                }
                assert_eq!(key["use"], "sig");
                assert_eq!(key["kty"], "RSA");
                for private in ["d", "p", "q", "dp", "dq", "qi", "k"] {
                    assert_eq!(key[private], Value::Null, "{key}");
                }
            }
        },
    )
    .await;
}

#[tokio::test]
async fn an_address_makes_a_hundred_calls_a_minute_with_a_token_too() {
    everywhere_with(
        |config| {
            on(config);
            config.limits.calls_per_minute = 100;
        },
        async |world| {
            let alice = world.person("alice").await;
            let client = signed_in(&world, &alice).await;
            let own = format!("/users/{}", alice.id);
            for _ in 1..100 {
                client.get(&own).await.assert_ok();
            }
            let over = client.get(&own).await;
            assert_eq!(over.status.as_u16(), 429, "{over:?}");
            assert_eq!(over.header("retry-after"), Some("60"));
            over.assert_code(429, "ACCOUNT_LOCKED");
            world.advance(60);
            client.get(&own).await.assert_ok();
        },
    )
    .await;
}
