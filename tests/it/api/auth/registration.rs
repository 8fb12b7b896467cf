//! Accounts that people make for themselves.

use serde_json::{Value, json};
use users_core::config::Registration;

use super::{post, try_login};
use crate::support::world::everywhere_with;
use crate::support::{World, everywhere};

fn newcomer() -> Value {
    json!({
        "email": "John.Doe@Example.test",
        "username": "john",
        "password": "SecurePass123",
        "first_name": "John",
        "last_name": "Doe",
    })
}

async fn register(world: &World, body: &Value) -> crate::support::Reply {
    post(world.anonymous(), "/auth/register", body).await
}

#[tokio::test]
async fn nobody_makes_an_account_unless_the_settings_say_so() {
    everywhere(async |world| {
        let reply = register(&world, &newcomer()).await;
        reply.assert_problem(403, "forbidden");
        assert!(reply.text("detail").contains("registration"), "{reply:?}");
        try_login(&world, "john", "SecurePass123")
            .await
            .assert_status(401);
    })
    .await;
    for closed in [Registration::Invite, Registration::Domain] {
        everywhere_with(
            |config| config.registration = closed,
            async |world| {
                register(&world, &newcomer())
                    .await
                    .assert_problem(403, "forbidden");
            },
        )
        .await;
    }
}

#[tokio::test]
async fn whoever_may_make_an_account_gets_a_plain_one_and_can_sign_in() {
    everywhere_with(
        |config| config.registration = Registration::Open,
        async |world| {
            let reply = register(&world, &newcomer()).await;
            reply.assert_status(201);
            let account = reply.json();
            assert_eq!(account["email"], "John.Doe@Example.test");
            assert_eq!(account["email_verified"], false);
            assert_eq!(account["username"], "john");
            assert_eq!(account["roles"], json!(["user"]));
            assert_eq!(account["first_name"], "John");
            assert_eq!(account["name"], "John Doe");
            assert!(!reply.body.contains("SecurePass123"));
            let location = format!("/api/v1/users/{}", account["id"].as_str().expect("an id"));
            assert_eq!(reply.header("location"), Some(location.as_str()));
            try_login(&world, "john", "SecurePass123").await.assert_ok();
            try_login(&world, "john.doe@example.test", "SecurePass123")
                .await
                .assert_ok();
            let row = world
                .audit()
                .await
                .into_iter()
                .find(|row| row.kind == "user.registered");
            let row = row.expect("an event");
            assert_eq!(row.subject, account["id"].as_str().map(str::to_owned));
            assert_eq!(row.actor, None);
        },
    )
    .await;
}

#[tokio::test]
async fn a_taken_name_or_address_is_a_conflict_and_a_broken_rule_names_its_field() {
    everywhere_with(
        |config| config.registration = Registration::Open,
        async |world| {
            world.person("alice").await;
            for taken in [
                json!({ "username": "ALICE" }),
                json!({ "email": "Alice@example.test" }),
            ] {
                let mut body = newcomer();
                for (name, value) in taken.as_object().expect("members") {
                    body[name] = value.clone();
                }
                register(&world, &body)
                    .await
                    .assert_problem(409, "conflict");
            }
            for (member, value) in [
                ("email", json!("not an address")),
                ("username", json!("with spaces")),
                ("password", json!("short")),
            ] {
                let mut body = newcomer();
                body[member] = value;
                let reply = register(&world, &body).await;
                reply.assert_problem(422, "invalid-fields");
                reply.assert_names(&format!("#/{member}"));
            }
            for raised in [
                "roles",
                "enabled",
                "email_verified",
                "groups",
                "attributes",
                "id",
            ] {
                let mut body = newcomer();
                body[raised] = json!(["admin"]);
                register(&world, &body)
                    .await
                    .assert_problem(400, "malformed");
            }
            let mut body = newcomer();
            body["tenant_id"] = json!("no-such-tenant");
            register(&world, &body).await.assert_names("#/tenant_id");
        },
    )
    .await;
}

#[tokio::test]
async fn an_account_is_made_in_the_tenant_that_is_named() {
    everywhere_with(
        |config| config.registration = Registration::Open,
        async |world| {
            let second = world.new_tenant("second").await;
            let mut body = newcomer();
            body["tenant_id"] = json!(second.id);
            let reply = register(&world, &body).await;
            reply.assert_status(201);
            assert_eq!(reply.json()["tenant_id"], second.id.as_str());
            try_login(&world, "john", "SecurePass123").await.assert_status(401);
            body = json!({ "email": "john.doe@example.test", "password": "SecurePass123", "tenant_id": "second" });
            post(world.anonymous(), "/auth/login", &body).await.assert_ok();
        },
    )
    .await;
}
