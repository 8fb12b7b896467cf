//! What a direct login gives, and the client its tokens name.

use serde_json::json;
use users_core::model::client_metadata::GrantType;
use users_core::model::door::Door;

use super::{bearer, login, post, refresh, try_login};
use crate::support::forge::opened;
use crate::support::world::every_grant;
use crate::support::{World, everywhere};
use users_core::admin::clients;
use users_core::model::audit_event::Actor;

#[tokio::test]
async fn a_name_or_an_address_and_the_password_give_tokens() {
    everywhere(async |world| {
        let alice = world.person("alice").await;
        for member in ["identifier", "username", "email"] {
            let name = match member {
                "email" => "Alice@Example.test",
                _ => "alice",
            };
            let body = json!({ member: name, "password": alice.password });
            let reply = post(world.anonymous(), "/auth/login", &body).await;
            reply.assert_ok();
            assert_eq!(reply.header("cache-control"), Some("no-store"));
            let json = reply.json();
            assert_eq!(json["token_type"], "Bearer");
            assert_eq!(json["expires_in"], 900);
            let scope = "account email openid profile sip.call sip.message sip.presence sip.register sip.transfer";
            assert_eq!(json["scope"], scope);
            let claims = opened(&reply.text("access_token")).1;
            assert_eq!(claims["sub"], alice.id.as_str());
            assert_eq!(claims["client_id"], "api");
            assert_eq!(claims["username"], "alice");
            assert_eq!(claims["email"], "alice@example.test");
            assert_eq!(claims["roles"], json!(["user"]));
            let audience = claims["aud"].as_array().expect("a list");
            for expected in ["rvoip-api", "rvoip-sip"] {
                assert!(audience.iter().any(|it| it == expected), "{claims}");
            }
            assert!(json.get("id_token").is_none());
        }
    })
    .await;
}

#[tokio::test]
async fn a_token_holds_what_the_role_gives_and_reaches_it() {
    everywhere(async |world| {
        for (role, holds, lacks) in [
            ("admin", "tenants.write", "nothing"),
            ("moderator", "users.write", "roles.write"),
            ("guest", "users.read", "sip.register"),
            ("user", "sip.register", "users.read"),
            ("vendor", "metrics.read", "users.read"),
        ] {
            let name = format!("the-{role}");
            let person = world.person_of(&world.tenant, &name, &[role]).await;
            let scope = login(&world, &person).await.text("scope");
            let words: Vec<&str> = scope.split(' ').collect();
            assert!(words.contains(&holds), "{role}: {scope}");
            assert!(words.contains(&"account"), "{role}: {scope}");
            assert!(!words.contains(&lacks), "{role}: {scope}");
            let bearer = bearer(&world, &person).await;
            bearer.get("/users/me").await.assert_ok();
        }
    })
    .await;
}

#[tokio::test]
async fn less_may_be_asked_for_and_more_is_not_given() {
    everywhere(async |world| {
        let alice = world.person("alice").await;
        let ask = async |scope: &str| {
            let body = json!({ "identifier": "alice", "password": alice.password, "scope": scope });
            post(world.anonymous(), "/auth/login", &body).await
        };
        let narrow = ask("sip.register").await;
        assert_eq!(narrow.text("scope"), "sip.register");
        let token = narrow.text("access_token");
        let claims = opened(&token).1;
        assert_eq!(claims["aud"], json!(["rvoip-sip"]));
        assert!(claims.get("roles").is_none() && claims.get("email").is_none());
        assert_eq!(ask("account users.write").await.text("scope"), "account");
        for unknown in ["no.such.scope", "offline_access", "a\"b"] {
            let reply = ask(unknown).await;
            reply.assert_problem(422, "invalid-fields");
            reply.assert_names("#/scope");
        }
    })
    .await;
}

/// Guide: a REGISTER over UDP has 1300 bytes, and the rest of it needs its room.
#[tokio::test]
async fn an_everyday_token_signed_with_rsa_fits_into_a_kibibyte() {
    crate::support::world::everywhere_with(
        |config| "RS256".clone_into(&mut config.tokens.signing_alg),
        async |world| {
            let alice = world.person("alice").await;
            let token = login(&world, &alice).await.text("access_token");
            assert!(token.len() <= 1024, "{} bytes: {token}", token.len());
        },
    )
    .await;
}

