//! Keys that are made, changed and ended while they are used.

use users_core::admin::{api_keys, users};
use users_core::model::api_key::{ApiKeyInput, MAX_KEYS};
use users_core::model::audit_event::Actor;

use crate::support::everywhere;
use crate::support::race::{RACERS, ROUNDS, at_once};
use crate::support::world::follow;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_token_that_was_asked_for_beside_a_revocation_lives() {
    everywhere(async |world| {
        let mod_ = world.person_of(&world.tenant, "mod", &["moderator"]).await;
        let monitor = world.client("monitor", "token.introspect").await;
        let (node, there) = world.second_node().await;
        for round in 0..ROUNDS {
            let key = world
                .key(&mod_, &format!("key {round}"), &["users.read"])
                .await;
            follow(&node).await;
            let revoke = {
                let (app, tenant, id) = (world.app.clone(), world.tenant.clone(), key.id.clone());
                async move {
                    let actor = Actor::command_line();
                    let revoked = api_keys::revoke(&app, &actor, &tenant, &id).await;
                    revoked.expect("revoked");
                    None
                }
            };
            let mut tasks: Vec<futures_util::future::BoxFuture<'static, Option<String>>> =
                vec![Box::pin(revoke)];
            for racer in 0..20 {
                let caller = if racer % 2 == 0 {
                    world.anonymous()
                } else {
                    &there
                };
                let client = key.through(caller).client();
                tasks.push(Box::pin(async move {
                    let reply = client.client_credentials("users.read").await;
                    (reply.status == 200).then(|| reply.text("access_token"))
                }));
            }
            let tokens = at_once(tasks).await;
            follow(&node).await;
            for token in tokens.into_iter().flatten() {
                for caller in [world.anonymous(), &there] {
                    let seen = monitor.through(caller).introspect(&token).await;
                    seen.assert_inactive();
                }
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_rotations_at_once_two_secrets_are_left() {
    everywhere(async |world| {
        let mod_ = world.person_of(&world.tenant, "mod", &["moderator"]).await;
        let key = world.key(&mod_, "key", &["users.read"]).await;
        let (node, there) = world.second_node().await;
        let rotations = (0..RACERS).map(|racer| {
            let app = if racer % 2 == 0 { &world.app } else { &node };
            let (app, tenant, id) = (app.clone(), world.tenant.clone(), key.id.clone());
            async move {
                let actor = Actor::command_line();
                let secret = api_keys::rotate(&app, &actor, &tenant, &id, None).await;
                secret.expect("another secret").expose().to_owned()
            }
        });
        let secrets = at_once(rotations).await;
        follow(&world.app).await;
        follow(&node).await;
        for caller in [world.anonymous(), &there] {
            let mut live = 0;
            for secret in secrets.iter().chain([&key.secret]) {
                let key = key.through(caller).with_secret(secret);
                let reply = key.client().client_credentials("users.read").await;
                live += usize::from(reply.status == 200);
            }
            assert_eq!(live, 2);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn keys_made_at_once_keep_to_the_bound_and_to_one_name() {
    everywhere(async |world| {
        let anna = world.person("anna").await;
        let user = users::get(&world.app, &world.tenant, &anna.id).await;
        let user = user.expect("the owner");
        let make = |name: String| {
            let (app, tenant, user) = (world.app.clone(), world.tenant.clone(), user.clone());
            async move {
                let input = ApiKeyInput {
                    name,
                    permissions: vec!["sip.call".to_owned()],
                    networks: Vec::new(),
                    enabled: true,
                    expires_at: None,
                };
                let actor = Actor::command_line();
                let made = api_keys::create(&app, &actor, &tenant, &user, input).await;
                made.is_ok()
            }
        };
        let made = at_once((0..10).map(|_| make("the same".to_owned()))).await;
        assert_eq!(made.iter().filter(|made| **made).count(), 1);
        let made = at_once((0..120).map(|number| make(format!("key {number}")))).await;
        let bound = usize::try_from(MAX_KEYS).expect("few");
        assert_eq!(made.iter().filter(|made| **made).count(), bound - 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_key_outlives_an_owner_who_is_deleted_beside_it() {
    everywhere(async |world| {
        for round in 0..10 {
            let anna = world.person(&format!("anna{round}")).await;
            let user = users::get(&world.app, &world.tenant, &anna.id).await;
            let user = user.expect("the owner");
            let (app, tenant) = (world.app.clone(), world.tenant.clone());
            let delete = {
                let (app, tenant, user) = (app.clone(), tenant.clone(), user.clone());
                tokio::spawn(async move {
                    let actor = Actor::command_line();
                    users::delete(&app, &actor, &tenant, &user).await.is_ok()
                })
            };
            let create = tokio::spawn(async move {
                let input = ApiKeyInput {
                    name: "key".to_owned(),
                    permissions: vec!["sip.call".to_owned()],
                    networks: Vec::new(),
                    enabled: true,
                    expires_at: None,
                };
                let actor = Actor::command_line();
                let made = api_keys::create(&app, &actor, &tenant, &user, input).await;
                made.is_ok()
            });
            assert!(delete.await.expect("a task"));
            create.await.expect("a task");
            let keys = "SELECT COUNT(*) FROM api_keys";
            assert_eq!(world.raw().await.number(keys).await, 0);
        }
    })
    .await;
}
