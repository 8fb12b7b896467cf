//! What every page and every redirect carries.

use data_encoding::BASE64;
use users_core::base::digest::sha256;

use super::{Scene, every_form, scene};
use crate::support::browser::{Asking, Browser, Form, unescape};
use crate::support::everywhere;
use crate::support::{Reply, World};

const CLIENT_ORIGIN: &str = "https://app.example.test";

/// Every kind of answer people get, and where its forms may lead beside ourselves.
async fn every_page(world: &World) -> Vec<(&'static str, u16, Reply, Option<&'static str>)> {
    let mut scene = scene(world).await;
    let to_client = Some(CLIENT_ORIGIN);
    let asking = scene.asking();
    let sign_in = scene.browser.ask(&asking).await;
    let form = Form::of(&sign_in, "/sign-in").with("username", "alice");
    let wrong = form.clone().with("password", "certainly not this one");
    let refused = scene.browser.submit(&wrong).await;
    let incomplete = scene.browser.submit(&form).await;
    for _ in 0..4 {
        scene.browser.submit(&wrong).await;
    }
    let throttled = scene.browser.submit(&wrong).await;
    world.advance(900);
    let mut pages = vec![
        ("sign-in", 200, sign_in, to_client),
        ("refused", 400, refused, to_client),
        ("incomplete", 400, incomplete, to_client),
        ("throttled", 429, throttled, to_client),
    ];
    let mut fresh = Browser::new(world.anonymous());
    let forms = every_form(&mut fresh, &asking, &scene.alice).await;
    let consent = fresh.submit(&forms[0]).await;
    let picker = fresh
        .ask(&asking.clone().with("prompt", "select_account"))
        .await;
    let posted = asking.clone().with("response_mode", "form_post");
    let denied = posted.clone().with("prompt", "none");
    let form_post = Browser::new(world.anonymous()).ask(&denied).await;
    let question = fresh.get("/logout").await;
    let foreign = scene.browser.submit(&forms[1]).await;
    fresh.submit(&forms[1]).await;
    let used = fresh.submit(&forms[1]).await;
    let unknown = fresh.ask(&asking.clone().with("client_id", "nobody")).await;
    let hint = fresh.get("/logout?id_token_hint=x").await;
    let signed_out = fresh.submit(&forms[3]).await;
    world.advance(3600);
    let stale = fresh.submit(&forms[1]).await;
    pages.extend([
        ("consent", 200, consent, to_client),
        ("picker", 200, picker, to_client),
        ("form_post", 200, form_post, to_client),
        ("sign-out question", 200, question, None),
        ("foreign form", 403, foreign, None),
        ("used form", 400, used, None),
        ("unknown client", 400, unknown, None),
        ("foreign hint", 400, hint, None),
        ("signed out", 200, signed_out, None),
        ("stale form", 400, stale, None),
    ]);
    pages
}

// A194
#[tokio::test]
async fn every_page_people_see_is_their_own_window_and_nobody_elses_business() {
    everywhere(async |world| {
        for (name, status, page, _) in every_page(&world).await {
            assert_eq!(page.status.as_u16(), status, "{name}: {page:?}");
            for (header, value) in [
                ("content-type", "text/html; charset=utf-8"),
                ("cache-control", "no-store"),
                ("x-frame-options", "DENY"),
                ("x-content-type-options", "nosniff"),
                ("referrer-policy", "no-referrer"),
            ] {
                assert_eq!(page.header(header), Some(value), "{name}: {header}");
                assert_eq!(page.headers.get_all(header).iter().count(), 1, "{name}");
            }
            let mut names = page.headers.keys();
            assert!(!names.any(|name| name.as_str().starts_with("access-control")));
            // Nothing is fetched from anywhere else, and nothing runs.
            for attribute in [
                "src=",
                "href=",
                "srcset=",
                "background=",
                "http-equiv",
                "url(",
            ] {
                for rest in unescape(&page.body).split(attribute).skip(1) {
                    assert!(rest.starts_with("\"/"), "{name}: {attribute}{rest}");
                }
            }
            for forbidden in ["<iframe", "<object", "<embed", "<base", " on", "style="] {
                let tags = page
                    .body
                    .split('<')
                    .skip(1)
                    .map(|tag| tag.split('>').next());
                let inside =
                    |tag: &str| format!("<{tag}").contains(forbidden) && forbidden != " on";
                assert!(!tags.flatten().any(inside), "{name}: {forbidden}");
            }
        }
    })
    .await;
}

