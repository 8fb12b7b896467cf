//! Addresses that are fetched before anybody goes there.

use axum::body::Body;
use axum::http::Request;

use super::{Scene, rows, scene};
use crate::support::browser::{Answer, Asking, Browser};
use crate::support::everywhere;
use crate::support::{Reply, World};

fn cookies(browser: &Browser) -> String {
    let pairs = browser.cookies.iter();
    let pairs: Vec<String> = pairs
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.join("; ")
}

async fn head(world: &World, browser: &Browser, path: &str) -> Reply {
    let request = Request::head(path).header("cookie", cookies(browser));
    let request = request.body(Body::empty()).expect("a request");
    world.anonymous().send(request).await
}

/// Addresses that do something when somebody goes there.
async fn addresses(scene: &mut Scene) -> Vec<String> {
    let asking = Asking::of(&scene.own, "openid");
    let tokens = {
        let answer = scene.enter(&scene.alice.clone()).await;
        scene.own.redeem(&answer, &asking).await
    };
    let hint = tokens.text("id_token");
    vec![
        asking.address(),
        asking.with("prompt", "none").address(),
        scene.asking().address(),
        "/logout".to_owned(),
        format!("/logout?id_token_hint={hint}"),
        "/setup".to_owned(),
        "/".to_owned(),
        "/authorize".to_owned(),
    ]
}

// A191
#[tokio::test]
async fn what_is_fetched_ahead_changes_nothing() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        let addresses = addresses(&mut scene).await;
        world.advance(120);
        let before = rows(&world).await;
        for address in &addresses {
            let reply = head(&world, &scene.browser, address).await;
            assert!(reply.body.is_empty(), "{reply:?}");
            assert!(reply.header("set-cookie").is_none(), "{address}: {reply:?}");
            assert!(reply.header("location").is_none(), "{address}: {reply:?}");
            for (name, value) in [
                ("sec-purpose", "prefetch"),
                ("sec-purpose", "prefetch;prerender"),
                ("purpose", "prefetch"),
                ("purpose", "Prefetch"),
                ("x-purpose", "preview"),
                ("x-moz", "prefetch"),
            ] {
                let cookies = cookies(&scene.browser);
                let headers = [("cookie", cookies.as_str()), (name, value)];
                let reply = world.anonymous().get_with(address, &headers).await;
                assert!(reply.header("location").is_none(), "{address}: {reply:?}");
            }
        }
        assert_eq!(rows(&world).await, before);
        assert_eq!(scene.who().await, Some(scene.alice.id.clone()));
    })
    .await;
}

#[tokio::test]
async fn a_page_fetched_ahead_is_fetched_again_when_somebody_goes_there() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        scene.enter(&scene.alice.clone()).await;
        let cookies = cookies(&scene.browser);
        let headers = [("cookie", cookies.as_str()), ("sec-purpose", "prefetch")];
        for address in [
            Asking::of(&scene.own, "openid").address(),
            "/logout".to_owned(),
        ] {
            let reply = world.anonymous().get_with(&address, &headers).await;
            // A success would be shown in place of the page.
            assert_eq!(reply.status, 503, "{address}: {reply:?}");
            assert_eq!(reply.header("cache-control"), Some("no-store"));
        }
        Answer::of(&scene.browser.ask(&Asking::of(&scene.own, "openid")).await).code();
    })
    .await;
}

// A191
#[tokio::test]
async fn no_page_has_a_link_that_does_something() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        let asking = scene.asking();
        let sign_in = scene.browser.ask(&asking).await;
        let consent = scene.browser.sign_in(&sign_in, &scene.alice).await;
        let picker = scene
            .browser
            .ask(&asking.clone().with("prompt", "select_account"))
            .await;
        let sign_out = scene.browser.get("/logout").await;
        for page in [&sign_in, &consent, &picker, &sign_out] {
            assert_eq!(page.status, 200, "{page:?}");
            let links: Vec<&str> = page.body.split("href=\"").skip(1).collect();
            assert_eq!(links.len(), 1, "{page:?}");
            assert!(links[0].starts_with("/style.css?"), "{page:?}");
            for form in page.body.split("<form").skip(1) {
                assert!(form.contains("method=\"post\""), "{page:?}");
            }
        }
        let before = rows(&world).await;
        scene.browser.decide(&consent, "deny").await;
        assert_eq!(rows(&world).await, before);
    })
    .await;
}
