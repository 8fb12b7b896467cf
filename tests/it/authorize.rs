//! The authorization endpoint and the code flow (RFC 6749 section 4.1, OIDC Core section 3.1).

mod claims;
mod code_ends;
mod codes;
mod errors;
mod flow;
mod hygiene;
mod id_tokens;
mod meanwhile;
mod own_claims;
mod pkce;
mod redirects;
mod request_objects;
mod resources;
mod response_types;

use crate::support::Reply;
use crate::support::browser::Browser;
use crate::support::people::{Person, Service};
use crate::support::world::World;

/// A relying party, a person, and the person's browser.
async fn scene(world: &World) -> (Service, Person, Browser) {
    let service = world
        .client("app", "openid profile email offline_access sip.register")
        .await;
    let person = world.person("alice").await;
    (service, person, Browser::new(world.anonymous()))
}

/// A page says what is wrong, and sends nobody anywhere.
#[track_caller]
fn assert_page(reply: &Reply, status: u16) {
    assert_eq!(reply.status, status, "{reply:?}");
    assert!(reply.body.contains("id=\"error\""), "{reply:?}");
    for name in ["location", "refresh", "set-cookie"] {
        assert_eq!(reply.header(name), None, "{reply:?}");
    }
}

/// Every row there is.
async fn rows(world: &World) -> Vec<String> {
    world.raw().await.rows_of(&world.tenant.id).await
}

/// How many codes there are.
async fn codes(world: &World) -> i64 {
    let mut raw = world.raw().await;
    raw.number("SELECT COUNT(*) FROM codes").await
}
