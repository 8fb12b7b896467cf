//! The profile user-management-service: each request of its document with its own body, on the REST
//! API, which has the routes it knows.

mod accounts;
mod roles;
mod tenants;

use serde_json::{Value, json};
use users_core::config::{Config, Profile, Registration};

use crate::support::bearer::Bearer;
use crate::support::people::Person;
use crate::support::world::everywhere_with;
use crate::support::{Reply, World};

/// A world where the profile is on, as `config::load` makes one.
async fn everywhere(test: impl AsyncFn(World)) {
    everywhere_with(on, test).await;
}

fn on(config: &mut Config) {
    config.compat = vec![Profile::UserManagementService];
    config.registration = Registration::Open;
    config.limits.calls_per_minute = 100_000;
}

/// The document's body of a registration.
fn newcomer() -> Value {
    json!({
        "email": "user@example.com",
        "username": "username",
        "password": "SecurePass123",
        "first_name": "John",
        "last_name": "Doe",
        "tenant_id": "optional-tenant-id",
    })
}

/// The document's body of a login.
fn credentials() -> Value {
    json!({
        "email": "user@example.com",
        "password": "SecurePass123",
        "tenant_id": "optional-tenant-id",
        "remember_me": false,
    })
}

/// A body without one of its members.
fn without(mut body: Value, member: &str) -> Value {
    body.as_object_mut().expect("an object").remove(member);
    body
}

async fn post(world: &World, path: &str, body: &Value) -> Reply {
    let path = format!("/api/v1{path}");
    world
        .anonymous()
        .post_raw(&path, "application/json", body.to_string(), &[])
        .await
}

/// The document's user, in the default tenant.
async fn registered(world: &World) -> Reply {
    let reply = post(world, "/auth/register", &without(newcomer(), "tenant_id")).await;
    reply.assert_status(201);
    reply
}

async fn logged_in(world: &World) -> Reply {
    let reply = post(world, "/auth/login", &without(credentials(), "tenant_id")).await;
    reply.assert_ok();
    reply
}

async fn bearer(world: &World, person: &Person) -> Bearer {
    let body = json!({ "identifier": person.username, "password": person.password });
    let reply = post(world, "/auth/login", &body).await;
    Bearer::new(world.anonymous(), &reply.text("access_token"), &person.id)
}
