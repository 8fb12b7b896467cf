//! What else comes in at the profile's routes: refused in its own shape.

use axum::body::Body;
use serde_json::json;
use users_core::config::{Profile, Registration};

use super::{john, john_with, log_in, me, register, registered, served, token};
use crate::seeds::calls::{call, malformed, post, send};
use crate::support::world::everywhere_with;

const POSTS: [&str; 2] = ["/api/users/register", "/api/users/login"];

#[tokio::test]
async fn a_body_that_is_none_is_refused_in_the_envelope() {
    served(async |world| {
        for path in POSTS {
            for (content_type, body, status) in malformed() {
                let headers = content_type.map(|kind| ("content-type", kind.to_owned()));
                let headers: Vec<_> = headers.into_iter().collect();
                let caller = world.anonymous();
                let reply = send(caller, "POST", path, &headers, Body::from(body)).await;
                reply.assert_unsuccessful(status);
            }
            let caller = world.anonymous();
            let headers = [
                ("content-type", "application/json".to_owned()),
                ("content-encoding", "gzip".to_owned()),
            ];
            let reply = send(caller, "POST", path, &headers, Body::from("x")).await;
            assert!(reply.status.is_client_error(), "{reply:?}");
            reply.assert_unsuccessful(reply.status.as_u16());
        }
    })
    .await;
}

#[tokio::test]
async fn a_member_of_another_type_names_its_field() {
    served(async |world| {
        for path in POSTS {
            for value in [json!(5), json!(true), json!([]), json!({ "$ne": null })] {
                for field in ["email", "password"] {
                    let mut body = john();
                    body[field] = value.clone();
                    let reply = post(world.anonymous(), path, &body).await;
                    reply.assert_unsuccessful(422).assert_fields(&[field]);
                }
            }
            let nul = john_with(&json!({ "email": "john\u{0}@example.com" }));
            let reply = post(world.anonymous(), path, &nul).await;
            reply.assert_unsuccessful(422).assert_fields(&["email"]);
        }
        let nul = john_with(&json!({ "name": "John\u{0}" }));
        let reply = register(&world, &nul).await;
        reply.assert_unsuccessful(422).assert_fields(&["name"]);
    })
    .await;
}

#[tokio::test]
async fn what_nobody_asked_for_is_not_read() {
    served(async |world| {
        let body = john_with(&json!({
            "roles": ["admin"],
            "role": "admin",
            "is_admin": true,
            "email_verified": true,
            "tenant_id": "second",
            "userId": "550e8400-e29b-41d4-a716-446655440000",
            "created_at": "2001-01-01T00:00:00Z",
        }));
        let reply = register(&world, &body).await;
        reply.assert_status(201);
        let id = reply.json()["data"]["userId"].clone();
        assert_ne!(id, "550e8400-e29b-41d4-a716-446655440000");
        let rows = world.app.store.tenant(&world.tenant.id);
        let user = rows.user(id.as_str().expect("an id")).await;
        let user = user.expect("an answer").expect("John");
        assert_eq!(user.roles, ["user"]);
        assert!(!user.email_verified && user.enabled);
        assert_eq!(user.created_at, world.app.clock.now());
    })
    .await;
}

#[tokio::test]
async fn texts_are_stored_as_they_came_and_mean_nothing() {
    served(async |world| {
        for (number, name) in [
            "'; DROP TABLE users; --",
            "<script>alert(1)</script>",
            "{{7*7}} ${7*7}",
            "Ærøskøbing 🦀",
        ]
        .into_iter()
        .enumerate()
        {
            let email = format!("p{number}@example.com");
            let body = john_with(&json!({ "name": name, "email": email }));
            let reply = register(&world, &body).await;
            reply.assert_status(201);
            assert_eq!(reply.json()["data"]["name"], name);
            assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
        }
        for control in ["John\nDoe", "John\u{1b}[31m", "\u{7f}John"] {
            let body = john_with(&json!({ "name": control }));
            let reply = register(&world, &body).await;
            reply.assert_unsuccessful(422).assert_fields(&["name"]);
        }
        let body = john_with(&json!({ "name": "  John Doe  " }));
        let reply = register(&world, &body).await;
        assert_eq!(reply.json()["data"]["name"], "John Doe");
    })
    .await;
}

#[tokio::test]
async fn a_method_or_parameter_nobody_knows_is_refused_in_the_envelope() {
    served(async |world| {
        registered(&world).await;
        let token = token(&world).await;
        let caller = world.anonymous();
        for (path, wrong, allow) in [
            ("/api/users/register", "GET", "POST"),
            ("/api/users/login", "DELETE", "POST"),
            ("/api/users/me", "PUT", "GET, HEAD"),
        ] {
            let reply = call(caller, wrong, path, Some(&token), None).await;
            reply.assert_unsuccessful(405);
            assert_eq!(reply.header("allow"), Some(allow));
        }
        for path in ["/api/users/me?x=1", "/api/users/me?%00=1"] {
            let reply = call(caller, "GET", path, Some(&token), None).await;
            assert!(reply.status.is_client_error(), "{reply:?}");
            reply.assert_unsuccessful(reply.status.as_u16());
        }
        let reply = call(caller, "GET", "/api/users/me?access_token=x", None, None).await;
        reply.assert_unsuccessful(403);
    })
    .await;
}

#[tokio::test]
async fn only_a_token_of_somebody_who_is_there_opens_the_account() {
    served(async |world| {
        let id = registered(&world).await.json()["data"]["userId"].clone();
        let token = token(&world).await;
        me(&world, &token).await.assert_ok();
        // Another client's token, for other things.
        let app = world.client("app", "sip.register").await;
        let person = crate::support::people::Person {
            id: id.as_str().expect("an id").to_owned(),
            username: "john@example.com".to_owned(),
            password: "SecurePass123".to_owned(),
        };
        let other = app.sign_in(&person, "sip.register").await;
        me(&world, &other.text("access_token"))
            .await
            .assert_unsuccessful(401);
        let own = app.client_credentials("sip.register").await;
        me(&world, &own.text("access_token"))
            .await
            .assert_unsuccessful(401);
        world.set_enabled(&person, false).await;
        me(&world, &token).await.assert_unsuccessful(401);
        log_in(&world, "john@example.com", "SecurePass123")
            .await
            .assert_unsuccessful(401);
        world.set_enabled(&person, true).await;
        log_in(&world, "john@example.com", "SecurePass123")
            .await
            .assert_ok();
        world.delete_person(&person).await;
        log_in(&world, "john@example.com", "SecurePass123")
            .await
            .assert_unsuccessful(401);
    })
    .await;
}

#[tokio::test]
async fn who_may_register_is_said_by_the_settings() {
    for closed in [
        Registration::Off,
        Registration::Invite,
        Registration::Domain,
    ] {
        everywhere_with(
            |config| {
                config.compat = vec![Profile::UserManagementApi];
                config.registration = closed;
            },
            async |world| {
                let reply = register(&world, &john()).await;
                reply.assert_unsuccessful(403);
                assert!(reply.body.contains("registration"), "{reply:?}");
            },
        )
        .await;
    }
}
