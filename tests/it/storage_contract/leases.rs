//! Leases: one holder at a time.

use users_core::base::clock::Timestamp;

use crate::support::race::{RACERS, ROUNDS, at_once};
use crate::support::world::START;
use crate::support::{World, everywhere};

async fn take(world: &World, holder: &str, now: i64, until: i64) -> bool {
    let at = |seconds| START.plus_seconds(seconds);
    let taken = world
        .app
        .store
        .take_lease("work", holder, at(now), at(until));
    taken.await.expect("an answer")
}

#[tokio::test]
async fn a_lease_is_its_holders_until_it_ends() {
    everywhere(async |world| {
        assert!(take(&world, "a", 0, 10).await);
        assert!(!take(&world, "b", 0, 10).await);
        assert!(!take(&world, "b", 9, 20).await);
        assert!(take(&world, "a", 9, 20).await, "the holder renews");
        assert!(!take(&world, "b", 19, 30).await);
        assert!(take(&world, "b", 20, 30).await, "over at its end");
        assert!(
            !take(&world, "a", 20, 30).await,
            "whoever comes late has lost it"
        );
        // Another work is another lease.
        let store = &world.app.store;
        let other = store.take_lease("other", "a", START, START.plus_seconds(60));
        assert!(other.await.expect("an answer"));
        assert!(take(&world, "b", 29, 40).await);
    })
    .await;
}

#[tokio::test]
async fn a_refused_attempt_leaves_the_lease_as_it_was() {
    everywhere(async |world| {
        assert!(take(&world, "a", 0, 10).await);
        let mut raw = world.raw().await;
        assert!(!take(&world, "b", 5, 1000).await);
        let end = raw.number("SELECT expires_at FROM leases").await;
        assert_eq!(Timestamp::from_millis(end), START.plus_seconds(10));
        assert_eq!(raw.texts("SELECT holder FROM leases").await, ["a"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_at_once_one_gets_it() {
    everywhere(async |world| {
        let (node, _) = world.second_node().await;
        for round in 0..ROUNDS {
            let seconds = i64::try_from(round).expect("small") * 10;
            let (now, until) = (
                START.plus_seconds(seconds),
                START.plus_seconds(seconds + 10),
            );
            let taken = at_once((0..RACERS).map(|racer| {
                let app = if racer % 2 == 0 { &world.app } else { &node };
                let store = app.store.clone();
                // Those of the round before try too; theirs is over.
                let holder = format!("{}", racer + round);
                async move { store.take_lease("work", &holder, now, until).await }
            }))
            .await;
            let won = taken
                .iter()
                .filter(|taken| matches!(taken, Ok(true)))
                .count();
            assert_eq!(won, 1, "round {round}");
            assert!(taken.iter().all(Result::is_ok));
        }
    })
    .await;
}
