//! What a token looks like before anything it says is believed.

use serde_json::json;
use users_core::keys::jws::MAX_TOKEN_BYTES;

use super::Forge;
use crate::support::everywhere;
use crate::support::forge::{b64, with};

// A121
#[tokio::test]
async fn a_header_that_demands_an_extension_is_refused() {
    everywhere(async |world| {
        let forge = Forge::new(&world).await;
        for extension in [
            json!({"crit": ["x"], "x": true}),
            json!({"crit": ["alg"]}),
            json!({"crit": ["exp"], "exp": 1}),
            json!({"crit": ["b64"], "b64": false}),
            json!({"crit": []}),
            json!({"crit": "x"}),
            json!({"crit": {}}),
            json!({"crit": false}),
            json!({"b64": false}),
            json!({"b64": true}),
        ] {
            let header = with(&forge.header(), extension.clone());
            let token = forge.key.sign(&header, &forge.claims);
            forge.assert_refused(&token, &extension.to_string()).await;
        }
        let nulls = forge.header().to_string();
        for name in ["crit", "b64"] {
            let header = nulls.replacen('{', &format!("{{\"{name}\":null,"), 1);
            let token = forge.key.compact(&header, &forge.claims.to_string());
            forge.assert_refused(&token, name).await;
        }
        let harmless = with(&forge.header(), json!({"cty": "JWT", "x": [1, {"y": 2}]}));
        let token = forge.key.sign(&harmless, &forge.claims);
        forge.assert_accepted(&token, "unknown members").await;
    })
    .await;
}

