//! One refresh token, many exchanges. RFC 9700 section 4.14.2.

use std::collections::BTreeSet;

use users_core::model::client_metadata::ClientMetadata;

use crate::support::people::{Person, Service};
use crate::support::race::{RACERS, ROUNDS, at_once};
use crate::support::rows::grant_of;
use crate::support::{Reply, World, everywhere};

const SCOPE: &str = "openid offline_access sip.register";

/// A client as two nodes serve it, and somebody to sign in.
async fn scene(
    world: &World,
    change: impl FnOnce(&mut ClientMetadata),
) -> (Service, Service, Person) {
    let here = world.client_with("app", SCOPE, change).await;
    let (_, caller) = world.second_node().await;
    let there = here.through(&caller);
    (here, there, world.person("alice").await)
}

/// Sends the token as often as there are racers, to both nodes in turn.
async fn race(here: &Service, there: &Service, token: &str) -> Vec<Reply> {
    at_once((0..RACERS).map(|racer| {
        let app = if racer % 2 == 0 { here } else { there };
        let (app, token) = (app.clone(), token.to_owned());
        async move { app.refresh(&token).await }
    }))
    .await
}

async fn leaves(world: &World, grant: &str) -> i64 {
    let rows = world.app.store.tenant(&world.tenant.id);
    rows.live_refresh_tokens(grant).await.expect("a count")
}

// A042
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn without_a_window_one_exchange_wins_and_the_rest_are_replays() {
    everywhere(async |world| {
        let off = |metadata: &mut ClientMetadata| metadata.refresh_retry_window = Some(0);
        let (here, there, person) = scene(&world, off).await;
        for round in 0..ROUNDS {
            let first = here.sign_in(&person, SCOPE).await;
            let jti = here
                .introspect(&first.text("access_token"))
                .await
                .text("jti");
            let replies = race(&here, &there, &first.text("refresh_token")).await;
            let (winners, losers): (Vec<_>, Vec<_>) =
                replies.into_iter().partition(|reply| reply.status == 200);
            assert_eq!(winners.len(), 1, "round {round}");
            for loser in losers {
                loser.assert_error(400, "invalid_grant");
            }
            assert!(leaves(&world, &grant_of(&jti)).await <= 1);
            // The losers were replays, so what the winner got is dead too.
            let winner = &winners[0];
            let reply = here.refresh(&winner.text("refresh_token")).await;
            reply.assert_error(400, "invalid_grant");
            world.follow().await;
            let reply = here.introspect(&winner.text("access_token")).await;
            reply.assert_inactive();
        }
        let trail = world.audit().await;
        let replays = trail.iter().filter(|row| row.kind == "refresh.replay");
        assert_eq!(replays.count(), ROUNDS, "one event for a family");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn within_the_window_all_get_the_same_successor() {
    everywhere(async |world| {
        let (here, there, person) = scene(&world, |_| {}).await;
        for round in 0..ROUNDS {
            let first = here.sign_in(&person, SCOPE).await;
            let jti = here
                .introspect(&first.text("access_token"))
                .await
                .text("jti");
            let replies = race(&here, &there, &first.text("refresh_token")).await;
            let successors: BTreeSet<String> = replies
                .iter()
                .map(|reply| reply.assert_ok().text("refresh_token"))
                .collect();
            assert_eq!(successors.len(), 1, "round {round}");
            assert_eq!(leaves(&world, &grant_of(&jti)).await, 1, "round {round}");
            for successor in &successors {
                there.refresh(successor).await.assert_ok();
            }
            assert_eq!(leaves(&world, &grant_of(&jti)).await, 1, "round {round}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn different_requests_with_one_token_have_one_winner_and_no_dead_family() {
    everywhere(async |world| {
        let (here, there, person) = scene(&world, |_| {}).await;
        for _ in 0..ROUNDS {
            let first = here.sign_in(&person, SCOPE).await;
            let token = first.text("refresh_token");
            let replies = at_once(
                [
                    "openid",
                    "sip.register",
                    "offline_access",
                    "openid sip.register",
                ]
                .map(|scope| {
                    let (app, token) = (there.clone(), token.clone());
                    async move {
                        let form = [
                            ("grant_type", "refresh_token"),
                            ("refresh_token", &token),
                            ("scope", scope),
                        ];
                        app.post("/token", &form).await
                    }
                }),
            )
            .await;
            let (winners, losers): (Vec<_>, Vec<_>) =
                replies.into_iter().partition(|reply| reply.status == 200);
            assert_eq!(winners.len(), 1);
            for loser in losers {
                loser.assert_error(400, "invalid_grant");
            }
            here.refresh(&winners[0].text("refresh_token"))
                .await
                .assert_ok();
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_survives_a_revocation_that_met_exchanges() {
    everywhere(async |world| {
        let (here, there, person) = scene(&world, |_| {}).await;
        for _ in 0..ROUNDS {
            let first = here.sign_in(&person, SCOPE).await;
            let token = first.text("refresh_token");
            let replies = at_once((0..12).map(|racer| {
                let app = if racer % 2 == 0 { &here } else { &there };
                let (app, token) = (app.clone(), token.clone());
                async move {
                    if racer == 5 {
                        app.revoke(&token).await.assert_ok().clone()
                    } else {
                        app.refresh(&token).await
                    }
                }
            }))
            .await;
            world.follow().await;
            for (racer, reply) in replies.iter().enumerate() {
                if racer != 5 && reply.status == 200 {
                    let reply_to = here.introspect(&reply.text("access_token")).await;
                    reply_to.assert_inactive();
                    let again = here.refresh(&reply.text("refresh_token")).await;
                    again.assert_error(400, "invalid_grant");
                }
            }
            here.refresh(&token)
                .await
                .assert_error(400, "invalid_grant");
        }
    })
    .await;
}
