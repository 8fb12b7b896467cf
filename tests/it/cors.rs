//! Who may read answers from a script of another origin: the Fetch standard, RFC 9700 section 2.6.

use axum::body::Body;
use axum::http::{Method, Request};
use users_core::server::routes::{Access, Place, ROUTES, Route};

use crate::support::http::Reply;
use users_core::config::{Config, Profile};

use crate::support::world::everywhere_with;
use crate::support::{World, everywhere};

const ORIGINS: [&str; 4] = [
    "https://evil.test",
    "http://localhost:8081",
    "null",
    "https://app.example.test",
];

/// Everywhere a route is.
fn paths(route: &Route) -> Vec<String> {
    let mut paths = vec![route.path.to_owned()];
    if route.place != Place::Root {
        paths.push(format!("/t/second{}", route.path));
    }
    if route.place == Place::WellKnown {
        paths.push(format!("{}/t/second", route.path));
    }
    paths
}

async fn send(world: &World, method: &str, path: &str, headers: &[(&str, &str)]) -> Reply {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    world
        .anonymous()
        .send(request.body(Body::empty()).unwrap())
        .await
}

fn cors_headers(reply: &Reply) -> Vec<&str> {
    let names = reply.headers.keys().map(axum::http::HeaderName::as_str);
    names
        .filter(|name| name.starts_with("access-control-"))
        .collect()
}

const OPEN: &[&str] = &[
    "/token",
    "/revoke",
    "/userinfo",
    "/jwks.json",
    "/auth/jwks.json",
    "/.well-known/openid-configuration",
    "/.well-known/oauth-authorization-server",
    "/openapi.json",
    "/openapi.yaml",
];

#[test]
fn these_routes_are_open_to_scripts_and_no_others() {
    let open = ROUTES.iter().filter(|route| route.cors);
    assert_eq!(open.map(|route| route.path).collect::<Vec<_>>(), OPEN);
    // What knows a browser by anything but a token is never open.
    for route in ROUTES.iter().filter(|route| route.cors) {
        assert!(!matches!(route.access, Access::Link | Access::Network));
    }
}

// A182, A183
#[tokio::test]
async fn a_closed_route_says_nothing_to_another_origin() {
    everywhere(async |world| {
        world.new_tenant("second").await;
        for route in ROUTES.iter().filter(|route| !route.cors) {
            for path in paths(route) {
                for origin in ORIGINS {
                    for method in ["GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE"] {
                        for preflight in [
                            &[][..],
                            &[("access-control-request-method", "POST")],
                            &[
                                ("access-control-request-method", "PUT"),
                                ("access-control-request-headers", "authorization"),
                                ("access-control-request-private-network", "true"),
                            ],
                        ] {
                            let cookie = ("cookie", "__Host-sid-x=1");
                            let headers = [&[("origin", origin), cookie], preflight].concat();
                            let reply = send(&world, method, &path, &headers).await;
                            assert_eq!(cors_headers(&reply), [""; 0], "{method} {path}");
                        }
                    }
                }
            }
        }
        for path in [
            "/nothing",
            "/authorize",
            "/account",
            "/admin",
            "/api/v1/users",
        ] {
            let reply = send(&world, "OPTIONS", path, &[("origin", ORIGINS[0])]).await;
            assert_eq!(cors_headers(&reply), [""; 0], "{path}");
        }
    })
    .await;
}

// A186
#[tokio::test]
async fn an_open_route_is_open_to_all_and_never_with_credentials() {
    everywhere(async |world| {
        world.new_tenant("second").await;
        for route in ROUTES.iter().filter(|route| route.cors) {
            for path in paths(route) {
                for origin in ORIGINS {
                    for method in ["GET", "POST", "HEAD", "PUT"] {
                        let headers = [("origin", origin), ("cookie", "__Host-sid-x=1")];
                        let reply = send(&world, method, &path, &headers).await;
                        assert_open(&reply);
                        assert_eq!(
                            reply.header("access-control-expose-headers"),
                            Some("www-authenticate,retry-after")
                        );
                    }
                }
                // The answer is the same for every origin, so that caches may not mix them up.
                let plain = send(&world, "GET", &path, &[]).await;
                assert_open(&plain);
            }
        }
    })
    .await;
}

#[track_caller]
fn assert_open(reply: &Reply) {
    let allowed: Vec<_> = reply
        .headers
        .get_all("access-control-allow-origin")
        .iter()
        .collect();
    assert_eq!(allowed, ["*"], "{reply:?}");
    assert_eq!(reply.header("access-control-allow-credentials"), None);
}

