//! `/api-keys` and the keys of an account: who may make, see, change and end them.

use serde_json::json;
use users_core::model::user::{AccountKind, CheckedUser, UserInput};
use users_core::storage::users::NewUser;

use crate::support::everywhere;
use crate::support::keys::Key;
use crate::support::rows::{event, new_user};

#[tokio::test]
async fn a_key_goes_through_life() {
    everywhere(async |world| {
        let console = world.console(&world.tenant).await;
        let mod_ = world.operator(&console, "mod", &["moderator"]).await;
        let body = json!({
            "name": "pbx", "permissions": ["users.read", "sip.call"],
            "allowed_networks": ["127.0.0.1"], "expires_at": "2026-06-01T00:00:00Z",
        });
        let made = mod_.post("/users/me/api-keys", &body).await;
        made.assert_status(201);
        let json = made.json();
        assert_eq!(json["owner_id"], mod_.id.as_str());
        assert_eq!(json["permissions"], json!(["sip.call", "users.read"]));
        assert_eq!(json["allowed_networks"], json!(["127.0.0.1/32"]));
        assert_eq!(json["enabled"], true);
        assert_eq!(json["expires_at"], "2026-06-01T00:00:00.000Z");
        assert_eq!(json["last_used_at"], json!(null));
        assert_eq!(json["previous_secret"], json!(null));
        let path = format!("/api-keys/{}", made.text("id"));
        let key = Key {
            caller: world.anonymous().clone(),
            prefix: String::new(),
            id: made.text("id"),
            secret: made.text("key"),
        };
        key.get("/users").await.assert_ok();
        // Changed, with a look at what was read.
        let read = mod_.get(&path).await;
        let tag = read.header("etag").expect("a tag").to_owned();
        let change = json!({ "name": "exchange", "expires_at": null });
        let if_match = [("if-match", tag.as_str())];
        let changed = mod_.call("PATCH", &path, &if_match, Some(&change)).await;
        changed.assert_ok();
        assert_eq!(changed.json()["name"], "exchange");
        assert_eq!(changed.json()["expires_at"], json!(null));
        assert_eq!(changed.json()["permissions"], json["permissions"]);
        let again = mod_.call("PATCH", &path, &if_match, Some(&change)).await;
        again.assert_problem(412, "changed");
        let off = mod_.patch(&path, &json!({ "active": false })).await;
        assert_eq!(off.json()["enabled"], false);
        key.get("/users")
            .await
            .assert_problem(401, "unauthenticated");
        mod_.patch(&path, &json!({ "enabled": true }))
            .await
            .assert_ok();
        // Another secret beside it, then without it.
        let rotate = format!("{path}/rotate");
        let rotated = mod_.post(&rotate, &json!({ "grace_seconds": 60 })).await;
        rotated.assert_ok();
        let previous = &rotated.json()["previous_secret"];
        assert_eq!(previous["hint"], json["hint"]);
        assert_eq!(previous["expires_at"], "2026-01-01T00:01:00.000Z");
        let next = key.with_secret(&rotated.text("key"));
        for key in [&key, &next] {
            key.get("/users").await.assert_ok();
        }
        let old = format!("{path}/previous-secret");
        mod_.delete(&old).await.assert_status(204);
        mod_.delete(&old).await.assert_problem(404, "not-found");
        key.get("/users")
            .await
            .assert_problem(401, "unauthenticated");
        next.get("/users").await.assert_ok();
        mod_.delete(&path).await.assert_status(204);
        mod_.get(&path).await.assert_problem(404, "not-found");
        next.get("/users")
            .await
            .assert_problem(401, "unauthenticated");
        let mut kinds: Vec<String> = world
            .audit()
            .await
            .into_iter()
            .map(|event| event.kind)
            .filter(|kind| kind.starts_with("api_key"))
            .collect();
        // All at one instant.
        kinds.sort_unstable();
        let expected = [
            "api_key.changed",
            "api_key.created",
            "api_key.disabled",
            "api_key.enabled",
            "api_key.revoked",
            "api_key.rotated",
            "api_key.secret_ended",
        ];
        assert_eq!(kinds, expected);
    })
    .await;
}

