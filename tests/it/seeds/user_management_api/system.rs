//! What the profile is beside its three routes: the status at `/`, lifetimes, and its being off.

use serde_json::json;
use users_core::config::Profile;

use super::{MADE_UP, john, log_in, me, register, registered, served, token};
use crate::seeds::calls::{assert_as_shown, assert_documented, call, post};
use crate::support::everywhere;
use crate::support::world::everywhere_with;

#[tokio::test]
async fn the_root_tells_programs_that_it_runs() {
    let shown = json!({
        "status": "ok",
        "message": "User Management API is running",
        "version": "1.0.0",
    });
    served(async |world| {
        let caller = world.anonymous();
        for accept in ["*/*", "application/json", "text/html;q=0.5, */*"] {
            let reply = caller.get_with("/", &[("accept", accept)]).await;
            reply.assert_ok();
            assert_eq!(reply.json(), shown, "{accept}");
            assert_eq!(reply.header("vary"), Some("accept"));
        }
        assert_eq!(caller.get("/").await.json(), shown);
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        let page = caller.get_with("/", &[("accept", browser)]).await;
        let kind = page.header("content-type").unwrap_or_default();
        assert!(kind.starts_with("text/html"), "{page:?}");
    })
    .await;
    everywhere(async |world| {
        let reply = world.anonymous().get("/").await;
        assert!(!reply.body.contains("User Management API"), "{reply:?}");
    })
    .await;
}

#[tokio::test]
async fn the_documents_pages_lead_to_ours() {
    served(async |world| {
        for (name, place) in [("/redoc", "/docs"), ("/swagger", "/docs")] {
            let reply = world.anonymous().get(name).await;
            reply.assert_status(308);
            assert_eq!(reply.header("location"), Some(place));
        }
        world.anonymous().get("/docs").await.assert_ok();
        let document = world.anonymous().get("/openapi.json").await;
        assert!(document.json()["openapi"].is_string());
    })
    .await;
}

/// Every request block of the document, one after the other.
#[tokio::test]
async fn the_documents_walk_through_works_as_it_is_shown() {
    served(async |world| {
        let email = "john.doe@example.com";
        let body = json!({ "name": "John Doe", "email": email, "password": "SecurePass123" });
        let user = json!({
            "userId": "550e8400-e29b-41d4-a716-446655440000",
            "name": "John Doe",
            "email": email,
            "createdAt": "2025-10-15T12:34:56.789Z",
        });
        let reply = post(world.anonymous(), "/api/users/register", &body).await;
        reply.assert_status(201);
        let shown = json!({
            "success": true,
            "message": "User registered successfully",
            "data": user,
        });
        assert_as_shown(&reply.json(), &shown, MADE_UP);
        let body = json!({ "email": email, "password": "SecurePass123" });
        let reply = post(world.anonymous(), "/api/users/login", &body).await;
        reply.assert_ok();
        let shown = json!({
            "success": true,
            "message": "Login successful",
            "data": { "token": "eyJhbGciOi...", "user": user },
        });
        assert_as_shown(&reply.json(), &shown, MADE_UP);
        let token = reply.json()["data"]["token"].clone();
        let token = token.as_str().expect("a token");
        let reply = call(world.anonymous(), "GET", "/api/users/me", Some(token), None).await;
        reply.assert_ok();
        let shown = json!({ "success": true, "data": user });
        assert_as_shown(&reply.json(), &shown, MADE_UP);
    })
    .await;
}

#[tokio::test]
async fn an_address_is_kept_in_lower_case() {
    served(async |world| {
        let body = json!({
            "name": "John Doe",
            "email": "John@EXAMPLE.com",
            "password": "SecurePass123",
        });
        let reply = register(&world, &body).await;
        assert_eq!(reply.json()["data"]["email"], "john@example.com");
        let reply = log_in(&world, "john@example.com", "SecurePass123").await;
        assert_eq!(reply.json()["data"]["user"]["email"], "john@example.com");
    })
    .await;
}

