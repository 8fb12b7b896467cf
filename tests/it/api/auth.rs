//! `/auth`: in, on and out without a page.

mod doors;
mod limits;
mod registration;
mod sessions;

use serde_json::{Value, json};

use crate::support::bearer::Bearer;
use crate::support::http::Caller;
use crate::support::people::Person;
use crate::support::{Reply, World};

/// Posts JSON to `/api/v1` + `path` without a token.
pub async fn post(caller: &Caller, path: &str, body: &Value) -> Reply {
    let path = format!("/api/v1{path}");
    caller
        .post_raw(&path, "application/json", body.to_string(), &[])
        .await
}

/// Tries a name and a password.
pub async fn try_login(world: &World, identifier: &str, password: &str) -> Reply {
    let body = json!({ "identifier": identifier, "password": password });
    post(world.anonymous(), "/auth/login", &body).await
}

/// The tokens of somebody who signs in.
pub async fn login(world: &World, person: &Person) -> Reply {
    let reply = try_login(world, &person.username, &person.password).await;
    reply.assert_ok();
    reply
}

/// Somebody who signed in without a page.
pub async fn bearer(world: &World, person: &Person) -> Bearer {
    let reply = login(world, person).await;
    Bearer::new(world.anonymous(), &reply.text("access_token"), &person.id)
}

pub async fn refresh(world: &World, token: &str) -> Reply {
    let body = json!({ "refresh_token": token });
    post(world.anonymous(), "/auth/refresh", &body).await
}
