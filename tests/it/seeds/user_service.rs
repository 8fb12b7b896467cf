//! The profile `user-service`: login and what follows it under `/api`, people for administrators,
//! figures for vendors.

mod doors;
mod inputs;
mod links;
mod people;
mod system;
mod tokens;

use serde_json::{Value, json};
use users_core::config::{Profile, Registration};

use super::calls::{call, post};
use crate::support::people::Person;
use crate::support::world::everywhere_with;
use crate::support::{Reply, World};

/// Runs a test where the profile is on.
async fn served(test: impl AsyncFn(World)) {
    let on = |config: &mut users_core::config::Config| {
        config.compat = vec![Profile::UserService];
        // As the settings have it where the profile is on and nothing is said.
        config.registration = Registration::Open;
        config.limits.calls_per_minute = 10_000;
    };
    everywhere_with(on, test).await;
}

/// Somebody who wants an account.
fn jane() -> Value {
    json!({
        "email": "jane@example.com",
        "username": "jane",
        "password": "SecurePass123",
        "first_name": "Jane",
        "last_name": "Doe",
    })
}

async fn register(world: &World, body: &Value) -> Reply {
    post(world.anonymous(), "/api/register", body).await
}

async fn log_in(world: &World, email: &str, password: &str) -> Reply {
    let body = json!({ "email": email, "password": password });
    post(world.anonymous(), "/api/login", &body).await
}

/// The token of a new person with a role.
async fn token_of(world: &World, name: &str, role: &str) -> (Person, String) {
    let person = world.person_of(&world.tenant, name, &[role]).await;
    let token = token(world, &person).await;
    (person, token)
}

async fn token(world: &World, person: &Person) -> String {
    let reply = log_in(world, &person.username, &person.password).await;
    reply.assert_ok();
    reply.text("access_token")
}

async fn get(world: &World, path: &str, token: &str) -> Reply {
    call(world.anonymous(), "GET", path, Some(token), None).await
}

async fn put(world: &World, path: &str, token: &str, body: &Value) -> Reply {
    call(world.anonymous(), "PUT", path, Some(token), Some(body)).await
}

impl Reply {
    /// Asserts a refusal in this profile's one shape.
    #[track_caller]
    pub fn assert_refused(&self, status: u16, error: &str) -> &Self {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/json"));
        assert_eq!(self.header("cache-control"), Some("no-store"));
        let json = self.json();
        assert_eq!(json.as_object().map(serde_json::Map::len), Some(3));
        assert_eq!(json["error"], error, "{self:?}");
        let message = json["message"].as_str().unwrap_or_default();
        assert!(!message.is_empty(), "{self:?}");
        assert!(json["errors"].is_array(), "{self:?}");
        self
    }

    /// Asserts that the refusal names this field.
    #[track_caller]
    pub fn assert_blames(&self, field: &str) {
        let json = self.json();
        let errors = json["errors"].as_array().expect("a list");
        let named = errors.iter().any(|error| error["field"] == field);
        assert!(named, "{field} in {self:?}");
    }
}