// A124
#[tokio::test]
async fn a_member_given_twice_is_refused_in_header_and_payload() {
    everywhere(async |world| {
        let forge = Forge::new(&world).await;
        let header = forge.header().to_string();
        let payload = forge.claims.to_string();
        // The second occurrence is the honest one, and then the first.
        let doubled = |json: &str, member: &str| {
            [
                json.replacen('{', &format!("{{{member},"), 1),
                format!("{},{member}}}", json.strip_suffix('}').unwrap()),
            ]
        };
        for member in [
            r#""alg":"none""#,
            r#""alg":"EdDSA""#,
            r#""\u0061lg":"none""#,
            r#""kid":"other""#,
            r#""typ":"JWT""#,
        ] {
            for header in doubled(&header, member) {
                let token = forge.key.compact(&header, &payload);
                forge.assert_refused(&token, member).await;
            }
        }
        for member in [
            r#""sub":"someone-else""#,
            r#""scope":"openid users.write""#,
            r#""aud":["rvoip-api"]"#,
            r#""exp":9999999999"#,
            r#""iss":"http://localhost:8081""#,
            r#""\u0073ub":"someone-else""#,
        ] {
            for payload in doubled(&payload, member) {
                let token = forge.key.compact(&header, &payload);
                forge.assert_refused(&token, member).await;
            }
        }
        for (outer, inner) in [("a", r#"{"b":1,"b":2}"#), ("a", r#"[{"b":1,"b":2}]"#)] {
            let member = format!("\"{outer}\":{inner}");
            let [payload, _] = doubled(&payload, &member);
            let token = forge.key.compact(&header, &payload);
            forge.assert_refused(&token, "twice inside").await;
        }
    })
    .await;
}

// A124
#[tokio::test]
async fn only_the_compact_form_with_three_parts_is_a_token() {
    everywhere(async |world| {
        let forge = Forge::new(&world).await;
        let token = forge.signed(&forge.claims);
        let parts: Vec<&str> = token.split('.').collect();
        let [header, payload, signature] = parts[..] else {
            panic!("three parts");
        };
        let flat = json!({ "protected": header, "payload": payload, "signature": signature });
        let general = json!({
            "payload": payload, "signatures": [{ "protected": header, "signature": signature }],
        });
        for wrong in [
            format!("{header}.{payload}"),
            format!("{header}.{payload}."),
            format!("{header}..{signature}"),
            format!(".{payload}.{signature}"),
            format!("{token}."),
            format!(".{token}"),
            format!("{token}.{signature}"),
            format!("{token}.{payload}.{signature}"),
            format!("{token}="),
            format!("{token}=="),
            format!("{header}=.{payload}.{signature}"),
            format!("{header}.{payload}=.{signature}"),
            format!("{header}.{payload}.{signature}A"),
            format!("{header}.{payload}.{}", &signature[1..]),
            format!("{header}.{payload}.{}", signature.to_lowercase()),
            format!("{signature}.{payload}.{header}"),
            token.replace('.', ":"),
            format!("{header}.{payload}.{}", b64([0; 64])),
            format!("{header}.{payload}.{}", b64([])),
        ] {
            forge.assert_refused(&wrong, &wrong).await;
        }
        for wrong in [
            flat.to_string(),
            general.to_string(),
            format!("{token} {token}"),
            format!("{token} x"),
            format!("\"{token}\""),
            format!("{token},{token}"),
            format!("{header}. {payload}.{signature}"),
        ] {
            let reply = forge.userinfo(&wrong).await;
            reply.assert_error(401, "invalid_token");
            forge.service.introspect(&wrong).await.assert_inactive();
        }
        for wrong in [
            format!("{token} "),
            format!(" {token}"),
            format!("{token}\n"),
        ] {
            // A header is trimmed on its way; a form is not.
            forge.service.introspect(&wrong).await.assert_inactive();
        }
    })
    .await;
}

#[tokio::test]
async fn a_token_is_small_and_flat() {
    everywhere(async |world| {
        let forge = Forge::new(&world).await;
        let long = with(&forge.claims, json!({ "x": "y".repeat(MAX_TOKEN_BYTES) }));
        forge.assert_refused(&forge.signed(&long), "too long").await;
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        let payload = forge.claims.to_string();
        let payload = payload.replacen('{', &format!("{{\"x\":{deep},"), 1);
        let token = forge.key.compact(&forge.header().to_string(), &payload);
        forge.assert_refused(&token, "too deep").await;
        for payload in [
            "",
            "null",
            "[]",
            "7",
            "\"x\"",
            "{",
            "{}x",
            "\u{feff}{}",
            "{\"sub\":}",
        ] {
            let token = forge.key.compact(&forge.header().to_string(), payload);
            forge.assert_refused(&token, payload).await;
        }
        for header in [
            "",
            "null",
            "[]",
            "{}",
            "{\"alg\":7}",
            "{\"typ\":\"at+jwt\"}",
        ] {
            let token = forge.key.compact(header, &forge.claims.to_string());
            forge.assert_refused(&token, header).await;
        }
    })
    .await;
}

#[tokio::test]
async fn only_an_access_token_is_an_access_token() {
    everywhere(async |world| {
        let forge = Forge::new(&world).await;
        for typ in [
            json!("JWT"),
            json!("logout+jwt"),
            json!("token-introspection+jwt"),
            json!("dpop+jwt"),
            json!("at+jwt "),
            json!("application/JWT"),
            json!("text/at+jwt"),
            json!("application/application/at+jwt"),
            json!(""),
            json!(7),
            json!(null),
            json!(["at+jwt"]),
        ] {
            let header = with(&forge.header(), json!({ "typ": typ }));
            let token = forge.key.sign(&header, &forge.claims);
            forge.assert_refused(&token, &typ.to_string()).await;
        }
        // RFC 7515 section 4.1.9: a media type, whose prefix may be left out.
        for typ in ["application/at+jwt", "AT+JWT", "Application/At+Jwt"] {
            let header = with(&forge.header(), json!({ "typ": typ }));
            let token = forge.key.sign(&header, &forge.claims);
            forge.assert_accepted(&token, typ).await;
        }
    })
    .await;
}
