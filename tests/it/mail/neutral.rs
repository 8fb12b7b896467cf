//! Nobody learns from an answer, or from its time, who has an account.

use serde_json::json;

use super::{api, with_mail};
use crate::support::everywhere;
use crate::support::smtp::{Mood, Peer};

const ADDRESSES: [&str; 4] = [
    "alice@example.test",
    "nobody@example.test",
    "disabled@example.test",
    "not an address",
];

// A232
#[tokio::test]
async fn whoever_asks_for_a_link_is_answered_before_anybody_is_looked_up() {
    with_mail(
        |_| {},
        async |world, peer| {
            world.person("alice").await;
            let disabled = world.person("disabled").await;
            world.set_enabled(&disabled, false).await;
            for mood in [Mood::Takes, Mood::Silent, Mood::Refuses] {
                peer.is(mood);
                for path in ["reset-password", "verify-email"] {
                    let mut answers = Vec::new();
                    for email in ADDRESSES {
                        let reply = api(world.anonymous(), path, &json!({ "email": email })).await;
                        let mut headers = reply.headers.clone();
                        headers.remove("x-request-id");
                        answers.push((reply.status, headers, reply.body));
                    }
                    assert_eq!(answers[0].0, 200);
                    assert!(
                        answers.iter().all(|answer| *answer == answers[0]),
                        "{answers:#?}"
                    );
                }
                let mut pages = Vec::new();
                for address in ADDRESSES {
                    let form = [("address", address)];
                    pages.push(
                        world
                            .anonymous()
                            .post("/reset-password", &form, &[])
                            .await
                            .body,
                    );
                }
                assert!(pages.iter().all(|page| *page == pages[0]));
                assert!(!pages[0].contains("example.test"));
            }
            assert!(
                peer.connections() == 0,
                "nothing is sent while somebody waits"
            );
            world.settle().await;
            let waiting = world
                .app
                .store
                .mail_backlog()
                .await
                .expect("counted")
                .waiting;
            let mut raw = world.raw().await;
            let others = "SELECT COUNT(*) FROM mail_queue WHERE recipient <> 'alice@example.test'";
            assert!(waiting > 0);
            assert_eq!(raw.number(others).await, 0);
        },
    )
    .await;
}

// A334
#[tokio::test]
async fn mail_goes_to_the_stored_address_and_to_none_that_looks_like_it() {
    with_mail(
        |_| {},
        async |world, peer| {
            world.person("quack").await;
            world.person("mini").await;
            for typed in ["quac\u{212a}@example.test", "QUACK@EXAMPLE.TEST"] {
                api(
                    world.anonymous(),
                    "reset-password",
                    &json!({ "email": typed }),
                )
                .await
                .assert_ok();
                let mail = Peer::one(peer.deliver(&world).await);
                assert_eq!(mail.recipients, ["RCPT TO:<quack@example.test>"]);
                assert_eq!(mail.header("to"), "quack@example.test");
            }
            for lookalike in [
                "m\u{131}n\u{131}@example.test",
                "mini@example.test,evil@evil.test",
                "mini@example.test\r\nBcc: evil@evil.test",
                "m\u{456}ni@example.test",
            ] {
                let body = json!({ "email": lookalike });
                let reply = api(world.anonymous(), "reset-password", &body).await;
                reply.assert_ok();
                assert!(peer.deliver(&world).await.is_empty(), "{lookalike:?}");
            }
        },
    )
    .await;
}

#[tokio::test]
async fn an_account_gets_few_links_an_hour_and_an_address_may_ask_now_and_then() {
    with_mail(
        |config| config.limits.mail_requests_per_minute = 20,
        async |world, peer| {
            world.person("alice").await;
            let body = json!({ "email": "alice@example.test" });
            for _ in 0..20 {
                api(world.anonymous(), "reset-password", &body)
                    .await
                    .assert_ok();
                world.settle().await;
            }
            let reply = api(world.anonymous(), "reset-password", &body).await;
            reply.assert_problem(429, "too-many-requests");
            let reply = api(&world.from("203.0.113.9"), "reset-password", &body).await;
            reply.assert_ok();
            let mut raw = world.raw().await;
            let links = "SELECT COUNT(*) FROM mail_links";
            world.settle().await;
            assert_eq!(raw.number(links).await, 5);
            // Of five letters one has a link that lives, and only that one is sent.
            let last = Peer::one(peer.deliver(&world).await);
            world.advance(3600);
            let body = json!({ "token": last.secret(), "password": "another passphrase" });
            api(world.anonymous(), "reset-password", &body)
                .await
                .assert_problem(400, "malformed");
        },
    )
    .await;
}

#[tokio::test]
async fn without_a_server_nothing_is_promised() {
    everywhere(async |world| {
        world.person("alice").await;
        for path in ["reset-password", "verify-email"] {
            for email in ADDRESSES {
                let reply = api(world.anonymous(), path, &json!({ "email": email })).await;
                reply.assert_problem(403, "forbidden");
            }
        }
        let form = [("address", "alice@example.test")];
        for page in [
            world.anonymous().get("/reset-password").await,
            world.anonymous().post("/reset-password", &form, &[]).await,
        ] {
            assert_eq!(page.status, 404);
            assert!(!page.body.contains("<form"), "{page:?}");
        }
        let app = world.client("app", "openid").await;
        let asking = crate::support::browser::Asking::of(&app, "openid");
        let page = world.anonymous().get(&asking.address()).await;
        page.assert_ok();
        assert!(!page.body.contains("forgot-password"));
        let mut raw = world.raw().await;
        assert_eq!(raw.number("SELECT COUNT(*) FROM mail_queue").await, 0);
    })
    .await;
}

#[tokio::test]
async fn where_mail_is_sent_the_sign_in_page_leads_to_a_new_password() {
    with_mail(
        |_| {},
        async |world, _| {
            let app = world.client("app", "openid").await;
            let asking = crate::support::browser::Asking::of(&app, "openid");
            let page = world.anonymous().get(&asking.address()).await;
            assert!(
                page.body
                    .contains("id=\"forgot-password\" href=\"/reset-password\"")
            );
            let page = world.anonymous().get("/reset-password").await;
            page.assert_ok();
            assert!(page.body.contains("name=\"address\""));
        },
    )
    .await;
}
