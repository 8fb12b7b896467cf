//! The words of a key: scopes, and older programs' names for sets of them.

use serde_json::json;
use users_core::admin::{api_keys, users};
use users_core::model::api_key::{ApiKey, ApiKeyInput, MAX_KEYS};
use users_core::model::audit_event::Actor;

use crate::support::people::Person;
use crate::support::world::START;
use crate::support::{World, everywhere};

fn input(name: &str, permissions: &[&str]) -> ApiKeyInput {
    ApiKeyInput {
        name: name.to_owned(),
        permissions: permissions.iter().map(|word| (*word).to_owned()).collect(),
        networks: Vec::new(),
        enabled: true,
        expires_at: None,
    }
}

/// What an owner with `role` gets with a key of these words.
async fn scope_of(world: &World, owner: &Person, words: &[&str]) -> String {
    let name = format!("{} of {}", words.join(" "), owner.username);
    let key = world.key(owner, &name, words).await;
    let form = [("grant_type", "client_credentials")];
    let reply = key.client().post("/token", &form).await;
    if reply.status == 200 {
        reply.text("scope")
    } else {
        reply.assert_error(400, "invalid_scope");
        String::new()
    }
}

#[tokio::test]
async fn older_programs_words_stand_for_scopes_as_far_as_the_owner_holds_them() {
    everywhere(async |world| {
        let ada = world.person_of(&world.tenant, "ada", &["admin"]).await;
        let mod_ = world.person_of(&world.tenant, "mod", &["moderator"]).await;
        let anna = world.person("anna").await;
        let guest = world.person_of(&world.tenant, "guest", &["guest"]).await;
        let sip = "sip.call sip.message sip.presence sip.register sip.transfer";
        let administration = "audit.read clients.read clients.write keys.write metrics.read \
                              roles.write tenants.read tenants.write token.introspect users.read \
                              users.write";
        let half = administration.split_once("roles.write").expect("a word");
        let everything = format!(
            "account {}roles.write {sip} {}",
            half.0,
            half.1.trim_start()
        );
        for (owner, words, expected) in [
            (&ada, &["read"][..], "users.read"),
            (&ada, &["write"], "users.write"),
            (&ada, &["delete"], "users.write"),
            (&ada, &["read", "write", "delete"], "users.read users.write"),
            (&ada, &["admin"], administration),
            (&ada, &["*"], &everything),
            (&ada, &["*", "sip.call"], &everything),
            (&mod_, &["read", "write"], "users.read users.write"),
            (
                &mod_,
                &["*"],
                &format!("account {sip} users.read users.write"),
            ),
            (&anna, &["*"], &format!("account {sip}")),
            (&anna, &["read", "write", "delete"], ""),
            (&guest, &["*"], "account users.read"),
            (&guest, &["read", "write"], "users.read"),
        ] {
            let scope = scope_of(&world, owner, words).await;
            assert_eq!(scope, expected, "{words:?} of {}", owner.username);
        }
    })
    .await;
}

#[tokio::test]
async fn write_does_not_remove_and_delete_does_nothing_else() {
    everywhere(async |world| {
        let mod_ = world.person_of(&world.tenant, "mod", &["moderator"]).await;
        let write = world.key(&mod_, "write", &["write"]).await;
        let delete = world.key(&mod_, "delete", &["delete"]).await;
        let both = world.key(&mod_, "both", &["users.write"]).await;
        let made = json!({ "username": "new", "password": "a long enough passphrase" });
        delete
            .post("/users", &made)
            .await
            .assert_problem(403, "forbidden");
        let path = write.post("/users", &made).await;
        path.assert_status(201);
        let path = format!("/users/{}", path.text("id"));
        let name = json!({ "name": "New" });
        delete
            .patch(&path, &name)
            .await
            .assert_problem(403, "forbidden");
        write.patch(&path, &name).await.assert_ok();
        write.delete(&path).await.assert_problem(403, "forbidden");
        both.patch(&path, &name).await.assert_ok();
        delete.delete(&path).await.assert_status(204);
        // The same by tokens: they say users.write, the key knows what of it.
        let path = write
            .post("/users", &json!({ "username": "newer" }))
            .await
            .text("id");
        let path = format!("/users/{path}");
        let token = write.token("users.write").await;
        let bearer = crate::support::bearer::Bearer::new(world.anonymous(), &token, "");
        bearer.delete(&path).await.assert_problem(403, "forbidden");
        bearer.patch(&path, &name).await.assert_ok();
    })
    .await;
}

