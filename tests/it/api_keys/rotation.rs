//! Another secret for the same key.

use users_core::admin::api_keys;
use users_core::model::api_key::ApiKeyInput;
use users_core::model::audit_event::Actor;

use crate::support::keys::Key;
use crate::support::people::Person;
use crate::support::{World, everywhere};

async fn rotate(world: &World, key: &Key, grace: Option<i64>) -> Key {
    let (app, actor) = (&world.app, Actor::command_line());
    let secret = api_keys::rotate(app, &actor, &world.tenant, &key.id, grace).await;
    key.with_secret(secret.expect("another secret").expose())
}

async fn moderator(world: &World) -> Person {
    world.person_of(&world.tenant, "mod", &["moderator"]).await
}

async fn assert_works(key: &Key, works: bool) {
    let (rest, token) = if works { (200, 200) } else { (401, 401) };
    assert_eq!(key.get("/users").await.status, rest);
    let reply = key.client().client_credentials("users.read").await;
    assert_eq!(reply.status, token);
}

#[tokio::test]
async fn a_key_has_two_live_secrets_while_it_is_changed() {
    everywhere(async |world| {
        let owner = moderator(&world).await;
        let first = world.key(&owner, "key", &["users.read"]).await;
        let second = rotate(&world, &first, None).await;
        let (node, there) = world.second_node().await;
        for caller in [world.anonymous(), &there] {
            assert_works(&first.through(caller), true).await;
            assert_works(&second.through(caller), true).await;
        }
        // A third one ends the first.
        let third = rotate(&world, &second, None).await;
        crate::support::world::follow(&node).await;
        for caller in [world.anonymous(), &there] {
            assert_works(&first.through(caller), false).await;
            assert_works(&second.through(caller), true).await;
            assert_works(&third.through(caller), true).await;
        }
        let actor = Actor::command_line();
        let end = || api_keys::end_previous_secret(&world.app, &actor, &world.tenant, &first.id);
        end().await.expect("ended");
        crate::support::world::follow(&node).await;
        for caller in [world.anonymous(), &there] {
            assert_works(&second.through(caller), false).await;
            assert_works(&third.through(caller), true).await;
        }
        assert!(end().await.is_err(), "there is none any more");
    })
    .await;
}

#[tokio::test]
async fn an_old_secret_ends_with_its_grace() {
    everywhere(async |world| {
        let owner = moderator(&world).await;
        let first = world.key(&owner, "key", &["users.read"]).await;
        let second = rotate(&world, &first, Some(60)).await;
        world.advance(59);
        assert_works(&first, true).await;
        world.advance(1);
        assert_works(&first, false).await;
        assert_works(&second, true).await;
        // Without any, it is dead at once.
        let third = rotate(&world, &second, Some(0)).await;
        assert_works(&second, false).await;
        assert_works(&third, true).await;
        let (app, actor) = (&world.app, Actor::command_line());
        for grace in [-1, 90 * 86_400 + 1, i64::MAX] {
            let refused = api_keys::rotate(app, &actor, &world.tenant, &third.id, Some(grace));
            assert!(refused.await.is_err(), "{grace}");
        }
        assert_works(&third, true).await;
    })
    .await;
}

/// SHA-256 of what is below, as older programs store it.
const IMPORTED: &str = "rvoip_ak_live_abcdefghijklmnopqrstuvwxyz012345";

#[tokio::test]
async fn an_older_programs_key_goes_on_working() {
    everywhere(async |world| {
        let owner = moderator(&world).await;
        let user = users_core::admin::users::get(&world.app, &world.tenant, &owner.id).await;
        let user = user.expect("the owner");
        let digest = users_core::base::digest::sha256(&[IMPORTED.as_bytes()]);
        let digest = data_encoding::HEXLOWER.encode(&digest);
        let input = |name: &str| ApiKeyInput {
            name: name.to_owned(),
            permissions: vec!["read".to_owned()],
            networks: Vec::new(),
            enabled: true,
            expires_at: None,
        };
        let (app, actor) = (&world.app, Actor::command_line());
        let import = |name: &'static str, digest: String| {
            let (user, actor, tenant) = (user.clone(), actor.clone(), world.tenant.clone());
            async move {
                let hint = "rvoip_ak_live_...2345";
                api_keys::import(app, &actor, &tenant, &user, input(name), &digest, hint).await
            }
        };
        let id = import("old", digest.clone()).await.expect("an import");
        let key = Key {
            caller: world.anonymous().clone(),
            prefix: String::new(),
            id,
            secret: IMPORTED.to_owned(),
        };
        assert_works(&key, true).await;
        assert!(import("again", digest.to_uppercase()).await.is_err());
        for wrong in ["", "abc", &digest[1..], &format!("{digest}00")] {
            assert!(import("wrong", wrong.to_owned()).await.is_err(), "{wrong}");
        }
        let mut near = IMPORTED.to_owned();
        near.replace_range(45..46, "6");
        assert_works(&key.with_secret(&near), false).await;
        // Its next secret is one of ours.
        let next = rotate(&world, &key, Some(0)).await;
        assert_works(&key, false).await;
        assert_works(&next, true).await;
    })
    .await;
}
