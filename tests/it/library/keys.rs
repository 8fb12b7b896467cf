//! API keys and signing keys by way of the library.

use serde_json::Value;
use users_core::{
    Algorithm, CreateApiKeyRequest, Error, TokenValidator, TrustedIssuer, ValidatorSettings,
};

use super::service;
use crate::support::everywhere;
use crate::support::forge::opened;
use crate::support::people::Service;
use crate::support::world::everywhere_with;

fn request(user_id: &str, name: &str, permissions: &[&str]) -> CreateApiKeyRequest {
    CreateApiKeyRequest {
        user_id: user_id.into(),
        name: name.into(),
        permissions: permissions.iter().map(|word| (*word).to_owned()).collect(),
        ..CreateApiKeyRequest::default()
    }
}

#[tokio::test]
async fn an_api_key_gets_a_short_token_within_its_rights_that_dies_with_it() {
    everywhere(async |world| {
        let service = service(&world).await;
        let judge = world.client("judge", "token.introspect").await;
        let pbx = service
            .user_store()
            .create_service_account("pbx", &["user"])
            .await;
        let pbx = pbx.expect("a service account");
        let keys = service.api_key_store();
        let made = keys.create_api_key(request(&pbx.id, "trunk", &["sip.register", "sip.call"]));
        let (key, secret) = made.await.expect("a key");
        let login = service
            .authenticate_api_key(secret.expose())
            .await
            .expect("let in");
        assert_eq!(login.user.id, pbx.id);
        assert_eq!(login.tokens.scope, "sip.call sip.register");
        assert!(login.tokens.expires_in <= 300 && login.tokens.refresh_token.is_none());
        let (_, claims) = opened(&login.tokens.access_token);
        assert_eq!(claims["sub"], key.id.as_str());
        assert_eq!(claims["owner"], pbx.id.as_str());
        let active = judge.introspect(&login.tokens.access_token).await;
        assert!(Service::is_active(&active));

        let valid = keys
            .validate_api_key(secret.expose())
            .await
            .expect("looked at");
        assert_eq!(valid.expect("live").id, key.id);
        assert_eq!(keys.list_api_keys(&pbx.id).await.expect("a list").len(), 1);
        keys.revoke_api_key(&key.id).await.expect("revoked");
        world.follow().await;
        judge
            .introspect(&login.tokens.access_token)
            .await
            .assert_inactive();
        assert!(
            keys.validate_api_key(secret.expose())
                .await
                .expect("looked at")
                .is_none()
        );
        let refused = service.authenticate_api_key(secret.expose()).await;
        assert!(matches!(refused, Err(Error::InvalidCredentials)));
    })
    .await;
}

#[tokio::test]
async fn an_api_key_gives_no_more_than_its_owner_holds_now() {
    everywhere(async |world| {
        let service = service(&world).await;
        let guest = world.person_of(&world.tenant, "guest", &["guest"]).await;
        let keys = service.api_key_store();
        let wide = keys
            .create_api_key(request(&guest.id, "wide", &["users.write"]))
            .await;
        assert!(matches!(wide, Err(Error::Validation(_))));
        let alice = world.person("alice").await;
        let made = keys
            .create_api_key(request(&alice.id, "phone", &["sip.register"]))
            .await;
        let (_, secret) = made.expect("a key");
        world
            .change_person(&world.tenant, &alice, |input| {
                input.roles = vec!["guest".into()];
            })
            .await;
        let refused = service.authenticate_api_key(secret.expose()).await;
        assert!(matches!(refused, Err(Error::InvalidScope)), "{refused:?}");
    })
    .await;
}

#[tokio::test]
async fn a_rotated_key_has_two_secrets_for_a_while_and_a_switched_off_one_has_none() {
    everywhere(async |world| {
        let service = service(&world).await;
        let alice = world.person("alice").await;
        let keys = service.api_key_store();
        let made = keys
            .create_api_key(request(&alice.id, "phone", &["sip.register"]))
            .await;
        let (key, old) = made.expect("a key");
        let new = keys
            .rotate_api_key(&key.id, Some(60))
            .await
            .expect("another secret");
        let live = async |secret: &str| {
            world.follow().await;
            keys.validate_api_key(secret)
                .await
                .expect("looked at")
                .is_some()
        };
        assert!(live(old.expose()).await && live(new.expose()).await);
        world.advance(60);
        assert!(!live(old.expose()).await && live(new.expose()).await);
        keys.set_api_key_active(&key.id, false).await.expect("off");
        assert!(!live(new.expose()).await);
        keys.set_api_key_active(&key.id, true).await.expect("on");
        assert!(live(new.expose()).await);
    })
    .await;
}

