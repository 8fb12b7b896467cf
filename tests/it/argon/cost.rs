//! What a check costs, whoever asks, and what a stored hash may ask for.

use argon2::{Algorithm, Argon2, Params, Version};
use data_encoding::BASE64_NOPAD;
use serde_json::json;
use users_core::admin::{clients, users};
use users_core::keys::key_pair::{KeyPair, Signer, Typ};
use users_core::model::algorithm::Algorithm as SigningAlg;
use users_core::model::audit_event::{Actor, AuditKind};
use users_core::model::client_metadata::AuthMethod;
use users_core::model::login_name::LoginName;
use users_core::model::user::UserInput;
use users_core::passwords::{Cost, MAX_PASSWORD_BYTES, Verdict};
use zeroize::Zeroizing;

use super::{CHEAP, passwords};
use crate::support::people::Person;
use crate::support::world::START;
use crate::support::{World, everywhere};

const WORD: &str = "some unrelated words";

fn word() -> Zeroizing<String> {
    Zeroizing::new(WORD.to_owned())
}

fn cost(memory_kib: u32, iterations: u32, parallelism: u32) -> Cost {
    Cost {
        memory_kib,
        iterations,
        parallelism,
    }
}

async fn store_hash(world: &World, person: &Person, hash: &str) {
    let (app, now) = (&world.app, world.app.clock.now());
    let kind = AuditKind::PasswordChanged;
    let event = Actor::command_line().did(kind, &person.id, app.row_id(), now);
    let rows = app.store.tenant(&world.tenant.id);
    let stored = rows.set_password(&person.id, hash.to_owned(), now, event);
    assert!(stored.await.expect("stored"));
}

async fn stored_hash(world: &World, person: &Person) -> String {
    let name = LoginName::parse(&person.username).expect("a name");
    let rows = world.app.store.tenant(&world.tenant.id);
    let row = rows.login_row(&name).await.expect("read").expect("a row");
    row.password_hash.expect("a password")
}

#[tokio::test]
async fn every_login_costs_one_hash_whoever_it_is() {
    everywhere(async |world| {
        let service = world.client("web", "sip.call").await;
        world.person("alice").await;
        let disabled = world.person("disabled").await;
        world.set_enabled(&disabled, false).await;
        let input = UserInput {
            username: "passwordless".to_owned(),
            enabled: true,
            ..UserInput::default()
        };
        let actor = Actor::command_line();
        let made = users::create(&world.app, &actor, &world.tenant, input, None).await;
        made.expect("an account without a password");
        let long = "x".repeat(300);
        let mut computed = world.app.passwords.computed();
        for name in [
            "alice",
            "nobody",
            "disabled",
            "passwordless",
            "alice@example.test",
            &long,
            "\u{1b}[2J",
            " ",
        ] {
            for password in [
                WORD,
                &disabled.password,
                &"x".repeat(MAX_PASSWORD_BYTES + 1),
            ] {
                world.advance(3600);
                let reply = service.password(name, password, "sip.call").await;
                reply.assert_error(400, "invalid_grant");
                computed += 1;
                assert_eq!(world.app.passwords.computed(), computed, "{name:?}");
            }
        }
    })
    .await;
}

// A260
#[tokio::test]
async fn secrets_of_256_bits_are_never_hashed_slowly() {
    everywhere(async |world| {
        let scope = "sip.call openid offline_access";
        let alice = world.person("alice").await;
        let basic = world.client("basic", scope).await;
        let given = world
            .client_with("given", scope, |metadata| {
                metadata.token_endpoint_auth_method = AuthMethod::ClientSecretPost;
            })
            .await;
        let chosen = "a.secret.somebody.chose.that.is.long.enough";
        let client = clients::get(&world.app, &world.tenant, "given").await;
        let client = client.expect("the client");
        clients::update(
            &world.app,
            &Actor::command_line(),
            &world.tenant,
            &client,
            client.metadata.clone(),
            true,
            clients::Secret::Given(chosen),
        )
        .await
        .expect("a second secret");
        let keys = KeyPair::generate(SigningAlg::Es256).expect("a key");
        let jwks = json!({ "keys": [keys.public()] });
        world
            .client_with("keyed", "sip.call", |metadata| {
                metadata.token_endpoint_auth_method = AuthMethod::PrivateKeyJwt;
                metadata.jwks = Some(jwks);
            })
            .await;
        let login = basic.sign_in(&alice, scope).await;
        let computed = world.app.passwords.computed();

        let refreshed = basic.refresh(&login.text("refresh_token")).await;
        refreshed.assert_ok();
        for secret in [given.secret.as_str(), chosen, "a wrong one"] {
            let form = [
                ("grant_type", "client_credentials"),
                ("client_id", "given"),
                ("client_secret", secret),
            ];
            let reply = world.anonymous().post("/token", &form, &[]).await;
            let expected = if secret == "a wrong one" { 401 } else { 200 };
            assert_eq!(reply.status, expected);
        }
        let signer = Signer::new(&keys).expect("a signer");
        let claims = json!({
            "iss": "keyed", "sub": "keyed", "aud": world.tenant.issuer,
            "jti": "1", "exp": START.seconds() + 60,
        });
        let assertion = signer.sign(Typ::Jwt, &claims).expect("signed");
        let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        let form = [
            ("grant_type", "client_credentials"),
            ("client_assertion_type", kind),
            ("client_assertion", &assertion),
        ];
        world
            .anonymous()
            .post("/token", &form, &[])
            .await
            .assert_ok();
        for token in [
            refreshed.text("access_token"),
            refreshed.text("refresh_token"),
            "garbage".to_owned(),
        ] {
            basic.introspect(&token).await.assert_ok();
            let bearer = format!("Bearer {token}");
            let headers = [("authorization", bearer.as_str())];
            world.anonymous().get_with("/userinfo", &headers).await;
            basic.revoke(&token).await.assert_ok();
        }
        assert_eq!(world.app.passwords.computed(), computed);
    })
    .await;
}

