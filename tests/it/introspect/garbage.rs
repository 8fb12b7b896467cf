//! Whatever is wrong with a token, the answer is the same (RFC 7662 section 2.2).

use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};
use users_core::keys::jws::{Signer, Typ};
use users_core::keys::key_pair::KeyPair;
use users_core::model::algorithm::Algorithm;
use users_core::model::client_metadata::TokenFormat;

use crate::support::everywhere;
use crate::support::people::Service;

fn b64(value: &Value) -> String {
    BASE64URL_NOPAD.encode(value.to_string().as_bytes())
}

/// A part of a signed token.
fn part(token: &str, number: usize) -> Value {
    let part = token.split('.').nth(number).expect("three parts");
    let bytes = BASE64URL_NOPAD.decode(part.as_bytes()).expect("base64url");
    serde_json::from_slice(&bytes).expect("JSON")
}

// A106
#[tokio::test]
async fn a_forged_copy_of_a_live_token_is_inactive() {
    everywhere(async |world| {
        let app = world.client("app", "sip.register").await;
        let live = app
            .client_credentials("sip.register")
            .await
            .text("access_token");
        assert!(Service::is_active(&app.introspect(&live).await));
        let (header, claims) = (part(&live, 0), part(&live, 1));
        let parts: Vec<&str> = live.split('.').collect();
        let (payload, signature) = (parts[1], parts[2]);
        let with = |change: &dyn Fn(&mut Value)| {
            let mut header = header.clone();
            change(&mut header);
            b64(&header)
        };
        let mut copies = Vec::new();
        for name in [
            "none", "None", "nOnE", "NONE", "", "HS256", "RS256", "es256",
        ] {
            let header = with(&|header| header["alg"] = json!(name));
            copies.push(format!("{header}.{payload}."));
            copies.push(format!("{header}.{payload}.{signature}"));
        }
        let wide = |members: usize| {
            let header = with(&|header| {
                for number in 0..members {
                    header[format!("m{number}")] = json!(number);
                }
            });
            format!("{header}.{payload}.{signature}")
        };
        copies.push(wide(300));
        copies.push(wide(2000));
        // More than any body may hold.
        let reply = app.introspect(&wide(10_000)).await;
        reply.assert_error(413, "invalid_request");
        // Signed well, by somebody else, with the key in the header and our kid.
        let stranger = KeyPair::generate(Algorithm::Es256).expect("a key");
        let signer = Signer::new(&stranger).expect("a signer");
        copies.push(signer.sign(Typ::AccessToken, &claims).expect("signed"));
        let jwk = serde_json::to_value(stranger.public()).expect("JSON");
        let header = with(&|header| header["jwk"] = jwk.clone());
        copies.push(format!("{header}.{payload}.{signature}"));
        // Cut, doubled, reordered, padded.
        copies.push(format!("{}.{payload}", parts[0]));
        copies.push(format!("{live}."));
        copies.push(format!("{live}.{live}"));
        copies.push(format!("{payload}.{}.{signature}", parts[0]));
        copies.push(format!("{live}="));
        copies.push(live.to_uppercase());
        let mut older = claims.clone();
        older["exp"] = json!(claims["exp"].as_i64().unwrap_or_default() + 1);
        copies.push(format!("{}.{}.{signature}", parts[0], b64(&older)));
        // Around a header's value space is nothing, in a form it is part of the value.
        app.introspect(&format!("{live} ")).await.assert_inactive();
        app.introspect(&format!("\t{live}")).await.assert_inactive();
        for copy in copies {
            app.introspect(&copy).await.assert_inactive();
            let reply = app.userinfo(&copy).await;
            assert_eq!(reply.status, 401, "{copy}");
        }
        assert!(Service::is_active(&app.introspect(&live).await));
    })
    .await;
}

#[tokio::test]
async fn a_token_of_ours_for_something_else_is_inactive() {
    everywhere(async |world| {
        let app = world.client("app", "sip.register").await;
        let live = app
            .client_credentials("sip.register")
            .await
            .text("access_token");
        let claims = part(&live, 1);
        let keys = world.app.keys.of(&world.tenant).await.expect("the keys");
        let signer = keys.signer(world.tenant.signing_alg).expect("a signer");
        // The same claims under our own key, but not as an access token (RFC 9068 section 4).
        for typ in [Typ::Jwt, Typ::LogoutToken, Typ::Introspection] {
            let token = signer.sign(typ, &claims).expect("signed");
            app.introspect(&token).await.assert_inactive();
            assert_eq!(app.userinfo(&token).await.status, 401);
        }
        // An access token of ours that names another issuer, or has lost a claim.
        let mut foreign = claims.clone();
        foreign["iss"] = json!("https://elsewhere.test");
        let foreign = signer.sign(Typ::AccessToken, &foreign).expect("signed");
        app.introspect(&foreign).await.assert_inactive();
        for name in ["iss", "sub", "aud", "exp", "iat", "jti", "client_id"] {
            let mut less = claims.clone();
            less.as_object_mut().expect("an object").remove(name);
            let less = signer.sign(Typ::AccessToken, &less).expect("signed");
            app.introspect(&less).await.assert_inactive();
        }
    })
    .await;
}

// A106
#[tokio::test]
async fn a_huge_token_is_refused_or_inactive() {
    everywhere(async |world| {
        let app = world.client("app", "sip.register").await;
        let live = app
            .client_credentials("sip.register")
            .await
            .text("access_token");
        let reply = app.introspect(&"a".repeat(1 << 20)).await;
        reply.assert_error(413, "invalid_request");
        for length in [9_000, 30_000] {
            app.introspect(&"a".repeat(length)).await.assert_inactive();
            app.introspect(&format!("{live}{}", "a".repeat(length)))
                .await
                .assert_inactive();
            app.introspect(&".".repeat(length)).await.assert_inactive();
            app.introspect(&format!("uc_at_{}", "a".repeat(length)))
                .await
                .assert_inactive();
        }
    })
    .await;
}

// A107: what cannot be told apart by the answer; how often may be asked is not limited, by decision.
#[tokio::test]
async fn foreign_revoked_expired_and_invented_tokens_answer_alike() {
    everywhere(async |world| {
        let app = world.client("app", "sip.register").await;
        let other = world
            .client_with("other", "sip.register", |metadata| {
                metadata.access_token_format = Some(TokenFormat::Opaque);
            })
            .await;
        let second = world.new_tenant("second").await;
        let stranger = world
            .client_of(&second, "app", "sip.register", |_| {})
            .await;
        let token = async |service: &Service| {
            service
                .client_credentials("sip.register")
                .await
                .text("access_token")
        };
        let expired = token(&app).await;
        world.advance(900);
        let revoked = token(&app).await;
        app.revoke(&revoked).await.assert_ok();
        let expected = app.introspect("invented").await;
        expected.assert_inactive();
        for token in [
            expired,
            revoked,
            token(&other).await,
            token(&stranger).await,
            "uc_at_invented".to_owned(),
            "uc_rt_invented".to_owned(),
        ] {
            let reply = app.introspect(&token).await;
            assert_eq!(
                (reply.status, &reply.body),
                (expected.status, &expected.body)
            );
            let names = |reply: &crate::support::Reply| {
                let names = reply.headers.keys().map(ToString::to_string);
                names.collect::<Vec<_>>()
            };
            assert_eq!(names(&reply), names(&expected));
        }
    })
    .await;
}
