//! The schema: made once, never by two, never over another's.

use users_core::storage::migrate::migrate;
use users_core::storage::{Db, DbError};

use crate::support::race::at_once;
use crate::support::raw::Raw;
use crate::support::{databases, everywhere};

#[tokio::test]
async fn a_second_run_changes_nothing() {
    everywhere(async |world| {
        world.person("alice").await;
        let mut raw = world.raw().await;
        let found = raw.rows_of(&world.tenant.id).await;
        let digests = "SELECT name || digest FROM schema_migrations ORDER BY version";
        let applied = raw.texts(digests).await;
        for _ in 0..3 {
            migrate(world.app.store.db()).await.expect("migrated");
        }
        assert_eq!(raw.rows_of(&world.tenant.id).await, found);
        assert_eq!(raw.texts(digests).await, applied);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_at_once_make_one_schema() {
    for _ in 0..5 {
        for database in databases().await {
            let outcomes = at_once((0..6).map(|_| {
                let url = database.url.expose().to_owned();
                async move {
                    let db = Db::open(&url, 2).await.expect("it opens");
                    migrate(&db).await
                }
            }))
            .await;
            for outcome in outcomes {
                outcome.unwrap_or_else(|error| panic!("{}: {error}", database.name));
            }
            let mut raw = Raw::open(&database.url).await;
            assert_eq!(raw.number("SELECT COUNT(*) FROM counters").await, 1);
        }
    }
}

#[tokio::test]
async fn a_changed_or_newer_schema_is_refused_and_left_alone() {
    for (change, back) in [
        (
            "UPDATE schema_migrations SET digest = 'another' WHERE version = 1",
            None,
        ),
        (
            "INSERT INTO schema_migrations (version, name, digest) VALUES (9999, 'later', 'x')",
            Some("DELETE FROM schema_migrations WHERE version = 9999"),
        ),
    ] {
        everywhere(async |world| {
            let mut raw = world.raw().await;
            raw.run(change).await;
            let found = raw.rows_of(&world.tenant.id).await;
            let outcome = migrate(world.app.store.db()).await;
            assert!(matches!(outcome, Err(DbError::Refused(_))), "{outcome:?}");
            // Nor does the program start on it.
            let opened = users_core::installation::open(
                world.app.config.clone(),
                world.clock.clone(),
                users_core::base::random::Random::System,
            )
            .await;
            let error = opened.err().expect("refused").to_string();
            assert!(
                error.contains("schema") || error.contains("migration"),
                "{error}"
            );
            assert_eq!(raw.rows_of(&world.tenant.id).await, found);
            if let Some(back) = back {
                raw.run(back).await;
                migrate(world.app.store.db()).await.expect("as it was");
            }
        })
        .await;
    }
}

#[tokio::test]
async fn a_migration_that_fails_leaves_nothing() {
    for database in databases().await {
        // The last table of the first migration is in the way.
        let db = Db::open(database.url.expose(), 2).await.expect("it opens");
        let mut raw = Raw::open(&database.url).await;
        raw.run("CREATE TABLE refusals (x BIGINT)").await;
        assert!(migrate(&db).await.is_err());
        assert_eq!(
            raw.number("SELECT COUNT(*) FROM schema_migrations").await,
            0
        );
        // With the obstacle gone, all of it is made.
        raw.run("DROP TABLE refusals").await;
        migrate(&db).await.expect("migrated");
        assert_eq!(raw.number("SELECT COUNT(*) FROM tenants").await, 0);
    }
}
