//! `Db::write`: all of a job or nothing, whatever happens to the caller and beside it.

use std::task::Poll;

use users_core::storage::DbError;

use crate::support::rows::{client, event, later, populated, resource};
use crate::support::socket::soon;
use crate::support::world::START;
use crate::support::{World, everywhere};

/// Waits for what another task is doing.
async fn eventually(world: &World, client_id: &str) {
    let rows = world.app.store.tenant(&world.tenant.id);
    let waiting = async {
        while rows.client(client_id).await.expect("an answer").is_none() {
            tokio::task::yield_now().await;
        }
    };
    soon(waiting).await;
}

#[tokio::test]
async fn a_caller_that_goes_away_cancels_nothing() {
    everywhere(async |world| {
        let rows = world.app.store.tenant(&world.tenant.id);
        for number in 0..20 {
            let mut write = client(&world, "x", "x");
            write.client_id = format!("app{number}");
            let mut call = Box::pin(rows.create_client(write));
            // Polled once, then dropped.
            std::future::poll_fn(|context| {
                let _ = call.as_mut().poll(context);
                Poll::Ready(())
            })
            .await;
            drop(call);
            eventually(&world, &format!("app{number}")).await;
        }
        let trail = rows.recent_audit(100).await.expect("a trail");
        assert_eq!(trail.len(), 21, "each with its event");
    })
    .await;
}

#[tokio::test]
async fn a_job_that_fails_or_panics_leaves_nothing_and_blocks_nobody() {
    everywhere(async |world| {
        let db = world.app.store.db();
        let count = "SELECT COUNT(*) FROM changes";
        let mut raw = world.raw().await;
        let before = raw.number(count).await;
        for _ in 0..20 {
            let failed = db.write((), |tx, ()| {
                tx.changed("t", "client", "x");
                Box::pin(async { Err::<(), _>(DbError::Refused("no".to_owned())) })
            });
            assert!(matches!(failed.await, Err(DbError::Refused(_))));
            let panicked = db.write((), |tx, ()| {
                tx.changed("t", "client", "x");
                Box::pin(async { panic!("a job that panics") })
            });
            let panicked: Result<(), DbError> = panicked.await;
            assert!(matches!(panicked, Err(DbError::Panicked)));
        }
        assert_eq!(raw.number(count).await, before);
        // More of them than there are connections: none is lost.
        world.client("app", "sip.register").await;
        assert!(raw.number(count).await > before);
    })
    .await;
}

#[tokio::test]
async fn a_broken_statement_in_a_job_undoes_what_came_before() {
    everywhere(async |world| {
        let tenant = world.new_tenant("owner").await;
        let rows = populated(&world, &tenant, "of the owner").await.rows;
        let mut raw = world.raw().await;
        let found = raw.rows_of(&tenant.id).await;
        raw.run("ALTER TABLE audit RENAME TO hidden").await;
        let outcomes = [
            rows.delete_client("app", START, event(&world))
                .await
                .map(drop),
            rows.put_resource(&resource("changed"), START, event(&world))
                .await,
            rows.revoke_token("x", later(), event(&world)).await,
        ];
        raw.run("ALTER TABLE hidden RENAME TO audit").await;
        for outcome in outcomes {
            assert!(matches!(outcome, Err(DbError::Statement(_))), "{outcome:?}");
        }
        assert_eq!(raw.rows_of(&tenant.id).await, found);
    })
    .await;
}

#[tokio::test]
async fn a_writer_waits_for_another_processes_transaction() {
    everywhere(async |world| {
        let mut raw = world.raw().await;
        let begin = if world.database.name == "sqlite" {
            "BEGIN IMMEDIATE"
        } else {
            "BEGIN"
        };
        raw.run(begin).await;
        raw.run("UPDATE counters SET value = value WHERE name = 'changes'")
            .await;
        let rows = world.app.store.tenant(&world.tenant.id);
        let mut write = Box::pin(rows.create_client(client(&world, "x", "x")));
        for _ in 0..100 {
            let step = std::future::poll_fn(|context| Poll::Ready(write.as_mut().poll(context)));
            assert!(step.await.is_pending(), "the other holds what this needs");
            // Readers are not held up meanwhile.
            assert!(rows.client("app").await.expect("an answer").is_none());
        }
        raw.run("COMMIT").await;
        write.await.expect("written once the other is done");
        assert!(rows.client("app").await.expect("an answer").is_some());
    })
    .await;
}

#[tokio::test]
async fn a_closed_database_is_unavailable_and_nothing_else() {
    everywhere(async |world| {
        let rows = world.app.store.tenant(&world.tenant.id);
        world.app.store.db().close().await;
        let outcomes = [
            rows.client("app").await.map(drop),
            rows.create_client(client(&world, "x", "x")).await,
            world.app.store.ping().await,
            world.app.store.reap(START).await.map(drop),
        ];
        for outcome in outcomes {
            assert!(
                matches!(outcome, Err(DbError::Unavailable(_))),
                "{outcome:?}"
            );
        }
    })
    .await;
}
