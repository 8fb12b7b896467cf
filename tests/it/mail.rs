//! Mail: the links in it, what it tells, and how it gets there.

mod links;
mod neutral;
mod notices;
mod queue;
mod sign_up;
mod words;

use serde_json::{Value, json};
use users_core::config::Config;

use crate::support::http::Caller;
use crate::support::people::Person;
use crate::support::smtp::{Arrived, Peer};
use crate::support::world::everywhere_with;
use crate::support::{Reply, World};

/// Runs a test on every database, with a server that takes the mail.
async fn with_mail(configure: impl Fn(&mut Config), test: impl AsyncFn(World, Peer)) {
    let peer = Peer::start().await;
    let configure = |config: &mut Config| {
        peer.configure(config);
        configure(config);
    };
    everywhere_with(configure, async |world| {
        peer.take();
        peer.is(crate::support::smtp::Mood::Takes);
        test(world, peer.clone()).await;
    })
    .await;
}

async fn api(caller: &Caller, path: &str, body: &Value) -> Reply {
    let path = format!("/api/v1/auth/{path}");
    caller
        .post_raw(&path, "application/json", body.to_string(), &[])
        .await
}

/// Asks for a link to a new password, and reads the mail.
async fn reset_mail(world: &World, peer: &Peer, person: &Person) -> Arrived {
    let email = format!("{}@example.test", person.username);
    let reply = api(
        world.anonymous(),
        "reset-password",
        &json!({ "email": email }),
    )
    .await;
    reply.assert_ok();
    Peer::one(peer.deliver(world).await)
}

/// Sets a password by what stands in a link.
async fn set(world: &World, secret: &str, password: &str) -> Reply {
    let body = json!({ "token": secret, "password": password });
    api(world.anonymous(), "reset-password", &body).await
}

async fn try_login(world: &World, identifier: &str, password: &str) -> Reply {
    let body = json!({ "identifier": identifier, "password": password });
    api(world.anonymous(), "login", &body).await
}
