//! Things for one use.

use std::collections::BTreeSet;

use serde_json::json;
use users_core::admin::setup;
use users_core::keys::jws::{Signer, Typ};
use users_core::keys::key_pair::KeyPair;
use users_core::model::algorithm::Algorithm;
use users_core::model::client_metadata::AuthMethod;

use crate::support::race::{RACERS, ROUNDS, at_once};
use crate::support::world::{ISSUER, START};
use crate::support::{databases, everywhere, world};

// A050
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_client_assertion_is_accepted_once_on_two_nodes() {
    everywhere(async |world| {
        let pair = KeyPair::generate(Algorithm::Es256).expect("a key");
        let signer = Signer::new(&pair).expect("a signer");
        let public = serde_json::to_value(pair.public()).expect("JSON");
        world
            .client_with("robot", "sip.register", |metadata| {
                metadata.token_endpoint_auth_method = AuthMethod::PrivateKeyJwt;
                metadata.jwks = Some(json!({ "keys": [public] }));
            })
            .await;
        let (_node, there) = world.second_node().await;
        let here = world.anonymous();
        for round in 0..ROUNDS {
            let claims = json!({
                "iss": "robot", "sub": "robot", "aud": ISSUER, "jti": format!("round {round}"),
                "exp": START.seconds() + 60,
            });
            let assertion = signer.sign(Typ::Jwt, &claims).expect("signed");
            let replies = at_once((0..RACERS).map(|racer| {
                let caller = if racer % 2 == 0 { here } else { &there };
                let (caller, assertion) = (caller.clone(), assertion.clone());
                async move {
                    let form = [
                        ("grant_type", "client_credentials"),
                        (
                            "client_assertion_type",
                            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                        ),
                        ("client_assertion", assertion.as_str()),
                    ];
                    // The endpoints share what was accepted.
                    let path = if racer % 10 == 0 {
                        "/introspect"
                    } else {
                        "/token"
                    };
                    caller.post(path, &form, &[]).await
                }
            }))
            .await;
            // An accepted client that asks introspection for nothing is told so.
            let accepted = replies.iter().filter(|reply| reply.status != 401);
            assert_eq!(accepted.count(), 1, "round {round}");
            for reply in replies.iter().filter(|reply| reply.status == 401) {
                reply.assert_error(401, "invalid_client");
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_set_up_link_makes_one_administrator() {
    for round in 0..ROUNDS {
        for database in databases().await {
            let world = world::World::on(database, &|_| {}).await;
            let link = setup::new_link(&world.app).await.expect("a link");
            let link = link.expect("no administrator yet");
            let link = link.rsplit('=').next().expect("the token").to_owned();
            let (_node, there) = world.second_node().await;
            let replies = at_once((0..RACERS).map(|racer| {
                let caller = if racer % 2 == 0 {
                    world.anonymous()
                } else {
                    &there
                };
                let (caller, link) = (caller.clone(), link.clone());
                async move {
                    let username = format!("root{racer}");
                    let form = [
                        ("link", link.as_str()),
                        ("username", &username),
                        ("password", "a passphrase for all"),
                    ];
                    caller.post("/setup", &form, &[]).await.status.as_u16()
                }
            }))
            .await;
            let made = replies.iter().filter(|status| **status == 201).count();
            assert_eq!(made, 1, "round {round}: {replies:?}");
            assert!(
                replies
                    .iter()
                    .all(|status| [201, 404, 503].contains(status))
            );
            let mut raw = world.raw().await;
            assert_eq!(raw.number("SELECT COUNT(*) FROM users").await, 1);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_spare_key_is_taken_once() {
    everywhere(async |world| {
        let (node, _) = world.second_node().await;
        for _ in 0..ROUNDS {
            let mut keys = Vec::new();
            for _ in 0..8 {
                let key = world.app.key_maker.fresh(Algorithm::EdDsa).await;
                keys.push(key.expect("a key"));
            }
            let stock: BTreeSet<String> = keys.iter().map(|key| key.kid.clone()).collect();
            for key in keys {
                world.app.store.add_spare_key(key).await.expect("stored");
            }
            assert_eq!(stock.len(), 8);
            let taken = at_once((0..RACERS).map(|racer| {
                let app = if racer % 2 == 0 { &world.app } else { &node };
                let store = app.store.clone();
                async move {
                    store
                        .take_spare_key(Algorithm::EdDsa)
                        .await
                        .expect("an answer")
                }
            }))
            .await;
            let taken: Vec<String> = taken.into_iter().flatten().map(|key| key.kid).collect();
            let distinct: BTreeSet<String> = taken.iter().cloned().collect();
            assert_eq!(taken.len(), distinct.len(), "no key twice");
            assert!(distinct.is_subset(&stock));
            let left = world.app.store.count_spare_keys(Algorithm::EdDsa).await;
            assert_eq!(usize::try_from(left.expect("a count")), Ok(8 - taken.len()));
            while world
                .app
                .store
                .take_spare_key(Algorithm::EdDsa)
                .await
                .expect("an answer")
                .is_some()
            {}
        }
    })
    .await;
}
