//! Methods, addresses and header fields nobody should be moved by.

use users_core::config::Config;

use super::{POSTS, assert_error, field};
use crate::support::everywhere;
use crate::support::running::{Running, get, post};
use crate::support::socket::status;
use crate::support::world::everywhere_with;

// A347
#[tokio::test]
async fn an_address_that_is_too_long_is_refused() {
    everywhere(async |world| {
        let server = Running::of(&world).await;
        for length in [16_385, 20_000, 60_000] {
            for path in [
                format!("/{}", "a".repeat(length)),
                format!("/setup?link={}", "a".repeat(length)),
                format!("/t/{}/jwks.json", "a".repeat(length)),
            ] {
                assert_error(&server.ask(get(&path, "")).await, 414);
            }
        }
        for length in [70_000, 10_000_000] {
            let path = format!("/{}", "a".repeat(length));
            let bytes = get(&path, "").into_bytes();
            let answer = crate::support::socket::converse(server.address, bytes).await;
            assert!([400, 414, 431].contains(&status(&answer)), "{answer}");
        }
        server.assert_sound().await;
    })
    .await;
}

// A347
#[tokio::test]
async fn a_large_head_is_served_or_refused_and_moves_nothing() {
    everywhere(async |world| {
        let server = Running::of(&world).await;
        let cookie = format!("Cookie: a={}\r\n", "x".repeat(16_384));
        assert_eq!(status(&server.ask(get("/", &cookie)).await), 200);
        let basic = format!("Authorization: Basic {}\r\n", "QUFB".repeat(8_000));
        let answer = server
            .ask(post("/token", &basic, "grant_type=password"))
            .await;
        assert_error(&answer, 401);
        let bearer = format!("Authorization: Bearer {}\r\n", "a".repeat(32_000));
        assert_error(&server.ask(get("/userinfo", &bearer)).await, 401);
        let many = "X-Many: y\r\n".repeat(500);
        assert_eq!(status(&server.ask(get("/", &many)).await), 431);
        server.assert_sound().await;
    })
    .await;
}

#[tokio::test]
async fn a_method_nobody_knows_is_refused_without_an_echo() {
    everywhere(async |world| {
        let server = Running::of(&world).await;
        for (request, expected) in [
            ("FOO /token", 405),
            ("BREW /setup", 405),
            ("get /jwks.json", 405),
            ("Post /token", 405),
            ("PUT /token", 405),
            ("PATCH /userinfo", 405),
            ("DELETE /setup", 405),
            ("TRACE /token", 405),
            ("TRACE /", 405),
            ("GET /token", 405),
            ("HEAD /token", 405),
            ("PROPFIND /", 405),
            ("FOO /nothing", 404),
            ("OPTIONS *", 404),
            ("CONNECT localhost:443", 404),
        ] {
            let fields = "Host: localhost\r\nConnection: close\r\nX-Canary: c4n4ry\r\n";
            let answer = server
                .ask(format!("{request} HTTP/1.1\r\n{fields}\r\n"))
                .await;
            assert_eq!(status(&answer), expected, "{request}: {answer}");
            assert!(!answer.to_lowercase().contains("c4n4ry"), "{answer}");
            if expected == 405 {
                assert!(field(&answer, "allow").is_some(), "{answer}");
            }
        }
        // A label of the caller's invention would be a row for each.
        let metrics = world.app.metrics.render();
        assert!(
            !metrics.contains("FOO") && !metrics.contains("BREW"),
            "{metrics}"
        );
        server.assert_sound().await;
    })
    .await;
}

/// Loopback is a named proxy here, so that a request on the socket comes from elsewhere.
fn behind_a_proxy(config: &mut Config) {
    config.proxies.trusted = vec!["127.0.0.1/32".parse().expect("a network")];
}

const OUTSIDE: &str = "X-Forwarded-For: 203.0.113.9\r\n";

// A350
#[tokio::test]
async fn no_spelling_of_a_path_gets_around_its_guard() {
    everywhere_with(behind_a_proxy, async |world| {
        world.new_tenant("second").await;
        let server = Running::of(&world).await;
        let own = server
            .ask(get("/metrics", "X-Forwarded-For: 127.0.0.1\r\n"))
            .await;
        assert_eq!(status(&own), 200, "the guard lets in whom it should");
        for path in [
            "/metrics",
            "/metrics?x=1",
            "http://localhost/metrics",
            "http://127.0.0.1:9/metrics",
            "/metrics/",
            "//metrics",
            "///metrics",
            "/./metrics",
            "/metrics/.",
            "/metrics/..;/",
            "/health/../metrics",
            "/health/..;/metrics",
            "/%2e%2e/metrics",
            "/health/%2e%2e/metrics",
            "/health/live/..%2f..%2fmetrics",
            "/%6detrics",
            "/metric%73",
            "/METRICS",
            "/Metrics",
            "/metrics%00",
            "/metrics%20",
            "/metrics%2f",
            "/metrics;x=1",
            "/;x=1/metrics",
            "/t/second/metrics",
            "/t/default/metrics",
            "/t/../metrics",
            "/t/second/../../metrics",
            "/metrics.json",
            "/metrics\\",
            "/\\metrics",
        ] {
            let answer = server.ask(get(path, OUTSIDE)).await;
            assert!(
                [400, 401, 404].contains(&status(&answer)),
                "{path}: {answer}"
            );
            assert!(!answer.contains("http_requests"), "{path}: {answer}");
        }
        server.assert_sound().await;
    })
    .await;
}

