//! What may be spent is spent as it was found, with what it pays for, or not at all.

use futures_util::future::BoxFuture;
use users_core::base::clock::Timestamp;
use users_core::model::audit_event::AuditEvent;
use users_core::storage::DbError;
use users_core::storage::refresh_tokens::Rotation;
use users_core::storage::sessions::Login;
use users_core::storage::update::UpdateOutcome;

use crate::support::rows::{
    ACCESS, ASSERTION, CLIENT, Populated, REFRESH, SESSION, USER, access_token, checked_user,
    client, event, everybody, later, login, new_user, populated, refresh_token, rotation,
};
use crate::support::world::START;
use crate::support::{World, everywhere};

/// Something that happens before the spending.
type Event = for<'a> fn(&'a World, &'a Populated) -> BoxFuture<'a, ()>;

const CHANGED: Event = |world, scene| {
    Box::pin(async move {
        // In the same millisecond as everything else.
        let user = checked_user("of-the-owner");
        let updated = scene
            .rows
            .update_user(USER, user, None, START, event(world));
        assert_eq!(updated.await.expect("an answer"), UpdateOutcome::Updated);
    })
};

const NEW_PASSWORD: Event = |world, scene| {
    Box::pin(async move {
        let set = scene
            .rows
            .set_password(USER, "new".to_owned(), START, event(world));
        assert!(set.await.expect("set"));
    })
};

const DELETED: Event = |world, scene| {
    Box::pin(async move {
        let second = new_user("00000000-0000-4000-8000-000000000009", "second");
        scene
            .rows
            .create_user(second, event(world))
            .await
            .expect("an administrator");
        let deleted = scene.rows.delete_user(USER, START, event(world));
        assert!(deleted.await.expect("deleted"));
    })
};

const CLIENT_DISABLED: Event = |world, scene| {
    Box::pin(async move {
        let mut disabled = client(world, "of the owner", "secret");
        disabled.enabled = false;
        let updated = scene.rows.update_client(disabled).await;
        assert_eq!(updated.expect("an answer"), UpdateOutcome::Updated);
    })
};

const CLIENT_DELETED: Event = |world, scene| {
    Box::pin(async move {
        let deleted = scene.rows.delete_client(CLIENT, START, event(world));
        assert!(deleted.await.expect("deleted"));
    })
};

const SESSION_ENDED: Event = |world, scene| {
    Box::pin(async move {
        let ended = scene.rows.end_session(SESSION, START, event(world));
        assert!(ended.await.expect("ended"));
    })
};

const SPENT: Event = |_, scene| {
    Box::pin(async move {
        let mut first = rotation();
        first.successor = refresh_token("another successor");
        assert!(
            scene
                .rows
                .rotate_refresh_token(first)
                .await
                .expect("rotated")
        );
    })
};

const NOTHING: Event = |_, _| Box::pin(async {});

async fn owner(world: &World, number: usize) -> Populated {
    let tenant = world.new_tenant(&format!("owner{number}")).await;
    populated(world, &tenant, "of the owner").await
}