// A254
#[tokio::test]
async fn a_stored_hash_cannot_ask_for_more_than_the_ceilings() {
    let ours = passwords(CHEAP, 1, 8);
    let fair = ours.hash(word()).await.expect("hashed");
    assert!(fair.contains("m=64,t=1,p=1"), "{fair}");
    assert_eq!(
        ours.verify(word(), Some(fair.clone())).await,
        Ok(Verdict::Right)
    );
    for greedy in [
        "m=4194304,t=1,p=1",
        "m=262145,t=1,p=1",
        "m=4294967295,t=4294967295,p=255",
        "m=64,t=1000000,p=1",
        "m=64,t=11,p=1",
        "m=2048,t=1,p=255",
        "m=128,t=1,p=9",
    ] {
        let stored = fair.replace("m=64,t=1,p=1", greedy);
        let verdict = ours.verify(word(), Some(stored)).await;
        assert_eq!(verdict, Ok(Verdict::Wrong), "{greedy}");
        assert!(ours.kept_memory_kib() <= 64, "{greedy}");
    }
}

// A254
#[tokio::test]
async fn an_account_with_a_greedy_hash_is_refused_like_any_other() {
    everywhere(async |world| {
        let service = world.client("web", "sip.call").await;
        let alice = world.person("alice").await;
        let fair = stored_hash(&world, &alice).await;
        for greedy in [
            "m=4194304,t=1,p=1",
            "m=64,t=1000000,p=1",
            "m=2048,t=1,p=255",
        ] {
            let stored = fair.replace("m=64,t=1,p=1", greedy);
            store_hash(&world, &alice, &stored).await;
            for _ in 0..20 {
                world.advance(3600);
                let reply = service.password("alice", &alice.password, "sip.call").await;
                reply.assert_error(400, "invalid_grant");
            }
        }
        assert!(world.app.passwords.kept_memory_kib() <= 64 * super::threads());
    })
    .await;
}

#[tokio::test]
async fn memory_taken_for_an_imported_hash_is_given_back() {
    let theirs = passwords(cost(4096, 1, 1), 1, 8);
    let imported = theirs.hash(word()).await.expect("hashed");
    let ours = passwords(CHEAP, 1, 8);
    assert_eq!(
        ours.verify(word(), Some(imported)).await,
        Ok(Verdict::Right)
    );
    assert_eq!(ours.kept_memory_kib(), 64);
}

#[tokio::test]
async fn what_is_no_hash_is_nobodys() {
    let ours = passwords(CHEAP, 1, 8);
    let fair = ours.hash(word()).await.expect("hashed");
    let (head, digest) = fair.rsplit_once('$').expect("a PHC string");
    for stored in [
        "",
        WORD,
        "$argon2id$",
        head,
        &format!("{head}$"),
        &format!("{head}${}", &digest[..digest.len() / 2]),
        &fair.replace("argon2id", "scrypt"),
        &fair.replace("v=19", "v=16"),
        &fair.replace("v=19", "v=20"),
        &fair.replace("v=19$", ""),
        &fair.replace("argon2id", "argon2i"),
        &fair.replace("m=64", "m=1"),
        "$2b$12$C6UzMDM.H6dfI/f/IKcEeO7Z6pQJ0r2l1dE0L0nq1o0u3oWbB7u1K",
    ] {
        let verdict = ours.verify(word(), Some(stored.to_owned())).await;
        assert_eq!(verdict, Ok(Verdict::Wrong), "{stored}");
    }
}

