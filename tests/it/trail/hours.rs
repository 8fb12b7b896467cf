//! What each hour of a tenant is counted by.

use users_core::base::clock::Timestamp;
use users_core::storage::hourly_counters::HourlyCount;

use crate::support::World;
use crate::support::everywhere;
use crate::support::race::at_once;
use crate::support::rows::count;
use crate::support::world::START;

async fn counted(world: &World) -> Vec<(i64, String, i64)> {
    world
        .app
        .hours
        .flush(&world.app.store)
        .await
        .expect("flushed");
    let rows = world.app.store.tenant(&world.tenant.id);
    let found = rows.counters(START, START.plus_seconds(86_400)).await;
    let found = found.expect("a list").into_iter();
    found
        .map(|count| {
            let hour = (count.hour.millis() - START.millis()) / 3_600_000;
            (hour, count.name, count.count)
        })
        .collect()
}

#[tokio::test]
async fn logins_tokens_and_refusals_are_counted_by_the_hour() {
    everywhere(async |world| {
        let app = world.client("app", "openid offline_access sip.call").await;
        let alice = world.person("alice").await;
        let first = app.sign_in(&alice, "openid offline_access").await;
        app.refresh(&first.text("refresh_token")).await.assert_ok();
        app.password("alice", "wrong", "openid").await;
        app.password("nobody", "wrong", "openid").await;
        app.client_credentials("sip.call").await.assert_ok();
        world.advance(3600);
        app.client_credentials("sip.call").await.assert_ok();
        app.client_credentials("never.heard.of").await;
        let expected = [
            (0, "logins", 1),
            (0, "logins_failed", 2),
            (0, "refusals.invalid_grant", 2),
            (0, "tokens.client_credentials", 1),
            (0, "tokens.password", 1),
            (0, "tokens.refresh_token", 1),
            (1, "refusals.invalid_scope", 1),
            (1, "tokens.client_credentials", 1),
        ];
        let expected = expected.map(|(hour, name, count)| (hour, name.to_owned(), count));
        assert_eq!(counted(&world).await, expected);
        // Nothing is counted twice, and more is added.
        assert_eq!(counted(&world).await, expected);
        app.client_credentials("sip.call").await.assert_ok();
        assert_eq!(counted(&world).await[7].2, 2);
    })
    .await;
}

#[tokio::test]
async fn hours_are_kept_for_ninety_days() {
    everywhere(async |world| {
        let counts = vec![(world.tenant.id.clone(), count())];
        world.app.store.add_counts(counts).await.expect("added");
        let end = START.plus_seconds(90 * 86_400);
        let almost = Timestamp::from_millis(end.millis() - 1);
        world.app.store.reap(almost).await.expect("reaped");
        assert_eq!(counted(&world).await.len(), 1);
        world.app.store.reap(end).await.expect("reaped");
        assert_eq!(counted(&world).await.len(), 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_count_is_lost_between_nodes() {
    everywhere(async |world| {
        let (node, _) = world.second_node().await;
        at_once((0..8).map(|writer| {
            let store = if writer % 2 == 0 { &world.app } else { &node }
                .store
                .clone();
            let tenant = world.tenant.id.clone();
            async move {
                for _ in 0..10 {
                    let counts = (0..6).map(|hour| HourlyCount {
                        hour: START.plus_seconds(3600 * ((hour + writer) % 6)),
                        count: 1,
                        ..count()
                    });
                    let counts = counts.map(|count| (tenant.clone(), count)).collect();
                    store.add_counts(counts).await.expect("added");
                }
            }
        }))
        .await;
        let total: i64 = counted(&world)
            .await
            .iter()
            .map(|(_, _, count)| count)
            .sum();
        assert_eq!(total, 8 * 10 * 6);
    })
    .await;
}
