//! Who signed, and by which algorithm: the header never decides it.

use serde_json::{Value, json};
use users_core::keys::jws::{Signer, Typ};
use users_core::keys::key_pair::KeyPair;
use users_core::model::algorithm::Algorithm;

use super::{Forge, published_key, userinfo};
use crate::support::everywhere;
use crate::support::forge::{HandKey, b64, compact, hmac, public_forms, with};
use crate::support::people::Service;
use crate::support::world::everywhere_with;

// A115
#[tokio::test]
async fn an_unsigned_token_is_refused() {
    everywhere(async |world| {
        let forge = Forge::new(&world).await;
        let token = forge.signed(&forge.claims);
        let (_, signature) = token.rsplit_once('.').unwrap();
        for alg in ["none", "None", "nOnE", "NONE", "none ", "", "null"] {
            for header in [
                json!({ "alg": alg }),
                json!({ "alg": alg, "typ": "at+jwt" }),
                with(&forge.header(), json!({ "alg": alg })),
            ] {
                let input = format!(
                    "{}.{}",
                    b64(header.to_string()),
                    b64(forge.claims.to_string())
                );
                for unsigned in [
                    format!("{input}."),
                    format!("{input}.{signature}"),
                    format!("{input}.{}", b64("none")),
                    forge.key.sign(&header, &forge.claims),
                ] {
                    forge.assert_refused(&unsigned, alg).await;
                }
            }
        }
        let header = with(&forge.header(), json!({ "alg": null }));
        let token = forge.key.sign(&header, &forge.claims);
        forge.assert_refused(&token, "no alg").await;
    })
    .await;
}

// A116
#[tokio::test]
async fn a_published_key_is_no_shared_secret() {
    for algorithm in Algorithm::ALL {
        everywhere_with(
            |config| config.tokens.signing_alg = algorithm.name().to_owned(),
            async |world| {
                let service = world.client("service", "openid token.introspect").await;
                let person = world.person("joan").await;
                let token = service
                    .sign_in(&person, "openid")
                    .await
                    .text("access_token");
                let key = published_key(&world, &world.tenant, &token).await;
                assert_eq!(key["alg"], algorithm.name());
                let (header, claims) = crate::support::forge::opened(&token);
                for secret in public_forms(&key) {
                    for (bits, alg) in [
                        (256, "HS256"),
                        (384, "HS384"),
                        (512, "HS512"),
                        (256, algorithm.name()),
                    ] {
                        let header = with(&header, json!({ "alg": alg }));
                        let forged = compact(&header.to_string(), &claims.to_string(), |input| {
                            hmac(bits, &secret, input)
                        });
                        let reply = userinfo(world.anonymous(), "", &forged).await;
                        reply.assert_error(401, "invalid_token");
                        service.introspect(&forged).await.assert_inactive();
                    }
                }
                assert!(Service::is_active(&service.introspect(&token).await));
            },
        )
        .await;
    }
}

// A117
#[tokio::test]
async fn a_key_a_token_brings_along_is_not_used() {
    everywhere(async |world| {
        let forge = Forge::new(&world).await;
        let attacker = HandKey::new();
        // Nothing may be fetched: a test that listened would hear nobody.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let canary = format!("http://{}/keys.json", listener.local_addr().unwrap());
        let keys = [
            json!({ "jwk": attacker.jwk() }),
            json!({ "jku": canary, "jwk": attacker.jwk() }),
            json!({ "jku": canary }),
            json!({ "x5u": canary }),
            json!({ "x5c": [canary] }),
            json!({ "x5t": attacker.kid(), "x5t#S256": attacker.kid() }),
        ];
        for brought in keys {
            for kid in [
                json!(attacker.kid()),
                json!(forge.key.kid()),
                json!(canary),
                Value::Null,
            ] {
                let header = with(&forge.header(), json!({ "kid": kid }));
                let header = with(&header, brought.clone());
                let token = attacker.sign(&header, &forge.claims);
                forge.assert_refused(&token, &header.to_string()).await;
            }
            // On an honest token it changes nothing.
            let header = with(&forge.header(), brought);
            let token = forge.key.sign(&header, &forge.claims);
            forge.assert_accepted(&token, "signed by us").await;
        }
        assert!(listener.accept().is_err(), "somebody called");
    })
    .await;
}

