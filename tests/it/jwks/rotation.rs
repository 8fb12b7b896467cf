//! Announced, active, retired: a key's life, and what everybody else sees of it.

use users_core::app::App;
use users_core::keys::ring::RingError;
use users_core::keys::rotation::Rotated;
use users_core::model::algorithm::Algorithm;
use users_core::model::audit_event::Actor;
use users_core::storage::DbError;
use users_core::storage::signing_keys::KeyState;

use super::{add_every_algorithm, kids, published, signed_with};
use crate::support::http::Caller;
use crate::support::people::Service;
use crate::support::world::follow;
use crate::support::{World, everywhere};

const ALG: Algorithm = Algorithm::Es256;

async fn announce(app: &App, world: &World, in_seconds: i64) -> Result<Rotated, RingError> {
    let from = app.clock.now().plus_seconds(in_seconds);
    let maker = &app.key_maker;
    maker
        .announce(&world.tenant.id, ALG, from, &Actor::command_line())
        .await
}

async fn rotate_now(app: &App, world: &World) -> Rotated {
    let (maker, actor) = (&app.key_maker, Actor::command_line());
    maker
        .rotate_now(&world.tenant.id, ALG, &actor)
        .await
        .unwrap()
}

async fn token(service: &Service, caller: &Caller) -> String {
    let there = Service {
        caller: caller.clone(),
        ..service.clone()
    };
    let reply = there.client_credentials("sip.register").await;
    reply.assert_ok().text("access_token")
}

async fn assert_active(service: &Service, callers: [&Caller; 2], token: &str, expected: bool) {
    for caller in callers {
        let there = Service {
            caller: caller.clone(),
            ..service.clone()
        };
        let reply = there.introspect(token).await;
        assert_eq!(Service::is_active(&reply), expected);
    }
}

async fn states(world: &World) -> Vec<(String, KeyState, bool)> {
    let rows = world.app.store.tenant(&world.tenant.id);
    let rows = rows.signing_keys().await.unwrap().into_iter();
    rows.map(|row| (row.kid, row.state, row.private_sealed.is_some()))
        .collect()
}

