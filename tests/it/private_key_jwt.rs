//! RFC 7523 section 3 and OIDC Core section 9: a client proves itself by signing.

mod claims;
mod forged;
mod once;

use std::sync::LazyLock;

use serde_json::{Value, json};
use users_core::admin::clients;
use users_core::keys::jws::{Signer, Typ};
use users_core::keys::key_pair::KeyPair;
use users_core::model::algorithm::Algorithm;
use users_core::model::audit_event::Actor;
use users_core::model::client_metadata::{AuthMethod, ClientMetadata};

use crate::client_auth::{ENDPOINTS, public};
use crate::support::forge::{HandKey, compact, hmac, with};
use crate::support::http::{Caller, Reply};
use crate::support::world::{ISSUER, follow};
use crate::support::{World, everywhere};

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
pub const CLIENT: &str = "signer";

pub static PAIRS: LazyLock<[KeyPair; 4]> =
    LazyLock::new(|| Algorithm::ALL.map(|algorithm| KeyPair::generate(algorithm).unwrap()));

/// Registers a client that signs with the keys of this set.
pub async fn register(world: &World, client_id: &str, keys: &[Value], alg: Option<Algorithm>) {
    let set = json!({ "keys": keys });
    world
        .client_with(client_id, "sip.register", |metadata| by_key(metadata, set))
        .await;
    if alg.is_some() {
        change(world, client_id, |metadata| {
            metadata.token_endpoint_auth_signing_alg = alg;
        })
        .await;
    }
}

fn by_key(metadata: &mut ClientMetadata, jwks: Value) {
    metadata.token_endpoint_auth_method = AuthMethod::PrivateKeyJwt;
    metadata.jwks = Some(jwks);
}

async fn change(world: &World, client_id: &str, change: impl FnOnce(&mut ClientMetadata)) {
    let (app, tenant) = (&world.app, &world.tenant);
    let before = clients::get(app, tenant, client_id).await.unwrap();
    let mut metadata = before.metadata.clone();
    change(&mut metadata);
    metadata.response_types = metadata.served_response_types();
    let (actor, keep) = (Actor::command_line(), clients::Secret::Keep);
    clients::update(app, &actor, tenant, &before, metadata, true, keep)
        .await
        .unwrap();
}

/// What an honest client says just now, never twice the same.
pub fn claims(world: &World) -> Value {
    let now = world.clock.now().seconds();
    json!({
        "iss": CLIENT, "sub": CLIENT, "aud": ISSUER, "iat": now, "exp": now + 300,
        "jti": world.app.opaque_id(),
    })
}

pub async fn present_to(
    caller: &Caller,
    (path, form): (&str, &[(&str, &str)]),
    assertion: &str,
) -> Reply {
    let proof = [
        ("client_assertion", assertion),
        ("client_assertion_type", TYPE),
    ];
    caller.post(path, &[form, &proof].concat(), &[]).await
}

async fn present(world: &World, assertion: &str) -> Reply {
    present_to(world.anonymous(), ENDPOINTS[0], assertion).await
}

async fn assert_refused(world: &World, assertion: &str, why: &str) {
    let reply = present(world, assertion).await;
    assert_eq!(reply.status, 401, "{why}: {reply:?}");
    reply.assert_error(401, "invalid_client");
}

pub fn signed(pair: &KeyPair, claims: &Value) -> String {
    let signer = Signer::new(pair).unwrap();
    signer.sign(Typ::Jwt, claims).unwrap()
}

