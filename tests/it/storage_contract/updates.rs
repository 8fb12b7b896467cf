//! A change of what was read meets what is there: two who read the same never lose what the other wrote.

use users_core::admin::{AdminError, clients, users};
use users_core::model::audit_event::Actor;
use users_core::storage::update::UpdateOutcome;

use crate::support::everywhere;
use crate::support::race::at_once;
use crate::support::rows::{CLIENT, USER, checked_user, client, event, later, populated};
use crate::support::world::START;

const NOBODY: &str = "00000000-0000-4000-8000-00000000000f";

#[tokio::test]
async fn an_update_of_what_was_changed_meanwhile_changes_nothing() {
    everywhere(async |world| {
        let tenant = world.new_tenant("owner").await;
        let rows = populated(&world, &tenant, "of the owner").await.rows;
        let user = || checked_user("another-name");
        let mut raw = world.raw().await;
        let found = raw.rows_of(&tenant.id).await;
        for (id, seen, expected) in [
            (USER, START.plus_seconds(-1), UpdateOutcome::Changed),
            (USER, later(), UpdateOutcome::Changed),
            (NOBODY, START, UpdateOutcome::Missing),
        ] {
            let updated = rows.update_user(id, user(), Some(seen), START, event(&world));
            assert_eq!(updated.await.expect("an answer"), expected);
        }
        for (id, seen, expected) in [
            (CLIENT, later(), UpdateOutcome::Changed),
            ("nobody", START, UpdateOutcome::Missing),
        ] {
            let mut write = client(&world, "changed", "changed");
            write.client_id = id.to_owned();
            write.if_unchanged = Some(seen);
            let updated = rows.update_client(write).await;
            assert_eq!(updated.expect("an answer"), expected);
        }
        assert_eq!(raw.rows_of(&tenant.id).await, found);
        // Two changes in one millisecond are two.
        for (seen, expected) in [
            (START, UpdateOutcome::Updated),
            (START, UpdateOutcome::Changed),
        ] {
            let updated = rows.update_user(USER, user(), Some(seen), START, event(&world));
            assert_eq!(updated.await.expect("an answer"), expected);
            let mut write = client(&world, "changed", "changed");
            write.if_unchanged = Some(seen);
            let updated = rows.update_client(write).await;
            assert_eq!(updated.expect("an answer"), expected);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_change_the_account_they_read_one_does() {
    everywhere(async |world| {
        let alice = world.person("alice").await;
        world.client("app", "openid").await;
        let (node, _) = world.second_node().await;
        let user = users::get(&world.app, &world.tenant, &alice.id).await;
        let user = user.expect("alice");
        let app = clients::get(&world.app, &world.tenant, "app").await;
        let app = app.expect("the client");
        let outcomes = at_once((0..20).map(|racer| {
            let node = if racer % 2 == 0 { &world.app } else { &node };
            let (node, tenant) = (node.clone(), world.tenant.clone());
            let (user, app) = (user.clone(), app.clone());
            async move {
                let actor = Actor::command_line();
                let mut input = users::input_of(&user);
                input.claims.nickname = Some(format!("racer {racer}"));
                let changed = users::update(&node, &actor, &tenant, &user, input).await;
                let (metadata, keep) = (app.metadata.clone(), clients::Secret::Keep);
                let updated = clients::update(&node, &actor, &tenant, &app, metadata, true, keep);
                (changed, updated.await.map(drop))
            }
        }))
        .await;
        let (users, apps): (Vec<_>, Vec<_>) = outcomes.into_iter().unzip();
        for outcomes in [users, apps] {
            let done = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
            assert_eq!(done, 1);
            for error in outcomes.into_iter().filter_map(Result::err) {
                assert!(matches!(error, AdminError::Changed(_)), "{error}");
            }
        }
    })
    .await;
}
