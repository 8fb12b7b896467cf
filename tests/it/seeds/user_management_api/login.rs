//! The thirteen tests of login and of one's own account that the document lists, under their names.

use serde_json::{Value, json};

use super::{MADE_UP, log_in, me, registered, served, token};
use crate::seeds::calls::{assert_as_shown, post, send};
use crate::support::forge::opened;

fn shown_user() -> Value {
    json!({
        "userId": "550e8400-e29b-41d4-a716-446655440000",
        "name": "John Doe",
        "email": "john@example.com",
        "createdAt": "2025-10-15T12:34:56Z",
    })
}

#[tokio::test]
async fn test_login_success() {
    served(async |world| {
        registered(&world).await;
        let reply = log_in(&world, "john@example.com", "SecurePass123").await;
        reply.assert_ok();
        let token = reply.json()["data"]["token"].clone();
        me(&world, token.as_str().expect("a token"))
            .await
            .assert_ok();
        // The case of an address says nothing.
        log_in(&world, "John@EXAMPLE.com", "SecurePass123")
            .await
            .assert_ok();
    })
    .await;
}

#[tokio::test]
async fn test_login_invalid_email() {
    served(async |world| {
        registered(&world).await;
        for email in [
            "nobody@example.com",
            "not-an-email",
            "john@example.com.",
            "%",
        ] {
            let reply = log_in(&world, email, "SecurePass123").await;
            reply.assert_unsuccessful(401);
        }
    })
    .await;
}

#[tokio::test]
async fn test_login_invalid_password() {
    served(async |world| {
        registered(&world).await;
        for password in ["WrongPass123", "securepass123", "SecurePass123 ", "x"] {
            let reply = log_in(&world, "john@example.com", password).await;
            reply.assert_unsuccessful(401);
        }
    })
    .await;
}

#[tokio::test]
async fn test_login_missing_email() {
    served(async |world| {
        registered(&world).await;
        let body = json!({ "password": "SecurePass123" });
        let reply = post(world.anonymous(), "/api/users/login", &body).await;
        reply.assert_unsuccessful(400).assert_fields(&["email"]);
    })
    .await;
}

#[tokio::test]
async fn test_login_missing_password() {
    served(async |world| {
        registered(&world).await;
        let body = json!({ "email": "john@example.com" });
        let reply = post(world.anonymous(), "/api/users/login", &body).await;
        reply.assert_unsuccessful(400).assert_fields(&["password"]);
    })
    .await;
}

#[tokio::test]
async fn test_login_empty_credentials() {
    served(async |world| {
        let caller = world.anonymous();
        for body in [
            json!({}),
            json!({ "email": "", "password": "" }),
            json!({ "email": null, "password": null }),
        ] {
            let reply = post(caller, "/api/users/login", &body).await;
            let reply = reply.assert_unsuccessful(400);
            reply.assert_fields(&["email", "password"]);
        }
    })
    .await;
}

#[tokio::test]
async fn test_token_contains_user_info() {
    served(async |world| {
        let id = registered(&world).await.json()["data"]["userId"].clone();
        let token = token(&world).await;
        let (header, claims) = opened(&token);
        assert_eq!(claims["userId"], id);
        assert_eq!(claims["sub"], id);
        assert_eq!(claims["email"], "john@example.com");
        let (exp, iat) = (claims["exp"].as_i64(), claims["iat"].as_i64());
        assert_eq!(exp.expect("an end") - iat.expect("a time"), 86_400);
        assert_eq!(claims["iat"], world.app.clock.now().seconds());
        // Whoever can verify one can make none.
        assert_ne!(header["alg"], "HS256");
        assert!(!token.contains("SecurePass123"));
    })
    .await;
}

#[tokio::test]
async fn test_get_current_user_success() {
    let shown = json!({ "success": true, "data": shown_user() });
    served(async |world| {
        let made = registered(&world).await.json()["data"].clone();
        let reply = me(&world, &token(&world).await).await;
        reply.assert_ok();
        assert_as_shown(&reply.json(), &shown, MADE_UP);
        assert_eq!(reply.json()["data"], made);
    })
    .await;
}

#[tokio::test]
async fn test_get_current_user_no_token() {
    served(async |world| {
        let reply = world.anonymous().get("/api/users/me").await;
        reply.assert_unsuccessful(403);
    })
    .await;
}

#[tokio::test]
async fn test_get_current_user_invalid_token() {
    served(async |world| {
        registered(&world).await;
        let token = token(&world).await;
        let (head, signature) = token.rsplit_once('.').expect("three parts");
        let turned: String = signature.chars().rev().collect();
        for bad in [
            "invalid.token.here",
            "x",
            &format!("{head}.{turned}"),
            &format!("{head}."),
        ] {
            me(&world, bad).await.assert_unsuccessful(401);
        }
        // One second before its end it is good, and then it is not.
        world.advance(86_399);
        me(&world, &token).await.assert_ok();
        world.advance(1);
        me(&world, &token).await.assert_unsuccessful(401);
    })
    .await;
}

#[tokio::test]
async fn test_get_current_user_malformed_header() {
    served(async |world| {
        registered(&world).await;
        let token = token(&world).await;
        for header in [
            token.clone(),
            format!("Token {token}"),
            format!("Bearer{token}"),
            "Bearer".to_owned(),
            "Bearer ".to_owned(),
            format!("Bearer {token} {token}"),
            "InvalidFormat".to_owned(),
            "Basic am9objpTZWN1cmVQYXNzMTIz".to_owned(),
        ] {
            let headers = [("authorization", header.clone())];
            let caller = world.anonymous();
            let body = axum::body::Body::empty();
            let reply = send(caller, "GET", "/api/users/me", &headers, body).await;
            reply.assert_unsuccessful(403);
        }
    })
    .await;
}

#[tokio::test]
async fn test_login_response_structure() {
    let shown = json!({
        "success": true,
        "message": "Login successful",
        "data": { "token": "eyJhbGciOi...", "user": shown_user() },
    });
    served(async |world| {
        registered(&world).await;
        let reply = log_in(&world, "john@example.com", "SecurePass123").await;
        reply.assert_ok();
        assert_as_shown(&reply.json(), &shown, MADE_UP);
        assert_eq!(reply.header("cache-control"), Some("no-store"));
    })
    .await;
}

#[tokio::test]
async fn test_error_response_structure() {
    served(async |world| {
        registered(&world).await;
        let caller = world.anonymous();
        let wrong = log_in(&world, "john@example.com", "WrongPass123").await;
        wrong.assert_unsuccessful(401);
        caller.get("/api/users/me").await.assert_unsuccessful(403);
        caller
            .get("/api/users/login")
            .await
            .assert_unsuccessful(405);
        let empty = json!({});
        post(caller, "/api/users/login", &empty)
            .await
            .assert_unsuccessful(400);
        let reply = post(caller, "/api/users/register", &empty).await;
        let reply = reply.assert_unsuccessful(422);
        reply.assert_fields(&["name", "email", "password"]);
    })
    .await;
}
