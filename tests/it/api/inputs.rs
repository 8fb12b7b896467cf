//! What comes in: bodies that mean two things, texts that are more than text, headers that lie.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::support::bearer::Bearer;
use crate::support::{Reply, World, everywhere};

async fn administrator(world: &World) -> Bearer {
    let console = world.console(&world.tenant).await;
    world.operator(&console, "ada", &["admin"]).await
}

async fn raw(bearer: &Bearer, content_type: Option<&str>, body: impl Into<Body>) -> Reply {
    let mut request =
        Request::post("/api/v1/users").header("authorization", format!("Bearer {}", bearer.token));
    if let Some(content_type) = content_type {
        request = request.header("content-type", content_type);
    }
    let request = request.body(body.into()).expect("a request");
    bearer.caller.send(request).await
}

// A330
#[tokio::test]
async fn json_that_readers_could_take_in_two_ways_is_refused() {
    everywhere(async |world| {
        let admin = administrator(&world).await;
        let mut deep = "[".repeat(40);
        deep.push_str(&"]".repeat(40));
        for body in [
            r#"{"username":"b","username":"c"}"#.as_bytes().to_vec(),
            br#"{"username":"b","roles":["user"],"roles":["admin"]}"#.to_vec(),
            br#"{"username":"b","user\u006eame":"c"}"#.to_vec(),
            br#"{"username":"b","attributes":{"a":1,"a":2}}"#.to_vec(),
            br#"{"username":"b","attributes":{"a":1e400}}"#.to_vec(),
            br#"{"username":"b","attributes":{"a":NaN}}"#.to_vec(),
            br#"{"username":"b","attributes":{"a":-Infinity}}"#.to_vec(),
            br#"{"username":"\ud800"}"#.to_vec(),
            b"{\"username\":\"\xff\"}".to_vec(),
            b"\xef\xbb\xbf{\"username\":\"b\"}".to_vec(),
            br#"{"username":"b",}"#.to_vec(),
            br#"{"username":"b"} {}"#.to_vec(),
            br#"{/* b */"username":"b"}"#.to_vec(),
            br"{'username':'b'}".to_vec(),
            br#"["username","b"]"#.to_vec(),
            b"null".to_vec(),
            b"\"b\"".to_vec(),
            b"".to_vec(),
            format!(r#"{{"username":"b","attributes":{{"a":{deep}}}}}"#).into_bytes(),
        ] {
            let shown = String::from_utf8_lossy(&body).into_owned();
            let reply = raw(&admin, Some("application/json"), body).await;
            reply.assert_problem(400, "malformed");
            assert!(!reply.body.contains("\u{fffd}"), "{shown}");
        }
        assert_eq!(admin.walk("/users").await.len(), 1);
        let long = br#"{"username":"exact","attributes":{"a":123456789012345678901234567890}}"#;
        let reply = raw(&admin, Some("application/json"), long.to_vec()).await;
        assert!(reply.status.as_u16() < 500, "{reply:?}");
    })
    .await;
}

// A332
#[tokio::test]
async fn a_body_says_that_it_is_json_in_utf_8() {
    everywhere(async |world| {
        let admin = administrator(&world).await;
        let body = r#"{"username":"b"}"#;
        for content_type in [
            None,
            Some("text/plain"),
            Some("application/x-www-form-urlencoded"),
            Some("application/problem+json"),
            Some("application/json;charset=utf-16"),
            Some("application/merge-patch+json"),
            Some("multipart/form-data; boundary=x"),
        ] {
            let reply = raw(&admin, content_type, body).await;
            reply.assert_problem(415, "unsupported-media-type");
        }
        let reply = raw(&admin, Some("Application/JSON; charset=\"UTF-8\""), body).await;
        reply.assert_status(201);
    })
    .await;
}

// A298
#[tokio::test]
async fn no_shape_of_a_body_raises_anybody() {
    everywhere(async |world| {
        let admin = administrator(&world).await;
        let anna = world.person("anna").await;
        let path = format!("/users/{}", anna.id);
        for body in [
            json!({ "profile": { "role": "admin" } }),
            json!({ "role": "admin" }),
            json!({ "Roles": ["admin"] }),
            json!({ "roles[0]": "admin" }),
            json!({ "roles.0": "admin" }),
            json!({ "is_admin": true }),
            json!({ "kind": "service" }),
            json!({ "tenant_id": "x" }),
            json!({ "id": "x" }),
            json!({ "created_at": "2026-01-01T00:00:00Z" }),
            json!({ "password_hash": "$argon2id$" }),
            json!({ "__proto__": { "roles": ["admin"] } }),
        ] {
            let reply = admin.patch(&path, &body).await;
            reply.assert_problem(400, "malformed");
        }
        let steps = json!([{ "op": "replace", "path": "/roles", "value": ["admin"] }]);
        let headers = [("content-type", "application/json-patch+json")];
        let reply = admin.call("PATCH", &path, &headers, Some(&steps)).await;
        reply.assert_problem(415, "unsupported-media-type");
        let nothing = json!({ "roles": null });
        let reply = admin.patch(&path, &nothing).await;
        assert!(reply.status.as_u16() < 500, "{reply:?}");
        let roles = admin.get(&path).await.json()["roles"].clone();
        assert!(!roles.to_string().contains("admin"), "{roles}");
    })
    .await;
}

// A324
#[tokio::test]
async fn a_search_looks_for_text_and_for_nothing_else() {
    everywhere(async |world| {
        let admin = administrator(&world).await;
        for name in ["anna", "a_na", "berta"] {
            let body = json!({ "username": name, "name": format!("100% {name} \\ '") });
            admin.post("/users", &body).await.assert_status(201);
        }
        let found = async |search: &str| {
            let query = serde_urlencoded::to_string([("search", search)]).expect("a query");
            let users = admin.walk(&format!("/users?{query}")).await;
            users.len()
        };
        assert_eq!(found("ann").await, 1);
        assert_eq!(found("a_n").await, 1);
        assert_eq!(found("100%").await, 3);
        assert_eq!(found("\\").await, 3);
        assert_eq!(found("%").await, 3);
        assert_eq!(found("' OR 1=1--").await, 0);
        assert_eq!(found(&"%".repeat(100)).await, 0);
        let query = format!("/users?search={}", "%25".repeat(5000));
        admin.get(&query).await.assert_problem(400, "malformed");
    })
    .await;
}

// A327
#[tokio::test]
async fn what_was_stored_is_never_more_than_text() {
    everywhere(async |world| {
        let admin = administrator(&world).await;
        let payload = "x'; DROP TABLE users; -- {{ 7*7 }} <script>alert(1)</script> =cmd()";
        let body =
            json!({ "username": "anna", "name": payload, "attributes": { "note": payload } });
        let made = admin.post("/users", &body).await;
        made.assert_status(201);
        let group = json!({ "name": "odd ' group", "description": payload });
        admin.post("/groups", &group).await.assert_status(201);
        for path in ["/users", "/groups", "/audit", "/activity", "/sessions"] {
            admin.walk(path).await;
        }
        let users = admin.walk("/users").await;
        let shown: Vec<&Value> = users
            .iter()
            .filter(|user| user["name"] == payload)
            .collect();
        assert_eq!(shown.len(), 1);
        assert_eq!(admin.walk("/groups").await[0]["description"], payload);
        world
            .app
            .store
            .reap(world.app.clock.now())
            .await
            .expect("reaped");
        assert_eq!(admin.walk("/users").await.len(), 2);
    })
    .await;
}

// A333, A337
#[tokio::test]
async fn one_address_and_one_name_are_one_however_they_are_written() {
    everywhere(async |world| {
        let admin = administrator(&world).await;
        let first = json!({ "username": "Zo\u{eb}", "email": "Zoe@X.test" });
        admin.post("/users", &first).await.assert_status(201);
        for (name, address) in [
            ("zo\u{eb}", "other@x.test"),
            ("ZO\u{cb}", "other@x.test"),
            ("other", "zoe@x.test"),
            ("other", "ZOE@x.TEST"),
        ] {
            let twin = json!({ "username": name, "email": address });
            let reply = admin.post("/users", &twin).await;
            reply.assert_problem(409, "conflict");
        }
        for address in [
            "a@x.test.",
            "a @x.test",
            "a@x..test",
            "a@b@x.test",
            "a\u{0}@x.test",
        ] {
            let odd = json!({ "username": "odd", "email": address });
            let reply = admin.post("/users", &odd).await;
            assert!(
                [400, 422].contains(&reply.status.as_u16()),
                "{address}: {reply:?}"
            );
            reply.assert_names("#/email");
        }
        // A plus is a letter like others: two addresses.
        let plus = json!({ "username": "plus", "email": "zoe+tag@x.test" });
        admin.post("/users", &plus).await.assert_status(201);
    })
    .await;
}

// A338
#[tokio::test]
async fn a_text_that_is_too_long_is_refused_whole_and_never_cut() {
    everywhere(async |world| {
        let admin = administrator(&world).await;
        let wide = |count: usize| "\u{1f600}".repeat(count);
        for body in [
            json!({ "username": "a".repeat(65) }),
            json!({ "username": wide(3) }),
            json!({ "username": "" }),
            json!({ "username": " " }),
            json!({ "username": ".." }),
            json!({ "username": "a", "email": format!("{}@x.test", "a".repeat(65)) }),
            json!({ "username": "a", "groups": [wide(65)] }),
            json!({ "username": "a", "attributes": { "a": wide(10_000) } }),
            json!({ "username": "a", "password": "a".repeat(5000) }),
        ] {
            let reply = admin.post("/users", &body).await;
            reply.assert_problem(422, "invalid-fields");
        }
        let huge = json!({ "username": "a", "name": "a".repeat(70_000) });
        let reply = admin.post("/users", &huge).await;
        reply.assert_problem(413, "too-large");
        // Names that are words of ours are people's like any other, and shadow nothing.
        for name in ["me", "null", "undefined", "admin", "root"] {
            let made = admin.post("/users", &json!({ "username": name })).await;
            made.assert_status(201);
            assert_ne!(made.text("id"), name);
        }
        let me = admin.get("/users/me").await.json();
        assert_eq!(me["id"], admin.id.as_str());
    })
    .await;
}

// A227
#[tokio::test]
async fn a_name_holds_nothing_that_ends_a_line_or_colours_one() {
    everywhere(async |world| {
        let admin = administrator(&world).await;
        for name in [
            "a\nb",
            "a\r\nb",
            "a\u{1b}[31mb",
            "a\"b",
            "a\u{2028}b",
            "a\tb",
        ] {
            let body = json!({ "username": name });
            let reply = admin.post("/users", &body).await;
            reply.assert_problem(422, "invalid-fields");
            reply.assert_names("#/username");
            let body = json!({ "name": name });
            let reply = admin.post("/groups", &body).await;
            assert!(reply.status.as_u16() < 500, "{reply:?}");
        }
    })
    .await;
}

// A224
#[tokio::test]
async fn no_header_makes_a_request_another_one() {
    everywhere(async |world| {
        let admin = administrator(&world).await;
        let anna = world.person("anna").await;
        let path = format!("/users/{}", anna.id);
        for (name, value) in [
            ("x-original-url", "/api/v1/users"),
            ("x-rewrite-url", "/api/v1/users"),
            ("x-forwarded-uri", "/api/v1/users"),
            ("x-forwarded-prefix", "/api/v1"),
            ("x-http-method", "DELETE"),
            ("x-http-method-override", "DELETE"),
            ("x-method-override", "DELETE"),
        ] {
            let request = Request::get("/health/live").header(name, value);
            let reply = world
                .anonymous()
                .send(request.body(Body::empty()).expect("a request"))
                .await;
            reply.assert_ok();
            assert!(reply.body.contains("alive"));
            admin
                .call("GET", &path, &[(name, value)], None)
                .await
                .assert_ok();
        }
        admin.get(&path).await.assert_ok();
    })
    .await;
}