// A195
#[tokio::test]
async fn the_policy_of_every_page_names_what_it_needs_and_no_more() {
    everywhere(async |world| {
        for (name, _, page, target) in every_page(&world).await {
            let policies: Vec<_> = page
                .headers
                .get_all("content-security-policy")
                .iter()
                .collect();
            assert_eq!(policies.len(), 1, "{name}");
            let policy = policies[0].to_str().expect("a text");
            let form_action = match target {
                Some(origin) => format!("form-action 'self' {origin}"),
                None => "form-action 'self'".to_owned(),
            };
            let mut expected = vec![
                "default-src 'none'".to_owned(),
                "style-src 'self'".to_owned(),
                "img-src 'self'".to_owned(),
                "frame-ancestors 'none'".to_owned(),
                "base-uri 'none'".to_owned(),
                "object-src 'none'".to_owned(),
                form_action,
            ];
            let scripts: Vec<&str> = page.body.split("<script>").skip(1).collect();
            if name == "form_post" {
                // The one script, by its digest as it stands on the page.
                assert_eq!(scripts.len(), 1, "{page:?}");
                let script = scripts[0].split("</script>").next().expect("a script");
                let digest = BASE64.encode(&sha256(&[script.as_bytes()]));
                expected.push(format!("script-src 'sha256-{digest}'"));
            } else {
                assert!(!page.body.contains("<script"), "{name}: {page:?}");
            }
            assert_eq!(policy.split("; ").collect::<Vec<_>>(), expected, "{name}");
        }
    })
    .await;
}

// A194
#[tokio::test]
async fn every_redirect_is_a_303_that_nobody_keeps_and_that_tells_no_one_where_from() {
    everywhere(async |world| {
        let Scene {
            own,
            alice,
            mut browser,
            app,
        } = scene(&world).await;
        let asking = Asking::of(&own, "openid");
        let mut redirects = Vec::new();
        let page = browser.ask(&asking).await;
        redirects.push(browser.sign_in(&page, &alice).await);
        redirects.push(browser.ask(&asking).await);
        redirects.push(
            browser
                .ask(&asking.clone().with("response_mode", "fragment"))
                .await,
        );
        redirects.push(
            browser
                .ask(&asking.clone().with("response_type", "token"))
                .await,
        );
        redirects.push(browser.post("/authorize", &[("client_id", "own")]).await);
        redirects.push(browser.post("/logout", &[("state", "x")]).await);
        let page = browser.ask(&Asking::of(&app, "openid")).await;
        redirects.push(browser.decide(&page, "deny").await);
        for reply in redirects {
            assert_eq!(reply.status, 303, "{reply:?}");
            for (header, value) in [
                ("cache-control", "no-store"),
                ("x-content-type-options", "nosniff"),
                ("referrer-policy", "no-referrer"),
            ] {
                assert_eq!(reply.header(header), Some(value), "{reply:?}");
            }
            assert_eq!(reply.headers.get_all("location").iter().count(), 1);
            assert!(reply.body.is_empty(), "{reply:?}");
            let mut names = reply.headers.keys();
            assert!(!names.any(|name| name.as_str().starts_with("access-control")));
        }
    })
    .await;
}

#[tokio::test]
async fn a_form_may_lead_where_the_answer_goes_and_nowhere_else() {
    everywhere(async |world| {
        let scene = scene(&world).await;
        for (address, expected) in [
            (
                "https://app.example.test:8443/callback?x=1",
                "https://app.example.test:8443",
            ),
            ("http://127.0.0.1:4711/", "http://127.0.0.1:4711"),
            ("net.example.phone:/answer", "net.example.phone:"),
            (
                "https://xn--bcher-kva.example.test/",
                "https://xn--bcher-kva.example.test",
            ),
        ] {
            world
                .change_client(&world.tenant, "app", true, |metadata| {
                    metadata.application_type = "native".parse().expect("a type");
                    metadata.redirect_uris = vec![address.to_owned()];
                })
                .await;
            let asking = scene.asking().with("redirect_uri", address);
            let page = Browser::new(world.anonymous()).ask(&asking).await;
            let policy = page.header("content-security-policy").expect("a policy");
            let wanted = format!("form-action 'self' {expected}");
            assert!(
                policy.split("; ").any(|directive| directive == wanted),
                "{policy}"
            );
        }
    })
    .await;
}
