//! Accounts: made, found, changed, removed.

use serde_json::{Value, json};

use super::{Client, admin, everywhere, login, members, signed_in, try_login};

const PERSON: [&str; 9] = [
    "active",
    "created_at",
    "display_name",
    "email",
    "id",
    "last_login",
    "roles",
    "updated_at",
    "username",
];

fn newcomer() -> Value {
    json!({
        "username": "john",
        "password": "SecurePass123",
        "email": "john@example.test",
        "display_name": "John Doe",
        "roles": ["user"],
    })
}

#[tokio::test]
async fn an_administrator_makes_an_account_that_can_sign_in() {
    everywhere(async |world| {
        let ada = admin(&world).await;
        let made = ada.post("/users", &newcomer()).await;
        made.assert_status(201);
        let person = made.json();
        assert_eq!(members(&person), PERSON);
        assert_eq!(person["username"], "john");
        assert_eq!(person["email"], "john@example.test");
        assert_eq!(person["display_name"], "John Doe");
        assert_eq!(person["roles"], json!(["user"]));
        assert_eq!(person["active"], true);
        assert_eq!(person["created_at"], "2026-01-01T00:00:00.000Z");
        assert_eq!(person["last_login"], Value::Null);
        assert!(!made.body.contains("SecurePass123") && !made.body.contains("hash"));
        let login = try_login(&world, "john", "SecurePass123").await;
        let john = Client::with_token(&world, &login.assert_ok().text("access_token"));
        let path = format!("/users/{}", person["id"].as_str().expect("an id"));
        for client in [&ada, &john] {
            let read = client.get(&path).await.assert_ok().json();
            assert_eq!(read["last_login"], "2026-01-01T00:00:00.000Z");
            assert_eq!(read["username"], "john");
        }
        // Neither address nor name are needed, and roles are those of new accounts.
        let body = json!({ "username": "jane", "password": "SecurePass123" });
        let jane = ada.post("/users", &body).await.assert_status(201).json();
        assert_eq!(jane["roles"], json!(["user"]));
        assert_eq!(
            (&jane["email"], &jane["display_name"]),
            (&Value::Null, &Value::Null)
        );
    })
    .await;
}

#[tokio::test]
async fn a_taken_name_is_409_and_a_broken_rule_400_with_its_field() {
    everywhere(async |world| {
        let ada = admin(&world).await;
        ada.post("/users", &newcomer()).await.assert_status(201);
        for taken in ["john", "JOHN"] {
            let mut body = newcomer();
            body["username"] = json!(taken);
            body["email"] = json!("other@example.test");
            ada.post("/users", &body).await.assert_code(409, "CONFLICT");
        }
        for (member, value) in [
            ("password", json!("short")),
            ("username", json!("with spaces")),
            ("username", json!("")),
            ("email", json!("nowhere")),
            ("roles", json!(["nosuchrole"])),
            ("roles", json!(["sip"])),
        ] {
            let mut body = newcomer();
            body["username"] = json!("another");
            body["email"] = json!("another@example.test");
            body[member] = value;
            let reply = ada.post("/users", &body).await;
            reply.assert_code(400, "BAD_REQUEST");
            let details = reply.json()["error"]["details"].clone();
            assert_eq!(details[0]["field"], member, "{reply:?}");
            assert!(details[0]["message"].is_string());
        }
        for member in ["username", "password"] {
            let mut body = newcomer();
            body.as_object_mut().expect("an object").remove(member);
            let reply = ada.post("/users", &body).await;
            reply.assert_code(400, "BAD_REQUEST");
        }
        let list = ada.get("/users").await.json();
        assert_eq!(list.as_array().map(Vec::len), Some(2), "nothing was made");
    })
    .await;
}

