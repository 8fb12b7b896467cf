//! The userinfo endpoint: OIDC Core section 5.3, bearer tokens as in RFC 6750.

use serde_json::{Value, json};
use users_core::model::client_metadata::TokenFormat;
use users_core::model::user::{Address, StandardClaims};

use crate::support::people::{Person, Service};
use crate::support::{World, everywhere};

const SCOPE: &str = "openid profile email phone address offline_access sip.register";

async fn scene(world: &World) -> (Service, Person) {
    let app = world.client("app", SCOPE).await;
    let person = world.person("alice").await;
    world
        .change_person(&world.tenant, &person, |input| {
            input.email_verified = true;
            input.claims = StandardClaims {
                name: Some("Alice Liddell".to_owned()),
                given_name: Some("Alice".to_owned()),
                locale: Some("en-GB".to_owned()),
                phone_number: Some("+44 20 7946 0000".to_owned()),
                address: Some(Address {
                    locality: Some("Oxford".to_owned()),
                    ..Address::default()
                }),
                ..StandardClaims::default()
            };
        })
        .await;
    (app, person)
}

async fn token(app: &Service, person: &Person, scope: &str) -> String {
    app.sign_in(person, scope).await.text("access_token")
}

fn members(claims: &Value) -> Vec<String> {
    let mut names: Vec<String> = claims
        .as_object()
        .expect("an object")
        .keys()
        .cloned()
        .collect();
    names.sort_unstable();
    names
}

// A179
#[tokio::test]
async fn each_scope_opens_its_own_claims_and_no_others() {
    everywhere(async |world| {
        let (app, person) = scene(&world).await;
        let profile: &[&str] = &[
            "given_name",
            "locale",
            "name",
            "preferred_username",
            "sub",
            "updated_at",
        ];
        let cases: &[(&str, &[&str])] = &[
            ("openid", &["sub"]),
            ("openid sip.register", &["sub"]),
            ("openid email", &["email", "email_verified", "sub"]),
            (
                "openid phone",
                &["phone_number", "phone_number_verified", "sub"],
            ),
            ("openid address", &["address", "sub"]),
            ("openid profile", profile),
        ];
        for (scope, expected) in cases {
            let reply = app.userinfo(&token(&app, &person, scope).await).await;
            reply.assert_ok();
            assert_eq!(reply.header("cache-control"), Some("no-store"));
            let claims = reply.json();
            assert_eq!(members(&claims), *expected, "{scope}");
            assert_eq!(claims["sub"], person.id.as_str());
        }
        let all = app
            .userinfo(&token(&app, &person, SCOPE).await)
            .await
            .json();
        assert_eq!(all["email"], "alice@example.test");
        assert_eq!(all["email_verified"], true);
        assert_eq!(all["phone_number_verified"], false);
        assert_eq!(all["address"], json!({"locality": "Oxford"}));
        assert_eq!(all["preferred_username"], "alice");
    })
    .await;
}

// A179
#[tokio::test]
async fn a_token_speaks_of_nobody_but_its_own_person() {
    everywhere(async |world| {
        let (app, alice) = scene(&world).await;
        let bob = world.person("bob").await;
        let hers = token(&app, &alice, SCOPE).await;
        let his = token(&app, &bob, SCOPE).await;
        for (token, person, other) in [(&hers, &alice, &bob), (&his, &bob, &alice)] {
            let reply = app.userinfo(token).await;
            assert_eq!(reply.json()["sub"], person.id.as_str());
            assert!(!reply.body.contains(&other.username), "{reply:?}");
            // Nothing in the request chooses another.
            let bearer = format!("Bearer {token}");
            let path = format!("/userinfo?sub={}&user_id={}", other.id, other.id);
            let headers = [("authorization", bearer.as_str())];
            let asked = world.anonymous().get_with(&path, &headers).await;
            assert_eq!(asked.body, reply.body);
            let form = [("sub", other.id.as_str()), ("username", &other.username)];
            let asked = world.anonymous().post("/userinfo", &form, &headers).await;
            assert_eq!(asked.body, reply.body);
        }
    })
    .await;
}

// A180
#[tokio::test]
async fn the_token_comes_in_the_header_or_a_form_and_never_twice() {
    everywhere(async |world| {
        let (app, person) = scene(&world).await;
        let token = token(&app, &person, "openid").await;
        let anonymous = world.anonymous();
        let bearer = format!("Bearer {token}");
        let header = [("authorization", bearer.as_str())];
        let form = [("access_token", token.as_str())];
        anonymous.get_with("/userinfo", &header).await.assert_ok();
        anonymous.post("/userinfo", &[], &header).await.assert_ok();
        anonymous.post("/userinfo", &form, &[]).await.assert_ok();
        let lower = [("authorization", format!("bearer {token}"))];
        let lower = lower
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        anonymous.get_with("/userinfo", &lower).await.assert_ok();

        let in_query = format!("/userinfo?access_token={token}");
        let reply = anonymous.get(&in_query).await;
        reply.assert_error(401, "invalid_token");
        // No token, no error code in the challenge (RFC 6750 section 3.1).
        assert_eq!(
            reply.header("www-authenticate"),
            Some("Bearer realm=\"users-core\"")
        );
        let reply = anonymous.post(&in_query, &[], &[]).await;
        reply.assert_error(400, "invalid_request");
        let reply = anonymous.get_with(&in_query, &header).await;
        reply.assert_ok();
        let both = anonymous.post("/userinfo", &form, &header).await;
        both.assert_error(400, "invalid_request");
        let twice = [
            ("authorization", bearer.as_str()),
            ("authorization", bearer.as_str()),
        ];
        let reply = anonymous.get_with("/userinfo", &twice).await;
        reply.assert_error(401, "invalid_token");
        let repeated = [
            ("access_token", token.as_str()),
            ("access_token", token.as_str()),
        ];
        let reply = anonymous.post("/userinfo", &repeated, &[]).await;
        reply.assert_error(400, "invalid_request");
        // A body that is no form is not looked into.
        let json = format!("{{\"access_token\":\"{token}\"}}");
        let reply = anonymous
            .post_raw("/userinfo", "application/json", json, &[])
            .await;
        reply.assert_error(401, "invalid_token");
    })
    .await;
}

