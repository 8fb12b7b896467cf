//! Writes that wait at once: each is done or undone alone, and answered with what came of it.

use std::sync::Arc;

use tokio::sync::Barrier;
use users_core::storage::DbError;

use crate::support::everywhere;
use crate::support::rows::{bare, event, everybody, new_user};

/// More than fit into one commit.
const WRITES: usize = 150;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_of_many_writes_at_once_has_its_own_outcome() {
    everywhere(async |world| {
        let tenant = world.new_tenant("owner").await;
        let rows = bare(&world, &tenant).rows;
        let start = Arc::new(Barrier::new(WRITES));
        let tasks: Vec<_> = (0..WRITES)
            .map(|number| {
                let (rows, start, event) = (rows.clone(), Arc::clone(&start), event(&world));
                tokio::spawn(async move {
                    start.wait().await;
                    // Three at a time want the same name: one gets it, the others nothing.
                    let (id, name) = (format!("user {number}"), format!("name-{}", number / 3));
                    rows.create_user(new_user(&id, &name), event).await
                })
            })
            .collect();
        let mut made = 0;
        for task in tasks {
            match task.await.expect("no panic") {
                Ok(()) => made += 1,
                Err(error) => assert!(matches!(error, DbError::Conflict), "{error}"),
            }
        }
        assert_eq!(made, WRITES.div_ceil(3));
        assert_eq!(everybody(&rows).await.len(), made);
        // What was undone left no trail either.
        let trail = rows.recent_audit(1000).await.expect("a trail");
        assert_eq!(trail.len(), made + 1, "and the tenant's own beginning");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_job_that_panics_takes_no_other_with_it() {
    everywhere(async |world| {
        let tenant = world.new_tenant("owner").await;
        let rows = bare(&world, &tenant).rows;
        let db = world.app.store.db().clone();
        let start = Arc::new(Barrier::new(60));
        let tasks: Vec<_> = (0..60)
            .map(|number| {
                let (rows, db, start) = (rows.clone(), db.clone(), Arc::clone(&start));
                let until = crate::support::rows::later();
                tokio::spawn(async move {
                    start.wait().await;
                    if number % 20 == 7 {
                        let doomed = db.write((), |_, ()| Box::pin(async { panic!("on purpose") }));
                        let outcome: Result<(), DbError> = doomed.await;
                        assert!(matches!(outcome, Err(DbError::Panicked)), "{outcome:?}");
                        return false;
                    }
                    let burnt = rows.burn(format!("id {number}"), until).await;
                    burnt.expect("the others are run again")
                })
            })
            .collect();
        let mut burnt = 0;
        for task in tasks {
            burnt += i64::from(task.await.expect("no panic"));
        }
        assert_eq!(burnt, 57);
        let mut raw = world.raw().await;
        let count = format!(
            "SELECT COUNT(*) FROM used_ids WHERE tenant = '{}'",
            tenant.id
        );
        assert_eq!(raw.number(count.leak()).await, 57);
    })
    .await;
}
