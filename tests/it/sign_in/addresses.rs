//! Where people are taken after a page: the client's registered address, or one of our own.

use super::{every_form, scene, way_on};
use crate::support::Reply;
use crate::support::browser::{Answer, Asking, CALLBACK, Form, unescape};
use crate::support::everywhere;

const EVIL: &[&str] = &[
    "//evil.test",
    "https://evil.test",
    "/\\evil.test",
    "\\/\\/evil.test",
    "https:evil.test",
    "javascript:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,x",
    "/%09/evil.test",
    "/%5cevil.test",
    "//evil.test%00",
    "%2f%2fevil.test",
    "javascript%253Aalert(1)",
    " //evil.test",
    "/\r\n/evil.test",
    "\u{2215}\u{2215}evil.test",
    "https://app.example.test@evil.test/",
    "https://app.example.test.evil.test/callback",
];

/// Names other systems have for where to go next.
const NAMES: &[&str] = &[
    "return_to",
    "next",
    "redirect",
    "redirect_url",
    "redirect_to",
    "url",
    "continue",
    "goto",
    "target",
    "return",
    "returnUrl",
    "callback",
    "post_logout_redirect_uri",
    "redirect_uri",
    "rd",
    "back",
];

#[track_caller]
fn leads_nowhere_else(reply: &Reply) {
    let location = reply.header("location").unwrap_or_default();
    assert!(
        location.is_empty() || location.starts_with(CALLBACK),
        "{reply:?}"
    );
    assert!(reply.header("refresh").is_none(), "{reply:?}");
    for attribute in ["href=\"", "action=\"", "url="] {
        for target in unescape(&reply.body).split(attribute).skip(1) {
            assert!(
                target.starts_with('/') && !target.starts_with("//"),
                "{target}"
            );
        }
    }
}

// A210, A211, A212
#[tokio::test]
async fn no_form_takes_an_address_to_go_to() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        let asking = scene.asking().with("prompt", "consent");
        for (number, evil) in EVIL.iter().enumerate() {
            let name = NAMES[number % NAMES.len()];
            let mut browser = crate::support::browser::Browser::new(world.anonymous());
            let forms = every_form(&mut browser, &asking, &scene.alice).await;
            for form in &forms {
                let mut form = form.clone().with(name, evil);
                for name in NAMES {
                    form = form.with(name, evil);
                }
                leads_nowhere_else(&browser.submit(&form).await);
            }
        }
        // Nor does a page.
        scene.enter(&scene.alice.clone()).await;
        for name in NAMES.iter().filter(|name| !name.ends_with("_uri")) {
            for evil in EVIL {
                let reply = scene.browser.ask(&scene.asking().with(name, evil)).await;
                leads_nowhere_else(&reply);
                let own = Asking::of(&scene.own, "openid").with(name, evil);
                assert_eq!(Answer::of(&scene.browser.ask(&own).await).to, CALLBACK);
            }
        }
    })
    .await;
}

// A212
#[tokio::test]
async fn the_link_of_a_page_that_refuses_is_our_own_whatever_the_request_said() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        for evil in EVIL {
            let asking = scene.asking().with("state", evil).with("login_hint", evil);
            let page = scene.browser.ask(&asking).await;
            let form = Form::of(&page, "/sign-in");
            world.advance(3600);
            let reply = scene.browser.submit(&form).await;
            leads_nowhere_else(&reply);
            let link = way_on(&reply);
            assert_eq!(link, asking.address());
        }
    })
    .await;
}

// A212
#[tokio::test]
async fn nobody_is_taken_to_an_unregistered_address_by_signing_out() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        scene.enter(&scene.alice.clone()).await;
        for evil in EVIL.iter().chain(&[CALLBACK, "https://app.example.test/"]) {
            for with in ["", "&client_id=own", "&client_id=nobody"] {
                let query = serde_urlencoded::to_string([("post_logout_redirect_uri", evil)]);
                let query = format!("{}{with}", query.expect("a query"));
                let reply = scene.browser.get(&format!("/logout?{query}")).await;
                assert_eq!(reply.status, 400, "{reply:?}");
                leads_nowhere_else(&reply);
            }
            for name in ["return_to", "next", "redirect_uri", "returnTo", "service"] {
                let query = serde_urlencoded::to_string([(name, evil)]).expect("a query");
                let reply = scene.browser.get(&format!("/logout?{query}")).await;
                assert_eq!(reply.status, 200, "{reply:?}");
                leads_nowhere_else(&reply);
            }
        }
        assert_eq!(scene.who().await, Some(scene.alice.id.clone()));
    })
    .await;
}