// A224
#[tokio::test]
async fn no_header_changes_the_method_the_path_or_the_caller() {
    everywhere_with(behind_a_proxy, async |world| {
        let server = Running::of(&world).await;
        for fields in [
            "X-Original-URL: /metrics\r\n",
            "X-Rewrite-URL: /metrics\r\n",
            "X-Forwarded-Uri: /metrics\r\n",
            "X-Forwarded-Prefix: /metrics\r\n",
            "X-Forwarded-Path: /metrics\r\n",
            "X-Forwarded-Host: localhost/metrics\r\n",
            "X-HTTP-Method-Override: DELETE\r\n",
            "X-HTTP-Method: PUT\r\n",
            "X-Method-Override: TRACE\r\n",
        ] {
            let answer = server.ask(get("/health/live", &format!("{OUTSIDE}{fields}"))).await;
            assert_eq!(status(&answer), 200, "{fields}: {answer}");
            assert!(answer.ends_with(r#"{"status":"alive"}"#), "{answer}");
        }
        for fields in [
            "X-Real-IP: 127.0.0.1\r\n",
            "Forwarded: for=127.0.0.1\r\n",
            "True-Client-IP: 127.0.0.1\r\n",
            "X-Forwarded-For: 127.0.0.1\r\n",
            "X-Custom-IP-Authorization: 127.0.0.1\r\n",
        ] {
            // In front of what the proxy adds, where a caller's own fields stand.
            let answer = server.ask(get("/metrics", &format!("{fields}{OUTSIDE}"))).await;
            assert_error(&answer, 401);
        }
        let unreadable = [
            b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Forwarded-For: \xff",
            b", 203.0.113.9\r\n\r\n".as_slice(),
        ];
        assert_error(&server.ask(unreadable.concat()).await, 401);
        server.assert_sound().await;
    })
    .await;
}

// A353
#[tokio::test]
async fn ranges_and_conditions_change_nothing_about_what_is_never_stored() {
    everywhere(async |world| {
        let server = Running::of(&world).await;
        let service = world.client("web", "openid").await;
        let alice = world.person("alice").await;
        let token = service.sign_in(&alice, "openid").await.text("access_token");
        let bearer = format!("Authorization: Bearer {token}\r\n");
        let basic = format!("Authorization: {}\r\n", service.authorization());
        for condition in [
            "",
            "Range: bytes=0-3\r\n",
            "Range: bytes=0-0,-1\r\n",
            "If-Match: \"x\"\r\n",
            "If-Match: *\r\n",
            "If-None-Match: *\r\n",
            "If-Modified-Since: Fri, 31 Dec 2100 23:59:59 GMT\r\n",
            "If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT\r\n",
            "If-Range: \"x\"\r\nRange: bytes=0-3\r\n",
        ] {
            let form = format!(
                "grant_type=password&username=alice&password={}",
                alice.password
            )
            .replace(' ', "+");
            for (answer, whole) in [
                (
                    server
                        .ask(post("/token", &format!("{basic}{condition}"), &form))
                        .await,
                    "}",
                ),
                (
                    server
                        .ask(get("/userinfo", &format!("{bearer}{condition}")))
                        .await,
                    "}",
                ),
                (server.ask(get("/", condition)).await, "</html>\n"),
            ] {
                assert_eq!(status(&answer), 200, "{condition}{answer}");
                assert!(answer.trim_end().ends_with(whole.trim_end()), "{answer}");
                assert_eq!(field(&answer, "cache-control"), Some("no-store"));
                for name in ["etag", "last-modified", "accept-ranges", "content-range"] {
                    assert_eq!(field(&answer, name), None, "{condition}");
                }
            }
        }
        server.assert_sound().await;
    })
    .await;
}

#[tokio::test]
async fn an_old_client_is_served_and_sent_away() {
    everywhere(async |world| {
        let server = Running::of(&world).await;
        for request in [
            "GET /jwks.json HTTP/1.0\r\n\r\n",
            "GET http://elsewhere.test/jwks.json HTTP/1.0\r\n\r\n",
            "GET /jwks.json HTTP/1.1\r\nHost: elsewhere.test\r\nConnection: close\r\n\
             Upgrade: websocket\r\n\r\n",
            "GET /jwks.json HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings, close\r\n\
             Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
        ] {
            let answer = server.ask(request).await;
            assert!(answer.contains(" 200 OK\r\n"), "{answer}");
            assert!(answer.contains("\"keys\""), "{answer}");
        }
        server.assert_sound().await;
    })
    .await;
}

#[tokio::test]
async fn a_stop_in_the_middle_of_everything_is_orderly() {
    everywhere(async |world| {
        let server = Running::of(&world).await;
        for path in POSTS {
            assert!(status(&server.ask(get(path, "")).await) < 500);
        }
        server.assert_sound().await;
        server.stop().await;
    })
    .await;
}
