//! RFC 7523 section 3, item 7: an assertion is good once, and remembered no longer than needed.

use serde_json::json;

use super::{CLIENT, assert_refused, claims, present, present_to, register};
use crate::client_auth::ENDPOINTS;
use crate::support::everywhere;
use crate::support::forge::{HandKey, with};

#[tokio::test]
async fn an_assertion_is_good_once() {
    everywhere(async |world| {
        let key = HandKey::new();
        register(&world, CLIENT, &[key.jwk()], None).await;
        let (_, elsewhere) = world.second_node().await;
        for first in ENDPOINTS {
            let claims = claims(&world);
            let assertion = key.sign(&key.header("JWT"), &claims);
            present_to(world.anonymous(), first, &assertion)
                .await
                .assert_ok();
            // The same words signed again, and the same id in other words, are the same assertion.
            let again = key.sign(&key.header("jwt"), &claims);
            let changed = key.sign(&key.header("JWT"), &with(&claims, json!({ "note": 1 })));
            for replay in [assertion, again, changed] {
                for endpoint in ENDPOINTS {
                    for caller in [world.anonymous(), &elsewhere] {
                        let reply = present_to(caller, endpoint, &replay).await;
                        reply.assert_error(401, "invalid_client");
                    }
                }
            }
        }
    })
    .await;
}

// A050
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_assertion_presented_at_once_on_two_nodes_is_accepted_once() {
    everywhere(async |world| {
        let key = HandKey::new();
        register(&world, CLIENT, &[key.jwk()], None).await;
        let (_, elsewhere) = world.second_node().await;
        for _ in 0..5 {
            let assertion = key.sign(&key.header("JWT"), &claims(&world));
            let start = std::sync::Arc::new(tokio::sync::Barrier::new(20));
            let tasks: Vec<_> = (0..20)
                .map(|turn| {
                    let nodes = [world.anonymous(), &elsewhere];
                    let caller = nodes[turn % 2].clone();
                    let (start, assertion) = (start.clone(), assertion.clone());
                    tokio::spawn(async move {
                        start.wait().await;
                        let reply = present_to(&caller, ENDPOINTS[0], &assertion).await;
                        reply.status.as_u16()
                    })
                })
                .collect();
            let mut statuses = Vec::new();
            for task in tasks {
                statuses.push(task.await.unwrap());
            }
            statuses.sort_unstable();
            assert_eq!(statuses[0], 200);
            assert!(
                statuses[1..].iter().all(|status| *status == 401),
                "{statuses:?}"
            );
        }
    })
    .await;
}

// A070
#[tokio::test]
async fn what_is_remembered_of_assertions_ends_with_them() {
    everywhere(async |world| {
        let key = HandKey::new();
        register(&world, CLIENT, &[key.jwk()], None).await;
        let now = world.clock.now().seconds();
        let long = with(&claims(&world), json!({ "exp": now + 3600 }));
        let last = key.sign(&key.header("JWT"), &long);
        present(&world, &last).await.assert_ok();
        for _ in 0..30 {
            let assertion = key.sign(&key.header("JWT"), &claims(&world));
            present(&world, &assertion).await.assert_ok();
        }
        // Clocks may differ by a minute, and nothing is good for more than ten: as long as it could be accepted, it is remembered.
        let reap = async || world.app.store.reap(world.clock.now()).await.unwrap();
        world.advance(359);
        assert_eq!(reap().await, 0);
        world.advance(1);
        assert_eq!(reap().await, 30);
        world.advance(299);
        assert_eq!(reap().await, 0);
        assert_refused(&world, &last, "replayed").await;
        world.advance(1);
        assert_eq!(reap().await, 1);
        assert_refused(&world, &last, "too old").await;
    })
    .await;
}
