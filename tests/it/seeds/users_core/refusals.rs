//! Bad input, missing proof, and everything else that is refused: one shape, and never a 5xx.

use axum::body::Body;
use axum::http::Request;
use serde_json::json;
use users_core::config::Profile;

use super::{Client, admin, everywhere, on, signed_in};
use crate::support::world::everywhere_with;
use crate::support::{Reply, World};

/// Every route with a body, and what a good one holds.
fn writes(id: &str) -> Vec<(&'static str, String)> {
    vec![
        ("POST", "/auth/login".to_owned()),
        ("POST", "/auth/refresh".to_owned()),
        ("POST", "/users".to_owned()),
        ("PUT", format!("/users/{id}")),
        ("POST", format!("/users/{id}/password")),
        ("POST", format!("/users/{id}/roles")),
        ("POST", format!("/users/{id}/api-keys")),
    ]
}

fn reads(id: &str) -> Vec<(&'static str, String)> {
    vec![
        ("POST", "/auth/logout".to_owned()),
        ("GET", "/users".to_owned()),
        ("GET", format!("/users/{id}")),
        ("DELETE", format!("/users/{id}")),
        ("GET", format!("/users/{id}/api-keys")),
        ("DELETE", format!("/api-keys/{id}")),
    ]
}

async fn send(
    client: &Client,
    (method, path): (&str, &str),
    content_type: Option<&str>,
    body: impl Into<Body>,
) -> Reply {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in &client.headers {
        request = request.header(*name, value);
    }
    if let Some(content_type) = content_type {
        request = request.header("content-type", content_type);
    }
    let request = request.body(body.into()).expect("a request");
    client.caller.send(request).await
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_refused_in_the_profiles_words() {
    everywhere(async |world| {
        let ada = world.person_of(&world.tenant, "ada", &["admin"]).await;
        let client = signed_in(&world, &ada).await;
        let deep = format!("{{\"x\":{}1{}}}", "[".repeat(10_000), "]".repeat(10_000));
        let nul = json!({
            "username": "a\u{0}", "password": "a\u{0}", "refresh_token": "a\u{0}", "name": "a\u{0}",
            "display_name": "\u{0}", "old_password": "\u{0}", "new_password": "\u{0}", "roles": ["\u{0}"],
            "permissions": ["\u{0}"],
        });
        let wrong_types = json!({
            "username": 1, "password": [], "refresh_token": {}, "roles": 7, "display_name": false,
            "old_password": 1, "new_password": 2, "name": null, "permissions": {}, "email": [1],
        });
        let (nul, wrong_types) = (nul.to_string(), wrong_types.to_string());
        for (method, path) in writes(&ada.id) {
            for body in [
                "", "{", "[]", "null", "7", "\"x\"", "{\"a\":1,\"a\":2}", "\u{feff}{}", "{}x",
                "{'a':1}", &deep, &nul, &wrong_types,
            ] {
                let reply = send(&client, (method, &path), Some("application/json"), body.to_owned());
                reply.await.assert_code(400, "BAD_REQUEST");
            }
            let reply = send(&client, (method, &path), Some("application/json"), vec![0xff, 0xfe]);
            reply.await.assert_code(400, "BAD_REQUEST");
            for other in [
                None,
                Some("text/plain"),
                Some("application/x-www-form-urlencoded"),
                Some("application/json; charset=utf-16"),
            ] {
                let reply = send(&client, (method, &path), other, "{}").await;
                reply.assert_code(415, "BAD_REQUEST");
            }
            let large = " ".repeat(world.app.config.limits.max_body_bytes + 1);
            let reply = send(&client, (method, &path), Some("application/json"), large).await;
            reply.assert_code(413, "BAD_REQUEST");
        }
        // Nothing was changed by any of it.
        client.get(&format!("/users/{}", ada.id)).await.assert_ok();
    })
    .await;
}

#[tokio::test]
async fn nothing_is_there_for_an_id_or_a_method_that_is_none() {
    everywhere(async |world| {
        let client = admin(&world).await;
        let long = "x".repeat(3000);
        for id in [
            "00000000-0000-4000-8000-000000000000",
            "1",
            "%00",
            "..%2f..",
            "' OR 1=1 --",
            "%F0%9F%98%80",
            long.as_str(),
        ] {
            let id = id.replace(' ', "%20").replace('\'', "%27");
            let change = json!({ "display_name": "X" });
            for (method, path, body) in [
                ("GET", format!("/users/{id}"), None),
                ("PUT", format!("/users/{id}"), Some(&change)),
                ("DELETE", format!("/users/{id}"), None),
                ("GET", format!("/users/{id}/api-keys"), None),
                ("DELETE", format!("/api-keys/{id}"), None),
            ] {
                let reply = client.call(method, &path, body).await;
                reply.assert_code(404, "NOT_FOUND");
            }
        }
        for (method, path) in [
            ("PATCH", "/users"),
            ("DELETE", "/users"),
            ("GET", "/auth/login"),
            ("PUT", "/auth/refresh"),
            ("POST", "/api-keys/x"),
            ("TRACE", "/users/x"),
        ] {
            let reply = client.call(method, path, None).await;
            reply.assert_code(405, "BAD_REQUEST");
            assert!(reply.header("allow").is_some());
        }
    })
    .await;
}

async fn unproven(world: &World, status: u16, challenges: bool) {
    let alice = world.person("alice").await;
    let garbage = Client::with_token(world, "eyJhbGciOiJub25lIn0.e30.");
    let key = Client::with_key(world, "rvoip_ak_live_nonsense");
    for client in [&Client::anonymous(world), &garbage, &key] {
        let all = reads(&alice.id).into_iter().chain(writes(&alice.id));
        for (method, path) in
            all.filter(|(_, path)| *path != "/auth/login" && *path != "/auth/refresh")
        {
            let reply = client.call(method, &path, Some(&json!({}))).await;
            reply.assert_code(status, "FORBIDDEN");
            if challenges {
                let challenge = reply.header("www-authenticate");
                assert!(
                    challenge.is_some_and(|it| it.starts_with("Bearer")),
                    "{reply:?}"
                );
            }
        }
    }
    let everybody = world.person_of(&world.tenant, "gus", &["guest"]).await;
    let guest = signed_in(world, &everybody).await;
    let reply = guest.delete(&format!("/users/{}", alice.id)).await;
    reply.assert_code(403, "FORBIDDEN");
}

#[tokio::test]
async fn a_missing_or_invalid_token_is_403_as_its_callers_know_it() {
    everywhere(async |world| unproven(&world, 403, false).await).await;
}

#[tokio::test]
async fn a_missing_or_invalid_token_is_401_with_a_challenge_where_the_settings_say_so() {
    everywhere_with(
        |config| {
            on(config);
            "401".clone_into(&mut config.compat_missing_token_status);
        },
        async |world| unproven(&world, 401, true).await,
    )
    .await;
}

#[tokio::test]
async fn every_answer_has_the_headers_its_callers_know() {
    everywhere(async |world| {
        let client = admin(&world).await;
        for reply in [
            client.get("/users").await,
            client.get("/users/nobody").await,
            Client::anonymous(&world).get("/users").await,
            client.call("PATCH", "/users", None).await,
        ] {
            for (name, expected) in [
                ("x-frame-options", "DENY"),
                ("x-content-type-options", "nosniff"),
                ("referrer-policy", "strict-origin-when-cross-origin"),
                ("cache-control", "no-store"),
            ] {
                assert_eq!(reply.header(name), Some(expected), "{name}: {reply:?}");
            }
            let policy = reply.header("content-security-policy").expect("a policy");
            assert!(policy.starts_with("default-src 'none'"), "{policy}");
            assert!(reply.header("permissions-policy").is_some());
            assert!(reply.header("access-control-allow-origin").is_none());
        }
    })
    .await;
}

#[tokio::test]
async fn nothing_of_it_is_there_unless_it_is_named() {
    for others in [vec![], vec![Profile::UserManagementService]] {
        everywhere_with(
            |config| config.compat.clone_from(&others),
            async |world| {
                let client = Client::anonymous(&world);
                for (method, path) in reads("x").into_iter().chain(writes("x")) {
                    let reply = client.call(method, &path, Some(&json!({}))).await;
                    reply.assert_error(404, "not_found");
                }
                client.get("/auth/jwks.json").await.assert_ok();
            },
        )
        .await;
    }
}
