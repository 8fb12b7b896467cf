//! The profile users-core, as its callers know it.

mod figures;
mod keys;
mod logins;
mod people;
mod refusals;

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::{Value, json};
use users_core::config::{Config, Profile};

use crate::support::http::Caller;
use crate::support::people::Person;
use crate::support::world::everywhere_with;
use crate::support::{Reply, World};

/// A world where the profile is on.
async fn everywhere(test: impl AsyncFn(World)) {
    everywhere_with(on, test).await;
}

fn on(config: &mut Config) {
    config.compat = vec![Profile::UsersCore];
    config.limits.calls_per_minute = 100_000;
}

/// Somebody who brings these headers.
#[derive(Clone)]
struct Client {
    caller: Caller,
    headers: Vec<(&'static str, String)>,
}

impl Client {
    fn anonymous(world: &World) -> Self {
        Self {
            caller: world.anonymous().clone(),
            headers: Vec::new(),
        }
    }

    fn with_token(world: &World, token: &str) -> Self {
        Self {
            headers: vec![("authorization", format!("Bearer {token}"))],
            ..Self::anonymous(world)
        }
    }

    fn with_key(world: &World, key: &str) -> Self {
        Self {
            headers: vec![("x-api-key", key.to_owned())],
            ..Self::anonymous(world)
        }
    }

    async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Reply {
        let method: Method = method.parse().expect("a method");
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let body = match body {
            Some(body) => {
                request = request.header("content-type", "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        self.caller
            .send(request.body(body).expect("a request"))
            .await
    }

    async fn get(&self, path: &str) -> Reply {
        self.call("GET", path, None).await
    }

    async fn post(&self, path: &str, body: &Value) -> Reply {
        self.call("POST", path, Some(body)).await
    }

    async fn put(&self, path: &str, body: &Value) -> Reply {
        self.call("PUT", path, Some(body)).await
    }

    async fn delete(&self, path: &str) -> Reply {
        self.call("DELETE", path, None).await
    }
}

async fn try_login(world: &World, username: &str, password: &str) -> Reply {
    let body = json!({ "username": username, "password": password });
    Client::anonymous(world).post("/auth/login", &body).await
}

/// The tokens of somebody who signs in.
async fn login(world: &World, person: &Person) -> Reply {
    let reply = try_login(world, &person.username, &person.password).await;
    reply.assert_ok();
    reply
}

async fn signed_in(world: &World, person: &Person) -> Client {
    let reply = login(world, person).await;
    Client::with_token(world, &reply.text("access_token"))
}

async fn admin(world: &World) -> Client {
    let ada = world.person_of(&world.tenant, "ada", &["admin"]).await;
    signed_in(world, &ada).await
}

/// The names of an object's members, sorted.
fn members(value: &Value) -> Vec<&str> {
    let members = value.as_object().expect("an object");
    let mut names: Vec<&str> = members.keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

impl Reply {
    /// Asserts the one shape of refusals.
    #[track_caller]
    fn assert_code(&self, status: u16, code: &str) -> &Self {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/json"));
        let json = self.json();
        assert_eq!(members(&json), ["error"], "{self:?}");
        assert_eq!(json["error"]["code"], code, "{self:?}");
        let message = json["error"]["message"].as_str().unwrap_or_default();
        assert!(!message.is_empty(), "{self:?}");
        self
    }
}
