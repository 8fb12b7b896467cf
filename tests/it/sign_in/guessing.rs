//! Guessing passwords on the sign-in page: the same brake as at the token endpoint.

use super::{SCOPE, Scene, scene};
use crate::support::Reply;
use crate::support::browser::{Answer, Asking, Browser, Form};
use crate::support::everywhere;
use crate::support::world::World;

const WRONG: &str = "certainly not this one";
const LOCK: u64 = 900;

async fn try_in(browser: &mut Browser, page: &Reply, name: &str, password: &str) -> Reply {
    let form = Form::of(page, "/sign-in")
        .with("username", name)
        .with("password", password);
    browser.submit(&form).await
}

async fn page_for(world: &World, scene: &Scene, address: &str) -> (Browser, Reply) {
    let mut browser = Browser::new(&world.from(address));
    let page = browser.ask(&Asking::of(&scene.own, "openid")).await;
    (browser, page)
}

/// A page without what is different each time: the seal, and the name that was typed.
fn same_page(reply: &Reply, name: &str) -> (u16, Vec<(String, String)>, String) {
    let mut body = reply.body.clone();
    for form in ["/sign-in", "/select-account"] {
        if let Some(form) = Form::find(reply, form) {
            body = body.replace(form.field("transaction"), "");
        }
    }
    let body = body.replace(&format!("value=\"{name}\""), "");
    let each_its_own = ["x-request-id", "content-length"];
    let headers = reply.headers.iter();
    let headers = headers.filter(|(name, _)| !each_its_own.contains(&name.as_str()));
    let headers = headers.map(|(name, value)| {
        let value = value.to_str().expect("a text").to_owned();
        (name.to_string(), value)
    });
    (reply.status.as_u16(), headers.collect(), body)
}

#[tokio::test]
async fn unknown_disabled_and_mistyped_look_the_same_and_cost_the_same() {
    everywhere(async |world| {
        let scene = scene(&world).await;
        let disabled = world.person("disabled").await;
        world.set_enabled(&disabled, false).await;
        let mut seen = Vec::new();
        for (number, (name, password)) in [
            ("alice", WRONG),
            ("ALICE", WRONG),
            ("alice@example.test", WRONG),
            ("disabled", WRONG),
            ("disabled", disabled.password.as_str()),
            ("nobody", WRONG),
            ("nobody", scene.alice.password.as_str()),
            ("no.body@example.test", WRONG),
        ]
        .into_iter()
        .enumerate()
        {
            world.advance(3600);
            let (mut browser, page) =
                page_for(&world, &scene, &format!("198.51.100.{number}")).await;
            let mut answers = Vec::new();
            for attempt in 0..7 {
                let before = world.app.passwords.computed();
                let reply = try_in(&mut browser, &page, name, password).await;
                let hashes = world.app.passwords.computed() - before;
                assert_eq!(hashes, usize::from(attempt < 5), "{name} {attempt}");
                answers.push(same_page(&reply, name));
            }
            assert_eq!(answers[4].0, 400);
            assert_eq!(answers[5].0, 429);
            seen.push(answers);
        }
        for other in &seen[1..] {
            assert_eq!(other, &seen[0]);
        }
    })
    .await;
}

