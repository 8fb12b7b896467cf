//! What an assertion must say.

use serde_json::{Value, json};

use super::{CLIENT, assert_refused, by_key, claims, present, present_to, register};
use crate::client_auth::ENDPOINTS;
use crate::support::everywhere;
use crate::support::forge::{HandKey, with};
use crate::support::world::ISSUER;

// A070, A071
#[tokio::test]
async fn the_claims_of_an_assertion_are_complete_true_and_fresh() {
    everywhere(async |world| {
        let key = HandKey::new();
        register(&world, CLIENT, &[key.jwk()], None).await;
        register(&world, "neighbour", &[HandKey::new().jwk()], None).await;
        world.new_tenant("second").await;
        let now = world.clock.now().seconds();
        let assertion =
            |changes: Value| key.sign(&key.header("JWT"), &with(&claims(&world), changes));
        for good in [
            json!({"exp": now + 600}),
            json!({"exp": now - 30}),
            json!({"iat": null}),
            json!({"iat": now - 300}),
            json!({"iat": now - 659}),
            json!({"exp": now + 3600}),
            json!({"iat": null, "exp": now + 660}),
            json!({"nbf": now + 30, "iat": now + 30}),
            json!({"jti": "x".repeat(256)}),
        ] {
            present(&world, &assertion(good)).await.assert_ok();
        }
        for wrong in [
            json!({"exp": null}),
            json!({"exp": now - 61}),
            json!({"exp": now - 300}),
            json!({"exp": now + 3601}),
            json!({"iat": null, "exp": now + 661}),
            json!({"iat": now - 660}),
            json!({"iat": now - 660, "exp": now + 2940}),
            json!({"iat": i64::MIN}),
            json!({"iat": 0, "exp": now + 3600}),
            json!({"exp": now + 48 * 3600}),
            json!({"exp": i64::MAX}),
            json!({"exp": 1e99}),
            json!({"exp": (now + 300).to_string()}),
            json!({"exp": [now + 300]}),
            json!({"exp": -1}),
            json!({"nbf": now + 120}),
            json!({"nbf": "now"}),
            json!({"iat": now + 120}),
            json!({"iat": now - 48 * 3600}),
            json!({"jti": null}),
            json!({"jti": ""}),
            json!({"jti": 7}),
            json!({"jti": "x".repeat(257)}),
            json!({"iss": null}),
            json!({"iss": "neighbour"}),
            json!({"iss": ISSUER}),
            json!({"sub": null}),
            json!({"sub": "neighbour"}),
            json!({"sub": [CLIENT]}),
            json!({"sub": "SIGNER", "iss": "SIGNER"}),
            json!({"aud": null}),
            json!({"aud": []}),
            json!({"aud": "https://other.test"}),
            json!({"aud": ["https://other.test"]}),
            json!({"aud": format!("{ISSUER}/")}),
            json!({"aud": format!("{ISSUER}/t/second")}),
            json!({"aud": format!("{ISSUER}/t/second/token")}),
            json!({"aud": format!("{ISSUER}/other")}),
            json!({"aud": CLIENT}),
        ] {
            assert_refused(&world, &assertion(wrong.clone()), &wrong.to_string()).await;
        }
        let neighbour = json!({"iss": "neighbour", "sub": "neighbour"});
        assert_refused(&world, &assertion(neighbour), "another's name").await;
    })
    .await;
}

// A071
#[tokio::test]
async fn a_client_id_beside_an_assertion_must_agree_with_it() {
    everywhere(async |world| {
        let key = HandKey::new();
        register(&world, CLIENT, &[key.jwk()], None).await;
        world.client("other", "sip.register").await;
        for (client_id, status) in [
            (CLIENT, 200),
            ("other", 401),
            ("nobody", 401),
            ("Signer", 401),
        ] {
            let assertion = key.sign(&key.header("JWT"), &claims(&world));
            for (path, form) in ENDPOINTS
                .into_iter()
                .take(if status == 200 { 1 } else { 3 })
            {
                let named = [form, &[("client_id", client_id)]].concat();
                let reply = present_to(world.anonymous(), (path, &named), &assertion).await;
                assert_eq!(reply.status, status, "{client_id}: {reply:?}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn an_assertion_for_one_tenant_is_nothing_to_another() {
    everywhere(async |world| {
        let key = HandKey::new();
        let second = world.new_tenant("second").await;
        register(&world, CLIENT, &[key.jwk()], None).await;
        let set = json!({ "keys": [key.jwk()] });
        world
            .client_of(&second, CLIENT, "sip.register", |metadata| {
                by_key(metadata, set);
            })
            .await;
        for (aud, path) in [(ISSUER, "/t/second/token"), (&second.issuer, "/token")] {
            let claims = with(&claims(&world), json!({ "aud": aud }));
            let assertion = key.sign(&key.header("JWT"), &claims);
            let (form, own) = (ENDPOINTS[0].1, format!("{aud}/token"));
            let own = own.strip_prefix(ISSUER).unwrap();
            let reply = present_to(world.anonymous(), (path, form), &assertion).await;
            reply.assert_error(401, "invalid_client");
            // A refused assertion is not spent.
            present_to(world.anonymous(), (own, form), &assertion)
                .await
                .assert_ok();
        }
    })
    .await;
}

#[tokio::test]
async fn a_name_no_client_can_have_is_not_looked_for() {
    everywhere(async |world| {
        let key = HandKey::new();
        for odd in [
            "\0",
            "a\0b",
            "ü",
            "",
            " ",
            "a b",
            "%",
            "'",
            &"x".repeat(2000),
        ] {
            let changes = json!({ "iss": odd, "sub": odd });
            let assertion = key.sign(&key.header("JWT"), &with(&claims(&world), changes));
            assert_refused(&world, &assertion, odd).await;
        }
        world.app.refusals.flush(&world.app.store).await.unwrap();
        let rows = world.app.store.tenant(&world.tenant.id);
        assert_eq!(rows.count_refusals("client").await.unwrap(), 9);
    })
    .await;
}
