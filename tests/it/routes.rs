//! The table of routes: what is there, who may call it, and that nothing else answers.

use users_core::server::routes::{Access, Place, ROUTES, pattern_of};

use crate::support::everywhere;

/// What the documentation promises, in the order of the table.
const EXPECTED: &[(&str, &str, Access, Place)] = &[
    ("POST", "/token", Access::Client, Place::Issuer),
    ("POST", "/introspect", Access::Client, Place::Issuer),
    ("POST", "/revoke", Access::Client, Place::Issuer),
    (
        "GET, HEAD, POST",
        "/userinfo",
        Access::Bearer,
        Place::Issuer,
    ),
    ("GET, HEAD", "/jwks.json", Access::Public, Place::Issuer),
    ("GET, HEAD", "/auth/jwks.json", Access::Public, Place::Root),
    (
        "GET, HEAD",
        "/.well-known/openid-configuration",
        Access::Public,
        Place::WellKnown,
    ),
    (
        "GET, HEAD",
        "/.well-known/oauth-authorization-server",
        Access::Public,
        Place::WellKnown,
    ),
    (
        "GET, HEAD, POST",
        "/authorize",
        Access::Public,
        Place::Issuer,
    ),
    ("POST", "/sign-in", Access::Form, Place::Issuer),
    ("POST", "/select-account", Access::Form, Place::Issuer),
    ("POST", "/consent", Access::Form, Place::Issuer),
    ("GET, HEAD, POST", "/logout", Access::Public, Place::Issuer),
    ("POST", "/account/sign-out", Access::Form, Place::Issuer),
    ("GET, HEAD, POST", "/setup", Access::Link, Place::Root),
    (
        "GET, HEAD, POST",
        "/verify-email",
        Access::Link,
        Place::Issuer,
    ),
    (
        "GET, HEAD, POST",
        "/reset-password",
        Access::Link,
        Place::Issuer,
    ),
    ("GET, HEAD, POST", "/sign-up", Access::Link, Place::Issuer),
    ("GET, HEAD", "/", Access::Public, Place::Root),
    ("GET, HEAD", "/style.css", Access::Public, Place::Root),
    ("GET, HEAD", "/health", Access::Public, Place::Root),
    ("GET, HEAD", "/health/live", Access::Public, Place::Root),
    ("GET, HEAD", "/health/ready", Access::Public, Place::Root),
    ("GET, HEAD", "/metrics", Access::Network, Place::Root),
    ("GET, HEAD", "/openapi.json", Access::Public, Place::Root),
    ("GET, HEAD", "/openapi.yaml", Access::Public, Place::Root),
    ("GET, HEAD", "/docs", Access::Public, Place::Root),
];

#[test]
fn every_route_states_its_authentication() {
    let actual: Vec<_> = ROUTES
        .iter()
        .map(|route| (route.methods, route.path, route.access, route.place))
        .collect();
    assert_eq!(
        actual, EXPECTED,
        "a new route needs a line here, and a reason for its access"
    );
}

#[tokio::test]
async fn every_route_refuses_whoever_brings_no_proof() {
    everywhere(async |world| {
        world.new_tenant("second").await;
        for route in ROUTES {
            let mut paths = vec![route.path.to_owned()];
            if route.place != Place::Root {
                paths.push(format!("/t/second{}", route.path));
            }
            for path in paths {
                let caller = match route.access {
                    Access::Network => world.from("203.0.113.9"),
                    _ => world.anonymous().clone(),
                };
                let reply = if route.methods == "POST" {
                    caller.post(&path, &[], &[]).await
                } else {
                    caller.get(&path).await
                };
                let expected = match route.access {
                    Access::Public if route.path == "/authorize" => 400,
                    Access::Public => 200,
                    Access::Form => 403,
                    Access::Client | Access::Bearer | Access::Network => 401,
                    Access::Link => 404,
                };
                assert_eq!(reply.status.as_u16(), expected, "{path}: {reply:?}");
                assert!(reply.header("x-request-id").is_some());
                assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_wrong_method_gets_405_in_json_with_allow() {
    everywhere(async |world| {
        for route in ROUTES {
            let request = axum::http::Request::builder()
                .method("DELETE")
                .uri(route.path);
            let request = request.body(axum::body::Body::empty()).expect("a request");
            let reply = world.anonymous().send(request).await;
            reply.assert_error(405, "invalid_request");
            assert_eq!(reply.header("allow"), Some(route.methods));
        }
    })
    .await;
}

#[tokio::test]
async fn an_unknown_path_and_an_unknown_tenant_look_alike() {
    everywhere(async |world| {
        let second = world.new_tenant("second").await;
        assert!(second.enabled);
        let long = format!("/t/{}/jwks.json", "a".repeat(2000));
        let unknown = world.anonymous().get("/nothing/here").await;
        unknown.assert_error(404, "not_found");
        for path in [
            "/t/third/jwks.json",
            "/t/Second/jwks.json",
            "/t/SECOND/.well-known/openid-configuration",
            "/t/%73econd/jwks.json",
            "/t/second%00/jwks.json",
            "/t/second%2e%2e/jwks.json",
            "/t/../jwks.json",
            "/t//jwks.json",
            "/t/default/jwks.json",
            "/.well-known/openid-configuration/t/third",
            "/.well-known/oauth-authorization-server/t/default",
            "/t/second/setup",
            "/t/second/metrics",
            "/t/second/health",
            "//jwks.json",
            "/JWKS.json",
            "/jwks.json/",
            "/jwks.json;x=1",
            "/./jwks.json",
            &long,
        ] {
            let reply = world.anonymous().get(path).await;
            assert_eq!(
                (reply.status, &reply.body),
                (unknown.status, &unknown.body),
                "{path}"
            );
        }
    })
    .await;
}

#[test]
fn counted_patterns_are_bounded() {
    assert_eq!(pattern_of("/t/anything/token"), "/token");
    assert_eq!(
        pattern_of("/.well-known/openid-configuration/t/x"),
        "/.well-known/openid-configuration"
    );
    for invented in ["/t/x/metrics", "/t/x", "/token/", "/x", "", "/t/", "/t//"] {
        assert_eq!(pattern_of(invented), "other", "{invented}");
    }
}
