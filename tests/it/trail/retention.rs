//! What the trail lets go of by itself, and what of a deleted tenant goes in the end.

use users_core::storage::tenant_end::Purge;
use users_core::trail::retention::{self, Forgotten};

use super::{assert_whole, broken, seal, sealed, verified};
use crate::support::world::everywhere_with;
use crate::support::{World, everywhere};

const DAY: u64 = 86_400;

async fn run(world: &World) -> Forgotten {
    let forgotten = retention::run(&world.app, "this node").await;
    forgotten.expect("an answer")
}

#[tokio::test]
async fn events_go_when_they_are_older_than_the_settings_say() {
    let days = |config: &mut users_core::config::Config| config.retention.audit_days = 10;
    everywhere_with(days, async |world| {
        sealed(&world, 3).await;
        world.advance(5 * DAY);
        sealed(&world, 5).await;
        // A day late, so that a busy trail is not cut every few minutes.
        world.advance(6 * DAY - 10);
        assert_eq!(run(&world).await, Forgotten::default());
        world.advance(20);
        assert_eq!(run(&world).await.events, 3);
        seal(&world.app, &world.tenant).await;
        let report = verified(&world).await;
        assert_whole(&report);
        // Two are left, and the event that says what is gone.
        assert_eq!((report.begins_after, report.events), (3, 3));
        assert_eq!(run(&world).await, Forgotten::default(), "nothing more");
    })
    .await;
}

#[tokio::test]
async fn a_trail_that_was_tampered_with_is_not_cut() {
    everywhere(async |world| {
        sealed(&world, 3).await;
        let mut raw = world.raw().await;
        raw.run("UPDATE audit_heads SET seal = 'x'").await;
        world.advance(500 * DAY);
        assert_eq!(run(&world).await, Forgotten::default());
        assert_eq!(raw.number("SELECT COUNT(*) FROM audit").await, 3);
        broken(&verified(&world).await);
    })
    .await;
}

#[tokio::test]
async fn one_node_at_a_time_cuts_trails() {
    everywhere(async |world| {
        sealed(&world, 3).await;
        world.advance(500 * DAY);
        let now = world.clock.now();
        let until = now.plus_seconds(60);
        let store = &world.app.store;
        let taken = store.take_lease("audit-retention", "another node", now, until);
        assert!(taken.await.expect("an answer"));
        assert_eq!(run(&world).await, Forgotten::default());
        world.advance(60);
        assert_eq!(run(&world).await.events, 3);
    })
    .await;
}

#[tokio::test]
async fn a_deleted_tenant_goes_with_its_trail_and_no_other_does() {
    everywhere(async |world| {
        let gone = world.new_tenant("gone").await;
        let stays = world.new_tenant("stays").await;
        for tenant in [&gone, &stays] {
            seal(&world.app, tenant).await;
        }
        world.delete_tenant(&gone).await;
        let now = world.clock.now();
        while world.app.store.purge(now).await.expect("purged") != Purge::Done {}
        for tenant in [&gone, &world.tenant] {
            seal(&world.app, tenant).await;
        }
        let mut raw = world.raw().await;
        let others = raw.rows_of(&stays.id).await;
        world.advance(400 * DAY - 1);
        run(&world).await;
        assert!(!raw.rows_of(&gone.id).await.is_empty(), "not yet");
        world.advance(1);
        assert!(run(&world).await.rows > 0);
        let store = &world.app.store;
        store.reap(world.clock.now()).await.expect("reaped");
        let left = raw.rows_of(&gone.id).await;
        let left: Vec<_> = left
            .iter()
            .filter(|row| !row.starts_with("changes:"))
            .collect();
        assert!(left.is_empty(), "{left:#?}");
        assert_eq!(raw.rows_of(&stays.id).await, others);
    })
    .await;
}