// A118
#[tokio::test]
async fn a_kid_is_compared_and_nothing_else_is_done_with_it() {
    everywhere(async |world| {
        let forge = Forge::new(&world).await;
        let second = world.new_tenant("second").await;
        let foreign = HandKey::new();
        foreign.install(&world, &second).await;
        for kid in [
            json!("../../dev/null"),
            json!("' OR 1=1--"),
            json!("0b7d1f4e-5f0d-4a53-9d63-0a9f6f1d2b11"),
            json!(null),
            json!(7),
            json!(""),
            json!([forge.key.kid()]),
            json!(format!("{} ", forge.key.kid())),
            json!(forge.key.kid().to_lowercase()),
            json!("\0"),
            json!("k".repeat(3000)),
            json!("k".repeat(10_000)),
            json!(foreign.kid()),
        ] {
            let header = with(&forge.header(), json!({ "kid": kid }));
            let token = forge.key.sign(&header, &forge.claims);
            forge.assert_refused(&token, &kid.to_string()).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_foreign_signature_under_our_name_is_refused() {
    everywhere(async |world| {
        let forge = Forge::new(&world).await;
        for algorithm in Algorithm::ALL {
            let pair = KeyPair::generate(algorithm).unwrap();
            let token = Signer::new(&pair).unwrap();
            let token = token.sign(Typ::AccessToken, &forge.claims).unwrap();
            forge.assert_refused(&token, algorithm.name()).await;
            let (_, signature) = token.rsplit_once('.').unwrap();
            for header in [
                forge.header(),
                with(&forge.header(), json!({ "alg": algorithm.name() })),
            ] {
                let input = format!(
                    "{}.{}",
                    b64(header.to_string()),
                    b64(forge.claims.to_string())
                );
                let token = format!("{input}.{signature}");
                forge.assert_refused(&token, algorithm.name()).await;
            }
        }
        // Nor does one of our keys lend its name to another of ours.
        let (header, _) = crate::support::forge::opened(&forge.token);
        let swapped = forge.key.sign(&header, &forge.claims);
        forge
            .assert_refused(&swapped, "the ES256 key's header")
            .await;
    })
    .await;
}

// A125
#[tokio::test]
async fn a_tenants_token_is_nothing_to_another_tenant() {
    everywhere(async |world| {
        let forge = Forge::new(&world).await;
        let second = world.new_tenant("second").await;
        let there = HandKey::new();
        there.install(&world, &second).await;
        let spy = world
            .client_of(&second, "service", "token.introspect", |_| {})
            .await;
        let refused = async |prefix: &str, token: &str| {
            let reply = userinfo(world.anonymous(), prefix, token).await;
            reply.assert_error(401, "invalid_token");
            let asker = if prefix.is_empty() {
                &forge.service
            } else {
                &spy
            };
            asker.introspect(token).await.assert_inactive();
        };
        refused("/t/second", &forge.token).await;
        let says_second = with(
            &forge.claims,
            json!({ "iss": second.issuer, "aud": [second.issuer] }),
        );
        let tenant_id = json!({ "tenant_id": second.id });
        for (key, claims) in [
            (&forge.key, says_second.clone()),
            (&forge.key, with(&says_second, tenant_id.clone())),
            (&there, forge.claims.clone()),
            (&there, with(&forge.claims, tenant_id)),
        ] {
            let token = key.sign(&key.header("at+jwt"), &claims);
            refused("", &token).await;
            refused("/t/second", &token).await;
        }
        // Its own key and its own name together, and the person is unknown there all the same.
        let token = there.sign(&there.header("at+jwt"), &says_second);
        refused("", &token).await;
        let reply = userinfo(world.anonymous(), "/t/second", &token).await;
        reply.assert_error(401, "invalid_token");
    })
    .await;
}
