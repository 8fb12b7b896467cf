//! What every page for people carries, and what it never lets through. Here the pages that need no
//! account, as they are served; in `rules` every view, as it is made.

mod look;
mod policy;
mod rules;
mod views;

use users_core::admin::setup;

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
                "object-src 'none'",
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
        let plain = views::unescaped(value);
        assert_eq!(plain, HOSTILE, "the same text again, neither run nor eaten");
    })
    .await;
}

// A018, A216
#[test]
fn no_text_breaks_out_of_any_page() {
    for hostile in [
        HOSTILE,
        "s`${1}`\r\n--><!--]]>&quot;&#34;</title></textarea>",
    ] {
        // Both have the same first letter, which stands in the marks.
        let targets = ["https://client.test".to_owned()];
        let tame = views::every_view("something", "/t/acme", &targets);
        let filled = views::every_view(hostile, "/t/acme", &targets);
        for (filled, tame) in filled.iter().zip(&tame) {
            let method = filled.method;
            assert!(filled.body.contains(&escaped(hostile)), "{method} shows it");
            let same = filled.body.replace(&escaped(hostile), "something");
            assert_eq!(same, tame.body, "{method} differs in more than the text");
            assert_eq!(filled.status, tame.status, "{method}");
        }
    }
    // A tenant's address is checked elsewhere, and no way out either.
    for page in views::every_view("something", "/t/\"><script>", &[]) {
        assert!(!page.body.contains("\"><script>"), "{}", page.method);
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#x27;")
        .replace('/', "&#x2f;")
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
        let page = world.anonymous().get("/").await;
        let (_, address) = page
            .body
            .split_once("rel=\"stylesheet\" href=\"")
            .expect("one");
        let address = address.split('"').next().expect("an address");
        assert!(address.starts_with("/style.css?v="), "{address}");
        assert_eq!(world.anonymous().get(address).await.body, sheet.body);
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
