//! Namesakes: the same client_id and the same username in two tenants.

use serde_json::json;
use users_core::admin::users;
use users_core::keys::jws::{Signer, Typ};
use users_core::keys::key_pair::KeyPair;
use users_core::model::algorithm::Algorithm;
use users_core::model::audit_event::Actor;
use users_core::model::client_metadata::AuthMethod;

use super::{SCOPE, Twins};
use crate::support::everywhere;
use crate::support::people::Service;

// A311
#[tokio::test]
async fn a_namesakes_password_opens_nothing() {
    everywhere(async |world| {
        let twins = Twins::of(&world).await;
        for (own, person, other) in twins.both() {
            own.sign_in(person, "openid").await;
            let reply = other.password("alice", &person.password, "openid").await;
            reply.assert_error(400, "invalid_grant");
            let address = "alice@example.test";
            let reply = other.password(address, &person.password, "openid").await;
            reply.assert_error(400, "invalid_grant");
        }
    })
    .await;
}

// A311
#[tokio::test]
async fn a_namesakes_secret_proves_nothing() {
    everywhere(async |world| {
        let twins = Twins::of(&world).await;
        for (own, person, other) in twins.both() {
            let token = own.sign_in(person, SCOPE).await.text("refresh_token");
            let swapped = Service {
                secret: other.secret.clone(),
                ..own.clone()
            };
            for reply in [
                swapped.client_credentials("sip.register").await,
                swapped.refresh(&token).await,
                swapped.introspect(&token).await,
                swapped.revoke(&token).await,
            ] {
                reply.assert_error(401, "invalid_client");
            }
            own.refresh(&token).await.assert_ok();
        }
    })
    .await;
}

#[tokio::test]
async fn an_assertion_for_one_issuer_proves_nothing_at_another() {
    everywhere(async |world| {
        let second = world.new_tenant("second").await;
        let pair = KeyPair::generate(Algorithm::Es256).expect("a key");
        let signer = Signer::new(&pair).expect("a signer");
        let public = serde_json::to_value(pair.public()).expect("JSON");
        // One operator, one key, registered at both.
        for tenant in [&world.tenant, &second] {
            let jwks = json!({ "keys": [public] });
            world
                .client_of(tenant, "robot", "sip.register", |metadata| {
                    metadata.token_endpoint_auth_method = AuthMethod::PrivateKeyJwt;
                    metadata.jwks = Some(jwks);
                })
                .await;
        }
        let assertion = |audience: &str| {
            let claims = json!({
                "iss": "robot", "sub": "robot", "aud": audience, "jti": world.app.opaque_id(),
                "exp": world.clock.now().seconds() + 60,
            });
            signer.sign(Typ::Jwt, &claims).expect("signed")
        };
        let present = async |prefix: &str, assertion: &str| {
            let form = [
                ("grant_type", "client_credentials"),
                (
                    "client_assertion_type",
                    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                ),
                ("client_assertion", assertion),
            ];
            world
                .anonymous()
                .post(&format!("{prefix}/token"), &form, &[])
                .await
        };
        for audience in [
            world.tenant.issuer.clone(),
            format!("{}/token", world.tenant.issuer),
        ] {
            let here = assertion(&audience);
            present("/t/second", &here)
                .await
                .assert_error(401, "invalid_client");
            // Refused there, it was not spent here.
            present("", &here).await.assert_ok();
            let there = assertion(&audience.replace("8081", "8081/t/second"));
            present("", &there)
                .await
                .assert_error(401, "invalid_client");
            present("/t/second", &there).await.assert_ok();
        }
    })
    .await;
}

// A311
#[tokio::test]
async fn locking_one_namesake_leaves_the_other_free() {
    everywhere(async |world| {
        let twins = Twins::of(&world).await;
        for _ in 0..6 {
            twins
                .here
                .password("alice", "a wrong passphrase", "openid")
                .await;
        }
        let locked = &twins.alice_here;
        let reply = twins
            .here
            .password("alice", &locked.password, "openid")
            .await;
        reply.assert_error(429, "temporarily_unavailable");
        twins.there.sign_in(&twins.alice_there, "openid").await;
    })
    .await;
}

// A311
#[tokio::test]
async fn resetting_disabling_or_deleting_one_namesake_leaves_the_other() {
    everywhere(async |world| {
        let twins = Twins::of(&world).await;
        let there = twins.there.sign_in(&twins.alice_there, SCOPE).await;
        let access = there.text("access_token");
        let user = users::get(&world.app, &world.tenant, "alice")
            .await
            .expect("alice");
        let actor = Actor::command_line();
        users::set_password(
            &world.app,
            &actor,
            &world.tenant,
            &user,
            "a brand new passphrase",
        )
        .await
        .expect("a new password");
        twins.there.userinfo(&access).await.assert_ok();
        world.set_enabled(&twins.alice_here, false).await;
        twins.there.userinfo(&access).await.assert_ok();
        world.delete_person(&twins.alice_here).await;
        twins.there.userinfo(&access).await.assert_ok();
        assert!(Service::is_active(&twins.there.introspect(&access).await));
        twins
            .there
            .refresh(&there.text("refresh_token"))
            .await
            .assert_ok();
        twins.there.sign_in(&twins.alice_there, "openid").await;
    })
    .await;
}