#[tokio::test]
async fn the_page_and_the_token_endpoint_count_together() {
    everywhere(async |world| {
        let scene = scene(&world).await;
        let bob = world.person("bob").await;
        for (person, first_on_page) in [(&scene.alice, true), (&bob, false)] {
            let (mut browser, page) = page_for(&world, &scene, "127.0.0.1").await;
            let on_page = async |browser: &mut Browser, count: usize| {
                for _ in 0..count {
                    let reply = try_in(browser, &page, &person.username, WRONG).await;
                    assert_eq!(reply.status, 400, "{reply:?}");
                }
            };
            if first_on_page {
                on_page(&mut browser, 3).await;
            }
            for _ in 0..2 {
                let reply = scene.own.password(&person.username, WRONG, "openid").await;
                reply.assert_error(400, "invalid_grant");
            }
            if !first_on_page {
                on_page(&mut browser, 3).await;
            }
            // Locked at both, for the right password too, for the same time.
            let grant = scene
                .own
                .password(&person.username, &person.password, "openid")
                .await;
            let form = try_in(&mut browser, &page, &person.username, &person.password).await;
            assert_eq!((grant.status.as_u16(), form.status.as_u16()), (429, 429));
            assert_eq!(grant.header("retry-after"), Some("900"));
            assert_eq!(form.header("retry-after"), Some("900"));
            assert!(form.body.contains("id=\"problem\""), "{form:?}");
            assert!(form.body.contains("15 minutes"), "{form:?}");
            assert!(!form.headers.contains_key("set-cookie"), "{form:?}");
            // From elsewhere the owner waits a moment at most.
            let (mut home, page) = page_for(&world, &scene, "198.51.100.9").await;
            let mut reply = try_in(&mut home, &page, &person.username, &person.password).await;
            if reply.status == 429 {
                let pause = reply.header("retry-after").expect("a pause");
                world.advance(pause.parse().expect("seconds"));
                reply = try_in(&mut home, &page, &person.username, &person.password).await;
            }
            Answer::of(&reply).code();
        }
    })
    .await;
}

#[tokio::test]
async fn a_lock_ends_when_the_page_said_and_the_same_page_goes_on() {
    everywhere(async |world| {
        let scene = scene(&world).await;
        let (mut browser, page) = page_for(&world, &scene, "127.0.0.1").await;
        for _ in 0..5 {
            try_in(&mut browser, &page, "alice", WRONG).await;
        }
        world.advance(LOCK - 1);
        let locked = try_in(&mut browser, &page, "alice", &scene.alice.password).await;
        assert_eq!(locked.header("retry-after"), Some("1"), "{locked:?}");
        world.advance(1);
        let reply = try_in(&mut browser, &locked, "alice", &scene.alice.password).await;
        Answer::of(&reply).code();
    })
    .await;
}

#[tokio::test]
async fn neither_new_browsers_nor_new_requests_nor_other_clients_give_more_tries() {
    everywhere(async |world| {
        let scene = scene(&world).await;
        world.client("other", SCOPE).await;
        let mut looked_at = 0;
        for round in 0..20 {
            let service = if round % 2 == 0 {
                &scene.own
            } else {
                &scene.app
            };
            let mut browser = Browser::new(world.anonymous());
            let asking = Asking::of(service, "openid").with("state", &round.to_string());
            let page = browser.ask(&asking).await;
            let name = ["alice", "Alice", "alice@example.test", " alice"][round % 4];
            let reply = try_in(&mut browser, &page, name, WRONG).await;
            looked_at += u32::from(reply.status == 400);
        }
        // The name and the e-mail address are two names.
        assert!(looked_at <= 10, "{looked_at}");
    })
    .await;
}

#[tokio::test]
async fn an_incomplete_form_costs_no_hash_and_counts_as_nothing() {
    everywhere(async |world| {
        let scene = scene(&world).await;
        let (mut browser, page) = page_for(&world, &scene, "127.0.0.1").await;
        let before = world.app.passwords.computed();
        for _ in 0..20 {
            for (name, password) in [("alice", ""), ("", WRONG), ("", "")] {
                let reply = try_in(&mut browser, &page, name, password).await;
                assert_eq!(reply.status, 400);
                assert!(reply.body.contains("id=\"problem\""), "{reply:?}");
            }
        }
        assert_eq!(world.app.passwords.computed(), before);
        let reply = try_in(&mut browser, &page, "alice", &scene.alice.password).await;
        Answer::of(&reply).code();
    })
    .await;
}

#[tokio::test]
async fn an_unanswered_page_and_a_wrong_password_leave_no_row() {
    everywhere(async |world| {
        let scene = scene(&world).await;
        let before = super::rows(&world).await;
        let (mut browser, page) = page_for(&world, &scene, "127.0.0.1").await;
        for number in 0..20 {
            try_in(&mut browser, &page, &format!("nobody{number}"), WRONG).await;
            page_for(&world, &scene, "127.0.0.1").await;
        }
        assert_eq!(super::rows(&world).await, before);
    })
    .await;
}