#[tokio::test]
async fn what_is_no_bearer_token_is_challenged() {
    everywhere(async |world| {
        let (app, person) = scene(&world).await;
        let token = token(&app, &person, "openid").await;
        let basic = app.authorization();
        for value in [
            "Bearer",
            "Bearer ",
            "Bearer nonsense",
            &format!("Bearer {token} {token}"),
            &format!("Bearer {token},"),
            &format!("Token {token}"),
            &format!("DPoP {token}"),
            &token,
            &basic,
        ] {
            let headers = [("authorization", value)];
            let reply = world.anonymous().get_with("/userinfo", &headers).await;
            reply.assert_error(401, "invalid_token");
            let challenge = reply.header("www-authenticate").expect("a challenge");
            assert!(challenge.starts_with("Bearer "), "{challenge}");
        }
    })
    .await;
}

// A180
#[tokio::test]
async fn a_token_without_a_person_or_openid_opens_nothing() {
    everywhere(async |world| {
        let (app, person) = scene(&world).await;
        let own = app
            .client_credentials("sip.register")
            .await
            .text("access_token");
        let plain = token(&app, &person, "sip.register profile email").await;
        for token in [own, plain] {
            let reply = app.userinfo(&token).await;
            reply.assert_error(403, "insufficient_scope");
            let challenge = reply.header("www-authenticate").expect("a challenge");
            assert!(challenge.contains("scope=\"openid\""), "{challenge}");
            assert!(!reply.body.contains("alice"));
        }
    })
    .await;
}

// A181
#[tokio::test]
async fn the_disabled_and_the_deleted_are_gone_at_once() {
    for format in [TokenFormat::Jwt, TokenFormat::Opaque] {
        everywhere(async |world| {
            let app = world
                .client_with("app", SCOPE, |metadata| {
                    metadata.access_token_format = Some(format);
                })
                .await;
            // A node that has not read the feed knows as much.
            let (_node, caller) = world.second_node().await;
            let there = app.through(&caller);
            for (name, delete) in [("alice", false), ("bob", true)] {
                let person = world.person(name).await;
                let token = token(&app, &person, SCOPE).await;
                there.userinfo(&token).await.assert_ok();
                if delete {
                    world.delete_person(&person).await;
                } else {
                    world.set_enabled(&person, false).await;
                }
                app.userinfo(&token)
                    .await
                    .assert_error(401, "invalid_token");
                there
                    .userinfo(&token)
                    .await
                    .assert_error(401, "invalid_token");
            }
            // A namesake of the deleted is another person.
            world.person("bob").await;
        })
        .await;
    }
}

// A181
#[tokio::test]
async fn claims_are_what_they_are_now() {
    everywhere(async |world| {
        let (app, person) = scene(&world).await;
        let (_node, caller) = world.second_node().await;
        let token = token(&app, &person, SCOPE).await;
        assert_eq!(app.userinfo(&token).await.json()["email_verified"], true);
        world
            .change_person(&world.tenant, &person, |input| {
                input.email = Some("new@example.test".to_owned());
                input.email_verified = false;
                input.claims.name = None;
            })
            .await;
        for node in [app.clone(), app.through(&caller)] {
            let claims = node.userinfo(&token).await.json();
            assert_eq!(claims["email"], "new@example.test");
            assert_eq!(claims["email_verified"], false);
            assert!(claims.get("name").is_none());
        }
        // Without an address there is nothing to say about it.
        let without = |input: &mut users_core::model::user::UserInput| {
            (input.email, input.email_verified) = (None, false);
        };
        world.change_person(&world.tenant, &person, without).await;
        let claims = app.userinfo(&token).await.json();
        assert!(claims.get("email").is_none() && claims.get("email_verified").is_none());
    })
    .await;
}

#[tokio::test]
async fn an_expired_or_revoked_token_opens_nothing() {
    everywhere(async |world| {
        let (app, person) = scene(&world).await;
        let revoked = token(&app, &person, "openid").await;
        app.revoke(&revoked).await.assert_ok();
        app.userinfo(&revoked)
            .await
            .assert_error(401, "invalid_token");
        let expired = token(&app, &person, "openid").await;
        world.advance(899);
        app.userinfo(&expired).await.assert_ok();
        world.advance(1);
        let reply = app.userinfo(&expired).await;
        reply.assert_error(401, "invalid_token");
        let challenge = reply.header("www-authenticate").expect("a challenge");
        assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
    })
    .await;
}
