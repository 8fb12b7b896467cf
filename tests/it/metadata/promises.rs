//! Each thing the document lists, tried; and what it does not list, tried in vain.

use serde_json::json;
use users_core::admin::users;
use users_core::keys::key_pair::KeyPair;
use users_core::model::algorithm::Algorithm;
use users_core::model::audit_event::Actor;
use users_core::model::client_metadata::AuthMethod;
use users_core::model::user::{Address, StandardClaims, UserInput};

use super::{document, words};
use crate::client_auth::{ENDPOINTS, public};
use crate::private_key_jwt::{CLIENT, PAIRS, claims, present_to, register, signed};
use crate::support::everywhere;
use crate::support::forge::opened;

#[tokio::test]
async fn every_advertised_grant_gives_tokens() {
    everywhere(async |world| {
        let document = document(world.anonymous(), &world.tenant).await;
        let mut grants = words(&document, "grant_types_supported");
        grants.sort_unstable();
        let expected = [
            "authorization_code",
            "client_credentials",
            "password",
            "refresh_token",
        ];
        assert_eq!(grants, expected);
        let service = world
            .client("service", "openid offline_access sip.call")
            .await;
        let person = world.person("joan").await;
        service.client_credentials("sip.call").await.assert_ok();
        let reply = service.sign_in(&person, "openid offline_access").await;
        service
            .refresh(&reply.text("refresh_token"))
            .await
            .assert_ok();
    })
    .await;
}

#[tokio::test]
async fn every_advertised_way_of_authentication_works_and_no_other() {
    everywhere(async |world| {
        let document = document(world.anonymous(), &world.tenant).await;
        let keys = PAIRS.each_ref().map(|pair| json!(pair.public()));
        register(&world, CLIENT, &keys, None).await;
        let service = world.client("service", "sip.call token.introspect").await;
        world.client_with("spa", "sip.call", public).await;
        let token = service.client_credentials("token.introspect").await;
        let bearer = format!("Bearer {}", token.text("access_token"));
        let basic = service.authorization();
        let prefixes = ["token", "introspection", "revocation"];
        for (endpoint, prefix) in ENDPOINTS.into_iter().zip(prefixes) {
            let member = format!("{prefix}_endpoint_auth_methods_supported");
            let advertised = words(&document, &member);
            let every = AuthMethod::ALL.iter().map(|method| method.name());
            for method in every.chain(["Bearer", "client_secret_jwt", "tls_client_auth"]) {
                let (path, form) = endpoint;
                // A public client has no grant that needs nothing else.
                let form = if method == "none" && path == "/token" {
                    &[("grant_type", "refresh_token"), ("refresh_token", "x")]
                } else {
                    form
                };
                let in_body = [("client_id", "service"), ("client_secret", &service.secret)];
                let named = [("client_id", "spa")];
                let caller = world.anonymous();
                let reply = match method {
                    "client_secret_basic" => {
                        caller.post(path, form, &[("authorization", &basic)]).await
                    }
                    "client_secret_post" => {
                        caller.post(path, &[form, &in_body].concat(), &[]).await
                    }
                    "private_key_jwt" => {
                        let assertion = signed(&PAIRS[3], &claims(&world));
                        present_to(caller, endpoint, &assertion).await
                    }
                    "none" => caller.post(path, &[form, &named].concat(), &[]).await,
                    "Bearer" => caller.post(path, form, &[("authorization", &bearer)]).await,
                    _ => {
                        caller
                            .post(path, &[form, &in_body[..1]].concat(), &[])
                            .await
                    }
                };
                let authenticated = reply.status != 401;
                assert_eq!(
                    authenticated,
                    advertised.contains(&method),
                    "{method} at {path}: {reply:?}"
                );
            }
        }
    })
    .await;
}

#[tokio::test]
async fn every_advertised_algorithm_authenticates_a_client_and_no_other() {
    everywhere(async |world| {
        let document = document(world.anonymous(), &world.tenant).await;
        let keys = PAIRS.each_ref().map(|pair| json!(pair.public()));
        register(&world, CLIENT, &keys, None).await;
        let prefixes = ["token", "introspection", "revocation"];
        for (endpoint, prefix) in ENDPOINTS.into_iter().zip(prefixes) {
            let member = format!("{prefix}_endpoint_auth_signing_alg_values_supported");
            let advertised = words(&document, &member);
            assert_eq!(advertised, Algorithm::ALL.map(Algorithm::name));
            for name in advertised {
                let of = |pair: &&KeyPair| pair.algorithm().name() == name;
                let pair = PAIRS.iter().find(of).unwrap();
                let assertion = signed(pair, &claims(&world));
                present_to(world.anonymous(), endpoint, &assertion)
                    .await
                    .assert_ok();
            }
        }
    })
    .await;
}

