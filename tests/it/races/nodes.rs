//! Nodes that start, rotate and make things at the same instant.

use users_core::base::clock::Clock;
use users_core::base::random::Random;
use users_core::installation;
use users_core::model::algorithm::Algorithm;
use users_core::model::audit_event::Actor;

use crate::support::race::{ROUNDS, at_once};
use crate::support::raw::Raw;
use crate::support::world::{START, follow, settings};
use crate::support::{databases, everywhere};

const NODES: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nodes_that_open_an_empty_database_at_once_make_one_installation() {
    for round in 0..ROUNDS {
        for database in databases().await {
            let sqlite = database.name == "sqlite";
            let apps = at_once((0..NODES).map(|_| {
                let mut config = settings(&database.url);
                if sqlite {
                    // Each would make a master key beside the file; one is the key of all.
                    config.master_key = None;
                }
                installation::open(config, Clock::manual(START), Random::System)
            }))
            .await;
            let apps: Vec<_> = apps
                .into_iter()
                .map(|app| app.unwrap_or_else(|error| panic!("round {round}: {error}")))
                .collect();
            let checks = apps.iter().map(|app| app.master_key.check_value());
            assert_eq!(checks.collect::<std::collections::BTreeSet<_>>().len(), 1);
            let mut raw = Raw::open(&database.url).await;
            for (count, of) in [
                (1, "SELECT COUNT(*) FROM tenants"),
                (
                    1,
                    "SELECT COUNT(*) FROM signing_keys WHERE state = 'active'",
                ),
                (1, "SELECT COUNT(*) FROM signing_keys"),
                (
                    1,
                    "SELECT COUNT(*) FROM instance WHERE name = 'master_key_check'",
                ),
                (1, "SELECT COUNT(*) FROM counters"),
                (1, "SELECT COUNT(*) FROM audit"),
                (0, "SELECT COUNT(*) - MAX(version) FROM schema_migrations"),
            ] {
                assert_eq!(raw.number(of).await, count, "round {round}: {of}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_nodes_that_rotate_at_once_leave_one_active_key() {
    everywhere(async |world| {
        let service = world.client("pbx", "sip.register").await;
        let (node, caller) = world.second_node().await;
        let there = service.through(&caller);
        let algorithm = world.tenant.signing_alg;
        for round in 0..ROUNDS {
            let before = service.client_credentials("sip.register").await;
            let outcomes = at_once([&world.app, &node].map(|app| {
                let (maker, tenant) = (app.key_maker.clone(), world.tenant.id.clone());
                async move { maker.rotate_now(&tenant, algorithm, &Actor::system()).await }
            }))
            .await;
            for outcome in outcomes {
                outcome.unwrap_or_else(|error| panic!("round {round}: {error}"));
            }
            follow(&world.app).await;
            follow(&node).await;
            let mut raw = world.raw().await;
            let states = raw.texts("SELECT state FROM signing_keys WHERE state <> 'retired'");
            assert_eq!(states.await, ["active"], "round {round}");
            let kept = "SELECT COUNT(*) FROM signing_keys WHERE private_sealed IS NOT NULL";
            assert_eq!(raw.number(kept).await, 1);
            let sets = [world.anonymous(), &caller].map(|node| node.get("/jwks.json"));
            let [one, other] = sets;
            assert_eq!(one.await.body, other.await.body, "round {round}");
            // What either signs, before and after, the other accepts.
            let after = there.client_credentials("sip.register").await;
            for (reader, token) in [(&there, &before), (&service, &after)] {
                let seen = reader.introspect(&token.text("access_token")).await;
                assert_eq!(seen.json()["active"], true, "round {round}");
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_many_announces_and_one_of_many_makes_the_first_key() {
    everywhere(async |world| {
        let (node, _) = world.second_node().await;
        for round in 0..10 {
            let tenant = world.new_tenant(&format!("t{round}")).await;
            let due = START.plus_seconds(7200);
            let announced = at_once((0..8).map(|racer| {
                let app = if racer % 2 == 0 { &world.app } else { &node };
                let (maker, id) = (app.key_maker.clone(), tenant.id.clone());
                async move {
                    let actor = Actor::system();
                    maker
                        .announce(&id, Algorithm::Es256, due, &actor)
                        .await
                        .is_ok()
                }
            }))
            .await;
            assert_eq!(announced.iter().filter(|done| **done).count(), 1);
            let ensured = at_once((0..8).map(|racer| {
                let app = if racer % 2 == 0 { &world.app } else { &node };
                let (maker, id) = (app.key_maker.clone(), tenant.id.clone());
                async move {
                    maker
                        .ensure(&id, Algorithm::EdDsa, &Actor::system())
                        .await
                        .is_ok()
                }
            }))
            .await;
            assert!(ensured.iter().all(|done| *done));
            let rows = world.app.store.tenant(&tenant.id).signing_keys().await;
            let of = |algorithm| {
                let rows = rows.as_ref().expect("the keys");
                rows.iter().filter(|key| key.algorithm == algorithm).count()
            };
            assert_eq!((of(Algorithm::Es256), of(Algorithm::EdDsa)), (2, 1));
        }
    })
    .await;
}
