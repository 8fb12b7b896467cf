//! What others have written, on the pages people see.

use users_core::model::claims_request::ClaimsRequest;
use users_core::model::client_metadata::ClientMetadata;

use super::{Scene, scene};
use crate::support::browser::{Asking, Browser, Form, unescape};
use crate::support::everywhere;
use crate::support::people::Person;
use crate::support::{Reply, World};

const HOSTILE: &[&str] = &[
    "\"><svg/onload=alert(1)>",
    "'><img src=x onerror=alert(1)>",
    "<math><mi//xlink:href=\"data:x,<script>alert(1)</script>\">",
    "</title></textarea></style><script>alert(1)</script>",
    "{{ 7*7 }}{% raw %}{# #}${7*7}",
    "&lt;script&gt;&#x3c;img&#62;",
    "javascript:alert(1)",
    "=cmd|' /C calc'!A0",
    "\u{202e}nimda\u{2066}",
];

/// The tags of a page: their number and names must not depend on what somebody wrote.
fn tags(page: &Reply) -> Vec<String> {
    let tags = page.body.split('<').skip(1);
    tags.map(|tag| {
        tag.split(['>', ' ', '\n'])
            .next()
            .expect("a name")
            .to_owned()
    })
    .collect()
}

/// Asserts that a page has the same tags as its harmless twin and shows the text as it is.
#[track_caller]
fn assert_only_text(page: &Reply, twin: &Reply, text: &str) {
    assert_eq!(page.status, twin.status, "{page:?}");
    assert_eq!(tags(page), tags(twin), "{page:?}");
    assert!(unescape(&page.body).contains(text), "{text} in {page:?}");
    for raw in ["<svg", "<img", "<math", "<script>alert"] {
        assert!(!page.body.contains(raw), "{page:?}");
    }
    assert!(!unescape(&page.body).contains("49{%"), "{page:?}");
}

async fn rename_client(world: &World, name: &str) {
    let change = |metadata: &mut ClientMetadata| {
        metadata.client_name = Some(name.to_owned());
    };
    world
        .change_client(&world.tenant, "app", true, change)
        .await;
}

/// Every page that names the client, for a person who is signed in after the first.
async fn pages(world: &World, scene: &Scene, person: &Person) -> Vec<Reply> {
    let asking = Asking::of(&scene.app, "openid").with("prompt", "consent");
    let mut browser = Browser::new(world.anonymous());
    let sign_in = browser.ask(&asking).await;
    let wrong = Form::of(&sign_in, "/sign-in").with("username", &person.username);
    let problem = browser.submit(&wrong).await;
    let consent = browser.sign_in(&sign_in, person).await;
    let picker = browser.ask(&asking.with("prompt", "select_account")).await;
    let sign_out = browser.get("/logout?client_id=app").await;
    vec![sign_in, problem, consent, picker, sign_out]
}

// A216, A218
#[tokio::test]
async fn a_clients_name_is_text_on_every_page() {
    everywhere(async |world| {
        let scene = scene(&world).await;
        rename_client(&world, "Harmless").await;
        let twins = pages(&world, &scene, &scene.alice).await;
        for name in HOSTILE {
            rename_client(&world, name).await;
            for (page, twin) in pages(&world, &scene, &scene.alice).await.iter().zip(&twins) {
                assert_only_text(page, twin, name);
            }
        }
    })
    .await;
}

// A216
#[tokio::test]
async fn a_persons_names_are_text_on_every_page() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        let asking = Asking::of(&scene.own, "openid").with("prompt", "select_account");
        scene.enter(&scene.alice.clone()).await;
        let rename = async |name: &str| {
            let name = name.to_owned();
            world
                .change_person(&world.tenant, &scene.alice, |input| {
                    input.claims.name = Some(name);
                })
                .await;
        };
        rename("Harmless").await;
        let mut browser = scene.browser.clone();
        let twin = browser.ask(&asking).await;
        assert!(twin.body.contains("Harmless"), "{twin:?}");
        for name in HOSTILE {
            rename(name).await;
            let page = browser.ask(&asking).await;
            assert_only_text(&page, &twin, name);
        }
    })
    .await;
}

// A216
#[tokio::test]
async fn what_is_typed_or_hinted_is_text_where_it_is_shown_again() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        let asking = scene.asking().with("login_hint", "harmless");
        let hinted = scene.browser.ask(&asking).await;
        let form = |page: &Reply| Form::of(page, "/sign-in").with("password", "x");
        let typed = scene
            .browser
            .submit(&form(&hinted).with("username", "harmless"))
            .await;
        for text in HOSTILE {
            world.advance(3600);
            let page = scene
                .browser
                .ask(&asking.clone().with("login_hint", text))
                .await;
            assert_only_text(&page, &hinted, text);
            let page = scene
                .browser
                .submit(&form(&page).with("username", text))
                .await;
            assert_eq!(page.status, 400);
            assert_only_text(&page, &typed, text);
        }
    })
    .await;
}

// A216
#[tokio::test]
async fn what_a_client_sends_along_is_text_in_a_form_that_answers_it() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        scene.enter(&scene.alice.clone()).await;
        let asking = Asking::of(&scene.own, "openid").with("response_mode", "form_post");
        let twin = scene
            .browser
            .ask(&asking.clone().with("state", "harmless"))
            .await;
        for state in HOSTILE {
            let page = scene
                .browser
                .ask(&asking.clone().with("state", state))
                .await;
            assert_only_text(&page, &twin, state);
            assert_eq!(page.body.matches("<script>").count(), 1, "{page:?}");
            assert_eq!(Form::of(&page, "").field("state"), *state);
        }
        // Nor does anything of a request stand on a page that refuses it.
        for name in [
            "client_id",
            "redirect_uri",
            "scope",
            "prompt",
            "response_type",
        ] {
            let asking = scene.asking().with(name, HOSTILE[0]);
            let reply = scene.browser.ask(&asking).await;
            assert!(!reply.body.contains("svg"), "{name}: {reply:?}");
        }
        assert!(ClaimsRequest::parse(HOSTILE[0]).is_err());
    })
    .await;
}

// A216
#[tokio::test]
async fn no_address_of_a_client_runs_anything() {
    everywhere(async |world| {
        let scene = scene(&world).await;
        for address in [
            "https://app.example.test/terms?a=1&b=%22",
            "https://app.example.test/",
        ] {
            world
                .change_client(&world.tenant, "app", true, |metadata| {
                    metadata.client_uri = Some("https://app.example.test/".to_owned());
                    metadata.tos_uri = Some(address.to_owned());
                    metadata.logo_uri = Some("https://cdn.example.test/logo.svg".to_owned());
                })
                .await;
            let page = pages(&world, &scene, &scene.alice).await.remove(2);
            assert!(!page.body.contains("logo.svg"), "{page:?}");
            assert!(!page.body.contains("<img"), "{page:?}");
            let shown = unescape(&page.body);
            assert!(shown.contains(&format!(
                "<a href=\"{address}\" target=\"_blank\" rel=\"noreferrer noopener\""
            )));
        }
    })
    .await;
}