#[tokio::test]
async fn what_breaks_a_rule_is_named() {
    everywhere(async |world| {
        let console = world.console(&world.tenant).await;
        let anna = world.operator(&console, "anna", &["user"]).await;
        for (body, pointer) in [
            (
                json!({ "name": "a<b", "permissions": ["sip.call"] }),
                "#/name",
            ),
            (json!({ "permissions": ["*"] }), "#/name"),
            (json!({ "name": "a" }), "#/permissions"),
            (json!({ "name": "a", "permissions": [] }), "#/permissions"),
            (
                json!({ "name": "a", "permissions": ["users.write"] }),
                "#/permissions",
            ),
            (
                json!({ "name": "a", "permissions": ["*"], "expires_at": "2020-01-01T00:00:00Z" }),
                "#/expires_at",
            ),
            (
                json!({ "name": "a", "permissions": ["*"], "allowed_networks": ["x"] }),
                "#/allowed_networks",
            ),
        ] {
            let reply = anna.post("/users/me/api-keys", &body).await;
            reply
                .assert_problem(422, "invalid-fields")
                .assert_names(pointer);
        }
        for body in [
            json!({ "name": "a", "permissions": "*" }),
            json!({ "name": "a", "permissions": ["*"], "expires_at": "tomorrow" }),
            json!({ "name": "a", "permissions": ["*"], "digest": "x" }),
            json!({ "name": "a", "permissions": ["*"], "key": "x" }),
        ] {
            let reply = anna.post("/users/me/api-keys", &body).await;
            reply.assert_problem(400, "malformed");
        }
        let body = json!({ "name": "a", "permissions": ["*"] });
        let made = anna.post("/users/me/api-keys", &body).await;
        made.assert_status(201);
        anna.post("/users/me/api-keys", &body)
            .await
            .assert_problem(409, "conflict");
        let rotate = format!("/api-keys/{}/rotate", made.text("id"));
        for grace in [-1, 7_776_001] {
            anna.post(&rotate, &json!({ "grace_seconds": grace }))
                .await
                .assert_problem(422, "invalid-fields")
                .assert_names("#/grace_seconds");
        }
    })
    .await;
}