#[tokio::test]
async fn no_key_is_made_that_its_owner_could_not_fill() {
    everywhere(async |world| {
        let anna = world.person("anna").await;
        let guest = world.person_of(&world.tenant, "guest", &["guest"]).await;
        let (app, actor) = (&world.app, Actor::command_line());
        for (owner, words) in [
            (&anna, &["users.read"][..]),
            (&anna, &["sip.call", "users.write"]),
            (&anna, &["admin"]),
            (&anna, &["openid"]),
            (&anna, &["offline_access"]),
            (&anna, &["no.such.scope"]),
            (&anna, &["sip.call sip.register"]),
            (&anna, &["sip.*"]),
            (&anna, &[""]),
            (&anna, &["*", "\u{1F511}"]),
            (&anna, &[]),
            (&guest, &["sip.register"]),
            (&guest, &["users.write"]),
        ] {
            let user = users::get(app, &world.tenant, &owner.id).await;
            let user = user.expect("the owner");
            let made = api_keys::create(app, &actor, &world.tenant, &user, input("key", words));
            let Err(error) = made.await else {
                panic!("{words:?}");
            };
            assert!(error.to_string().starts_with("permissions: "), "{error}");
        }
        let mod_ = world.person_of(&world.tenant, "mod", &["moderator"]).await;
        let key = world.key(&mod_, "key", &["users.read"]).await;
        world
            .change_person(&world.tenant, &mod_, |input| {
                input.roles = vec!["user".to_owned()];
            })
            .await;
        // Whoever holds less now keeps the words, which give nothing; other words are looked at again.
        world
            .change_key(&key, |input| input.name = "renamed".to_owned())
            .await;
        let before = api_keys::get(app, &world.tenant, &key.id).await;
        let before: ApiKey = before.expect("the key");
        let owner = api_keys::owner(app, &world.tenant, &before).await;
        let more = input("renamed", &["users.read", "sip.call"]);
        let owner = owner.expect("its owner");
        let changed = api_keys::update(app, &actor, &world.tenant, &owner, &before, more);
        assert!(changed.await.is_err());
    })
    .await;
}

#[tokio::test]
async fn a_keys_description_has_bounds() {
    everywhere(async |world| {
        let anna = world.person("anna").await;
        let user = users::get(&world.app, &world.tenant, &anna.id).await;
        let user = user.expect("the owner");
        let (app, actor) = (&world.app, Actor::command_line());
        let create = async |input: ApiKeyInput| {
            api_keys::create(app, &actor, &world.tenant, &user, input).await
        };
        let long = "x".repeat(101);
        for name in ["", " ", "a<b", "a>b", "a;b", "a\nb", "a\0b", &long] {
            let refused = create(input(name, &["sip.call"])).await.err();
            let error = refused.expect("refused").to_string();
            assert!(error.starts_with("name: "), "{error}");
        }
        for end in [START, START.minus_seconds(1), START.minus_seconds(1 << 40)] {
            let mut key = input("key", &["sip.call"]);
            key.expires_at = Some(end);
            let error = create(key).await.err().expect("refused").to_string();
            assert!(error.starts_with("expires_at: "), "{error}");
        }
        for network in [
            "",
            "x",
            "192.0.2.0/33",
            "192.0.2",
            "192.0.2.0/24,10.0.0.0/8",
        ] {
            let mut key = input("key", &["sip.call"]);
            key.networks = vec![network.to_owned()];
            let error = create(key).await.err().expect("refused").to_string();
            assert!(error.starts_with("allowed_networks: "), "{error}");
        }
        let mut key = input(" key ", &["sip.call", "sip.call"]);
        key.networks = ["192.0.2.7/24", "192.0.2.0/24", "2001:db8::1"]
            .map(str::to_owned)
            .to_vec();
        let (id, _) = create(key).await.expect("a key");
        let key = api_keys::get(app, &world.tenant, &id).await.expect("it");
        let shown = ApiKeyInput::of(&key);
        assert_eq!(shown.name, "key");
        assert_eq!(shown.permissions, ["sip.call"]);
        assert_eq!(shown.networks, ["192.0.2.0/24", "2001:db8::1/128"]);
        // Names are one owner's own.
        assert!(create(input("key", &["sip.call"])).await.is_err());
        let bert = world.person("bert").await;
        world.key(&bert, "key", &["sip.call"]).await;
    })
    .await;
}

#[tokio::test]
async fn an_account_has_at_most_a_hundred_keys() {
    everywhere(async |world| {
        let anna = world.person("anna").await;
        let mut last = None;
        for number in 0..MAX_KEYS {
            let name = format!("key {number}");
            last = Some(world.key(&anna, &name, &["sip.call"]).await);
        }
        let user = users::get(&world.app, &world.tenant, &anna.id).await;
        let user = user.expect("the owner");
        let (app, actor) = (&world.app, Actor::command_line());
        let more = || {
            let more = input("one more", &["sip.call"]);
            api_keys::create(app, &actor, &world.tenant, &user, more)
        };
        assert!(more().await.is_err());
        world.revoke_key(&last.expect("a key")).await;
        assert!(more().await.is_ok());
    })
    .await;
}
