//! In, on and out.

use axum::body::Body;
use serde_json::{Value, json};

use super::{get, jane, log_in, register, served, token_of};
use crate::seeds::calls::{call, post, send};
use crate::support::forge::opened;
use crate::support::{Reply, World};

async fn refresh(world: &World, token: &str) -> Reply {
    let body = json!({ "refresh_token": token });
    post(world.anonymous(), "/api/refresh", &body).await
}

async fn logout(world: &World, token: &str) -> Reply {
    call(world.anonymous(), "POST", "/api/logout", Some(token), None).await
}

#[tokio::test]
async fn whoever_registers_can_sign_in_and_is_a_plain_user() {
    served(async |world| {
        let reply = register(&world, &jane()).await;
        reply.assert_status(201);
        let account = reply.json();
        for (member, value) in [
            ("email", json!("jane@example.com")),
            ("username", json!("jane")),
            ("name", json!("Jane Doe")),
            ("first_name", json!("Jane")),
            ("last_name", json!("Doe")),
            ("roles", json!(["user"])),
            ("is_active", json!(true)),
            ("email_verified", json!(false)),
            ("tenant_id", json!(world.tenant.id)),
            ("last_login", Value::Null),
        ] {
            assert_eq!(account[member], value, "{member}");
        }
        assert!(!reply.body.contains("SecurePass123"));
        for name in ["jane@example.com", "jane", "JANE"] {
            let reply = log_in(&world, name, "SecurePass123").await;
            reply.assert_ok();
            assert_eq!(reply.json()["user"]["id"], account["id"]);
        }
        let body = json!({ "username": "jane", "password": "SecurePass123" });
        let reply = post(world.anonymous(), "/api/login", &body).await;
        reply.assert_ok();
    })
    .await;
}

#[tokio::test]
async fn a_taken_name_or_address_is_a_conflict() {
    served(async |world| {
        register(&world, &jane()).await.assert_status(201);
        register(&world, &jane())
            .await
            .assert_refused(409, "conflict");
        let mut body = jane();
        body["username"] = json!("jane2");
        register(&world, &body)
            .await
            .assert_refused(409, "conflict");
        body["email"] = json!("jane2@example.com");
        body["username"] = json!("JANE");
        register(&world, &body)
            .await
            .assert_refused(409, "conflict");
        body["username"] = Value::Null;
        let reply = register(&world, &body).await;
        reply.assert_status(201);
        assert_eq!(reply.json()["username"], "jane2@example.com");
    })
    .await;
}

