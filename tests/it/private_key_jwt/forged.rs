//! Signatures that prove nothing.

use serde_json::json;
use users_core::keys::jws::MAX_TOKEN_BYTES;
use users_core::model::algorithm::Algorithm;

use super::{CLIENT, PAIRS, assert_refused, claims, present, register, signed};
use crate::support::everywhere;
use crate::support::forge::{HandKey, b64, compact, hmac, public_forms, with};

// A065
#[tokio::test]
async fn an_assertion_signed_in_a_forbidden_way_proves_nothing() {
    everywhere(async |world| {
        let (key, foreign) = (HandKey::new(), HandKey::new());
        register(&world, CLIENT, &[key.jwk()], None).await;
        register(&world, "neighbour", &[foreign.jwk()], None).await;
        let header = key.header("JWT");
        let fresh = || claims(&world);
        present(&world, &key.sign(&header, &fresh()))
            .await
            .assert_ok();

        for alg in [
            "none", "None", "nOnE", "NONE", "", "eddsa", "ES256", "RS256",
        ] {
            let header = with(&header, json!({ "alg": alg }));
            assert_refused(&world, &key.sign(&header, &fresh()), alg).await;
            let input = format!("{}.{}", b64(header.to_string()), b64(fresh().to_string()));
            assert_refused(&world, &format!("{input}."), alg).await;
            assert_refused(&world, &input, alg).await;
        }
        for bits in [256, 384, 512] {
            for secret in public_forms(&key.jwk()) {
                let header = with(&header, json!({ "alg": format!("HS{bits}") }));
                let forged = compact(&header.to_string(), &fresh().to_string(), |input| {
                    hmac(bits, &secret, input)
                });
                assert_refused(&world, &forged, "hmac").await;
            }
        }
        let brought = json!({
            "jwk": foreign.jwk(), "jku": "http://127.0.0.1:1/keys", "x5u": "http://127.0.0.1:1/x",
            "x5c": ["MA=="],
        });
        for (why, header) in [
            ("a key of another client", foreign.header("JWT")),
            ("its name on another's signature", header.clone()),
            ("a key brought along", with(&header, brought.clone())),
            (
                "a key brought along without kid",
                with(&header, with(&brought, json!({"kid": null}))),
            ),
            ("no kid", with(&header, json!({ "kid": null }))),
        ] {
            assert_refused(&world, &foreign.sign(&header, &fresh()), why).await;
        }
        for kid in [
            json!(foreign.kid()),
            json!("x"),
            json!(""),
            json!(7),
            json!("../../dev/null"),
            json!("' OR 1=1--"),
            json!("k".repeat(4000)),
        ] {
            let header = with(&header, json!({ "kid": kid }));
            assert_refused(&world, &key.sign(&header, &fresh()), "kid").await;
        }
        for extension in [
            json!({"crit": ["x"], "x": 1}),
            json!({"crit": ["alg"]}),
            json!({"crit": []}),
            json!({"b64": false}),
            json!({"b64": true}),
        ] {
            let header = with(&header, extension);
            assert_refused(&world, &key.sign(&header, &fresh()), "extension").await;
        }
    })
    .await;
}

#[tokio::test]
async fn an_assertion_is_one_compact_jwt_with_unique_members() {
    everywhere(async |world| {
        let key = HandKey::new();
        register(&world, CLIENT, &[key.jwk()], None).await;
        let header = key.header("JWT").to_string();
        let text = || claims(&world).to_string();
        let good = || key.compact(&header, &text());
        let twice = |json: &str, member: &str| json.replacen('{', &format!("{{{member},"), 1);
        let (first, rest) = (good(), good());
        let parts: Vec<&str> = first.split('.').collect();
        let long = with(&claims(&world), json!({ "x": "y".repeat(MAX_TOKEN_BYTES) }));
        for (why, assertion) in [
            (
                "alg twice",
                key.compact(&twice(&header, r#""alg":"EdDSA""#), &text()),
            ),
            (
                "sub twice",
                key.compact(&header, &twice(&text(), r#""sub":"other""#)),
            ),
            (
                "jti twice",
                key.compact(&header, &twice(&text(), r#""jti":"other""#)),
            ),
            ("five parts", format!("{first}.{}.{}", parts[1], parts[2])),
            ("a dot more", format!("{first}.")),
            ("two parts", format!("{}.{}", parts[0], parts[1])),
            ("padding", format!("{first}=")),
            ("whitespace", format!("{first} ")),
            ("a line end", format!("{first}\n")),
            ("two tokens", format!("{first} {rest}")),
            (
                "the JSON form",
                json!({"protected": parts[0], "payload": parts[1], "signature": parts[2]})
                    .to_string(),
            ),
            ("an array", key.compact(&header, "[]")),
            ("no JSON", key.compact(&header, "none")),
            ("too long", key.sign(&key.header("JWT"), &long)),
            ("no token", "x".to_owned()),
        ] {
            assert_refused(&world, &assertion, why).await;
        }
        present(&world, &first).await.assert_ok();
    })
    .await;
}

#[tokio::test]
async fn only_the_registered_algorithm_counts() {
    everywhere(async |world| {
        let keys = PAIRS.each_ref().map(|pair| json!(pair.public()));
        for registered in Algorithm::ALL {
            let id = format!("by-{}", registered.name());
            register(&world, &id, &keys, Some(registered)).await;
            for pair in PAIRS.iter() {
                let claims = with(&claims(&world), json!({ "iss": id, "sub": id }));
                let reply = present(&world, &signed(pair, &claims)).await;
                assert_eq!(reply.status == 200, pair.algorithm() == registered);
            }
        }
    })
    .await;
}
