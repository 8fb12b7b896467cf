//! How mail gets to the server, and what becomes of it where it does not.

use serde_json::json;
use users_core::letters::worker::send_due;
use users_core::storage::mail_queue::Backlog;

use super::{api, with_mail};
use crate::support::World;
use crate::support::race::at_once;
use crate::support::smtp::{Mood, Peer};

async fn ask(world: &World) {
    let body = json!({ "email": "alice@example.test" });
    let reply = api(world.anonymous(), "reset-password", &body).await;
    reply.assert_ok();
    world.settle().await;
}

async fn backlog(world: &World) -> (i64, i64) {
    let Backlog { waiting, dead } = world.app.store.mail_backlog().await.expect("counted");
    (waiting, dead)
}

#[tokio::test]
async fn a_server_that_is_away_delays_mail_and_loses_none() {
    with_mail(
        |_| {},
        async |world, peer| {
            world.person("alice").await;
            for mood in [Mood::Busy, Mood::Unwelcoming, Mood::Silent, Mood::HangsUp] {
                peer.is(mood);
                ask(&world).await;
                for _ in 0..5 {
                    assert!(peer.deliver(&world).await.is_empty());
                    assert_eq!(backlog(&world).await, (1, 0), "{mood:?}");
                    world.advance(120);
                }
                peer.is(Mood::Takes);
                let mut arrived = Vec::new();
                let mut waited = 0;
                while arrived.is_empty() {
                    arrived = peer.deliver(&world).await;
                    world.advance(5);
                    waited += 5;
                    assert!(waited <= 60, "{mood:?}");
                }
                Peer::one(arrived);
                assert_eq!(backlog(&world).await, (0, 0));
                world.advance(3600);
            }
        },
    )
    .await;
}

#[tokio::test]
async fn a_server_that_cannot_be_used_is_left_alone_for_a_while() {
    with_mail(
        |_| {},
        async |world, peer| {
            world.person("alice").await;
            peer.is(Mood::Busy);
            ask(&world).await;
            let before = peer.connections();
            for _ in 0..10 {
                peer.deliver(&world).await;
            }
            assert_eq!(peer.connections(), before + 1);
        },
    )
    .await;
}

#[tokio::test]
async fn mail_that_is_put_off_is_tried_again_after_growing_pauses() {
    with_mail(
        |_| {},
        async |world, peer| {
            world.person("alice").await;
            peer.is(Mood::PutsOff);
            ask(&world).await;
            let mut tried = vec![];
            for second in 0..600 {
                let before = peer.connections();
                peer.deliver(&world).await;
                if peer.connections() > before {
                    tried.push(second);
                }
                world.advance(1);
            }
            let pauses: Vec<_> = tried.windows(2).map(|pair| pair[1] - pair[0]).collect();
            assert!((3..=6).contains(&pauses.len()), "{pauses:?}");
            assert!(
                pauses.windows(2).all(|pair| pair[0] < pair[1]),
                "{pauses:?}"
            );
            peer.is(Mood::Takes);
            world.advance(700);
            Peer::one(peer.deliver(&world).await);
        },
    )
    .await;
}

#[tokio::test]
async fn mail_that_is_refused_is_given_up_and_what_it_said_is_gone() {
    with_mail(
        |_| {},
        async |world, peer| {
            world.person("alice").await;
            peer.is(Mood::Refuses);
            ask(&world).await;
            assert!(peer.deliver(&world).await.is_empty());
            assert_eq!(backlog(&world).await, (0, 1));
            let mut raw = world.raw().await;
            assert_eq!(
                raw.texts("SELECT sealed || reason FROM mail_queue").await,
                ["550"]
            );
            peer.is(Mood::Takes);
            world.advance(600);
            assert!(peer.deliver(&world).await.is_empty());
            assert!(world.app.metrics.render().contains("mails_dead 1"));
            // It can be looked at for two weeks.
            world.advance(15 * 86_400);
            world
                .app
                .store
                .reap(world.clock.now())
                .await
                .expect("reaped");
            assert_eq!(backlog(&world).await, (0, 0));
        },
    )
    .await;
}

#[tokio::test]
async fn a_link_that_is_over_is_never_sent() {
    with_mail(
        |_| {},
        async |world, peer| {
            world.person("alice").await;
            peer.is(Mood::Busy);
            ask(&world).await;
            peer.deliver(&world).await;
            world.advance(3600);
            peer.is(Mood::Takes);
            assert!(peer.deliver(&world).await.is_empty());
            assert_eq!(backlog(&world).await, (0, 1));
            // Nor one that gave way to a newer one.
            ask(&world).await;
            ask(&world).await;
            Peer::one(peer.deliver(&world).await);
            assert_eq!(backlog(&world).await, (0, 2));
        },
    )
    .await;
}

