//! What else comes in: refused in the profile's own shape.

use axum::body::Body;
use serde_json::json;

use super::{jane, put, register, served, token_of};
use crate::seeds::calls::{call, malformed, post, send};

#[tokio::test]
async fn a_body_that_is_none_is_refused_in_one_shape() {
    served(async |world| {
        let (_, admin) = token_of(&world, "ada", "admin").await;
        let bob = world.person("bob").await;
        let update = format!("/api/users/{}", bob.id);
        for (method, path) in [
            ("POST", "/api/register"),
            ("POST", "/api/login"),
            ("PUT", &*update),
        ] {
            for (content_type, body, status) in malformed() {
                let mut headers = vec![("authorization", format!("Bearer {admin}"))];
                headers.extend(content_type.map(|kind| ("content-type", kind.to_owned())));
                let error = match status {
                    400 => "malformed",
                    413 => "too-large",
                    _ => "unsupported-media-type",
                };
                let caller = world.anonymous();
                let reply = send(caller, method, path, &headers, Body::from(body)).await;
                reply.assert_refused(status, error);
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_member_that_is_missing_of_another_type_or_breaks_a_rule_is_named() {
    served(async |world| {
        let caller = world.anonymous();
        for path in ["/api/register", "/api/login"] {
            for field in ["email", "password"] {
                let mut body = jane();
                body.as_object_mut().expect("an object").remove("username");
                body[field] = json!(null);
                let reply = post(caller, path, &body).await;
                reply.assert_refused(400, "malformed").assert_blames(field);
                for value in [json!(5), json!([]), json!({ "$gt": "" }), json!("a\u{0}b")] {
                    body[field] = value;
                    let reply = post(caller, path, &body).await;
                    reply.assert_refused(400, "malformed").assert_blames(field);
                }
            }
        }
        for (field, value) in [
            ("email", "not an address"),
            ("username", "with spaces"),
            ("password", "short"),
        ] {
            let mut body = jane();
            body[field] = json!(value);
            let reply = register(&world, &body).await;
            reply
                .assert_refused(422, "invalid-fields")
                .assert_blames(field);
        }
        let both = json!({ "email": "a", "username": "b", "password": "c" });
        post(caller, "/api/login", &both)
            .await
            .assert_refused(400, "malformed");
    })
    .await;
}

#[tokio::test]
async fn what_nobody_asked_for_is_not_read() {
    served(async |world| {
        let mut body = jane();
        for (name, value) in [
            ("roles", json!(["admin"])),
            ("role", json!("admin")),
            ("is_admin", json!(true)),
            ("is_active", json!(false)),
            ("email_verified", json!(true)),
            ("id", json!("550e8400-e29b-41d4-a716-446655440000")),
        ] {
            body[name] = value;
        }
        let reply = register(&world, &body).await;
        reply.assert_status(201);
        let account = reply.json();
        assert_eq!(account["roles"], json!(["user"]));
        assert_eq!(account["email_verified"], false);
        assert_eq!(account["is_active"], true);
        assert_ne!(account["id"], "550e8400-e29b-41d4-a716-446655440000");
    })
    .await;
}

#[tokio::test]
async fn a_change_that_breaks_a_rule_changes_nothing() {
    served(async |world| {
        let (_, admin) = token_of(&world, "ada", "admin").await;
        let bob = world.person("bob").await;
        world.person("carol").await;
        let path = format!("/api/users/{}", bob.id);
        for (body, status, error) in [
            (json!({ "email": "none" }), 422, "invalid-fields"),
            (json!({ "username": "" }), 422, "invalid-fields"),
            (json!({ "roles": ["no-such-role"] }), 422, "invalid-fields"),
            (json!({ "roles": "admin" }), 400, "malformed"),
            (json!({ "is_active": "yes" }), 400, "malformed"),
            (json!({ "name": "a\u{0}b" }), 400, "malformed"),
            (json!({ "email": "carol@example.test" }), 409, "conflict"),
            (json!({ "username": "CAROL" }), 409, "conflict"),
            (
                json!({ "active": true, "is_active": true }),
                400,
                "malformed",
            ),
        ] {
            let reply = put(&world, &path, &admin, &body).await;
            reply.assert_refused(status, error);
        }
        let rows = world.app.store.tenant(&world.tenant.id);
        let user = rows.user(&bob.id).await.expect("an answer").expect("Bob");
        assert_eq!(user.email.as_deref(), Some("bob@example.test"));
        assert_eq!(user.roles, ["user"]);
    })
    .await;
}

#[tokio::test]
async fn a_method_nobody_knows_is_refused_in_one_shape() {
    served(async |world| {
        let (_, admin) = token_of(&world, "ada", "admin").await;
        for (path, wrong, allow) in [
            ("/api/register", "GET", "POST"),
            ("/api/login", "PATCH", "POST"),
            ("/api/refresh", "GET", "POST"),
            ("/api/logout", "GET", "POST"),
            ("/api/users", "POST", "GET, HEAD"),
            ("/api/users/1", "DELETE", "PUT"),
            ("/api/users/1/activity", "POST", "GET, HEAD"),
            ("/api/metrics", "POST", "GET, HEAD"),
        ] {
            let reply = call(world.anonymous(), wrong, path, Some(&admin), None).await;
            reply.assert_refused(405, "method-not-allowed");
            assert_eq!(reply.header("allow"), Some(allow), "{path}");
        }
    })
    .await;
}