#[tokio::test]
async fn an_announced_key_is_published_before_it_signs_and_after_it_has() {
    everywhere(async |world| {
        let service = world.client("service", "sip.register").await;
        let (second, elsewhere) = world.second_node().await;
        let both = [world.anonymous(), &elsewhere];
        let old = kids(&published(both[0], "").await);
        let first = token(&service, both[1]).await;

        let from = world.clock.now().plus_seconds(3600);
        let rotated = announce(&second, &world, 3600).await.unwrap();
        assert_eq!(rotated, Rotated::Announced(from));
        let again = announce(&world.app, &world, 10).await;
        assert!(matches!(again, Err(RingError::Db(DbError::Conflict))));
        follow(&world.app).await;
        for caller in both {
            let keys = kids(&published(caller, "").await);
            assert_eq!(keys.len(), 2);
            assert!(keys.contains(&old[0]), "the old key stays");
            let (kid, _) = signed_with(both[0], &token(&service, caller).await).await;
            assert_eq!(kid, old[0], "the old key signs");
        }
        world.advance(3599);
        second.key_maker.activate_due().await.unwrap();
        assert_eq!(states(&world).await[1].1, KeyState::Next, "not yet");
        let last = token(&service, both[0]).await;

        world.advance(1);
        second.key_maker.activate_due().await.unwrap();
        follow(&world.app).await;
        let keys = kids(&published(both[0], "").await);
        assert_eq!(keys.len(), 2);
        for caller in both {
            assert_eq!(kids(&published(caller, "").await), keys);
            let (kid, _) = signed_with(both[0], &token(&service, caller).await).await;
            assert_ne!(kid, old[0], "the new key signs");
            assert!(keys.contains(&kid));
        }
        assert_active(&service, both, &last, true).await;
        assert_active(&service, both, &first, false).await;
        let retired = &states(&world).await[0];
        assert_eq!(*retired, (old[0].clone(), KeyState::Retired, false));
        // Nothing is due any more.
        second.key_maker.activate_due().await.unwrap();
        assert_eq!(states(&world).await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_retired_key_stays_published_while_any_token_of_its_may_live() {
    everywhere(async |world| {
        let longest = 86_400;
        let service = world
            .client_with("service", "sip.register", |metadata| {
                metadata.access_token_lifetime = Some(longest);
            })
            .await;
        let caller = world.anonymous();
        let token = token(&service, caller).await;
        let (kid, _) = signed_with(caller, &token).await;
        world.advance(1);
        assert_eq!(rotate_now(&world.app, &world).await, Rotated::Activated);
        world.advance(u64::try_from(longest).unwrap() - 2);
        // A node that starts only now still believes the token.
        let (_, late) = world.second_node().await;
        assert_active(&service, [caller, &late], &token, true).await;
        assert_eq!(signed_with(&late, &token).await.0, kid);
        // An hour more for those who keep the set, and then it goes; its row stays readable.
        world.advance(3601);
        let (_, late) = world.second_node().await;
        assert!(kids(&published(&late, "").await).contains(&kid));
        world.advance(1);
        let (_, late) = world.second_node().await;
        let left = kids(&published(&late, "").await);
        assert!(!left.contains(&kid) && left.len() == 1);
        assert_eq!(states(&world).await[0], (kid, KeyState::Retired, false));
    })
    .await;
}

#[tokio::test]
async fn rotating_now_lets_the_new_key_sign_everywhere_at_once() {
    everywhere(async |world| {
        let service = world.client("service", "sip.register").await;
        let (second, elsewhere) = world.second_node().await;
        let both = [world.anonymous(), &elsewhere];
        let mut known = kids(&published(both[0], "").await);
        let mut tokens = vec![token(&service, both[1]).await];
        for round in 1..=3 {
            assert_eq!(rotate_now(&second, &world).await, Rotated::Activated);
            follow(&world.app).await;
            for caller in both {
                let token = token(&service, caller).await;
                let (kid, _) = signed_with(both[0], &token).await;
                if caller.peer == both[0].peer {
                    assert!(!known.contains(&kid), "a key nobody saw before");
                    known.push(kid);
                } else {
                    assert_eq!(known.last(), Some(&kid));
                }
                tokens.push(token);
            }
            assert_eq!(published(both[0], "").await.len(), round + 1);
        }
        for token in &tokens {
            assert_active(&service, both, token, true).await;
        }
    })
    .await;
}

#[tokio::test]
async fn rotating_now_takes_the_key_that_was_announced() {
    everywhere(async |world| {
        let service = world.client("service", "sip.register").await;
        world.advance(1);
        announce(&world.app, &world, 3600).await.unwrap();
        let announced = states(&world).await[1].0.clone();
        rotate_now(&world.app, &world).await;
        let token = token(&service, world.anonymous()).await;
        assert_eq!(signed_with(world.anonymous(), &token).await.0, announced);
        // The day it was announced for passes without a trace.
        world.advance(3600);
        world.app.key_maker.activate_due().await.unwrap();
        let states = states(&world).await;
        assert_eq!(states.len(), 2);
        assert_eq!(states[1], (announced, KeyState::Active, true));
    })
    .await;
}

#[tokio::test]
async fn one_algorithms_rotation_leaves_the_others_alone() {
    everywhere(async |world| {
        add_every_algorithm(&world, &world.tenant).await;
        let before = states(&world).await;
        rotate_now(&world.app, &world).await;
        let after = states(&world).await;
        let active = |rows: &[(String, KeyState, bool)]| -> Vec<String> {
            let active = rows.iter().filter(|row| row.1 == KeyState::Active);
            active.map(|row| row.0.clone()).collect()
        };
        assert_eq!(active(&after).len(), Algorithm::ALL.len());
        let stayed = active(&before)
            .iter()
            .filter(|kid| active(&after).contains(kid))
            .count();
        assert_eq!(stayed, Algorithm::ALL.len() - 1);
    })
    .await;
}

#[tokio::test]
async fn a_tenants_rotation_leaves_the_others_alone() {
    everywhere(async |world| {
        world.new_tenant("second").await;
        let theirs = kids(&published(world.anonymous(), "/t/second").await);
        rotate_now(&world.app, &world).await;
        announce(&world.app, &world, 0).await.unwrap();
        world.app.key_maker.activate_due().await.unwrap();
        assert_eq!(
            kids(&published(world.anonymous(), "/t/second").await),
            theirs
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nodes_that_rotate_at_once_leave_one_key_signing() {
    everywhere(async |world| {
        let (second, _) = world.second_node().await;
        let service = world.client("service", "sip.register").await;
        let tenant = world.tenant.id.clone();
        for algorithm in [Algorithm::Es256, Algorithm::EdDsa] {
            let tasks: Vec<_> = (0..8)
                .map(|turn| {
                    let app = [&world.app, &second][turn % 2].clone();
                    let tenant = tenant.clone();
                    tokio::spawn(async move {
                        let (maker, actor) = (&app.key_maker, Actor::command_line());
                        maker.ensure(&tenant, algorithm, &actor).await.unwrap();
                        maker.rotate_now(&tenant, algorithm, &actor).await.unwrap();
                        maker.activate_due().await.unwrap();
                    })
                })
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
        }
        world.follow().await;
        let rows = states(&world).await;
        let count = |state| rows.iter().filter(|row| row.1 == state).count();
        assert_eq!((count(KeyState::Active), count(KeyState::Next)), (2, 0));
        let sealed = rows.iter().filter(|row| row.2).count();
        assert_eq!(sealed, 2, "a retired key cannot sign");
        let token = token(&service, world.anonymous()).await;
        signed_with(world.anonymous(), &token).await;
    })
    .await;
}

#[tokio::test]
async fn keys_made_ahead_are_used_once() {
    everywhere(async |world| {
        let maker = &world.app.key_maker;
        maker.stock_up(Algorithm::Rs256).await.unwrap();
        maker.stock_up(Algorithm::Es256).await.unwrap();
        let store = &world.app.store;
        let spares = async |algorithm| store.count_spare_keys(algorithm).await.unwrap();
        assert_eq!(spares(Algorithm::Rs256).await, 2);
        assert_eq!(spares(Algorithm::Es256).await, 0, "these cost nothing");
        let mut made = Vec::new();
        for _ in 0..3 {
            made.push(maker.fresh(Algorithm::Rs256).await.unwrap().kid);
        }
        assert_eq!(spares(Algorithm::Rs256).await, 0);
        made.sort();
        made.dedup();
        assert_eq!(made.len(), 3);
    })
    .await;
}
