//! Two nodes, one database, and nobody is kept at the one they began at.

use super::{SCOPE, Scene, scene, who};
use crate::support::browser::{Answer, Asking, Browser, Form};
use crate::support::everywhere;
use crate::support::forge::opened;
use crate::support::http::Caller;
use crate::support::people::{Person, Service};
use crate::support::race::at_once;
use crate::support::world::follow;

const FLOWS: usize = 200;
const AT_ONCE: usize = 8;

/// A page here, its form there, the answer to the question here, the tokens there.
async fn flow(app: &Service, person: &Person, here: &Caller, there: &Caller) {
    let asking = Asking::of(app, SCOPE).with("prompt", "consent");
    let mut browser = Browser::new(here);
    let page = browser.ask(&asking).await;
    let mut browser = browser.through(there);
    let page = browser.sign_in(&page, person).await;
    assert!(Form::find(&page, "/consent").is_some(), "{page:?}");
    let mut browser = browser.through(here);
    let answer = Answer::of(&browser.decide(&page, "allow").await);
    let app = app.through(there);
    let tokens = app.redeem(&answer, &asking).await;
    tokens.assert_ok();
    assert_eq!(
        opened(&tokens.text("id_token")).1["sub"],
        person.id.as_str()
    );
    let userinfo = app
        .through(here)
        .userinfo(&tokens.text("access_token"))
        .await;
    assert_eq!(userinfo.text("sub"), person.id);
    app.through(here)
        .refresh(&tokens.text("refresh_token"))
        .await
        .assert_ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_flows_that_change_nodes_at_every_step_all_succeed() {
    everywhere(async |world| {
        let Scene { app, .. } = scene(&world).await;
        let (_, other) = world.second_node().await;
        let mut people = Vec::new();
        for number in 0..AT_ONCE {
            people.push(world.person(&format!("person{number}")).await);
        }
        let nodes = [world.anonymous().clone(), other];
        let done = at_once(people.into_iter().enumerate().map(|(number, person)| {
            let (app, nodes) = (app.clone(), nodes.clone());
            async move {
                for round in 0..FLOWS / AT_ONCE {
                    let first = (number + round) % 2;
                    flow(&app, &person, &nodes[first], &nodes[1 - first]).await;
                }
                FLOWS / AT_ONCE
            }
        }))
        .await;
        assert_eq!(done.iter().sum::<usize>(), FLOWS);
        let mut raw = world.raw().await;
        let spent = "SELECT COUNT(*) FROM codes WHERE used_at IS NOT NULL";
        assert_eq!(raw.number(spent).await, 200);
        assert_eq!(raw.number("SELECT COUNT(*) FROM consents").await, 8);
    })
    .await;
}

#[tokio::test]
async fn what_ends_at_one_node_is_over_at_the_other() {
    everywhere(async |world| {
        let Scene {
            own,
            alice,
            browser,
            ..
        } = scene(&world).await;
        let (node, other) = world.second_node().await;
        let mut here = browser;
        super::enter(&mut here, &own, &alice).await;
        let mut there = here.through(&other);
        let own_there = own.through(&other);
        assert_eq!(who(&mut there, &own_there).await.as_ref(), Some(&alice.id));
        let asking = Asking::of(&own, "openid");
        let answer = Answer::of(&there.ask(&asking).await);
        let unspent = Answer::of(&there.ask(&asking).await);
        let tokens = own_there.redeem(&answer, &asking).await;
        // The question from one node is answered at the other.
        let page = there.get("/logout").await;
        let reply = here.submit(&Form::of(&page, "/account/sign-out")).await;
        assert!(
            reply.status == 403 || reply.body.contains("id=\"signed-out\""),
            "{reply:?}"
        );
        assert_eq!(reply.status, 200, "{reply:?}");
        // The session and what was not spent: at once. Tokens: after one look at the feed.
        assert_eq!(who(&mut there, &own_there).await, None);
        own_there
            .redeem(&unspent, &asking)
            .await
            .assert_error(400, "invalid_grant");
        follow(&node).await;
        own_there
            .introspect(&tokens.text("access_token"))
            .await
            .assert_inactive();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_page_answered_at_two_nodes_at_once_gives_one_code() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        let (_, other) = world.second_node().await;
        for round in 0..10 {
            let asking = scene.asking().with("prompt", "login consent");
            world.advance(61);
            let page = scene.browser.ask(&asking).await;
            let page = scene.browser.sign_in(&page, &scene.alice).await;
            let form = Form::of(&page, "/consent").with("decision", "allow");
            let replies = at_once((0..8).map(|racer| {
                let caller = if racer % 2 == 0 {
                    world.anonymous()
                } else {
                    &other
                };
                let (mut browser, form) = (scene.browser.through(caller), form.clone());
                async move { browser.submit(&form).await }
            }))
            .await;
            let codes = replies.iter().filter(|reply| reply.status == 303);
            assert_eq!(codes.count(), 1, "{round}: {replies:?}");
            for reply in replies.iter().filter(|reply| reply.status != 303) {
                assert!([400, 503].contains(&reply.status.as_u16()), "{reply:?}");
            }
        }
    })
    .await;
}
