//! What every page for people carries, and what it never lets through.

use users_core::admin::setup;
use users_core::pages::Pages;

use crate::support::{Reply, World, everywhere};

/// Every page there is, with its status; hostile text wherever a caller can put some.
async fn every_page(world: &World) -> Vec<(&'static str, u16, Reply)> {
    let link = setup::new_link(&world.app).await.expect("made");
    let link = link.expect("there is no administrator");
    let (_, secret) = link.split_once("?link=").expect("a link");
    let anonymous = world.anonymous();
    let post = async |username: &str, password: &str| {
        let form = [
            ("link", secret),
            ("username", username),
            ("password", password),
        ];
        anonymous.post("/setup", &form, &[]).await
    };
    world.person("taken").await;
    let form = anonymous.get(&format!("/setup?link={secret}")).await;
    let refused = post(HOSTILE, "short").await;
    let taken = post("taken", "some unrelated words").await;
    let done = post("root.of.it", "some unrelated words").await;
    let dead = anonymous.get(&format!("/setup?link={secret}")).await;
    vec![
        ("home", 200, anonymous.get("/").await),
        ("set-up form", 200, form),
        ("refused form", 400, refused),
        ("taken name", 409, taken),
        ("done", 201, done),
        ("dead link", 404, dead),
    ]
}

const HOSTILE: &str =
    "\"><script src=//evil.test></script><svg/onload=alert(1)>'{{ 7*7 }}{% raw %}&";

// A194, A195
#[tokio::test]
async fn every_page_has_strict_headers() {
    everywhere(async |world| {
        for (name, status, page) in every_page(&world).await {
            assert_eq!(page.status.as_u16(), status, "{name}: {page:?}");
            let header = |name: &str| page.header(name).unwrap_or_default().to_owned();
            assert_eq!(header("content-type"), "text/html; charset=utf-8", "{name}");
            assert_eq!(header("cache-control"), "no-store", "{name}");
            assert_eq!(header("x-frame-options"), "DENY", "{name}");
            assert_eq!(header("x-content-type-options"), "nosniff", "{name}");
            assert_eq!(header("referrer-policy"), "no-referrer", "{name}");
            assert!(page.header("set-cookie").is_none(), "{name}");
            assert!(page.header("access-control-allow-origin").is_none());
            let policy = header("content-security-policy");
            let directives: Vec<&str> = policy.split("; ").collect();
            for directive in [
                "default-src 'none'",
                "style-src 'self'",
                "form-action 'self'",
                "frame-ancestors 'none'",
                "base-uri 'none'",
            ] {
                assert!(directives.contains(&directive), "{name}: {policy}");
            }
            for loose in ["unsafe", "*", "http:", "https:", "data:", "script-src"] {
                assert!(!policy.contains(loose), "{name}: {policy}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn no_page_needs_anything_the_policy_forbids() {
    everywhere(async |world| {
        for (name, _, page) in every_page(&world).await {
            let text = page.body.to_lowercase();
            for forbidden in [
                "<script",
                "<iframe",
                "<object",
                "<base",
                "<meta http-equiv",
                " style=",
            ] {
                assert!(!text.contains(forbidden), "{name} has {forbidden}");
            }
            // Attributes that would run something, inside tags only.
            for tag in text
                .split('<')
                .skip(1)
                .filter_map(|rest| rest.split('>').next())
            {
                assert!(!tag.contains(" on"), "{name}: {tag}");
                for address in ["src=\"", "href=\"", "action=\""] {
                    let target = tag.split_once(address).map(|(_, target)| target);
                    let own = target
                        .is_none_or(|target| target.starts_with('/') && !target.starts_with("//"));
                    assert!(own, "{name}: {tag}");
                }
            }
            assert!(
                text.contains("<title>") && text.contains("<html lang="),
                "{name}"
            );
        }
    })
    .await;
}

// A216, at this page
#[tokio::test]
async fn what_a_caller_typed_comes_back_as_text() {
    everywhere(async |world| {
        let pages = every_page(&world).await;
        let (_, _, refused) = &pages[2];
        let value = refused.body.split("name=\"username\" value=\"").nth(1);
        let value = value
            .and_then(|rest| rest.split('"').next())
            .expect("the field");
        for raw in ["<", ">", "\"", "'"] {
            assert!(!value.contains(raw), "{value}");
        }
        let plain = value
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&#x27;", "'")
            .replace("&#x2f;", "/")
            .replace("&amp;", "&");
        assert_eq!(plain, HOSTILE, "the same text again, neither run nor eaten");
    })
    .await;
}

#[test]
fn no_text_breaks_out_of_any_page() {
    let pages = Pages::new();
    let problems = [HOSTILE.to_owned()];
    let status = axum::http::StatusCode::OK;
    for page in [
        pages.setup(status, HOSTILE, HOSTILE, &problems),
        pages.message(status, HOSTILE, HOSTILE),
    ] {
        assert_eq!(page.status(), status);
        let body = axum::body::to_bytes(page.into_body(), usize::MAX);
        let body = futures_util::FutureExt::now_or_never(body);
        let body = body.expect("in memory").expect("whole");
        let body = String::from_utf8(body.to_vec()).expect("UTF-8");
        assert!(
            !body.contains("<script") && !body.contains("<svg"),
            "{body}"
        );
        assert!(
            !body.contains("49"),
            "a template inside the text was run: {body}"
        );
    }
}

#[tokio::test]
async fn the_stylesheet_is_ours_and_fetches_nothing() {
    everywhere(async |world| {
        let sheet = world.anonymous().get("/style.css").await;
        sheet.assert_ok();
        assert_eq!(
            sheet.header("content-type"),
            Some("text/css; charset=utf-8")
        );
        assert_eq!(sheet.header("x-content-type-options"), Some("nosniff"));
        for fetch in ["url(", "@import", "http:", "https:", "//"] {
            assert!(!sheet.body.contains(fetch), "{fetch}");
        }
    })
    .await;
}

#[tokio::test]
async fn security_headers_of_json_answers_hold_for_every_status() {
    everywhere(async |world| {
        for (path, status) in [
            ("/health", 200),
            ("/nothing", 404),
            ("/userinfo", 401),
            ("/token", 405),
        ] {
            let reply = world.anonymous().get(path).await;
            assert_eq!(reply.status, status, "{path}");
            assert_eq!(reply.header("content-type"), Some("application/json"));
            assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
            assert_eq!(reply.header("cache-control"), Some("no-store"));
        }
    })
    .await;
}
