//! Unique rules and rules of our own: which error, and that nothing is left behind.

use users_core::admin::tenants::{self, TenantInput};
use users_core::model::audit_event::Actor;
use users_core::model::user::UserInput;
use users_core::storage::DbError;
use users_core::storage::signing_keys::KeyState;
use users_core::storage::tenants::NewTenant;
use users_core::storage::update::UpdateOutcome;
use users_core::storage::users::NewUser;

use crate::support::race::{RACERS, at_once};
use crate::support::rows::{
    ALGORITHM, CLIENT, ROLE, USER, access_token, checked_role, checked_user, client, event, later,
    new_user, populated, resource,
};
use crate::support::world::{ISSUER, START};
use crate::support::{World, everywhere};

const OTHER: &str = "00000000-0000-4000-8000-000000000009";

fn user_like(id: &str, username: &str, email: &str) -> NewUser {
    let input = UserInput {
        username: username.to_owned(),
        email: Some(email.to_owned()),
        enabled: true,
        ..UserInput::default()
    };
    NewUser {
        user: input.check().expect("a good account"),
        ..new_user(id, "unused")
    }
}

#[track_caller]
fn assert_refused<T>(outcome: Result<T, DbError>, sentence: &str) {
    match outcome {
        Err(DbError::Refused(said)) => assert_eq!(said, sentence),
        Err(error) => panic!("another error: {error}"),
        Ok(_) => panic!("not refused"),
    }
}

#[track_caller]
fn assert_conflict<T>(outcome: Result<T, DbError>) {
    match outcome {
        Err(DbError::Conflict) => {}
        Err(error) => panic!("another error: {error}"),
        Ok(_) => panic!("no conflict"),
    }
}

#[tokio::test]
async fn a_taken_name_is_a_conflict_and_leaves_nothing() {
    everywhere(async |world| {
        let tenant = world.new_tenant("owner").await;
        let scene = populated(&world, &tenant, "of the owner").await;
        let rows = &scene.rows;
        let mut raw = world.raw().await;
        let found = raw.rows_of(&tenant.id).await;
        for user in [
            user_like(USER, "somebody", "somebody@example.test"),
            user_like(OTHER, "of-the-owner", "somebody@example.test"),
            user_like(OTHER, "Of-The-OWNER", "somebody@example.test"),
            user_like(OTHER, "somebody", "of-the-owner@example.test"),
            user_like(OTHER, "somebody", "OF-the-owner@EXAMPLE.test"),
        ] {
            assert_conflict(rows.create_user(user, event(&world)).await);
        }
        assert_conflict(rows.create_client(client(&world, "x", "x")).await);
        assert_conflict(
            rows.add_access_token(access_token("digest of an access token", "x"))
                .await,
        );
        for state in [KeyState::Active, KeyState::Next] {
            let key = world.app.key_maker.fresh(ALGORITHM).await.expect("a key");
            let added = rows.add_signing_key(key, state, START, START, event(&world));
            assert_conflict(added.await);
        }
        let again = NewTenant {
            id: world.app.opaque_id(),
            tenant: TenantInput::named("owner", "Another", ALGORITHM)
                .check(ISSUER)
                .expect("a good tenant"),
            key: Some(world.app.key_maker.fresh(ALGORITHM).await.expect("a key")),
            administrator: None,
            now: START,
            event: event(&world),
        };
        let id = again.id.clone();
        assert_conflict(world.app.store.create_tenant(again).await);
        assert_eq!(raw.rows_of(&id).await, Vec::<String>::new());
        rows.create_user(
            user_like(OTHER, "second", "second@example.test"),
            event(&world),
        )
        .await
        .expect("a second account");
        let with_second = raw.rows_of(&tenant.id).await;
        let taken = checked_user("second");
        assert_conflict(
            rows.update_user(USER, taken, None, START, event(&world))
                .await,
        );
        assert_eq!(raw.rows_of(&tenant.id).await, with_second);
        let extra = with_second
            .iter()
            .filter(|row| !found.contains(row))
            .count();
        assert_eq!(
            extra, 3,
            "the account, its password, its event: {with_second:#?}"
        );
    })
    .await;
}

#[tokio::test]
async fn an_account_never_names_a_role_that_is_not_there() {
    everywhere(async |world| {
        let tenant = world.new_tenant("owner").await;
        let rows = populated(&world, &tenant, "of the owner").await.rows;
        let with_roles = |roles: &[&str]| {
            let input = UserInput {
                username: "somebody".to_owned(),
                roles: roles.iter().map(|role| (*role).to_owned()).collect(),
                groups: vec!["a group of its own".to_owned()],
                enabled: true,
                ..UserInput::default()
            };
            input.check().expect("what can be seen without the tenant")
        };
        let mut raw = world.raw().await;
        let stranger = NewUser {
            user: with_roles(&["user", "dancer"]),
            ..new_user(OTHER, "unused")
        };
        let made = rows.create_user(stranger, event(&world)).await;
        let second = new_user(OTHER, "second");
        assert_refused(made, "roles: no role is called \"dancer\"");
        rows.create_user(second, event(&world))
            .await
            .expect("a second administrator");
        let with_second = raw.rows_of(&tenant.id).await;
        let user = with_roles(&["dancer"]);
        let updated = rows.update_user(USER, user, None, START, event(&world));
        assert_refused(updated.await, "roles: no role is called \"dancer\"");
        assert_eq!(raw.rows_of(&tenant.id).await, with_second);
        let user = with_roles(&["user", ROLE]);
        let updated = rows.update_user(USER, user, None, START, event(&world));
        assert_eq!(updated.await.expect("an answer"), UpdateOutcome::Updated);
        let held = rows.delete_role(ROLE, event(&world)).await;
        assert_refused(
            held,
            "1 account has the role operator; take it from them first",
        );
    })
    .await;
}

