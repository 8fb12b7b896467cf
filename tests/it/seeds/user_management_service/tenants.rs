//! Tenants: made by administrators of the installation, and apart from each other.

use serde_json::{Value, json};

use super::{bearer, everywhere, post};
use crate::support::bearer::Bearer;

/// The document's body of a new tenant.
fn company() -> Value {
    json!({
        "name": "Company Name",
        "description": "Company description",
        "domain": "company.com",
        "admin_email": "admin@company.com",
        "admin_username": "admin",
        "admin_password": "AdminPass123",
        "admin_first_name": "Admin",
        "admin_last_name": "User",
    })
}

#[tokio::test]
async fn create_tenant() {
    everywhere(async |world| {
        let ada = world.person_of(&world.tenant, "ada", &["admin"]).await;
        let ada = bearer(&world, &ada).await;
        let made = ada.post("/tenants", &company()).await;
        made.assert_status(201);
        assert!(!made.body.contains("AdminPass123"));
        let tenant = made.json();
        assert_eq!(tenant["name"], "Company Name");
        assert_eq!(tenant["description"], "Company description");
        assert_eq!(tenant["domain"], "company.com");
        // Its administrator signs in by an address in its domain, without naming it.
        let body = json!({ "email": "admin@company.com", "password": "AdminPass123" });
        let login = post(&world, "/auth/login", &body).await;
        let token = login.assert_ok().text("access_token");
        let boss = Bearer::new(world.anonymous(), &token, "");
        let own = boss.get("/users/me").await.assert_ok().json();
        assert_eq!(own["tenant_id"], tenant["id"]);
        assert_eq!(own["username"], "admin");
        assert_eq!(own["first_name"], "Admin");
        assert_eq!(own["last_name"], "User");
        assert_eq!(own["roles"], json!(["admin"]));
        ada.post("/tenants", &company())
            .await
            .assert_problem(409, "conflict");
        // Only administrators of the installation make tenants.
        let mut other = company();
        other["name"] = json!("Other");
        other["domain"] = json!("other.com");
        boss.post("/tenants", &other)
            .await
            .assert_problem(403, "forbidden");
        let alice = world.person("alice").await;
        let alice = bearer(&world, &alice).await;
        alice
            .post("/tenants", &other)
            .await
            .assert_problem(403, "forbidden");
        // With a bad administrator there is no tenant either.
        other["admin_password"] = json!("short");
        ada.post("/tenants", &other)
            .await
            .assert_problem(422, "invalid-fields")
            .assert_names("#/admin_password");
        ada.get("/tenants/other")
            .await
            .assert_problem(404, "not-found");
    })
    .await;
}

#[tokio::test]
async fn tenants_are_apart_and_the_installations_administrator_sees_all() {
    everywhere(async |world| {
        let ada = world.person_of(&world.tenant, "ada", &["admin"]).await;
        let ada = bearer(&world, &ada).await;
        let made = ada.post("/tenants", &company()).await.json();
        let body = json!({ "email": "admin@company.com", "password": "AdminPass123" });
        let token = post(&world, "/auth/login", &body)
            .await
            .text("access_token");
        let boss = Bearer::new(world.anonymous(), &token, "");
        let alice = world.person("alice").await;
        boss.get(&format!("/users/{}", alice.id))
            .await
            .assert_problem(404, "not-found");
        let names = boss.get("/users").await.assert_ok().json();
        assert_eq!(names["items"].as_array().map(Vec::len), Some(1));
        boss.get("/users?tenant=default")
            .await
            .assert_problem(403, "forbidden");
        let path = format!("/users?tenant={}", made["id"].as_str().expect("an id"));
        let seen = ada.get(&path).await.assert_ok().json();
        assert_eq!(seen["items"][0]["username"], "admin");
        // Settings are each tenant's own.
        let change = json!({ "settings": { "access_token_lifetime": 60 } });
        boss.patch("/tenants/company-name", &change)
            .await
            .assert_ok();
        let default = format!("/tenants/{}", world.tenant.id);
        let settings = ada.get(&default).await.json()["settings"].clone();
        assert_eq!(settings["access_token_lifetime"], Value::Null);
    })
    .await;
}