#[tokio::test]
async fn a_refresh_token_is_spent_only_as_it_was_found() {
    type Change = fn(&mut Rotation);
    let same: Change = |_| {};
    let cases: &[(bool, Event, Change)] = &[
        (true, NOTHING, same),
        (false, SPENT, same),
        (false, CHANGED, same),
        (false, NEW_PASSWORD, same),
        (false, DELETED, same),
        (false, CLIENT_DISABLED, same),
        (false, CLIENT_DELETED, same),
        (false, SESSION_ENDED, same),
        (false, NOTHING, |rotation| rotation.now = later()),
        (true, NOTHING, |rotation| {
            rotation.now = Timestamp::from_millis(later().millis() - 1);
        }),
        (false, NOTHING, |rotation| {
            "other".clone_into(&mut rotation.client_id);
        }),
        (false, NOTHING, |rotation| {
            "other".clone_into(&mut rotation.old_digest);
        }),
        (false, NOTHING, |rotation| {
            "other".clone_into(&mut rotation.user_id);
        }),
    ];
    everywhere(async |world| {
        let mut raw = world.raw().await;
        for (number, (expected, before, change)) in cases.iter().enumerate() {
            let scene = owner(&world, number).await;
            before(&world, &scene).await;
            let found = raw.rows_of(&scene.tenant.id).await;
            let mut rotation = rotation();
            rotation.access_token = Some(access_token("another access token", "x"));
            change(&mut rotation);
            let spent = scene.rows.rotate_refresh_token(rotation).await;
            assert_eq!(spent.expect("an answer"), *expected, "case {number}");
            let left = raw.rows_of(&scene.tenant.id).await;
            assert_eq!(left == found, !expected, "case {number}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_session_starts_only_with_account_and_client_as_they_were_found() {
    let cases: &[(bool, Event)] = &[
        (true, NOTHING),
        (true, SESSION_ENDED),
        (false, CHANGED),
        (false, NEW_PASSWORD),
        (false, DELETED),
        (false, CLIENT_DISABLED),
        (false, CLIENT_DELETED),
    ];
    everywhere(async |world| {
        let mut raw = world.raw().await;
        for (number, (expected, before)) in cases.iter().enumerate() {
            let scene = owner(&world, number).await;
            before(&world, &scene).await;
            let found = raw.rows_of(&scene.tenant.id).await;
            let login = Login {
                refresh_token: Some(refresh_token("another refresh token")),
                access_token: Some(access_token("another access token", "x")),
                ..login(&world, "another session")
            };
            let started = scene.rows.start_session(login).await;
            assert_eq!(started.expect("an answer"), *expected, "case {number}");
            let left = raw.rows_of(&scene.tenant.id).await;
            assert_eq!(left == found, !expected, "case {number}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_stored_spends_nothing() {
    everywhere(async |world| {
        let scene = owner(&world, 0).await;
        let mut raw = world.raw().await;
        let found = raw.rows_of(&scene.tenant.id).await;
        // The access token's place is taken, the last thing the exchange writes.
        let mut doomed = rotation();
        doomed.access_token = Some(access_token(ACCESS, "x"));
        let outcome = scene.rows.rotate_refresh_token(doomed).await;
        assert!(matches!(outcome, Err(DbError::Conflict)));
        let mut doomed = rotation();
        doomed.successor = refresh_token(REFRESH);
        let outcome = scene.rows.rotate_refresh_token(doomed).await;
        assert!(matches!(outcome, Err(DbError::Conflict)));
        let doomed = Login {
            refresh_token: Some(refresh_token(REFRESH)),
            ..login(&world, "another session")
        };
        let outcome = scene.rows.start_session(doomed).await;
        assert!(matches!(outcome, Err(DbError::Conflict)));
        assert_eq!(raw.rows_of(&scene.tenant.id).await, found);
        assert!(
            scene
                .rows
                .rotate_refresh_token(rotation())
                .await
                .expect("spent")
        );
    })
    .await;
}

#[tokio::test]
async fn an_assertion_burns_once() {
    everywhere(async |world| {
        let scene = owner(&world, 0).await;
        for (digest, expected) in [(ASSERTION, false), ("new", true), ("new", false)] {
            let burnt = scene.rows.burn(digest.to_owned(), later()).await;
            assert_eq!(burnt.expect("an answer"), expected, "{digest}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_set_up_link_is_spent_with_the_administrator_it_makes() {
    everywhere(async |world| {
        let (store, id) = (&world.app.store, &world.tenant.id);
        let spend = async |digest: &str, name: &str, now: Timestamp| {
            let user = new_user(&world.app.opaque_id(), name);
            let event: AuditEvent = event(&world);
            store.spend_setup_link(digest, id, user, now, event).await
        };
        store
            .replace_setup_link("old".to_owned(), later())
            .await
            .expect("stored");
        store
            .replace_setup_link("link".to_owned(), later())
            .await
            .expect("stored");
        assert!(
            !store
                .setup_link_is_live("old", START)
                .await
                .expect("an answer")
        );
        assert!(
            !spend("old", "ada", START).await.expect("an answer"),
            "replaced"
        );
        assert!(!spend("never", "ada", START).await.expect("an answer"));
        assert!(
            !store
                .setup_link_is_live("link", later())
                .await
                .expect("an answer")
        );
        assert!(
            !spend("link", "ada", later()).await.expect("an answer"),
            "over"
        );
        // A name that is taken leaves the link as it was.
        world.person("taken").await;
        assert!(matches!(
            spend("link", "taken", START).await,
            Err(DbError::Conflict)
        ));
        assert!(
            store
                .setup_link_is_live("link", START)
                .await
                .expect("an answer")
        );
        assert!(spend("link", "ada", START).await.expect("an answer"));
        assert!(
            !spend("link", "bob", START).await.expect("an answer"),
            "spent"
        );
        assert!(
            !store
                .setup_link_is_live("link", START)
                .await
                .expect("an answer")
        );
        // Not even a fresh link makes a second administrator.
        store
            .replace_setup_link("fresh".to_owned(), later())
            .await
            .expect("stored");
        assert!(!spend("fresh", "bob", START).await.expect("an answer"));
        let users = everybody(&store.tenant(id)).await;
        let names: Vec<_> = users.iter().map(|user| user.username.as_str()).collect();
        assert_eq!(names, ["ada", "taken"]);
    })
    .await;
}