#[tokio::test]
async fn every_algorithm_proves_a_client_at_every_endpoint() {
    everywhere(async |world| {
        let keys = PAIRS.each_ref().map(|pair| json!(pair.public()));
        register(&world, CLIENT, &keys, None).await;
        for pair in PAIRS.iter() {
            for endpoint in ENDPOINTS {
                let path = format!("{ISSUER}{}", endpoint.0);
                for aud in [
                    json!(ISSUER),
                    json!(path),
                    json!(["https://other.test", ISSUER]),
                ] {
                    let claims = with(&claims(&world), json!({ "aud": aud }));
                    let assertion = signed(pair, &claims);
                    let reply = present_to(world.anonymous(), endpoint, &assertion).await;
                    reply.assert_ok();
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_key_is_not_exchanged_for_a_weaker_proof() {
    everywhere(async |world| {
        let key = HandKey::new();
        register(&world, CLIENT, &[key.jwk()], None).await;
        let service = world.client("by-secret", "sip.register").await;
        for (path, form) in ENDPOINTS {
            for proof in [
                &[("client_id", CLIENT)][..],
                &[("client_id", CLIENT), ("client_secret", "x")],
                &[("client_id", CLIENT), ("client_secret", key.kid())],
            ] {
                let form = [form, proof].concat();
                let reply = world.anonymous().post(path, &form, &[]).await;
                reply.assert_error(401, "invalid_client");
            }
        }
        // Nor does a signature stand in for a secret, whoever made it.
        let id = service.client_id;
        let claims = with(&claims(&world), json!({ "iss": id, "sub": id }));
        assert_refused(&world, &key.sign(&key.header("JWT"), &claims), "no keys").await;
        let header = with(&key.header("JWT"), json!({ "alg": "HS256" }));
        let forged = compact(&header.to_string(), &claims.to_string(), |input| {
            hmac(256, service.secret.as_bytes(), input)
        });
        assert_refused(&world, &forged, "client_secret_jwt is not served").await;
    })
    .await;
}

#[tokio::test]
async fn a_disabled_client_and_an_unknown_one_are_refused_alike() {
    everywhere(async |world| {
        let key = HandKey::new();
        register(&world, CLIENT, &[key.jwk()], None).await;
        let (app, tenant) = (&world.app, &world.tenant);
        let before = clients::get(app, tenant, CLIENT).await.unwrap();
        let metadata = before.metadata.clone();
        let (actor, keep) = (Actor::command_line(), clients::Secret::Keep);
        clients::update(app, &actor, tenant, &before, metadata, false, keep)
            .await
            .unwrap();
        let nobody = json!({ "iss": "nobody", "sub": "nobody" });
        let unknown = present(
            &world,
            &key.sign(&key.header("JWT"), &with(&claims(&world), nobody)),
        )
        .await;
        let disabled = present(&world, &key.sign(&key.header("JWT"), &claims(&world))).await;
        unknown.assert_error(401, "invalid_client");
        assert_eq!(
            (unknown.status, unknown.body),
            (disabled.status, disabled.body)
        );
    })
    .await;
}

#[tokio::test]
async fn among_two_keys_of_one_algorithm_the_kid_chooses() {
    everywhere(async |world| {
        let keys = [HandKey::new(), HandKey::new()];
        register(&world, CLIENT, &keys.each_ref().map(HandKey::jwk), None).await;
        for key in &keys {
            present(&world, &key.sign(&key.header("JWT"), &claims(&world)))
                .await
                .assert_ok();
            let nameless = with(&key.header("JWT"), json!({ "kid": null }));
            assert_refused(&world, &key.sign(&nameless, &claims(&world)), "no kid").await;
        }
        let swapped = keys[0].sign(&keys[1].header("JWT"), &claims(&world));
        assert_refused(&world, &swapped, "the other's kid").await;
    })
    .await;
}

#[tokio::test]
async fn new_keys_count_on_every_node_and_old_ones_no_longer() {
    everywhere(async |world| {
        let (old, new) = (HandKey::new(), HandKey::new());
        register(&world, CLIENT, &[old.jwk()], None).await;
        let (second, elsewhere) = world.second_node().await;
        let try_on = async |caller: &Caller, key: &HandKey| {
            let assertion = key.sign(&key.header("JWT"), &claims(&world));
            let reply = present_to(caller, ENDPOINTS[0], &assertion).await;
            reply.status.as_u16()
        };
        assert_eq!(try_on(&elsewhere, &old).await, 200);
        change(&world, CLIENT, |metadata| {
            by_key(metadata, json!({ "keys": [new.jwk()] }));
        })
        .await;
        follow(&second).await;
        for caller in [world.anonymous(), &elsewhere] {
            assert_eq!(try_on(caller, &old).await, 401);
            assert_eq!(try_on(caller, &new).await, 200);
        }
    })
    .await;
}

#[tokio::test]
async fn a_secret_dies_with_the_way_it_was_registered_for() {
    everywhere(async |world| {
        let key = HandKey::new();
        let service = world.client("service", "sip.register").await;
        service.client_credentials("sip.register").await.assert_ok();
        change(&world, "service", |metadata| {
            by_key(metadata, json!({ "keys": [key.jwk()] }));
        })
        .await;
        for (path, form) in ENDPOINTS {
            let reply = service.post(path, form).await;
            reply.assert_error(401, "invalid_client");
        }
        change(&world, "service", |metadata| {
            metadata.jwks = None;
            public(metadata);
        })
        .await;
        for (path, form) in ENDPOINTS {
            let reply = service.post(path, form).await;
            reply.assert_error(401, "invalid_client");
        }
    })
    .await;
}
