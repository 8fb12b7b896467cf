//! Refresh tokens: RFC 6749 section 6, rotated as RFC 9700 section 4.14.2 asks.

mod lifetimes;
mod ownership;
mod replay;
mod retry;
mod rotation;
mod scope;

use users_core::model::client_metadata::{ClientMetadata, TokenFormat};

use crate::support::people::{Person, Service};
use crate::support::rows::grant_of;
use crate::support::{Reply, World};

const SCOPE: &str = "openid offline_access email sip.register sip.call";

/// A client that may refresh, a person, and the answer to that person's sign-in.
async fn signed_in(world: &World) -> (Service, Person, Reply) {
    signed_in_with(world, |_| {}).await
}

async fn signed_in_with(
    world: &World,
    change: impl FnOnce(&mut ClientMetadata),
) -> (Service, Person, Reply) {
    let service = world.client_with("app", SCOPE, change).await;
    let person = world.person("alice").await;
    let reply = service.sign_in(&person, SCOPE).await;
    (service, person, reply)
}

fn refresh_of(reply: &Reply) -> String {
    reply.assert_ok();
    reply.text("refresh_token")
}

fn access_of(reply: &Reply) -> String {
    reply.assert_ok();
    reply.text("access_token")
}

/// Exchanges a token that must still be good.
async fn rotate(service: &Service, refresh_token: &str) -> Reply {
    let reply = service.refresh(refresh_token).await;
    reply.assert_ok();
    reply
}

async fn assert_refused(service: &Service, refresh_token: &str) {
    let reply = service.refresh(refresh_token).await;
    reply.assert_error(400, "invalid_grant");
}

/// How many unused tokens the family of a live refresh token has.
async fn leaves(world: &World, family: &str) -> i64 {
    let rows = world.app.store.tenant(&world.tenant.id);
    rows.live_refresh_tokens(family).await.expect("a count")
}

/// The family an answer's tokens belong to.
async fn family_of(service: &Service, reply: &Reply) -> String {
    grant_of(&service.introspect(&access_of(reply)).await.text("jti"))
}

/// The sign-in an answer's access token hangs on.
async fn sid_of(service: &Service, reply: &Reply) -> String {
    service.introspect(&access_of(reply)).await.text("sid")
}

fn opaque(metadata: &mut ClientMetadata) {
    metadata.access_token_format = Some(TokenFormat::Opaque);
}
