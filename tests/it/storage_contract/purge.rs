//! What a deleted tenant left behind goes bit by bit, from every table, and nothing else does.

use std::collections::BTreeSet;

use std::sync::{Arc, Mutex};
use users_core::storage::feed::Change;
use users_core::storage::tenant_end::{KEPT, Purge, TABLES};

use crate::support::rows::populated;
use crate::support::{World, everywhere};

async fn purge_all(world: &World) -> usize {
    let mut batches = 0;
    while world
        .app
        .store
        .purge(world.clock.now())
        .await
        .expect("purged")
        != Purge::Done
    {
        batches += 1;
        assert!(batches < 10_000, "it ends");
    }
    batches
}

/// The tables with rows of this kind: `name: ..`.
fn tables(rows: &[String]) -> BTreeSet<String> {
    let names = rows
        .iter()
        .map(|row| row.split(':').next().expect("a name").to_owned());
    names.collect()
}

#[tokio::test]
async fn every_table_with_a_tenants_rows_is_emptied_or_says_why_not() {
    everywhere(async |world| {
        let text = match world.database.name {
            "sqlite" => {
                "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c \
                 WHERE m.type = 'table' AND c.name = 'tenant'"
            }
            _ => {
                "SELECT table_name::text FROM information_schema.columns \
                 WHERE table_schema = current_schema() AND column_name = 'tenant'"
            }
        };
        let found: BTreeSet<String> = world.raw().await.texts(text).await.into_iter().collect();
        let purged = TABLES.iter().map(|table| table.name);
        let known: BTreeSet<String> = purged
            .chain(KEPT.iter().copied())
            .map(str::to_owned)
            .collect();
        assert_eq!(
            found, known,
            "a table nobody empties, or one that is not there"
        );
    })
    .await;
}

#[tokio::test]
async fn all_rows_of_a_deleted_tenant_go_and_none_of_another() {
    everywhere(async |world| {
        let gone = world.new_tenant("gone").await;
        let stays = world.new_tenant("stays").await;
        for tenant in [&gone, &stays] {
            populated(&world, tenant, &format!("of {}", tenant.slug)).await;
        }
        let mut raw = world.raw().await;
        raw.run(
            "INSERT INTO roles (tenant, name, description, permissions, created_at, updated_at) \
             SELECT id, 'clerk', '', '[]', 0, 0 FROM tenants; \
             INSERT INTO groups (tenant, name, description, created_at, updated_at) \
             SELECT id, 'choir', '', 0, 0 FROM tenants",
        )
        .await;
        let before = raw.rows_of(&stays.id).await;
        let had = tables(&raw.rows_of(&gone.id).await);
        for table in TABLES {
            assert!(had.contains(table.name), "{} has something to lose", table.name);
        }
        assert_eq!(purge_all(&world).await, 0, "nothing is deleted");
        world.delete_tenant(&gone).await;
        assert!(world.app.store.has_purge().await.expect("an answer"));
        purge_all(&world).await;
        assert!(!world.app.store.has_purge().await.expect("an answer"));
        let kept: BTreeSet<String> = ["audit", "audit_checkpoints", "audit_heads", "changes", "revocations", "signing_keys", "tenants"]
            .map(str::to_owned)
            .into();
        assert_eq!(tables(&raw.rows_of(&gone.id).await), kept);
        let revocations = "SELECT subject FROM revocations WHERE tenant <> (SELECT id FROM tenants WHERE slug = 'stays')";
        let left = raw.texts(revocations).await;
        assert_eq!(left, [format!("tenant:{}", gone.id)]);
        assert_eq!(raw.rows_of(&stays.id).await, before);
        // The last one ends by itself.
        let later = world.clock.now().plus_seconds(86_400);
        world.app.store.reap(later).await.expect("reaped");
        assert!(!raw.texts(revocations).await.contains(&format!("tenant:{}", gone.id)));
    })
    .await;
}

#[tokio::test]
async fn a_large_tenant_goes_in_small_steps_and_two_may_tidy_at_once() {
    everywhere(async |world| {
        let gone = world.new_tenant("gone").await;
        let many = match world.database.name {
            "sqlite" => {
                "INSERT INTO users (tenant, id, username, username_key, email_verified, claims, roles, groups, \
                 attributes, enabled, created_at, updated_at) \
                 WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1300) \
                 SELECT t.id, 'u' || i, 'u' || i, 'u' || i, 0, '{}', '[]', '[]', '{}', 1, 0, 0 \
                 FROM n, tenants t WHERE t.slug = 'gone'"
            }
            _ => {
                "INSERT INTO users (tenant, id, username, username_key, email_verified, claims, roles, groups, \
                 attributes, enabled, created_at, updated_at) \
                 SELECT t.id, 'u' || i, 'u' || i, 'u' || i, 0, '{}', '[]', '[]', '{}', 1, 0, 0 \
                 FROM generate_series(1, 1300) i, tenants t WHERE t.slug = 'gone'"
            }
        };
        let mut raw = world.raw().await;
        raw.run(many).await;
        world.delete_tenant(&gone).await;
        let count = "SELECT COUNT(*) FROM users";
        assert_eq!(raw.number(count).await, 1300, "the deletion itself is short");
        let mut left = 1300;
        while left > 0 {
            let step = world.app.store.purge(world.clock.now()).await.expect("purged");
            let now = raw.number(count).await;
            assert!(left - now <= 500, "{left} became {now}");
            assert_ne!(step, Purge::Done);
            left = now;
        }
        // A process that died here goes on where it was; and two do no harm.
        let (other, _) = world.second_node().await;
        let now = world.clock.now();
        let (one, two) = tokio::join!(world.app.store.purge(now), other.store.purge(now));
        one.expect("purged");
        two.expect("purged");
        purge_all(&world).await;
    })
    .await;
}

#[tokio::test]
async fn nodes_forget_the_revocations_of_a_tenant_that_is_gone() {
    everywhere(async |world| {
        let gone = world.new_tenant("gone").await;
        populated(&world, &gone, "of the gone").await;
        world.delete_tenant(&gone).await;
        let heard: Arc<Mutex<Vec<Change>>> = Arc::default();
        let listener = Arc::clone(&heard);
        world.app.store.db().feed().subscribe(move |change| {
            listener.lock().expect("no panic").push(change.clone());
        });
        purge_all(&world).await;
        let heard = heard.lock().expect("no panic");
        let taken_back = heard.iter().filter(|change| {
            matches!(change, Change::Revocation { tenant, until: None, .. } if *tenant == gone.id)
        });
        assert!(taken_back.count() > 0, "{heard:?}");
    })
    .await;
}
