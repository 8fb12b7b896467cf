//! API keys: of whom, what they may do, and how they are used.

use serde_json::{Value, json};

use super::{Client, admin, everywhere, members, signed_in};
use crate::support::people::Service;

const INFO: [&str; 7] = [
    "active",
    "created_at",
    "expires_at",
    "id",
    "last_used",
    "name",
    "permissions",
];

#[tokio::test]
async fn a_key_is_made_shown_once_listed_used_and_removed() {
    everywhere(async |world| {
        let mod_ = world.person_of(&world.tenant, "mod", &["moderator"]).await;
        let own = signed_in(&world, &mod_).await;
        let path = format!("/users/{}/api-keys", mod_.id);
        let body = json!({
            "user_id": mod_.id,
            "name": "pbx",
            "permissions": ["read", "sip.register"],
            "expires_at": "2026-06-01T00:00:00Z",
        });
        let made = own.post(&path, &body).await;
        made.assert_status(201);
        assert_eq!(members(&made.json()), ["key", "key_info"]);
        let (secret, info) = (made.text("key"), made.json()["key_info"].clone());
        assert!(
            secret.starts_with("rvoip_ak_live_") && secret.len() == 46,
            "{secret}"
        );
        assert!(
            secret[14..]
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric())
        );
        assert_eq!(members(&info), INFO);
        assert_eq!(info["name"], "pbx");
        assert_eq!(info["permissions"], json!(["read", "sip.register"]));
        assert_eq!(info["active"], true);
        assert_eq!(info["expires_at"], "2026-06-01T00:00:00.000Z");
        assert_eq!(info["last_used"], Value::Null);
        let list = own.get(&path).await.assert_ok().json();
        assert_eq!(list, json!([info]), "a bare array, without the secret");

        let key = Client::with_key(&world, &secret);
        key.get("/users").await.assert_ok();
        let body = json!({ "username": "x", "password": "SecurePass123" });
        let reply = key.post("/users", &body).await;
        reply.assert_code(403, "FORBIDDEN");
        world
            .app
            .key_uses
            .flush(&world.app.store)
            .await
            .expect("flushed");
        let list = own.get(&path).await.json();
        assert_eq!(list[0]["last_used"], "2026-01-01T00:00:00.000Z");

        let one = format!("/api-keys/{}", info["id"].as_str().expect("an id"));
        own.delete(&one).await.assert_status(204);
        key.get("/users").await.assert_code(403, "FORBIDDEN");
        own.delete(&one).await.assert_code(404, "NOT_FOUND");
        assert_eq!(own.get(&path).await.json(), json!([]));
    })
    .await;
}

#[tokio::test]
async fn the_path_names_the_owner_and_nobody_gives_more_than_they_have() {
    everywhere(async |world| {
        let ada = admin(&world).await;
        let alice = world.person("alice").await;
        let own = signed_in(&world, &alice).await;
        let bob = world.person("bob").await;
        let (mine, other) = (
            format!("/users/{}/api-keys", alice.id),
            format!("/users/{}/api-keys", bob.id),
        );
        let body = json!({ "user_id": bob.id, "name": "key", "permissions": ["sip.call"] });
        own.post(&mine, &body).await.assert_status(201);
        assert_eq!(ada.get(&other).await.assert_ok().json(), json!([]));
        assert_eq!(ada.get(&mine).await.json()[0]["name"], "key");
        own.post(&other, &body).await.assert_code(403, "FORBIDDEN");
        own.get(&other).await.assert_code(403, "FORBIDDEN");
        for beyond in ["admin", "users.write", "nosuch", "openid"] {
            let body = json!({ "name": beyond, "permissions": [beyond] });
            let reply = own.post(&mine, &body).await;
            assert!([400, 403].contains(&reply.status.as_u16()), "{reply:?}");
        }
        let all = json!({ "name": "all", "permissions": ["*"] });
        let all = own.post(&mine, &all).await.assert_status(201).text("key");
        let all = Client::with_key(&world, &all);
        all.get("/users").await.assert_code(403, "FORBIDDEN");
        let child = json!({ "name": "child", "permissions": ["*"] });
        all.post(&other, &child).await.assert_code(403, "FORBIDDEN");
        // Another's key is not there for whoever cannot manage it.
        let id = ada.get(&mine).await.json()[0]["id"]
            .as_str()
            .map(str::to_owned);
        let path = format!("/api-keys/{}", id.expect("an id"));
        let bob = signed_in(&world, &bob).await;
        bob.delete(&path).await.assert_code(404, "NOT_FOUND");
        ada.delete(&path).await.assert_status(204);
    })
    .await;
}

