//! The change feed: what one node does, the others know after one look at it.

mod following;
mod gaps;
mod order;
mod tenants;

use users_core::app::App;

use crate::support::World;
use crate::support::http::Caller;
use crate::support::people::Service;
use crate::support::world::follow;

/// Nodes that must notice what the world's own node does: one that follows the feed when it is
/// told to, and one that never reads it and so must read rows.
struct Others {
    following: App,
    callers: [Caller; 2],
}

impl Others {
    async fn of(world: &World) -> Self {
        let (following, there) = world.second_node().await;
        let (_, deaf) = world.deaf_node().await;
        Self {
            following,
            callers: [there, deaf],
        }
    }

    /// The client as each of them serves it, after one look at the feed.
    async fn serve(&self, service: &Service) -> [Service; 2] {
        follow(&self.following).await;
        self.callers
            .each_ref()
            .map(|caller| service.through(caller))
    }
}
