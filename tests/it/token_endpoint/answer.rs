//! RFC 6749 section 5: what comes back.

use serde_json::json;
use users_core::model::client_metadata::TokenFormat;
use users_core::model::resource::Resource;

use crate::client_auth::ENDPOINTS;
use crate::support::everywhere;
use crate::support::forge::opened;
use crate::support::http::Reply;
use crate::support::people::Service;
use crate::support::world::everywhere_with;

/// RFC 6749 section 5.2: visible ASCII and spaces, no quotes, no backslash.
#[track_caller]
fn assert_plain(text: &str) {
    let plain = |letter: char| matches!(letter, ' ' | '!' | '#'..='[' | ']'..='~');
    assert!(!text.is_empty() && text.chars().all(plain), "{text:?}");
}

#[track_caller]
fn assert_private(reply: &Reply) {
    assert_eq!(reply.header("cache-control"), Some("no-store"), "{reply:?}");
    assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(reply.header("set-cookie"), None);
    assert_eq!(reply.header("etag"), None);
    assert_eq!(reply.header("location"), None);
    if !reply.body.is_empty() {
        assert_eq!(reply.header("content-type"), Some("application/json"));
        assert_eq!(reply.header("pragma"), Some("no-cache"));
    }
}

// A080, A084
#[tokio::test]
async fn every_answer_is_json_that_no_cache_keeps() {
    everywhere(async |world| {
        let service = world.client("service", "openid sip.register").await;
        let person = world.person("joan").await;
        let authorization = service.authorization();
        let wrong = ("password", "wrong");
        let forms: Vec<(&str, Vec<(&str, &str)>)> = ENDPOINTS
            .into_iter()
            .map(|(path, form)| (path, form.to_vec()))
            .chain([
                ("/token", vec![]),
                ("/token", vec![("grant_type", "unknown")]),
                (
                    "/token",
                    vec![("grant_type", "refresh_token"), ("refresh_token", "x")],
                ),
                (
                    "/token",
                    vec![("grant_type", "client_credentials"), ("scope", "x")],
                ),
                (
                    "/token",
                    vec![("grant_type", "client_credentials"), ("resource", "x")],
                ),
                (
                    "/token",
                    vec![("grant_type", "password"), ("username", "joan"), wrong],
                ),
                (
                    "/token",
                    vec![("grant_type", "password"), ("username", "nobody"), wrong],
                ),
                (
                    "/token",
                    vec![
                        ("grant_type", "password"),
                        ("username", "joan"),
                        ("password", &person.password),
                    ],
                ),
                ("/introspect", vec![]),
                ("/revoke", vec![]),
            ])
            .collect();
        for (path, form) in &forms {
            for credentials in [Some(authorization.as_str()), Some("Basic x"), None] {
                for accept in ["text/html", "application/xml;q=1, */*;q=0", "*/*"] {
                    let mut headers = vec![("accept", accept), ("cookie", "a=b")];
                    headers.extend(credentials.map(|value| ("authorization", value)));
                    headers.extend([("if-none-match", "*"), ("range", "bytes=0-3")]);
                    let reply = world.anonymous().post(path, form, &headers).await;
                    assert_private(&reply);
                    assert!(matches!(reply.status.as_u16(), 200 | 400 | 401));
                    if reply.status != 200 {
                        assert_plain(&reply.error());
                        assert_plain(&reply.text("error_description"));
                        let body = reply.json();
                        assert_eq!(body.as_object().unwrap().len(), 2, "{body}");
                    }
                }
            }
        }
    })
    .await;
}

// A087
#[tokio::test]
async fn a_token_answer_says_exactly_what_was_granted() {
    everywhere(async |world| {
        let scope = "openid profile offline_access sip.register sip.call token.introspect";
        let service = world.client("service", scope).await;
        let person = world.person("joan").await;
        let guest = world.person_of(&world.tenant, "gus", &["guest"]).await;
        for (who, asked, granted) in [
            (None, "sip.call sip.register", "sip.call sip.register"),
            (
                None,
                "sip.register sip.call sip.register",
                "sip.call sip.register",
            ),
            (None, "", "sip.call sip.register token.introspect"),
            (Some(&person), "openid profile", "openid profile"),
            (Some(&person), "", "profile sip.call sip.register"),
            (
                Some(&person),
                "sip.register token.introspect",
                "sip.register",
            ),
            (Some(&guest), "openid sip.register", "openid"),
            (Some(&guest), "sip.register sip.call", ""),
        ] {
            let reply = match who {
                None => service.client_credentials(asked).await,
                Some(who) => service.sign_in(who, asked).await,
            };
            reply.assert_ok();
            let body = reply.json();
            assert_eq!(body["scope"], granted, "{asked}");
            assert_eq!(body["token_type"], "Bearer");
            assert!(body["expires_in"].as_i64().is_some_and(|left| left > 0));
            let seen = service.introspect(&reply.text("access_token")).await.json();
            assert_eq!(seen["scope"].as_str().unwrap_or_default(), granted);
            let left = seen["exp"].as_i64().unwrap() - world.clock.now().seconds();
            assert_eq!(body["expires_in"], left);
            for name in body.as_object().unwrap().keys() {
                let known = [
                    "access_token",
                    "token_type",
                    "expires_in",
                    "scope",
                    "id_token",
                ];
                assert!(known.contains(&name.as_str()), "{name}");
            }
        }
        let reply = service.sign_in(&person, "openid offline_access").await;
        let refresh = reply.text("refresh_token");
        let narrowed = service
            .post(
                "/token",
                &[
                    ("grant_type", "refresh_token"),
                    ("refresh_token", &refresh),
                    ("scope", "openid"),
                ],
            )
            .await;
        assert_eq!(narrowed.json()["scope"], "openid");
    })
    .await;
}