#[tokio::test]
async fn what_breaks_a_rule_makes_no_key() {
    everywhere(async |world| {
        let alice = world.person("alice").await;
        let own = signed_in(&world, &alice).await;
        let path = format!("/users/{}/api-keys", alice.id);
        let good = json!({ "name": "key", "permissions": ["sip.call"] });
        own.post(&path, &good).await.assert_status(201);
        own.post(&path, &good).await.assert_code(409, "CONFLICT");
        for (member, value) in [
            ("name", json!("")),
            ("name", json!("x".repeat(101))),
            ("name", json!(7)),
            ("permissions", json!([])),
            ("permissions", json!("sip.call")),
            ("permissions", json!(["no such thing"])),
            ("expires_at", json!("2025-12-31T00:00:00Z")),
            ("expires_at", json!("tomorrow")),
        ] {
            let mut body = good.clone();
            body["name"] = json!("other");
            body[member] = value;
            let reply = own.post(&path, &body).await;
            reply.assert_code(400, "BAD_REQUEST");
        }
        assert_eq!(
            own.get(&path).await.json().as_array().map(Vec::len),
            Some(1)
        );
    })
    .await;
}

#[tokio::test]
async fn a_key_is_no_session_and_no_second_proof() {
    everywhere(async |world| {
        let alice = world.person("alice").await;
        let own = signed_in(&world, &alice).await;
        let path = format!("/users/{}/api-keys", alice.id);
        let body = json!({ "name": "all", "permissions": ["*"] });
        let secret = own.post(&path, &body).await.text("key");
        let key = Client::with_key(&world, &secret);
        let reply = key.call("POST", "/auth/logout", None).await;
        reply.assert_code(403, "FORBIDDEN");
        let change = json!({ "old_password": alice.password, "new_password": "NewSecurePass456" });
        let reply = key
            .post(&format!("/users/{}/password", alice.id), &change)
            .await;
        reply.assert_code(403, "FORBIDDEN");
        let mut both = key.clone();
        both.headers.extend(own.headers.clone());
        both.get(&path).await.assert_code(400, "BAD_REQUEST");
        let in_address = format!("{path}?api_key={secret}");
        let reply = own.get(&in_address).await;
        reply.assert_code(400, "BAD_REQUEST");
        assert!(!reply.body.contains(&secret));
        for wrong in ["", "rvoip_ak_live_00000000000000000000000000000000", "x"] {
            let reply = Client::with_key(&world, wrong).get(&path).await;
            reply.assert_code(403, "FORBIDDEN");
        }
    })
    .await;
}

#[tokio::test]
async fn keys_are_replaced_by_a_new_one_before_the_old_one_goes() {
    everywhere(async |world| {
        let mod_ = world.person_of(&world.tenant, "mod", &["moderator"]).await;
        let own = signed_in(&world, &mod_).await;
        let path = format!("/users/{}/api-keys", mod_.id);
        let make = async |name: &str| {
            let body = json!({ "name": name, "permissions": ["read"] });
            own.post(&path, &body).await.assert_status(201).json()
        };
        let (old, new) = (make("monitor").await, make("monitor-2").await);
        let client =
            |made: &Value| Client::with_key(&world, made["key"].as_str().expect("a secret"));
        client(&old).get("/users").await.assert_ok();
        client(&new).get("/users").await.assert_ok();
        let id = old["key_info"]["id"].as_str().expect("an id");
        own.delete(&format!("/api-keys/{id}"))
            .await
            .assert_status(204);
        client(&old)
            .get("/users")
            .await
            .assert_code(403, "FORBIDDEN");
        client(&new).get("/users").await.assert_ok();
    })
    .await;
}

#[tokio::test]
async fn a_key_gets_tokens_that_end_with_it() {
    everywhere(async |world| {
        let mod_ = world.person_of(&world.tenant, "mod", &["moderator"]).await;
        let own = signed_in(&world, &mod_).await;
        let path = format!("/users/{}/api-keys", mod_.id);
        let body = json!({ "name": "pbx", "permissions": ["sip.register", "read"] });
        let made = own.post(&path, &body).await.json();
        let id = made["key_info"]["id"].as_str().expect("an id").to_owned();
        let client = Service {
            caller: world.anonymous().clone(),
            prefix: String::new(),
            client_id: id.clone(),
            secret: made["key"].as_str().expect("a secret").to_owned(),
        };
        let token = client.client_credentials("sip.register").await;
        token.assert_ok();
        assert_eq!(token.json()["expires_in"], 300);
        assert_eq!(token.json()["refresh_token"], Value::Null);
        let rs = world.client("rs", "token.introspect").await;
        let seen = rs.introspect(&token.text("access_token")).await.json();
        assert_eq!(seen["active"], true);
        assert_eq!(seen["client_id"], id.as_str());
        assert_eq!(seen["scope"], "sip.register");
        let more = client.client_credentials("users.write").await;
        more.assert_error(400, "invalid_scope");
        own.delete(&format!("/api-keys/{id}"))
            .await
            .assert_status(204);
        rs.introspect(&token.text("access_token"))
            .await
            .assert_inactive();
    })
    .await;
}
