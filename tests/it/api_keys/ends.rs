//! When a key ends, and with it everything it gave: on every node.

use crate::support::bearer::Bearer;
use crate::support::http::Caller;
use crate::support::keys::Key;
use crate::support::people::Person;
use crate::support::world::{START, follow};
use crate::support::{World, everywhere};

/// Whether a key, and a token it got before, open anything in front of this node.
async fn opens(key: &Key, token: &str, caller: &Caller) -> [bool; 4] {
    let key = key.through(caller);
    let bearer = Bearer::new(caller, token, &key.id);
    let as_client = key.client().client_credentials("users.read").await;
    let introspected = key.client().introspect(token).await;
    let introspected =
        introspected.status == 200 && introspected.json()["active"].as_bool().expect("a flag");
    [
        key.get("/users").await.status == 200,
        as_client.status == 200,
        introspected,
        bearer.get("/users").await.status == 200,
    ]
}

const OPEN: [bool; 4] = [true; 4];
const CLOSED: [bool; 4] = [false; 4];

/// Ends a key in some way beside running nodes, and undoes it where that is possible.
async fn assert_ends(
    world: &World,
    owner: &Person,
    name: &str,
    end: impl AsyncFn(&Key),
    undo: impl AsyncFn(&Key),
    comes_back: bool,
) {
    let (node, there) = world.second_node().await;
    let key = world.key(owner, name, &["users.read"]).await;
    follow(&node).await;
    let token = key.token("users.read").await;
    // Another client of the same tenant that may look into everything.
    let monitor = world
        .key(owner, &format!("{name}'s monitor"), &["token.introspect"])
        .await;
    let here = world.anonymous();
    for caller in [here, &there] {
        assert_eq!(opens(&key, &token, caller).await, OPEN, "{name}");
    }
    end(&key).await;
    follow(&node).await;
    for caller in [here, &there] {
        assert_eq!(opens(&key, &token, caller).await, CLOSED, "{name}");
        let seen = monitor.through(caller).client().introspect(&token).await;
        let is_dead = seen.status == 401 || seen.json()["active"] == false;
        assert!(is_dead, "{name}: {seen:?}");
    }
    undo(&key).await;
    follow(&node).await;
    for caller in [here, &there] {
        let expected = if comes_back { OPEN } else { CLOSED };
        assert_eq!(opens(&key, &token, caller).await, expected, "{name}");
    }
}

async fn nothing(_: &Key) {}

// A288
#[tokio::test]
async fn whatever_ends_a_key_ends_its_tokens_on_every_node() {
    everywhere(async |world| {
        let ada = world.person_of(&world.tenant, "ada", &["admin"]).await;
        let revoke = async |key: &Key| world.revoke_key(key).await;
        assert_ends(&world, &ada, "revoked", revoke, nothing, false).await;
        let off = async |key: &Key| world.change_key(key, |input| input.enabled = false).await;
        let on = async |key: &Key| world.change_key(key, |input| input.enabled = true).await;
        assert_ends(&world, &ada, "switched off", off, on, true).await;
        let bob = world.person_of(&world.tenant, "bob", &["admin"]).await;
        let disable = async |_: &Key| world.set_enabled(&bob, false).await;
        let enable = async |_: &Key| world.set_enabled(&bob, true).await;
        assert_ends(&world, &bob, "of a disabled owner", disable, enable, true).await;
        let delete = async |_: &Key| world.delete_person(&bob).await;
        assert_ends(&world, &bob, "of a deleted owner", delete, nothing, false).await;
        let bounded = async |key: &Key| {
            let soon = world.app.clock.now().plus_seconds(1);
            world
                .change_key(key, |input| input.expires_at = Some(soon))
                .await;
            world.advance(1);
        };
        assert_ends(&world, &ada, "whose end was moved", bounded, nothing, false).await;
    })
    .await;
}

#[tokio::test]
async fn a_key_and_its_tokens_are_dead_while_their_tenant_is_disabled() {
    everywhere(async |world| {
        let second = world.new_tenant("second").await;
        let bob = world.person_of(&second, "bob", &["admin"]).await;
        let key = world
            .key_of(&second, &bob, "key", &["users.read"], |_| {})
            .await;
        let (node, there) = world.second_node().await;
        let token = key.token("users.read").await;
        for enabled in [true, false, true] {
            let changed = world
                .change_tenant(&second, |input| input.enabled = enabled)
                .await;
            changed.expect("a changed tenant");
            follow(&node).await;
            for caller in [world.anonymous(), &there] {
                let expected = if enabled { OPEN } else { CLOSED };
                assert_eq!(opens(&key, &token, caller).await, expected);
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_demoted_owners_key_gives_less_on_every_node_at_once() {
    everywhere(async |world| {
        let mod_ = world.person_of(&world.tenant, "mod", &["moderator"]).await;
        let key = world.key(&mod_, "key", &["*"]).await;
        // Neither node follows the other.
        let (_node, there) = world.second_node().await;
        for caller in [world.anonymous(), &there] {
            key.through(caller).get("/users").await.assert_ok();
        }
        world
            .change_person(&world.tenant, &mod_, |input| {
                input.roles = vec!["user".to_owned()];
            })
            .await;
        for caller in [world.anonymous(), &there] {
            let key = key.through(caller);
            key.get("/users").await.assert_problem(403, "forbidden");
            let form = [("grant_type", "client_credentials")];
            let scope = key.client().post("/token", &form).await.text("scope");
            assert!(!scope.contains("users."), "{scope}");
            assert!(scope.contains("sip.call"), "{scope}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_expired_key_opens_nothing() {
    everywhere(async |world| {
        let mod_ = world.person_of(&world.tenant, "mod", &["moderator"]).await;
        let key = world
            .key_of(&world.tenant, &mod_, "key", &["users.read"], |input| {
                input.expires_at = Some(START.plus_seconds(100));
            })
            .await;
        world.advance(99);
        key.get("/users").await.assert_ok();
        world.advance(1);
        key.get("/users")
            .await
            .assert_problem(401, "unauthenticated");
    })
    .await;
}
