//! A spent token presented again: somebody has a copy, so the whole family dies.

use users_core::model::client_metadata::ClientMetadata;

use super::{
    access_of, assert_refused, opaque, refresh_of, rotate, sid_of, signed_in, signed_in_with,
};
use crate::support::people::Service;
use crate::support::world::everywhere_with;
use crate::support::{Reply, World, everywhere};

/// Longer than the retry window.
const AFTER_THE_WINDOW: u64 = 11;

fn no_window(metadata: &mut ClientMetadata) {
    metadata.refresh_retry_window = Some(0);
}

/// Asserts that nothing of a family is good for anything.
async fn assert_dead(app: &Service, answers: &[&Reply]) {
    for answer in answers {
        let (access, refresh) = (access_of(answer), refresh_of(answer));
        app.introspect(&access).await.assert_inactive();
        app.introspect(&refresh).await.assert_inactive();
        assert_eq!(app.userinfo(&access).await.status, 401);
        assert_refused(app, &refresh).await;
    }
}

async fn replays(world: &World) -> usize {
    let trail = world.audit().await;
    trail
        .iter()
        .filter(|row| row.kind == "refresh.replay")
        .count()
}

// A088
#[tokio::test]
async fn a_replay_after_the_window_kills_every_token_of_the_family() {
    let formats: [fn(&mut ClientMetadata); 2] = [|_| {}, opaque];
    for format in formats {
        everywhere(async |world| {
            let (app, person, first) = signed_in_with(&world, format).await;
            let second = rotate(&app, &refresh_of(&first)).await;
            let elsewhere = app.sign_in(&person, super::SCOPE).await;
            world.advance(AFTER_THE_WINDOW);
            assert_refused(&app, &refresh_of(&first)).await;
            assert_dead(&app, &[&second, &first]).await;
            // Another sign-in of the same person at the same client is another family.
            rotate(&app, &refresh_of(&elsewhere)).await;
        })
        .await;
    }
}

// A088
#[tokio::test]
async fn a_replay_leaves_one_event_with_client_account_and_address() {
    everywhere(async |world| {
        let (app, person, first) = signed_in(&world).await;
        let sid = sid_of(&app, &first).await;
        rotate(&app, &refresh_of(&first)).await;
        world.advance(AFTER_THE_WINDOW);
        let thief = app.through(&world.from("198.51.100.7"));
        for _ in 0..3 {
            assert_refused(&thief, &refresh_of(&first)).await;
        }
        let trail = world.audit().await;
        let events: Vec<_> = trail
            .iter()
            .filter(|row| row.kind == "refresh.replay")
            .collect();
        assert_eq!(events.len(), 1, "a dead family does not die again");
        assert_eq!(events[0].client_id.as_deref(), Some("app"));
        assert_eq!(events[0].subject.as_deref(), Some(person.id.as_str()));
        assert_eq!(events[0].address.as_deref(), Some("198.51.100.7"));
        assert!(events[0].detail.contains(&sid));
        assert!(!events[0].detail.contains(&refresh_of(&first)));
    })
    .await;
}

#[tokio::test]
async fn without_a_window_the_first_repetition_kills() {
    everywhere(async |world| {
        let (app, _, first) = signed_in_with(&world, no_window).await;
        let second = rotate(&app, &refresh_of(&first)).await;
        assert_refused(&app, &refresh_of(&first)).await;
        assert_dead(&app, &[&second, &first]).await;
        assert_eq!(replays(&world).await, 1);
    })
    .await;
    // The same when the operator turns it off for everybody.
    everywhere_with(
        |config| config.tokens.refresh_retry_window = 0,
        async |world| {
            let (app, _, first) = signed_in(&world).await;
            let second = rotate(&app, &refresh_of(&first)).await;
            assert_refused(&app, &refresh_of(&first)).await;
            assert_dead(&app, &[&second]).await;
        },
    )
    .await;
}

// A094
#[tokio::test]
async fn the_window_covers_the_immediate_predecessor_only() {
    everywhere(async |world| {
        let (app, _, first) = signed_in(&world).await;
        let second = rotate(&app, &refresh_of(&first)).await;
        let third = rotate(&app, &refresh_of(&second)).await;
        // In the second run: the predecessor gets its successor again.
        let again = rotate(&app, &refresh_of(&second)).await;
        assert_eq!(refresh_of(&again), refresh_of(&third));
        // In the first: the grandparent kills, within the window too.
        assert_refused(&app, &refresh_of(&first)).await;
        assert_dead(&app, &[&third, &second, &first]).await;
        assert_eq!(replays(&world).await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_used_successor_closes_the_window() {
    everywhere(async |world| {
        let (app, _, first) = signed_in(&world).await;
        let second = rotate(&app, &refresh_of(&first)).await;
        let third = rotate(&app, &refresh_of(&second)).await;
        assert_refused(&app, &refresh_of(&first)).await;
        assert_dead(&app, &[&third]).await;
    })
    .await;
}

#[tokio::test]
async fn a_replay_kills_when_the_spent_token_has_expired_meanwhile() {
    everywhere_with(
        |config| config.tokens.refresh_token_idle_lifetime = 3600,
        async |world| {
            let (app, _, first) = signed_in(&world).await;
            world.advance(1800);
            let second = rotate(&app, &refresh_of(&first)).await;
            // The first would be over by now, had it not been used; the second is not.
            world.advance(2400);
            assert_refused(&app, &refresh_of(&first)).await;
            assert_refused(&app, &refresh_of(&second)).await;
            assert_eq!(replays(&world).await, 1);
        },
    )
    .await;
}

#[tokio::test]
async fn a_replay_kills_whatever_else_is_wrong_with_the_request() {
    for (name, value) in [
        ("scope", "openid users.write"),
        ("scope", "no\"scope"),
        ("scope", "openid"),
        ("resource", "https://nowhere.test"),
    ] {
        everywhere(async |world| {
            let (app, _, first) = signed_in(&world).await;
            let second = rotate(&app, &refresh_of(&first)).await;
            world.advance(AFTER_THE_WINDOW);
            let form = [
                ("grant_type", "refresh_token"),
                ("refresh_token", &refresh_of(&first)),
                (name, value),
            ];
            let reply = app.post("/token", &form).await;
            assert_eq!(reply.status, 400, "{reply:?}");
            assert_refused(&app, &refresh_of(&second)).await;
        })
        .await;
    }
}