#[tokio::test]
async fn a_lost_answer_is_given_again_with_the_same_secret() {
    everywhere(async |world| {
        let console = world.console(&world.tenant).await;
        let anna = world.operator(&console, "anna", &["user"]).await;
        let body = json!({ "name": "a", "permissions": ["sip.call"] });
        let key = [("idempotency-key", "\"one\"")];
        let path = "/users/me/api-keys";
        let first = anna.call("POST", path, &key, Some(&body)).await;
        first.assert_status(201);
        let second = anna.call("POST", path, &key, Some(&body)).await;
        assert_eq!(second.body, first.body);
        assert_eq!(anna.walk(path).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn people_see_their_own_keys_and_managers_those_they_manage() {
    everywhere(async |world| {
        let console = world.console(&world.tenant).await;
        let anna = world.operator(&console, "anna", &["user"]).await;
        let bert = world.operator(&console, "bert", &["user"]).await;
        let mod_ = world.operator(&console, "mod", &["moderator"]).await;
        let ada = world.operator(&console, "ada", &["admin"]).await;
        let bob = world.operator(&console, "bob", &["admin"]).await;
        let body = json!({ "name": "a", "permissions": ["*"] });
        let mut keys = Vec::new();
        for owner in [&anna, &mod_, &ada] {
            let made = owner.post("/users/me/api-keys", &body).await;
            made.assert_status(201);
            keys.push(made.text("id"));
        }
        let status = |own: u16, others: &[u16]| (own, others.to_vec());
        for (bearer, (annas, others)) in [
            (&anna, status(200, &[404, 404])),
            (&bert, status(404, &[404, 404])),
            (&mod_, status(200, &[200, 403])),
            (&bob, status(200, &[200, 200])),
        ] {
            for (id, expected) in keys.iter().zip([annas].iter().chain(&others)) {
                let path = format!("/api-keys/{id}");
                bearer.get(&path).await.assert_status(*expected);
                if *expected == 200 {
                    continue;
                }
                let rotate = format!("{path}/rotate");
                let patch = bearer.patch(&path, &json!({ "name": "b" })).await;
                patch.assert_status(*expected);
                let rotate = bearer.post(&rotate, &json!({})).await;
                rotate.assert_status(*expected);
                bearer.delete(&path).await.assert_status(*expected);
                let previous = format!("{path}/previous-secret");
                bearer.delete(&previous).await.assert_status(*expected);
            }
        }
        for (bearer, owner, expected) in [
            (&anna, &anna, 200),
            (&anna, &bert, 403),
            (&mod_, &anna, 200),
            (&mod_, &mod_, 200),
            (&mod_, &ada, 403),
            (&bob, &ada, 200),
        ] {
            let path = format!("/users/{}/api-keys", owner.id);
            bearer.get(&path).await.assert_status(expected);
        }
        world.advance(1);
        // Somebody made one for somebody else: it is the other's, with the other's rights.
        let path = format!("/users/{}/api-keys", anna.id);
        let body = json!({ "name": "from above", "permissions": ["*"] });
        let made = ada.post(&path, &body).await;
        made.assert_status(201);
        assert_eq!(made.json()["owner_id"], anna.id.as_str());
        let key = Key {
            caller: world.anonymous().clone(),
            prefix: String::new(),
            id: made.text("id"),
            secret: made.text("key"),
        };
        key.get("/users").await.assert_problem(403, "forbidden");
        let names = anna.walk("/users/me/api-keys?limit=1").await;
        let names: Vec<_> = names.iter().map(|key| key["name"].clone()).collect();
        assert_eq!(names, ["a", "from above"]);
        anna.delete(&format!("/api-keys/{}", key.id))
            .await
            .assert_status(204);
    })
    .await;
}

#[tokio::test]
async fn nobody_hands_out_more_than_they_came_with() {
    everywhere(async |world| {
        let console = world.console(&world.tenant).await;
        let ada = world.person_of(&world.tenant, "ada", &["admin"]).await;
        let whole = world.bearer(&console, &ada).await;
        // The same administrator in an application that was given little.
        let token = console.sign_in(&ada, "account").await;
        let narrow = crate::support::bearer::Bearer::new(
            world.anonymous(),
            &token.text("access_token"),
            &ada.id,
        );
        let own = "/users/me/api-keys";
        for words in [json!(["*"]), json!(["admin"]), json!(["roles.write"])] {
            let body = json!({ "name": "wide", "permissions": words });
            narrow
                .post(own, &body)
                .await
                .assert_problem(403, "forbidden");
        }
        let body = json!({ "name": "small", "permissions": ["account", "sip.call"] });
        let small = narrow.post(own, &body).await;
        small.assert_status(201);
        let path = format!("/api-keys/{}", small.text("id"));
        let widen = json!({ "permissions": ["*"] });
        narrow
            .patch(&path, &widen)
            .await
            .assert_problem(403, "forbidden");
        let body = json!({ "name": "wide", "permissions": ["*"] });
        let wide = whole.post(own, &body).await;
        wide.assert_status(201);
        // Nor does it get the secret of one that can do more; it may end it.
        let path = format!("/api-keys/{}", wide.text("id"));
        narrow
            .post(&format!("{path}/rotate"), &json!({}))
            .await
            .assert_problem(403, "forbidden");
        narrow
            .patch(&path, &json!({ "enabled": false }))
            .await
            .assert_problem(403, "forbidden");
        narrow.delete(&path).await.assert_status(204);
        // A key makes none that can do more than itself.
        let anna = world.person("anna").await;
        let maker = world.key(&ada, "maker", &["users.write", "sip.call"]).await;
        let path = format!("/users/{}/api-keys", anna.id);
        let body = |name: &str, words: &[&str]| json!({ "name": name, "permissions": words });
        maker
            .post(&path, &body("calls", &["sip.call"]))
            .await
            .assert_status(201);
        for words in [&["sip.register"][..], &["account"], &["*"]] {
            maker
                .post(&path, &body("more", words))
                .await
                .assert_problem(403, "forbidden");
        }
        let own = format!("/users/{}/api-keys", ada.id);
        maker
            .post(&own, &body("own", &["*"]))
            .await
            .assert_problem(403, "forbidden");
        let itself = format!("/api-keys/{}", maker.id);
        maker
            .patch(&itself, &widen)
            .await
            .assert_problem(403, "forbidden");
    })
    .await;
}

#[tokio::test]
async fn another_tenants_keys_are_not_there() {
    everywhere(async |world| {
        let second = world.new_tenant("second").await;
        let bob = world.person_of(&second, "bob", &["admin"]).await;
        let key = world
            .key_of(&second, &bob, "key", &["users.read"], |_| {})
            .await;
        let console = world.console(&world.tenant).await;
        let ada = world.operator(&console, "ada", &["admin"]).await;
        let path = format!("/api-keys/{}", key.id);
        let never = "/api-keys/01900000-0000-7000-8000-000000000000";
        for path in [path.as_str(), never] {
            ada.get(path).await.assert_problem(404, "not-found");
            ada.delete(path).await.assert_problem(404, "not-found");
            ada.post(&format!("{path}/rotate"), &json!({}))
                .await
                .assert_problem(404, "not-found");
        }
        let path = format!("/users/{}/api-keys", bob.id);
        ada.get(&path).await.assert_problem(404, "not-found");
        // Who administers the installation names the tenant.
        let named = format!("{path}?tenant=second");
        let listed = ada.walk(&named).await;
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0]["id"], key.id.as_str());
        key.get("/users").await.assert_ok();
    })
    .await;
}

#[tokio::test]
async fn a_service_account_has_keys_that_its_managers_make() {
    everywhere(async |world| {
        let id = world.app.opaque_id();
        let service = NewUser {
            kind: AccountKind::Service,
            password_hash: None,
            user: checked_service("exchange"),
            ..new_user(&id, "exchange")
        };
        let rows = world.app.store.tenant(&world.tenant.id);
        rows.create_user(service, event(&world))
            .await
            .expect("a service account");
        let console = world.console(&world.tenant).await;
        let anna = world.operator(&console, "anna", &["user"]).await;
        let mod_ = world.operator(&console, "mod", &["moderator"]).await;
        let path = format!("/service-accounts/{id}/api-keys");
        let body = json!({ "name": "key", "permissions": ["sip.call", "sip.register"] });
        anna.post(&path, &body)
            .await
            .assert_problem(403, "forbidden");
        let made = mod_.post(&path, &body).await;
        made.assert_status(201);
        assert_eq!(made.json()["owner_id"], id.as_str());
        assert_eq!(mod_.walk(&path).await.len(), 1);
        let key = Key {
            caller: world.anonymous().clone(),
            prefix: String::new(),
            id: made.text("id"),
            secret: made.text("key"),
        };
        assert!(!key.token("sip.call").await.is_empty());
        // A person is no service, and a service no person.
        let person = format!("/service-accounts/{}/api-keys", anna.id);
        mod_.get(&person).await.assert_problem(404, "not-found");
        let as_person = format!("/users/{id}/api-keys");
        mod_.get(&as_person).await.assert_problem(404, "not-found");
        let path = format!("/api-keys/{}", key.id);
        mod_.delete(&path).await.assert_status(204);
        key.client()
            .client_credentials("sip.call")
            .await
            .assert_error(401, "invalid_client");
    })
    .await;
}

fn checked_service(name: &str) -> CheckedUser {
    let input = UserInput {
        username: name.to_owned(),
        roles: vec!["user".to_owned()],
        enabled: true,
        ..UserInput::default()
    };
    input.check().expect("a good account")
}
