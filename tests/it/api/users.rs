//! `/users`: people, as their managers see and change them.

use serde_json::json;

use crate::support::bearer::Bearer;
use crate::support::{World, everywhere};

async fn administrator(world: &World) -> Bearer {
    let console = world.console(&world.tenant).await;
    world.operator(&console, "root-of-all", &["admin"]).await
}

#[tokio::test]
async fn an_account_is_made_read_changed_and_removed() {
    everywhere(async |world| {
        let admin = administrator(&world).await;
        let made = admin
            .post(
                "/users",
                &json!({
                    "username": "Anna",
                    "email": "anna@example.test",
                    "first_name": "Anna",
                    "family_name": "Berg",
                    "password": "a long enough passphrase",
                    "attributes": { "desk": 7 },
                }),
            )
            .await;
        made.assert_status(201);
        let account = made.json();
        let id = account["id"].as_str().expect("an id");
        let path = format!("/users/{id}");
        assert_eq!(made.header("location"), Some(format!("/api/v1{path}").as_str()));
        assert_eq!(account["given_name"], "Anna");
        assert_eq!(account["first_name"], "Anna");
        assert_eq!(account["roles"], json!(["user"]));
        assert_eq!(account["enabled"], true);
        assert!(!made.body.contains("passphrase"));

        let read = admin.get(&path).await;
        read.assert_ok();
        assert_eq!(read.json(), account);
        assert_eq!(read.header("etag"), made.header("etag"));

        let change = json!({ "family_name": null, "nickname": "Ann", "attributes": { "desk": null, "floor": 2 } });
        let changed = admin.patch(&path, &change).await;
        changed.assert_ok();
        let changed = changed.json();
        assert_eq!(changed.get("family_name"), None);
        assert_eq!(changed["nickname"], "Ann");
        assert_eq!(changed["attributes"], json!({ "floor": 2 }));
        assert_eq!(changed["email"], "anna@example.test");

        admin.delete(&path).await.assert_status(204);
        admin.get(&path).await.assert_problem(404, "not-found");
        admin.delete(&path).await.assert_problem(404, "not-found");
    })
    .await;
}

#[tokio::test]
async fn a_broken_rule_names_its_field_and_changes_nothing() {
    everywhere(async |world| {
        let admin = administrator(&world).await;
        let anna = world.person("anna").await;
        let before = admin.get(&format!("/users/{}", anna.id)).await;
        for (body, status, code, pointer) in [
            (
                json!({ "username": "b", "email": "no address" }),
                422,
                "invalid-fields",
                "#/email",
            ),
            (
                json!({ "username": "b", "password": "short" }),
                422,
                "invalid-fields",
                "#/password",
            ),
            (
                json!({ "username": "b", "roles": ["emperor"] }),
                422,
                "invalid-fields",
                "#/roles",
            ),
            (
                json!({ "username": "b", "role": "admin" }),
                400,
                "malformed",
                "#/role",
            ),
            (
                json!({ "username": "b", "Roles": ["admin"] }),
                400,
                "malformed",
                "#/Roles",
            ),
            (
                json!({ "username": "b", "profile": { "role": "admin" } }),
                400,
                "malformed",
                "#/profile",
            ),
            (
                json!({ "username": "b", "roles": "admin" }),
                400,
                "malformed",
                "#/roles",
            ),
            (
                json!({ "username": "b", "roles": ["user", 7] }),
                400,
                "malformed",
                "#/roles/1",
            ),
            (
                json!({ "username": "b", "address": { "planet": "x" } }),
                400,
                "malformed",
                "#/address/planet",
            ),
            (
                json!({ "username": "b\u{0}" }),
                400,
                "malformed",
                "#/username",
            ),
        ] {
            let reply = admin.post("/users", &body).await;
            reply.assert_problem(status, code).assert_names(pointer);
        }
        let taken = json!({ "username": "ANNA", "password": "a long enough passphrase" });
        admin
            .post("/users", &taken)
            .await
            .assert_problem(409, "conflict");
        let patch = json!({ "password": "a long enough passphrase" });
        let reply = admin.patch(&format!("/users/{}", anna.id), &patch).await;
        reply
            .assert_problem(400, "malformed")
            .assert_names("#/password");
        let after = admin.get(&format!("/users/{}", anna.id)).await;
        assert_eq!(before.body, after.body);
        assert_eq!(admin.walk("/users").await.len(), 2);
    })
    .await;
}