#[tokio::test]
async fn a_day_long_token_is_for_this_door_alone_and_can_be_taken_back() {
    served(async |world| {
        registered(&world).await;
        let token = token(&world).await;
        let rs = world.client("rs", "token.introspect").await;
        let seen = rs.introspect(&token).await.json();
        assert_eq!(seen["active"], true);
        assert_eq!(seen["client_id"], "user-management-api");
        let body = json!({ "identifier": "john@example.com", "password": "SecurePass123" });
        let other = post(world.anonymous(), "/api/v1/auth/login", &body).await;
        assert_eq!(other.json()["expires_in"], 900);
        // Nobody asked for a refresh token, so none is stored.
        let mut raw = world.raw().await;
        let stored = "SELECT COUNT(*) FROM refresh_tokens WHERE client_id = 'user-management-api'";
        assert_eq!(raw.number(stored).await, 0);
        let reply = call(
            world.anonymous(),
            "POST",
            "/api/v1/auth/logout",
            Some(&token),
            None,
        )
        .await;
        reply.assert_status(204);
        me(&world, &token).await.assert_unsuccessful(401);
        assert_eq!(rs.introspect(&token).await.json()["active"], false);
    })
    .await;
}

#[tokio::test]
async fn the_routes_are_there_while_the_profile_is_on() {
    for on in [
        &[][..],
        &[Profile::UsersCore],
        &[Profile::UserManagementService],
    ] {
        everywhere_with(
            |config| config.compat = on.to_vec(),
            async |world| {
                register(&world, &john()).await.assert_status(404);
                log_in(&world, "john@example.com", "SecurePass123")
                    .await
                    .assert_status(404);
                me(&world, "x").await.assert_status(404);
            },
        )
        .await;
    }
}

/// An account that was made elsewhere is shown with the name it signs in with.
#[tokio::test]
async fn accounts_made_elsewhere_sign_in_here() {
    served(async |world| {
        let alice = world.person("alice").await;
        for name in ["alice@example.test", "alice"] {
            let reply = log_in(&world, name, &alice.password).await;
            reply.assert_ok();
            let user = reply.json()["data"]["user"].clone();
            assert_eq!(user["userId"], alice.id.as_str());
            assert_eq!(user["name"], "alice");
        }
    })
    .await;
}

#[tokio::test]
async fn the_document_of_the_api_has_the_profiles_routes() {
    served(async |world| assert_documented(world.anonymous(), Profile::UserManagementApi).await)
        .await;
}

#[tokio::test]
async fn two_nodes_know_the_same_people_and_tokens() {
    served(async |world| {
        registered(&world).await;
        let (_, other) = world.second_node().await;
        let body = json!({ "email": "john@example.com", "password": "SecurePass123" });
        let reply = post(&other, "/api/users/login", &body).await;
        reply.assert_ok();
        let token = reply.json()["data"]["token"].clone();
        me(&world, token.as_str().expect("a token"))
            .await
            .assert_ok();
        let here = super::token(&world).await;
        call(&other, "GET", "/api/users/me", Some(&here), None)
            .await
            .assert_ok();
        let again = post(&other, "/api/users/register", &john()).await;
        again.assert_unsuccessful(409);
    })
    .await;
}

#[tokio::test]
async fn a_failure_of_ours_says_nothing_of_what_failed() {
    served(async |world| {
        registered(&world).await;
        let mut raw = world.raw().await;
        raw.run("UPDATE signing_keys SET private_sealed = 'broken'")
            .await;
        let (_, failing) = world.second_node().await;
        let body = json!({ "email": "john@example.com", "password": "SecurePass123" });
        let reply = post(&failing.unguarded(), "/api/users/login", &body).await;
        reply.assert_unsuccessful(500);
        for word in ["key", "sealed", "SecurePass123", "john", "signing"] {
            assert!(!reply.body.contains(word), "{reply:?}");
        }
    })
    .await;
}