#[tokio::test]
async fn a_tokens_life_is_the_shortest_anybody_asks_for() {
    everywhere(async |world| {
        for (audience, scope, token_lifetime) in [
            ("https://short.test", "short.read", Some(60)),
            ("https://long.test", "long.read", Some(7200)),
            ("https://plain.test", "plain.read", None),
        ] {
            let resource = Resource {
                audience: audience.to_owned(),
                scopes: scope.parse().unwrap(),
                token_lifetime,
                ..Resource::default()
            };
            world.resource(resource).await;
        }
        let scope = "short.read long.read plain.read sip.register";
        let plain = world.client("plain", scope).await;
        let own = world
            .client_with("own", scope, |metadata| {
                metadata.access_token_lifetime = Some(300);
            })
            .await;
        for (service, asked, lifetime) in [
            (&plain, "sip.register", 900),
            (&plain, "plain.read", 900),
            (&plain, "long.read", 900),
            (&plain, "short.read", 60),
            (&plain, "short.read long.read sip.register", 60),
            (&own, "sip.register", 300),
            (&own, "short.read", 60),
            (&own, "long.read", 300),
        ] {
            let reply = service.client_credentials(asked).await;
            assert_eq!(reply.json()["expires_in"], lifetime, "{asked}");
            let (_, claims) = opened(&reply.text("access_token"));
            let life = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
            assert_eq!(life, lifetime);
        }
    })
    .await;
}

#[tokio::test]
async fn a_token_is_opaque_where_client_or_resource_wants_it() {
    everywhere(async |world| {
        let resource = Resource {
            audience: "https://opaque.test".to_owned(),
            scopes: "opaque.read".parse().unwrap(),
            token_format: Some(TokenFormat::Opaque),
            ..Resource::default()
        };
        world.resource(resource).await;
        let scope = "openid sip.register opaque.read";
        let signed = world.client("signed", scope).await;
        let opaque = world
            .client_with("opaque", scope, |metadata| {
                metadata.access_token_format = Some(TokenFormat::Opaque);
            })
            .await;
        let person = world.person("joan").await;
        for (service, asked, is_opaque) in [
            (&signed, "sip.register", false),
            (&signed, "opaque.read", true),
            (&signed, "sip.register opaque.read", true),
            (&opaque, "sip.register", true),
        ] {
            for reply in [
                service.client_credentials(asked).await,
                service.sign_in(&person, asked).await,
            ] {
                let token = reply.text("access_token");
                assert_eq!(token.starts_with("uc_at_"), is_opaque, "{asked}: {token}");
                assert_eq!(reply.json()["token_type"], "Bearer");
                assert!(Service::is_active(&service.introspect(&token).await));
                service.revoke(&token).await.assert_ok();
                service.introspect(&token).await.assert_inactive();
            }
        }
        let token = opaque.sign_in(&person, "openid").await.text("access_token");
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str())];
        let reply = world.anonymous().get_with("/userinfo", &headers).await;
        assert_eq!(reply.assert_ok().json()["sub"], person.id.as_str());
        for wrong in [
            format!("{token}x"),
            token.to_uppercase(),
            token[..20].to_owned(),
        ] {
            opaque.introspect(&wrong).await.assert_inactive();
        }
        world.advance(900);
        opaque.introspect(&token).await.assert_inactive();
    })
    .await;
}

// A REGISTER over UDP has 1300 bytes, and the token 918 of them.
#[tokio::test]
async fn a_token_for_sip_is_small_and_says_nothing_more() {
    everywhere_with(
        |config| config.tokens.signing_alg = "RS256".to_owned(),
        async |world| {
            let service = world
                .client("pbx", "sip.register sip.call sip.message")
                .await;
            let person = world.person("a-person-with-a-rather-long-name").await;
            let reply = service.sign_in(&person, "sip.register").await;
            let token = reply.text("access_token");
            assert!(token.len() < 918, "{} bytes", token.len());
            let (header, claims) = opened(&token);
            let mut names: Vec<_> = claims.as_object().unwrap().keys().collect();
            names.sort();
            let expected = [
                "aud",
                "client_id",
                "exp",
                "iat",
                "iss",
                "jti",
                "scope",
                "sid",
                "sub",
                "username",
            ];
            assert_eq!(names, expected);
            assert_eq!(claims["aud"], json!(["rvoip-sip"]));
            assert_eq!(claims["sub"], person.id.as_str());
            assert_eq!(header["typ"], "at+jwt");
            assert_eq!(header["alg"], "RS256");
            assert_eq!(header.as_object().unwrap().len(), 3);
        },
    )
    .await;
}
