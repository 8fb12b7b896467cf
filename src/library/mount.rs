//! The routes, inside another application.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::map_request;

use super::service::AuthenticationService;
use crate::server;
use crate::web::request_info::Peer;

/// Every route of the server with everything around them, for another axum 0.8 application: on a
/// host of its own, or below a path with [`Router::nest_service`]. The issuer has to be that place,
/// `https://example.org/auth` for one that is nested under `/auth`.
///
/// Failures are counted by address, so every request must come with its peer's: serve the application
/// with [`Router::into_make_service_with_connect_info`] for [`SocketAddr`]. A request without one is
/// answered with 500.
///
/// RFC 8414 section 3 puts `/.well-known/oauth-authorization-server` in front of an issuer's path,
/// outside of what is nested; `/.well-known/openid-configuration` stands behind it. Clients of the
/// former need a route to it in the application.
pub fn router(service: &AuthenticationService) -> Router {
    server::router(service.app(), service.stop()).layer(map_request(with_peer))
}

async fn with_peer(mut request: Request) -> Request {
    if request.extensions().get::<Peer>().is_none() {
        let connected = request.extensions().get::<ConnectInfo<SocketAddr>>();
        if let Some(ConnectInfo(address)) = connected.copied() {
            let address = SocketAddr::new(address.ip().to_canonical(), address.port());
            // Whether the connection is TLS is the application's to know, and its HSTS to send.
            let peer = Peer {
                address,
                tls: false,
            };
            request.extensions_mut().insert(peer);
        } else {
            tracing::error!("a request came without its peer's address: see `users_core::router`");
        }
    }
    request
}