#[tokio::test]
async fn a_key_of_another_tenant_or_for_another_network_is_none() {
    everywhere(async |world| {
        let service = service(&world).await;
        let branch = world.new_tenant("branch").await;
        let bob = world.person_of(&branch, "bob", &["user"]).await;
        let elsewhere = service.in_tenant("branch");
        let bound = CreateApiKeyRequest {
            allowed_networks: vec!["192.0.2.0/24".into()],
            ..request(&bob.id, "phone", &["sip.register"])
        };
        let made = elsewhere.api_key_store().create_api_key(bound).await;
        let (key, secret) = made.expect("a key");
        let within = "192.0.2.7".parse().unwrap();
        let secret = secret.expose();
        let there = elsewhere.from_address(within);
        there.authenticate_api_key(secret).await.expect("let in");
        assert!(elsewhere.authenticate_api_key(secret).await.is_err());
        let here = service.from_address(within);
        assert!(here.authenticate_api_key(secret).await.is_err());
        assert!(
            here.api_key_store()
                .validate_api_key(secret)
                .await
                .unwrap()
                .is_none()
        );
        let missing = here.api_key_store().revoke_api_key(&key.id).await;
        assert!(matches!(missing, Err(Error::NotFound(_))));
    })
    .await;
}

#[tokio::test]
async fn the_published_key_checks_what_is_signed_as_pem_and_as_jwk() {
    for algorithm in Algorithm::ALL {
        let alg = |config: &mut users_core::UsersConfig| {
            algorithm.name().clone_into(&mut config.tokens.signing_alg);
        };
        everywhere_with(alg, async |world| {
            let service = service(&world).await;
            let issuer = service.jwt_issuer();
            assert_eq!(issuer.algorithm().await.expect("known"), algorithm);
            let jwk = issuer.public_key_jwk().await.expect("a JWK");
            assert_eq!(jwk["alg"], algorithm.name());
            assert!(jwk.get("d").is_none());
            let set = issuer.jwks().await.expect("a set");
            let published = world.anonymous().get("/jwks.json").await.json();
            assert_eq!(set, published);

            let alice = world.person("alice").await;
            let login = service
                .authenticate_password("alice", &alice.password)
                .await;
            let token = login.expect("let in").tokens.access_token;
            assert_eq!(opened(&token).0["kid"], jwk["kid"]);
            let clock = world.clock.clone();
            let validator = TokenValidator::with(ValidatorSettings::default(), clock);
            let validator = validator.expect("a validator");
            let (name, pem) = (issuer.issuer().await, issuer.public_key_pem().await);
            let trusted = TrustedIssuer::with_public_key_pem(
                name.expect("a name"),
                pem.expect("a key"),
                ["rvoip-sip"],
            );
            validator.add_trusted_issuer(trusted).expect("trusted");
            let context = validator.validate_token(&token).await.expect("accepted");
            assert_eq!(context.user_id, alice.id);
            assert_eq!(context.claims["aud"].as_array().map(Vec::len), Some(3));
            assert_eq!(
                context
                    .claims
                    .get("sid")
                    .and_then(Value::as_str)
                    .map(str::len),
                Some(22)
            );
        })
        .await;
    }
}

#[tokio::test]
async fn an_introspection_client_looks_into_every_token_of_its_tenant() {
    everywhere(async |world| {
        let service = service(&world).await;
        let secret = service.create_introspection_client("registrar").await;
        let judge = Service {
            caller: world.anonymous().clone(),
            prefix: String::new(),
            client_id: "registrar".into(),
            secret: secret.expect("a secret").expose().to_owned(),
        };
        let alice = world.person("alice").await;
        let login = service
            .authenticate_password("alice", &alice.password)
            .await;
        let token = login.expect("let in").tokens.access_token;
        assert!(Service::is_active(&judge.introspect(&token).await));
        let again = service.create_introspection_client("registrar").await;
        assert!(matches!(again, Err(Error::AlreadyExists(_))));
    })
    .await;
}