#[tokio::test]
async fn every_advertised_scope_can_be_granted() {
    everywhere(async |world| {
        let document = document(world.anonymous(), &world.tenant).await;
        let advertised = words(&document, "scopes_supported");
        let all = advertised.join(" ");
        let service = world
            .client_with("service", &all, |metadata| metadata.first_party = true)
            .await;
        let root = world.person_of(&world.tenant, "root", &["admin"]).await;
        let reply = service.sign_in(&root, &all).await;
        // What no person is given, programs get.
        let own = service.client_credentials("sip.digest").await.text("scope");
        let granted = reply.text("scope");
        let mut granted: Vec<_> = granted.split(' ').chain([own.as_str()]).collect();
        let mut advertised = advertised.clone();
        granted.sort_unstable();
        advertised.sort_unstable();
        assert_eq!(granted, advertised);
        assert!(advertised.contains(&"openid") && advertised.contains(&"sip.register"));
    })
    .await;
}

#[tokio::test]
async fn every_advertised_claim_can_be_had_and_every_claim_is_advertised() {
    everywhere(async |world| {
        let document = document(world.anonymous(), &world.tenant).await;
        let advertised = words(&document, "claims_supported");
        let scope = "openid profile email address phone roles groups";
        let service = world.client("service", scope).await;
        let some = |text: &str| Some(text.to_owned());
        let input = UserInput {
            username: "joan".to_owned(),
            email: some("joan@example.test"),
            email_verified: true,
            roles: vec!["user".to_owned()],
            groups: vec!["staff".to_owned()],
            enabled: true,
            claims: StandardClaims {
                name: some("Joan Doe"),
                given_name: some("Joan"),
                family_name: some("Doe"),
                middle_name: some("M"),
                nickname: some("jo"),
                profile: some("https://joan.example.test/"),
                picture: some("https://joan.example.test/me.png"),
                website: some("https://joan.example.test/blog"),
                gender: some("female"),
                birthdate: some("1990-01-01"),
                zoneinfo: some("Europe/Paris"),
                locale: some("fr-FR"),
                phone_number: some("+33123456789"),
                phone_number_verified: Some(true),
                address: Some(Address {
                    formatted: some("1 Street"),
                    ..Address::default()
                }),
            },
            ..UserInput::default()
        };
        let password = "the passphrase of joan";
        let (actor, tenant) = (Actor::command_line(), &world.tenant);
        users::create(&world.app, &actor, tenant, input, Some(password))
            .await
            .unwrap();
        let reply = service.password("joan", password, scope).await;
        let token = reply.assert_ok().text("access_token");
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str())];
        let reply = world.anonymous().get_with("/userinfo", &headers).await;
        let told = reply.assert_ok().json();
        let (_, in_token) = opened(&token);
        let of_a_login = ["acr", "amr", "at_hash", "auth_time", "nonce"];
        for claim in advertised
            .iter()
            .filter(|claim| !of_a_login.contains(claim))
        {
            let known = told.get(claim).or(in_token.get(claim));
            assert!(known.is_some(), "{claim} is advertised");
        }
        for claim in told.as_object().unwrap().keys() {
            assert!(advertised.contains(&claim.as_str()), "{claim} is told");
        }
    })
    .await;
}

#[tokio::test]
async fn a_public_subject_is_the_same_for_every_client() {
    everywhere(async |world| {
        let document = document(world.anonymous(), &world.tenant).await;
        assert_eq!(document["subject_types_supported"], json!(["public"]));
        let person = world.person("joan").await;
        for id in ["one", "two"] {
            let service = world.client(id, "openid").await;
            let token = service.sign_in(&person, "openid").await;
            let (_, claims) = opened(&token.text("access_token"));
            assert_eq!(claims["sub"], person.id.as_str());
        }
    })
    .await;
}