#[tokio::test]
async fn nobody_names_the_client_of_a_door() {
    everywhere(async |world| {
        let alice = world.person("alice").await;
        let tokens = login(&world, &alice).await;
        let refresh_token = tokens.text("refresh_token");
        let access_token = tokens.text("access_token");
        for (path, form) in [
            (
                "/token",
                vec![
                    ("grant_type", "refresh_token"),
                    ("refresh_token", &*refresh_token),
                ],
            ),
            (
                "/token",
                vec![
                    ("grant_type", "password"),
                    ("username", "alice"),
                    ("password", &*alice.password),
                ],
            ),
            ("/token", vec![("grant_type", "client_credentials")]),
            ("/revoke", vec![("token", &*refresh_token)]),
            ("/introspect", vec![("token", &*access_token)]),
        ] {
            for secret in [None, Some("a-secret-of-more-than-32-characters")] {
                let mut form = form.clone();
                form.push(("client_id", "api"));
                form.extend(secret.map(|secret| ("client_secret", secret)));
                let reply = world.anonymous().post(path, &form, &[]).await;
                reply.assert_error(401, "invalid_client");
            }
        }
        // Its tokens live.
        let rs = world.client("rs", "token.introspect").await;
        assert!(crate::support::people::Service::is_active(
            &rs.introspect(&access_token).await
        ));
        refresh(&world, &refresh_token).await.assert_ok();
    })
    .await;
}

#[tokio::test]
async fn no_operator_writes_or_removes_the_client_of_a_door() {
    everywhere(async |world| {
        let actor = Actor::command_line();
        let tenant = &world.tenant;
        for door in Door::ALL {
            let id = door.client_id();
            let secret = clients::Secret::Generate;
            let metadata = every_grant("account");
            let made =
                clients::create(&world.app, &actor, tenant, id, metadata, true, secret).await;
            assert!(made.is_err(), "{id}");
            assert!(
                clients::delete(&world.app, &actor, tenant, id)
                    .await
                    .is_err()
            );
        }
        let alice = world.person("alice").await;
        login(&world, &alice).await;
        let client = clients::get(&world.app, tenant, "api").await.expect("made");
        assert!(client.metadata.first_party && client.secrets.is_empty());
        assert_eq!(client.metadata.grant_types, [GrantType::RefreshToken]);
        let keep = clients::Secret::Keep;
        let metadata = client.metadata.clone();
        let written =
            clients::update(&world.app, &actor, tenant, &client, metadata, false, keep).await;
        assert!(written.is_err());
        assert!(
            clients::delete(&world.app, &actor, tenant, "api")
                .await
                .is_err()
        );
    })
    .await;
}

#[tokio::test]
async fn a_wrong_password_makes_no_client() {
    everywhere(async |world| {
        world.person("alice").await;
        let missing = async |world: &World| {
            clients::get(&world.app, &world.tenant, "api")
                .await
                .is_err()
        };
        try_login(&world, "alice", "not the passphrase")
            .await
            .assert_status(401);
        refresh(&world, "uc_rt_nonsense").await.assert_status(401);
        assert!(missing(&world).await);
        let before = world.audit().await.len();
        assert!(world.audit().await.len() == before);
    })
    .await;
}

#[tokio::test]
async fn the_settings_say_how_long_tokens_live_also_where_the_client_is_there() {
    everywhere(async |world| {
        let alice = world.person("alice").await;
        assert_eq!(login(&world, &alice).await.json()["expires_in"], 900);
        let mut config = world.app.config.clone();
        config.compat = vec![users_core::config::Profile::UserManagementService];
        let other = world.node_with(config).await;
        let body = json!({ "identifier": "alice", "password": alice.password });
        let reply = post(&other, "/auth/login", &body).await;
        assert_eq!(reply.json()["expires_in"], 1800, "{reply:?}");
        let token = reply.text("refresh_token");
        let refresh = async || {
            let body = json!({ "refresh_token": token });
            post(&other, "/auth/refresh", &body).await
        };
        world.advance(7 * 86_400);
        refresh().await.assert_status(401);
    })
    .await;
}