#[tokio::test]
async fn a_login_gives_a_short_token_and_a_long_one() {
    served(async |world| {
        register(&world, &jane()).await;
        let reply = log_in(&world, "jane@example.com", "SecurePass123").await;
        reply.assert_ok();
        let json = reply.json();
        assert_eq!(json["token_type"], "Bearer");
        assert_eq!(json["expires_in"], 900);
        let claims = opened(&reply.text("access_token")).1;
        assert_eq!(claims["client_id"], "user-service");
        assert!(claims.get("userId").is_none());
        assert!(json["refresh_token"].is_string());
    })
    .await;
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_its_second_use_ends_everything() {
    served(async |world| {
        register(&world, &jane()).await;
        let first = log_in(&world, "jane", "SecurePass123").await;
        let second = refresh(&world, &first.text("refresh_token")).await;
        second.assert_ok();
        assert_ne!(second.text("refresh_token"), first.text("refresh_token"));
        assert!(second.json().get("user").is_none());
        let third = refresh(&world, &second.text("refresh_token")).await;
        third.assert_ok();
        world.advance(60);
        let replayed = refresh(&world, &first.text("refresh_token")).await;
        replayed.assert_refused(401, "unauthenticated");
        refresh(&world, &third.text("refresh_token"))
            .await
            .assert_refused(401, "unauthenticated");
        logout(&world, &third.text("access_token"))
            .await
            .assert_refused(401, "unauthenticated");
    })
    .await;
}

#[tokio::test]
async fn a_refresh_token_may_stand_in_the_header() {
    served(async |world| {
        register(&world, &jane()).await;
        let reply = log_in(&world, "jane", "SecurePass123").await;
        let token = reply.text("refresh_token");
        let caller = world.anonymous();
        let reply = call(caller, "POST", "/api/refresh", Some(&token), None).await;
        reply.assert_ok();
        let access = reply.text("access_token");
        for wrong in [&*access, "x", "uc_rt_nonsense"] {
            call(caller, "POST", "/api/refresh", Some(wrong), None)
                .await
                .assert_refused(401, "unauthenticated");
        }
        let nothing = call(caller, "POST", "/api/refresh", None, None).await;
        nothing
            .assert_refused(400, "malformed")
            .assert_blames("refresh_token");
        let basic = [("authorization", "Basic amFuZTp4".to_owned())];
        send(caller, "POST", "/api/refresh", &basic, Body::empty())
            .await
            .assert_refused(400, "malformed");
    })
    .await;
}

#[tokio::test]
async fn after_a_logout_neither_token_is_good() {
    served(async |world| {
        register(&world, &jane()).await;
        let here = log_in(&world, "jane", "SecurePass123").await;
        let there = log_in(&world, "jane", "SecurePass123").await;
        let reply = logout(&world, &here.text("access_token")).await;
        reply.assert_ok();
        assert!(reply.json()["message"].is_string());
        logout(&world, &here.text("access_token"))
            .await
            .assert_refused(401, "unauthenticated");
        refresh(&world, &here.text("refresh_token"))
            .await
            .assert_refused(401, "unauthenticated");
        let rs = world.client("rs", "token.introspect").await;
        let seen = rs.introspect(&here.text("access_token")).await;
        seen.assert_inactive();
        // Another sign-in is another one.
        refresh(&world, &there.text("refresh_token"))
            .await
            .assert_ok();
    })
    .await;
}

#[tokio::test]
async fn a_route_that_wants_a_token_says_so() {
    served(async |world| {
        let caller = world.anonymous();
        for (method, path) in [
            ("POST", "/api/logout"),
            ("GET", "/api/users"),
            ("PUT", "/api/users/550e8400-e29b-41d4-a716-446655440000"),
            (
                "GET",
                "/api/users/550e8400-e29b-41d4-a716-446655440000/activity",
            ),
            ("GET", "/api/metrics"),
        ] {
            for token in [None, Some("x"), Some("eyJhbGciOiJub25lIn0.e30.")] {
                let body = (method == "PUT").then(|| json!({}));
                let reply = call(caller, method, path, token, body.as_ref()).await;
                reply.assert_refused(401, "unauthenticated");
                let challenge = reply.header("www-authenticate").unwrap_or_default();
                assert!(challenge.starts_with("Bearer"), "{reply:?}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn to_be_remembered_lengthens_no_access_token() {
    served(async |world| {
        register(&world, &jane()).await;
        let body = json!({ "email": "jane", "password": "SecurePass123", "remember_me": true });
        let reply = post(world.anonymous(), "/api/login", &body).await;
        reply.assert_ok();
        assert_eq!(reply.json()["expires_in"], 900);
    })
    .await;
}

#[tokio::test]
async fn people_of_a_tenant_register_and_sign_in_there() {
    served(async |world| {
        let second = world.new_tenant("second").await;
        let mut body = jane();
        body["tenant_id"] = json!("second");
        let reply = register(&world, &body).await;
        reply.assert_status(201);
        assert_eq!(reply.json()["tenant_id"], second.id.as_str());
        log_in(&world, "jane", "SecurePass123")
            .await
            .assert_refused(401, "unauthenticated");
        let body = json!({ "email": "jane", "password": "SecurePass123", "tenant_id": second.id });
        let reply = post(world.anonymous(), "/api/login", &body).await;
        reply.assert_ok();
        assert_eq!(reply.json()["user"]["tenant_id"], second.id.as_str());
        body_of_no_tenant(&world).await;
        // The token is of its tenant: refreshed there, and at home nowhere else.
        let refreshed = refresh(&world, &reply.text("refresh_token")).await;
        refreshed.assert_ok();
        let claims = opened(&refreshed.text("access_token")).1;
        assert_eq!(claims["tenant_id"], second.id.as_str());
        let (_, admin) = token_of(&world, "ada", "admin").await;
        let here = get(&world, "/api/users", &admin).await;
        assert!(!here.body.contains("jane"), "{here:?}");
    })
    .await;
}

async fn body_of_no_tenant(world: &World) {
    let mut body = jane();
    body["tenant_id"] = json!("third");
    let reply = register(world, &body).await;
    let reply = reply.assert_refused(422, "invalid-fields");
    reply.assert_blames("tenant_id");
    let body = json!({ "email": "jane", "password": "SecurePass123", "tenant_id": "third" });
    let reply = post(world.anonymous(), "/api/login", &body).await;
    reply.assert_refused(401, "unauthenticated");
}