#[tokio::test]
async fn a_hash_is_made_again_only_where_no_parameter_falls() {
    let ours = passwords(cost(128, 2, 1), 1, 8);
    for (stored, renewed) in [
        (cost(64, 1, 1), true),
        (cost(64, 2, 1), true),
        (cost(128, 1, 1), true),
        (cost(128, 2, 1), false),
        (cost(256, 2, 1), false),
        (cost(256, 1, 1), false),
        (cost(64, 3, 1), false),
        (cost(64, 1, 2), false),
        (cost(128, 2, 2), false),
    ] {
        let old = passwords(stored, 1, 8).hash(word()).await.expect("hashed");
        let wrong = Zeroizing::new("not it".to_owned());
        let verdict = ours.verify(wrong, Some(old.clone())).await;
        assert_eq!(verdict, Ok(Verdict::Wrong));
        match ours.verify(word(), Some(old)).await.expect("room") {
            Verdict::RightButWeak(new) => {
                assert!(renewed, "{stored:?}");
                assert!(new.contains("$argon2id$v=19$m=128,t=2,p=1$"), "{new}");
                assert_eq!(ours.verify(word(), Some(new)).await, Ok(Verdict::Right));
            }
            Verdict::Right => assert!(!renewed, "{stored:?}"),
            Verdict::Wrong => panic!("{stored:?}"),
        }
    }
}

#[tokio::test]
async fn an_older_kind_of_argon2_is_understood_and_renewed() {
    let ours = passwords(CHEAP, 1, 8);
    let salt = b"sixteen bytes ..";
    for (algorithm, version, name) in [
        (Algorithm::Argon2i, Version::V0x13, "argon2i$v=19"),
        (Algorithm::Argon2d, Version::V0x13, "argon2d$v=19"),
        (Algorithm::Argon2id, Version::V0x10, "argon2id$v=16"),
        (Algorithm::Argon2id, Version::V0x10, "argon2id"),
    ] {
        let params = Params::new(64, 1, 1, Some(32)).expect("parameters");
        let mut output = [0; 32];
        Argon2::new(algorithm, version, params)
            .hash_password_into(WORD.as_bytes(), salt, &mut output)
            .expect("hashed");
        let (salt, output) = (
            BASE64_NOPAD.encode(salt),
            BASE64_NOPAD.encode(output.as_slice()),
        );
        let stored = format!("${name}$m=64,t=1,p=1${salt}${output}");
        let verdict = ours.verify(word(), Some(stored)).await.expect("room");
        let Verdict::RightButWeak(new) = verdict else {
            panic!("{name}: {verdict:?}");
        };
        assert!(new.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{new}");
    }
}

#[tokio::test]
async fn a_right_login_renews_a_weak_hash_and_a_wrong_one_does_not() {
    everywhere(async |world| {
        let service = world.client("web", "sip.call").await;
        let alice = world.person("alice").await;
        let password = || Zeroizing::new(alice.password.clone());
        let weak = passwords(cost(32, 1, 1), 1, 8).hash(password()).await;
        let weak = weak.expect("hashed");
        store_hash(&world, &alice, &weak).await;
        let reply = service.password("alice", WORD, "sip.call").await;
        reply.assert_error(400, "invalid_grant");
        assert_eq!(stored_hash(&world, &alice).await, weak);
        service.sign_in(&alice, "sip.call").await;
        let renewed = stored_hash(&world, &alice).await;
        assert!(renewed.contains("m=64,t=1,p=1"), "{renewed}");
        // Nobody is signed out by it, and a stronger one stays.
        service.sign_in(&alice, "sip.call").await;
        assert_eq!(stored_hash(&world, &alice).await, renewed);
        let strong = passwords(cost(256, 1, 1), 1, 8).hash(password()).await;
        let strong = strong.expect("hashed");
        store_hash(&world, &alice, &strong).await;
        service.sign_in(&alice, "sip.call").await;
        assert_eq!(stored_hash(&world, &alice).await, strong);
        // A password that was changed meanwhile is not put back.
        let rows = world.app.store.tenant(&world.tenant.id);
        rows.upgrade_password_hash(&alice.id, weak.clone(), renewed)
            .await
            .expect("run");
        assert_eq!(stored_hash(&world, &alice).await, strong);
    })
    .await;
}

#[tokio::test]
async fn the_same_password_never_has_the_same_hash() {
    let ours = passwords(CHEAP, 1, 8);
    let (one, other) = (ours.hash(word()).await, ours.hash(word()).await);
    assert_ne!(one, other);
}
