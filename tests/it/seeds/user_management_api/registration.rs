//! The sixteen tests of registration that the document lists, under their names.

use serde_json::{Value, json};

use super::{MADE_UP, john, john_with, log_in, register, registered, served};
use crate::seeds::calls::assert_as_shown;
use crate::support::raw::Raw;

/// What is wrong with a registration names its field, and nothing is made.
async fn refuses(changes: &Value, field: &str, said: &str) {
    served(async |world| {
        let body = john_with(changes);
        let reply = register(&world, &body).await;
        reply.assert_unsuccessful(422).assert_fields(&[field]);
        assert!(reply.body.contains(said), "{reply:?}");
        log_in(&world, "john@example.com", "SecurePass123")
            .await
            .assert_status(401);
    })
    .await;
}

#[tokio::test]
async fn test_register_user_success() {
    served(async |world| {
        let reply = register(&world, &john()).await;
        reply.assert_status(201);
        assert_eq!(reply.json()["success"], true);
        log_in(&world, "john@example.com", "SecurePass123")
            .await
            .assert_ok();
    })
    .await;
}

#[tokio::test]
async fn test_register_user_missing_email() {
    refuses(&json!({ "email": null }), "email", "address").await;
    refuses(&json!({ "email": "" }), "email", "address").await;
}

#[tokio::test]
async fn test_register_user_invalid_email_format() {
    for email in [
        "not-an-email",
        "@example.com",
        "john@",
        "john@localhost",
        "john doe@example.com",
        "john@exa mple.com",
        "john@@example.com",
        "john@example.com\r\nBcc: all@example.com",
    ] {
        refuses(&json!({ "email": email }), "email", "address").await;
    }
}

#[tokio::test]
async fn test_register_user_missing_password() {
    refuses(&json!({ "password": null }), "password", "characters").await;
}

#[tokio::test]
async fn test_register_user_password_too_short() {
    refuses(&json!({ "password": "Short1" }), "password", "at least 8").await;
}

#[tokio::test]
async fn test_register_user_password_missing_uppercase() {
    refuses(&json!({ "password": "securepass123" }), "password", "upper").await;
}

#[tokio::test]
async fn test_register_user_password_missing_lowercase() {
    refuses(&json!({ "password": "SECUREPASS123" }), "password", "lower").await;
}

#[tokio::test]
async fn test_register_user_password_missing_number() {
    refuses(
        &json!({ "password": "SecurePassword" }),
        "password",
        "digit",
    )
    .await;
}

#[tokio::test]
async fn test_register_user_name_too_long() {
    refuses(&json!({ "name": "a".repeat(101) }), "name", "100").await;
    served(async |world| {
        let body = john_with(&json!({ "name": "a".repeat(100) }));
        register(&world, &body).await.assert_status(201);
    })
    .await;
}

#[tokio::test]
async fn test_register_user_name_empty() {
    for name in [json!(""), json!("   "), json!("\u{a0}\t"), Value::Null] {
        refuses(&json!({ "name": name }), "name", "characters").await;
    }
}

#[tokio::test]
async fn test_register_user_duplicate_email() {
    served(async |world| {
        registered(&world).await;
        for email in ["john@example.com", "JOHN@Example.COM", " john@example.com "] {
            let body = john_with(&json!({ "email": email, "password": "AnotherPass456" }));
            let reply = register(&world, &body).await;
            reply.assert_unsuccessful(409);
        }
        // Nothing became of the others.
        log_in(&world, "john@example.com", "AnotherPass456")
            .await
            .assert_status(401);
        log_in(&world, "john@example.com", "SecurePass123")
            .await
            .assert_ok();
    })
    .await;
}

#[tokio::test]
async fn test_password_is_hashed_before_storage() {
    served(async |world| {
        registered(&world).await;
        let mut raw = Raw::open(&world.database.url).await;
        let hashes = raw
            .texts("SELECT data FROM credentials WHERE kind = 'password'")
            .await;
        assert_eq!(hashes.len(), 1);
        assert!(hashes[0].starts_with("$argon2id$"), "{hashes:?}");
        let rows = raw.rows_of(&world.tenant.id).await;
        assert!(rows.iter().any(|row| row.contains("john@example.com")));
        assert!(!rows.iter().any(|row| row.contains("SecurePass123")));
        // Two people with one password have two hashes.
        let twin = john_with(&json!({ "email": "jane@example.com" }));
        register(&world, &twin).await.assert_status(201);
        let mut hashes = raw
            .texts("SELECT data FROM credentials WHERE kind = 'password'")
            .await;
        hashes.sort();
        hashes.dedup();
        assert_eq!(hashes.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn test_password_not_returned_in_response() {
    served(async |world| {
        let reply = registered(&world).await;
        assert!(!reply.body.contains("SecurePass123"), "{reply:?}");
        assert!(!reply.body.contains("password"), "{reply:?}");
        assert!(!reply.body.contains("argon2"), "{reply:?}");
        let again = register(&world, &john()).await;
        assert!(!again.body.contains("SecurePass123"), "{again:?}");
    })
    .await;
}

#[tokio::test]
async fn test_response_includes_user_id() {
    served(async |world| {
        let reply = registered(&world).await;
        let id = reply.json()["data"]["userId"].clone();
        let id = id.as_str().expect("an id");
        // A UUID of version 4: nobody guesses the next one.
        let parts: Vec<&str> = id.split('-').collect();
        let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12], "{id}");
        assert!(parts[2].starts_with('4'), "{id}");
        assert!(parts[3].starts_with(['8', '9', 'a', 'b']), "{id}");
    })
    .await;
}

#[tokio::test]
async fn test_response_includes_created_at() {
    served(async |world| {
        let reply = registered(&world).await;
        let created_at = reply.json()["data"]["createdAt"].clone();
        assert_eq!(created_at, world.app.clock.now().to_string());
    })
    .await;
}

#[tokio::test]
async fn test_response_format_matches_spec() {
    let shown = json!({
        "success": true,
        "message": "User registered successfully",
        "data": {
            "userId": "550e8400-e29b-41d4-a716-446655440000",
            "name": "John Doe",
            "email": "john.doe@example.com",
            "createdAt": "2025-10-15T12:34:56.789Z",
        },
    });
    served(async |world| {
        let body = john_with(&json!({ "email": "john.doe@example.com" }));
        let reply = register(&world, &body).await;
        reply.assert_status(201);
        assert_eq!(reply.header("content-type"), Some("application/json"));
        assert_as_shown(&reply.json(), &shown, MADE_UP);
        let made_up = reply.json()["data"]["createdAt"].clone();
        let made_up = made_up.as_str().expect("a time");
        assert_eq!(made_up.len(), "2025-10-15T12:34:56.789Z".len());
    })
    .await;
}
