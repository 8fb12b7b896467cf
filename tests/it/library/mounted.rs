//! The routes inside another application.

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use axum::routing::get;
use std::net::SocketAddr;
use tower::ServiceExt as _;

use super::service;
use crate::support::browser::{Asking, Browser};
use crate::support::http::Caller;
use crate::support::world::everywhere_with;

const MOUNTED: &str = "http://localhost:8081/auth";

/// An application with a page of its own and ours below `/auth`.
fn application(routes: Router) -> Router {
    Router::new()
        .route("/", get(|| async { "the application" }))
        .nest_service("/auth", routes)
}

#[tokio::test]
async fn a_whole_sign_in_works_below_a_path_of_another_application() {
    everywhere_with(
        |config| MOUNTED.clone_into(&mut config.issuer),
        async |world| {
            let service = service(&world).await;
            let caller = Caller {
                router: application(users_core::router(&service)),
                ..world.anonymous().clone()
            };
            assert_eq!(caller.get("/").await.body, "the application");
            assert_eq!(caller.get("/token").await.status, 404);

            let metadata = caller
                .get("/auth/.well-known/openid-configuration")
                .await
                .json();
            assert_eq!(metadata["issuer"], MOUNTED);
            for name in ["token_endpoint", "jwks_uri", "authorization_endpoint"] {
                let address = metadata[name].as_str().expect("an address");
                let path = address.strip_prefix("http://localhost:8081").expect("ours");
                assert_ne!(caller.get(path).await.status, 404, "{path}");
            }

            let wiki = world.client("wiki", "openid profile").await;
            let mut wiki = wiki.through(&caller);
            wiki.prefix = "/auth".into();
            let alice = world.person("alice").await;
            let mut browser = Browser::new(&caller);
            let asking = Asking::of(&wiki, "openid");
            let page = browser.ask(&asking).await;
            let style = page.body.split("href=\"").nth(1).expect("a stylesheet");
            let style = style.split('"').next().expect("its address");
            assert!(style.starts_with("/auth/style.css"), "{style}");
            browser.get(style).await.assert_ok();
            let answer = browser.authorize(&asking, &alice).await;
            let code = answer.params.get("code").expect("a code");
            let form = [
                ("grant_type", "authorization_code"),
                ("code", code),
                ("redirect_uri", crate::support::browser::CALLBACK),
                ("code_verifier", &asking.verifier),
            ];
            let tokens = wiki.post("/token", &form).await;
            tokens.assert_ok();
            let token = tokens.text("access_token");
            wiki.userinfo(&token).await.assert_ok();
        },
    )
    .await;
}

#[tokio::test]
async fn the_peer_comes_from_the_application_or_nobody_is_served() {
    everywhere_with(
        |_| {},
        async |world| {
            let service = service(&world).await;
            let routes = users_core::router(&service);
            let ask = async |connected: Option<SocketAddr>| {
                let mut request = Request::get("/jwks.json")
                    .body(Body::empty())
                    .expect("a request");
                if let Some(address) = connected {
                    request.extensions_mut().insert(ConnectInfo(address));
                }
                let response = routes.clone().oneshot(request).await;
                response.expect("infallible").status().as_u16()
            };
            assert_eq!(ask(Some("192.0.2.1:5000".parse().unwrap())).await, 200);
            assert_eq!(ask(None).await, 500);
        },
    )
    .await;
}