// A186
#[tokio::test]
async fn a_preflight_is_answered_without_looking_at_anybody() {
    everywhere(async |world| {
        world.new_tenant("second").await;
        for route in ROUTES.iter().filter(|route| route.cors) {
            for path in paths(route) {
                for origin in ORIGINS {
                    let headers = [
                        ("origin", origin),
                        ("access-control-request-method", "POST"),
                        (
                            "access-control-request-headers",
                            "authorization,content-type",
                        ),
                    ];
                    let reply = send(&world, "OPTIONS", &path, &headers).await;
                    assert_eq!(reply.status, 200, "{reply:?}");
                    assert_open(&reply);
                    assert_eq!(reply.body, "");
                    assert_eq!(
                        reply.header("access-control-allow-methods"),
                        Some("GET,POST")
                    );
                    assert_eq!(
                        reply.header("access-control-allow-headers"),
                        Some("authorization,content-type")
                    );
                    let age: u32 = reply
                        .header("access-control-max-age")
                        .unwrap()
                        .parse()
                        .unwrap();
                    assert!(age <= 3600);
                    assert_eq!(reply.header("access-control-allow-private-network"), None);
                }
            }
        }
        // Whether a tenant is there is not told either.
        let headers = [
            ("origin", ORIGINS[0]),
            ("access-control-request-method", "POST"),
        ];
        let known = send(&world, "OPTIONS", "/t/second/token", &headers).await;
        let unknown = send(&world, "OPTIONS", "/t/third/token", &headers).await;
        assert_eq!((known.status, known.body), (unknown.status, unknown.body));
    })
    .await;
}

#[tokio::test]
async fn a_script_can_read_a_token_and_a_refusal() {
    everywhere(async |world| {
        let service = world.client("service", "sip.register").await;
        let authorization = service.authorization();
        let headers = [
            ("origin", "https://app.example.test"),
            ("authorization", authorization.as_str()),
        ];
        let form = [("grant_type", "client_credentials")];
        let reply = world.anonymous().post("/token", &form, &headers).await;
        assert_open(reply.assert_ok());
        let reply = world.anonymous().post("/token", &form, &headers[..1]).await;
        reply.assert_error(401, "invalid_client");
        assert_open(&reply);
        let reply = world.anonymous().get_with("/userinfo", &headers[..1]).await;
        assert_eq!(reply.status, 401);
        assert_open(&reply);
    })
    .await;
}

// No route answers a method of its own to scripts that may not send it anyway.
#[test]
fn the_methods_scripts_may_use_are_those_there_are() {
    for route in ROUTES.iter().filter(|route| route.cors) {
        for method in route.methods.split(", ") {
            let safe = [Method::GET, Method::HEAD, Method::POST];
            assert!(safe.iter().any(|known| known.as_str() == method));
        }
    }
}

const LISTED: &str = "https://app.example.test";

fn with_a_listed_origin(config: &mut Config) {
    config.cors_origins = vec![LISTED.parse().unwrap()];
    config.compat = vec![Profile::UsersCore];
}

/// What a browser may call with a token: a path of the REST API, and one of another system.
const BY_TOKEN: [&str; 4] = [
    "/api/v1/users/me",
    "/api/v1/nothing",
    "/users",
    "/auth/login",
];

// A183
#[tokio::test]
async fn the_rest_api_is_open_to_listed_origins_alone_and_never_with_cookies() {
    everywhere_with(with_a_listed_origin, async |world| {
        for path in BY_TOKEN {
            for (origin, listed) in [
                (LISTED, true),
                ("https://app.example.test:444", false),
                ("https://app.example.test.evil.test", false),
                ("http://app.example.test", false),
                ("null", false),
            ] {
                for method in ["GET", "POST", "OPTIONS", "DELETE"] {
                    let headers = [
                        ("origin", origin),
                        ("cookie", "__Host-sid-x=1"),
                        ("access-control-request-method", "PUT"),
                        ("access-control-request-headers", "authorization"),
                        ("access-control-request-private-network", "true"),
                    ];
                    let reply = send(&world, method, path, &headers).await;
                    let allowed = reply.header("access-control-allow-origin");
                    assert_eq!(
                        allowed,
                        listed.then_some(LISTED),
                        "{method} {path} {origin}"
                    );
                    assert_eq!(reply.header("access-control-allow-credentials"), None);
                    assert_eq!(reply.header("access-control-allow-private-network"), None);
                    // The answer depends on who asks, and caches are told so.
                    assert!(
                        reply.header("vary").unwrap().contains("origin"),
                        "{reply:?}"
                    );
                }
            }
        }
        // The pages stay closed to it.
        for path in ["/sign-in", "/authorize", "/logout", "/setup", "/account"] {
            let reply = send(&world, "GET", path, &[("origin", LISTED)]).await;
            assert_eq!(cors_headers(&reply), [""; 0], "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_script_of_a_listed_origin_can_read_what_it_needs_of_a_refusal() {
    everywhere_with(with_a_listed_origin, async |world| {
        let reply = send(&world, "GET", "/api/v1/users/me", &[("origin", LISTED)]).await;
        assert_eq!(reply.status, 401, "{reply:?}");
        let exposed = reply.header("access-control-expose-headers").unwrap();
        for (name, _) in &reply.headers {
            let name = name.as_str();
            if users_core::api::ANSWER_HEADERS.contains(&name) {
                assert!(exposed.split(',').any(|known| known == name), "{name}");
            }
        }
        assert!(exposed.contains("www-authenticate") && exposed.contains("x-request-id"));
    })
    .await;
}
