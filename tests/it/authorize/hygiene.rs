//! What the pages and answers of a flow say to anybody but the client (RFC 9700 sections 4.2.4, 4.3).

use super::scene;
use crate::support::browser::{Answer, Asking, Browser, CALLBACK, Form, unescape};
use crate::support::people::Person;
use crate::support::{Reply, everywhere};

/// Every address a page names, as the browser would resolve it.
fn addresses(page: &Reply) -> Vec<String> {
    let named = ["src=\"", "href=\"", "action=\"", "data=\"", "url("];
    named
        .iter()
        .flat_map(|start| page.body.split(start).skip(1))
        .filter_map(|rest| rest.split(['"', ')']).next().map(unescape))
        .collect()
}

/// No cache keeps it, no address of it is told, and nothing of it comes from elsewhere.
#[track_caller]
fn assert_private(page: &Reply) {
    assert_eq!(page.header("cache-control"), Some("no-store"), "{page:?}");
    assert_eq!(
        page.header("referrer-policy"),
        Some("no-referrer"),
        "{page:?}"
    );
    for name in [
        "link",
        "refresh",
        "content-location",
        "access-control-allow-origin",
    ] {
        assert_eq!(page.header(name), None, "{page:?}");
    }
    if page.header("location").is_some() {
        assert_eq!(page.body, "", "{page:?}");
    }
    assert!(!page.body.contains("<meta http-equiv"), "{page:?}");
    for address in addresses(page) {
        let own = address.starts_with('/') && !address.starts_with("//");
        // The only way out is the answer itself.
        assert!(own || address == CALLBACK, "{address} in {page:?}");
    }
}

// A040
#[tokio::test]
async fn no_page_of_a_flow_tells_anybody_its_code_or_state() {
    everywhere(async |world| {
        let (app, person, _) = scene(&world).await;
        for mode in ["query", "fragment", "form_post"] {
            let mut browser = Browser::new(world.anonymous());
            let asking = Asking::of(&app, "openid")
                .with("state", "a-state-to-look-for")
                .with("response_mode", mode);
            let sign_in = browser.ask(&asking).await;
            let wrong = Person {
                password: "wrong".to_owned(),
                ..person.clone()
            };
            let again = browser.sign_in(&sign_in, &wrong).await;
            let mut pages = vec![sign_in, again.clone()];
            let mut page = browser.sign_in(&again, &person).await;
            if page.body.contains("id=\"allow\"") {
                pages.push(page.clone());
                page = browser.decide(&page, "allow").await;
            }
            let code = Answer::of(&page).code().to_owned();
            let used = Form::of(&pages[0], "/sign-in");
            pages.push(browser.submit(&used).await);
            let broken = asking.clone().with("redirect_uri", "https://evil.test");
            pages.push(browser.ask(&broken).await);
            for page in &pages {
                // Not even sealed forms show them.
                assert!(!page.body.contains("a-state-to-look-for"), "{page:?}");
                assert!(!page.body.contains(&code), "{page:?}");
                assert_private(page);
            }
            assert_private(&page);
            let refused = browser.ask(&asking.with("scope", "no.such.scope")).await;
            Answer::of(&refused).assert_error("invalid_scope");
            assert_private(&refused);
        }
    })
    .await;
}

// A040
#[tokio::test]
async fn a_client_cannot_bring_pictures_into_our_pages() {
    everywhere(async |world| {
        let app = world
            .client_with("app", "openid", |metadata| {
                metadata.client_uri = Some("https://app.example.test/".to_owned());
                metadata.logo_uri = Some("https://app.example.test/logo.png".to_owned());
                metadata.policy_uri = Some("https://app.example.test/privacy".to_owned());
                metadata.tos_uri = Some("https://app.example.test/terms".to_owned());
            })
            .await;
        let person = world.person("alice").await;
        let mut browser = Browser::new(world.anonymous());
        let page = browser.ask(&Asking::of(&app, "openid")).await;
        let page = browser.sign_in(&page, &person).await;
        let links = unescape(&page.body);
        assert!(links.contains("https://app.example.test/privacy"));
        assert!(
            !page.body.contains("logo.png") && !page.body.contains("<img"),
            "{page:?}"
        );
        // Its own pages are links that say nothing of where they were followed from.
        for link in links.split("<a ").skip(1) {
            let link = link.split('>').next().expect("a tag");
            let foreign = link.contains("href=\"https://");
            assert!(
                !foreign || link.contains("rel=\"noreferrer noopener\""),
                "{link}"
            );
        }
    })
    .await;
}
