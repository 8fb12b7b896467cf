//! The library: what a program that has an installation inside can do, and that it is the same
//! installation.

mod keys;
mod logins;
mod mounted;
mod settings;
mod users;

use users_core::AuthenticationService;

use crate::support::World;

/// The library around a world's application.
pub async fn service(world: &World) -> AuthenticationService {
    let service = AuthenticationService::around(world.app.clone()).await;
    service.expect("a service")
}