#[tokio::test]
async fn of_two_nodes_one_sends_each_mail() {
    with_mail(
        |_| {},
        async |world, peer| {
            for name in ["alice", "bob", "carol", "dave"] {
                world.person(name).await;
                let body = json!({ "email": format!("{name}@example.test") });
                api(world.anonymous(), "reset-password", &body)
                    .await
                    .assert_ok();
            }
            world.settle().await;
            let (node, _) = world.second_node().await;
            let workers = [("one", &world.app), ("two", &node)].map(|(holder, app)| {
                let app = app.clone();
                async move { send_due(&app, holder).await.expect("worked on") }
            });
            let sent = Box::pin(at_once(workers)).await;
            assert_eq!(sent.iter().sum::<usize>(), 4, "{sent:?}");
            assert_eq!(peer.take().len(), 4);
            assert_eq!(backlog(&world).await, (0, 0));
        },
    )
    .await;
}

#[tokio::test]
async fn a_node_that_dies_while_it_sends_leaves_one_mail_to_come_twice() {
    with_mail(
        |_| {},
        async |world, peer| {
            world.person("alice").await;
            ask(&world).await;
            // It leased the mail, and is gone.
            let now = world.clock.now();
            let leased = world.app.store.lease_mail(now, now.plus_seconds(60)).await;
            assert!(leased.expect("an answer").is_some());
            assert!(
                peer.deliver(&world).await.is_empty(),
                "it may still be at it"
            );
            world.advance(60);
            let first = Peer::one(peer.deliver(&world).await);
            assert!(peer.deliver(&world).await.is_empty());
            // Or the server took it and nobody heard so: it comes again, as the same mail.
            ask(&world).await;
            peer.is(Mood::ForgetsToSay);
            let once = Peer::one(peer.deliver(&world).await);
            peer.is(Mood::Takes);
            world.advance(60);
            let twice = Peer::one(peer.deliver(&world).await);
            let id = |mail: &crate::support::smtp::Arrived| mail.header("message-id");
            assert_eq!(id(&once), id(&twice));
            assert_ne!(id(&first), id(&once));
            assert!(id(&once).ends_with("@id.example.test>"), "{once:?}");
        },
    )
    .await;
}

#[tokio::test]
async fn a_full_queue_takes_no_more_and_says_so_to_the_operator_alone() {
    with_mail(
        |config| config.mail.max_queue = 2,
        async |world, peer| {
            for name in ["alice", "bob", "carol"] {
                world.person(name).await;
            }
            peer.is(Mood::Busy);
            for name in ["bob", "carol"] {
                let body = json!({ "email": format!("{name}@example.test") });
                api(world.anonymous(), "reset-password", &body)
                    .await
                    .assert_ok();
            }
            peer.deliver(&world).await;
            ask(&world).await;
            assert_eq!(backlog(&world).await, (2, 0));
            assert!(world.app.metrics.render().contains("mails_dropped_total 1"));
        },
    )
    .await;
}

// A357
#[tokio::test]
async fn no_row_holds_a_link_in_the_clear() {
    with_mail(
        |_| {},
        async |world, peer| {
            world.person("alice").await;
            ask(&world).await;
            let mut rows = world.raw().await.rows_of(&world.tenant.id).await;
            let secret = Peer::one(peer.deliver(&world).await).secret();
            rows.extend(world.raw().await.rows_of(&world.tenant.id).await);
            assert!(rows.iter().any(|row| row.starts_with("mail_queue: ")));
            assert!(rows.iter().any(|row| row.starts_with("mail_links: ")));
            assert!(!rows.iter().any(|row| row.contains(&secret[6..])));
        },
    )
    .await;
}

#[tokio::test]
async fn what_the_change_takes_back_tells_nobody() {
    with_mail(
        |_| {},
        async |world, peer| {
            let bob = world.person("bob").await;
            world.person("alice").await;
            let (app, tenant) = (&world.app, &world.tenant);
            let user = users_core::admin::users::get(app, tenant, &bob.id)
                .await
                .expect("bob");
            let mut input = users_core::admin::users::input_of(&user);
            // Somebody else's: the whole change is undone, its letters with it.
            input.email = Some("alice@example.test".to_owned());
            let actor = users_core::model::audit_event::Actor::command_line();
            let changed = users_core::admin::users::update(app, &actor, tenant, &user, input).await;
            assert!(changed.is_err());
            assert_eq!(backlog(&world).await, (0, 0));
            assert!(peer.deliver(&world).await.is_empty());
        },
    )
    .await;
}
