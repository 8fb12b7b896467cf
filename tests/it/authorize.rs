//! The authorization endpoint and the code flow (RFC 6749 section 4.1, OIDC Core section 3.1).

mod flow;
mod own_claims;

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