#[tokio::test]
async fn a_list_is_a_bare_array_that_is_searched_filtered_and_cut() {
    everywhere(async |world| {
        let ada = admin(&world).await;
        for number in 0..5 {
            world.person(&format!("person{number}")).await;
        }
        let off = world.person_of(&world.tenant, "off", &["guest"]).await;
        world.set_enabled(&off, false).await;
        let names = async |query: &str| {
            let reply = ada.get(&format!("/users{query}")).await;
            let list = reply.assert_ok().json();
            let list = list.as_array().expect("a bare array").clone();
            list.iter()
                .map(|person| {
                    assert_eq!(members(person), PERSON);
                    person["username"].as_str().expect("a name").to_owned()
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(names("").await.len(), 7);
        assert_eq!(names("?search=PERSON").await.len(), 5);
        assert_eq!(names("?search=person3").await, ["person3"]);
        assert_eq!(names("?active=false").await, ["off"]);
        assert_eq!(names("?active=true").await.len(), 6);
        assert_eq!(names("?role=guest").await, ["off"]);
        assert_eq!(names("?role=admin").await, ["ada"]);
        assert_eq!(names("?role=nosuch").await.len(), 0);
        assert_eq!(
            names("?search=person&limit=2&offset=1").await,
            ["person1", "person2"]
        );
        assert_eq!(names("?offset=100000").await.len(), 0);
        assert_eq!(names("?limit=1000").await.len(), 7);
        let long = format!("?search={}", "x".repeat(101));
        for wrong in [
            "?limit=0",
            "?limit=1001",
            "?limit=many",
            "?offset=-1",
            "?offset=100001",
            "?active=perhaps",
            &long,
            "?limit=1&limit=2",
            "?sort=password",
        ] {
            let reply = ada.get(&format!("/users{wrong}")).await;
            reply.assert_code(400, "BAD_REQUEST");
        }
    })
    .await;
}

#[tokio::test]
async fn people_change_their_own_account_but_never_their_roles_or_whether_it_works() {
    everywhere(async |world| {
        let ada = admin(&world).await;
        let alice = world.person("alice").await;
        let own = signed_in(&world, &alice).await;
        let path = format!("/users/{}", alice.id);
        let change = json!({ "email": "new@example.test", "display_name": "Alice" });
        let changed = own.put(&path, &change).await.assert_ok().json();
        assert_eq!(members(&changed), PERSON);
        assert_eq!(changed["email"], "new@example.test");
        assert_eq!(changed["display_name"], "Alice");
        for raise in [
            json!({ "roles": ["admin"] }),
            json!({ "roles": ["user"] }),
            json!({ "active": true }),
            json!({ "display_name": "X", "roles": ["admin"] }),
        ] {
            let reply = own.put(&path, &raise).await;
            reply.assert_code(403, "FORBIDDEN");
        }
        assert_eq!(own.get(&path).await.json()["display_name"], "Alice");
        let roles = format!("{path}/roles");
        let reply = own.post(&roles, &json!({ "roles": ["admin"] })).await;
        reply.assert_code(403, "FORBIDDEN");
        own.delete(&path).await.assert_code(403, "FORBIDDEN");
        // Others' accounts are nobody's but administrators'.
        let bob = world.person("bob").await;
        let other = format!("/users/{}", bob.id);
        own.get(&other).await.assert_code(403, "FORBIDDEN");
        own.put(&other, &change).await.assert_code(403, "FORBIDDEN");
        own.get("/users").await.assert_code(403, "FORBIDDEN");
        own.post("/users", &newcomer())
            .await
            .assert_code(403, "FORBIDDEN");
        let change = json!({ "roles": ["moderator"], "active": false });
        let changed = ada.put(&path, &change).await.assert_ok().json();
        assert_eq!(changed["roles"], json!(["moderator"]));
        assert_eq!(changed["active"], false);
        own.get(&path).await.assert_code(403, "FORBIDDEN");
    })
    .await;
}

#[tokio::test]
async fn roles_are_set_by_administrators_and_the_last_one_stays() {
    everywhere(async |world| {
        let ada = world.person_of(&world.tenant, "ada", &["admin"]).await;
        let admin = signed_in(&world, &ada).await;
        let bob = world.person("bob").await;
        let roles = format!("/users/{}/roles", bob.id);
        let set = admin
            .post(&roles, &json!({ "roles": ["user", "moderator"] }))
            .await;
        set.assert_status(204);
        assert_eq!(set.body, "");
        let read = admin.get(&format!("/users/{}", bob.id)).await.json();
        let mut held: Vec<&str> = read["roles"]
            .as_array()
            .map(|roles| roles.iter().filter_map(Value::as_str).collect())
            .expect("roles");
        held.sort_unstable();
        assert_eq!(held, ["moderator", "user"]);
        let many: Vec<String> = (0..11).map(|number| format!("role{number}")).collect();
        for wrong in [json!(["nosuch"]), json!(many), json!("admin")] {
            let reply = admin.post(&roles, &json!({ "roles": wrong })).await;
            reply.assert_code(400, "BAD_REQUEST");
        }
        let own = format!("/users/{}", ada.id);
        let lower = json!({ "roles": ["user"] });
        let reply = admin.post(&format!("{own}/roles"), &lower).await;
        reply.assert_code(403, "FORBIDDEN");
        admin.delete(&own).await.assert_code(403, "FORBIDDEN");
        let reply = admin.put(&own, &json!({ "active": false })).await;
        reply.assert_code(403, "FORBIDDEN");
    })
    .await;
}

#[tokio::test]
async fn a_removed_or_disabled_account_is_out_at_once() {
    everywhere(async |world| {
        let ada = admin(&world).await;
        let rs = world.client("rs", "token.introspect").await;
        let alice = world.person("alice").await;
        let tokens = login(&world, &alice).await;
        let path = format!("/users/{}", alice.id);
        ada.delete(&path).await.assert_status(204);
        ada.get(&path).await.assert_code(404, "NOT_FOUND");
        ada.delete(&path).await.assert_code(404, "NOT_FOUND");
        rs.introspect(&tokens.text("access_token"))
            .await
            .assert_inactive();
        try_login(&world, "alice", &alice.password)
            .await
            .assert_code(401, "INVALID_CREDENTIALS");
        let bob = world.person("bob").await;
        let tokens = login(&world, &bob).await;
        let change = json!({ "active": false });
        ada.put(&format!("/users/{}", bob.id), &change)
            .await
            .assert_ok();
        rs.introspect(&tokens.text("access_token"))
            .await
            .assert_inactive();
        let body = json!({ "refresh_token": tokens.text("refresh_token") });
        let reply = Client::anonymous(&world).post("/auth/refresh", &body).await;
        reply.assert_code(401, "INVALID_CREDENTIALS");
    })
    .await;
}

#[tokio::test]
async fn people_change_their_own_password_who_know_the_old_one() {
    everywhere(async |world| {
        let alice = world.person("alice").await;
        let (here, there) = (login(&world, &alice).await, login(&world, &alice).await);
        let own = Client::with_token(&world, &here.text("access_token"));
        let path = format!("/users/{}/password", alice.id);
        let wrong = json!({ "old_password": "wrong", "new_password": "NewSecurePass456" });
        let reply = own.post(&path, &wrong).await;
        reply.assert_code(401, "INVALID_CREDENTIALS");
        let weak = json!({ "old_password": alice.password, "new_password": "short" });
        let reply = own.post(&path, &weak).await;
        reply.assert_code(400, "BAD_REQUEST");
        let change = json!({ "old_password": alice.password, "new_password": "NewSecurePass456" });
        let ada = admin(&world).await;
        let reply = ada.post(&path, &change).await;
        reply.assert_code(403, "FORBIDDEN");
        let changed = own.post(&path, &change).await;
        changed.assert_status(204);
        assert_eq!(changed.body, "");
        try_login(&world, "alice", &alice.password)
            .await
            .assert_code(401, "INVALID_CREDENTIALS");
        try_login(&world, "alice", "NewSecurePass456")
            .await
            .assert_ok();
        // Whoever was signed in elsewhere is not any more.
        let there = Client::with_token(&world, &there.text("access_token"));
        there
            .get(&format!("/users/{}", alice.id))
            .await
            .assert_code(403, "FORBIDDEN");
        // The name newer callers have for the old one.
        let again =
            json!({ "current_password": "NewSecurePass456", "new_password": "ThirdSecure789" });
        own.post(&path, &again).await.assert_status(204);
    })
    .await;
}

#[tokio::test]
async fn another_tenants_people_are_not_there() {
    everywhere(async |world| {
        let second = world.new_tenant("second").await;
        let eve = world.person_of(&second, "eve", &["user"]).await;
        let ada = admin(&world).await;
        let path = format!("/users/{}", eve.id);
        ada.get(&path).await.assert_code(404, "NOT_FOUND");
        ada.put(&path, &json!({ "display_name": "X" }))
            .await
            .assert_code(404, "NOT_FOUND");
        ada.delete(&path).await.assert_code(404, "NOT_FOUND");
        let keys = format!("{path}/api-keys");
        ada.get(&keys).await.assert_code(404, "NOT_FOUND");
        let list = ada.get("/users").await;
        assert!(!list.body.contains("eve"), "{list:?}");
        // An administrator of the installation may name the tenant; others may not.
        ada.get(&format!("{path}?tenant=second")).await.assert_ok();
        let alice = world.person("alice").await;
        let alice = signed_in(&world, &alice).await;
        alice
            .get("/users?tenant=second")
            .await
            .assert_code(403, "FORBIDDEN");
    })
    .await;
}