#[tokio::test]
async fn a_tenant_has_a_hundred_roles_of_its_own_at_most() {
    everywhere(async |world| {
        let rows = world.app.store.tenant(&world.tenant.id);
        let (node, _) = world.second_node().await;
        let theirs = node.store.tenant(&world.tenant.id);
        for number in 0..95 {
            let role = checked_role(&format!("role{number}"), "");
            let made = rows.create_role(role, START, event(&world));
            made.await.expect("a role");
        }
        let outcomes = at_once((95..107).map(|number| {
            let rows = if number % 2 == 0 { &rows } else { &theirs };
            let (rows, event) = (rows.clone(), event(&world));
            async move {
                let role = checked_role(&format!("role{number}"), "");
                rows.create_role(role, START, event).await
            }
        }))
        .await;
        assert_eq!(outcomes.iter().filter(|made| made.is_ok()).count(), 5);
        for refused in outcomes.into_iter().filter(Result::is_err) {
            assert_refused(refused, "a tenant has at most 100 roles of its own");
        }
        assert_eq!(rows.roles().await.expect("a list").len(), 100);
    })
    .await;
}

#[tokio::test]
async fn rows_of_a_tenant_that_is_not_there_are_refused_otherwise() {
    everywhere(async |world| {
        let rows = world.app.store.tenant("no such tenant");
        for outcome in [
            rows.create_user(new_user(USER, "somebody"), event(&world))
                .await,
            rows.create_client(client(&world, "x", "x")).await,
            rows.put_resource(&resource("x"), START, event(&world))
                .await,
        ] {
            assert!(matches!(outcome, Err(DbError::Statement(_))), "{outcome:?}");
        }
        let mut raw = world.raw().await;
        assert_eq!(raw.rows_of("no such tenant").await, Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn a_rule_of_ours_is_a_sentence_and_leaves_nothing() {
    everywhere(async |world| {
        let tenant = world.new_tenant("owner").await;
        let scene = populated(&world, &tenant, "of the owner").await;
        let rows = &scene.rows;
        let mut raw = world.raw().await;
        let mut demoted = users_core::admin::users::input_of(
            &rows
                .user(USER)
                .await
                .expect("an answer")
                .expect("the account"),
        );
        demoted.roles.clear();
        let demoted = demoted.check().expect("a good account");
        let found = raw.rows_of(&tenant.id).await;
        let refused = [
            rows.update_user(USER, demoted, None, START, event(&world))
                .await
                .map(drop),
            rows.delete_user(USER, START, event(&world)).await.map(drop),
        ];
        for outcome in refused {
            assert!(matches!(outcome, Err(DbError::Refused(_))), "{outcome:?}");
        }
        assert_eq!(raw.rows_of(&tenant.id).await, found);
        assert!(
            rows.delete_client(CLIENT, START, event(&world))
                .await
                .expect("deleted")
        );
        let found = raw.rows_of(&tenant.id).await;
        let outcome = rows.create_client(client(&world, "x", "x")).await;
        assert!(matches!(outcome, Err(DbError::Refused(_))), "{outcome:?}");
        assert_eq!(raw.rows_of(&tenant.id).await, found);
        let mut later_on = client(&world, "x", "x");
        later_on.now = later();
        rows.create_client(later_on).await.expect("a day later");
    })
    .await;
}

// A046
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_take_one_name_one_gets_it() {
    everywhere(async |world| {
        let (node, _) = world.second_node().await;
        for round in 0..5 {
            let outcomes = at_once((0..RACERS).map(|racer| {
                let app = if racer % 2 == 0 { &world.app } else { &node };
                let rows = app.store.tenant(&world.tenant.id);
                // One name, in three spellings: two cases, and composed or not.
                let name = ["Zo\u{eb}", "zo\u{eb}", "ZOE\u{308}"][racer % 3];
                let username = format!("{name}{round}");
                let email = format!("{racer}-{round}@example.test");
                let event = event(&world);
                let id = world.app.opaque_id();
                async move {
                    let input = UserInput {
                        username,
                        email: Some(email),
                        enabled: true,
                        ..UserInput::default()
                    };
                    // A decomposed letter may also be refused as no letter at all.
                    let Ok(user) = input.check() else { return 0 };
                    let user = NewUser {
                        user,
                        ..new_user(&id, "unused")
                    };
                    match rows.create_user(user, event).await {
                        Ok(()) => 1,
                        Err(DbError::Conflict) => 0,
                        Err(error) => panic!("{error}"),
                    }
                }
            }))
            .await;
            assert_eq!(outcomes.iter().sum::<usize>(), 1);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_who_make_one_tenant_one_does() {
    async fn make(world: &World, slug: &'static str) -> usize {
        let made = at_once((0..8).map(|_| {
            let app = world.app.clone();
            async move {
                let actor = Actor::command_line();
                tenants::create(&app, &actor, slug, slug, None)
                    .await
                    .is_ok()
            }
        }))
        .await;
        made.into_iter().filter(|made| *made).count()
    }
    everywhere(async |world| {
        for slug in ["one", "two", "three"] {
            assert_eq!(make(&world, slug).await, 1);
        }
        let mut raw = world.raw().await;
        let keys = "SELECT COUNT(*) FROM signing_keys WHERE state = 'active'";
        assert_eq!(raw.number(keys).await, 4);
    })
    .await;
}
