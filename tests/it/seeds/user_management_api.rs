//! The profile `user-management-api`: registration, login and one's own account in envelopes.

mod doors;
mod inputs;
mod login;
mod names;
mod registration;
mod system;

use serde_json::{Value, json};
use users_core::config::{Profile, Registration};

use super::calls::{call, post};
use crate::support::world::everywhere_with;
use crate::support::{Reply, World};

/// What differs from one answer to the next.
const MADE_UP: &[&str] = &["userId", "createdAt", "token"];

/// Runs a test where the profile is on.
async fn served(test: impl AsyncFn(World)) {
    let on = |config: &mut users_core::config::Config| {
        config.compat = vec![Profile::UserManagementApi];
        // As the settings have it where the profile is on and nothing is said.
        config.registration = Registration::Open;
        config.limits.calls_per_minute = 10_000;
    };
    everywhere_with(on, test).await;
}

/// The request the document registers with.
fn john() -> Value {
    json!({ "name": "John Doe", "email": "john@example.com", "password": "SecurePass123" })
}

/// John with other members; `null` leaves one out.
fn john_with(changes: &Value) -> Value {
    let mut body = john();
    let members = body.as_object_mut().expect("an object");
    for (name, value) in changes.as_object().expect("an object") {
        if value.is_null() {
            members.remove(name);
        } else {
            members.insert(name.clone(), value.clone());
        }
    }
    body
}

async fn register(world: &World, body: &Value) -> Reply {
    post(world.anonymous(), "/api/users/register", body).await
}

/// Registers John.
async fn registered(world: &World) -> Reply {
    let reply = register(world, &john()).await;
    reply.assert_status(201);
    reply
}

async fn log_in(world: &World, email: &str, password: &str) -> Reply {
    let body = json!({ "email": email, "password": password });
    post(world.anonymous(), "/api/users/login", &body).await
}

/// The token of John, who signs in.
async fn token(world: &World) -> String {
    let reply = log_in(world, "john@example.com", "SecurePass123").await;
    reply.assert_ok();
    let token = reply.json()["data"]["token"].clone();
    token.as_str().expect("a token").to_owned()
}

async fn me(world: &World, token: &str) -> Reply {
    call(world.anonymous(), "GET", "/api/users/me", Some(token), None).await
}

impl Reply {
    /// Asserts a refusal in this profile's one shape.
    #[track_caller]
    fn assert_unsuccessful(&self, status: u16) -> &Self {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/json"));
        assert_eq!(self.header("cache-control"), Some("no-store"));
        let json = self.json();
        let names: Vec<&String> = json.as_object().expect("an object").keys().collect();
        assert_eq!(names.len(), 3, "{self:?}");
        assert_eq!(json["success"], false, "{self:?}");
        let message = json["message"].as_str().unwrap_or_default();
        assert!(!message.is_empty(), "{self:?}");
        for error in json["errors"].as_array().expect("a list") {
            let message = error["message"].as_str().unwrap_or_default();
            assert!(
                error["field"].is_string() && !message.is_empty(),
                "{self:?}"
            );
        }
        self
    }

    /// Asserts that the refusal names these fields and no others.
    #[track_caller]
    fn assert_fields(&self, expected: &[&str]) {
        let json = self.json();
        let errors = json["errors"].as_array().expect("a list").iter();
        let mut fields: Vec<&str> = errors.filter_map(|error| error["field"].as_str()).collect();
        fields.dedup();
        assert_eq!(fields, expected, "{self:?}");
    }
}
