//! What is known of a request before anybody looks at its content.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

/// The other end of the connection; put into every request by the listener.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Peer {
    /// A mapped IPv4 address as IPv4.
    pub address: SocketAddr,
    /// Whether the connection is ours and TLS; a proxy's TLS is not known here.
    pub tls: bool,
}

/// Put into every request by the outermost layer.
#[derive(Clone, Debug)]
pub struct RequestInfo {
    /// Stands in the answer's `X-Request-Id`, in the log and in audit rows.
    pub id: Arc<str>,
    /// The client's address.
    pub address: IpAddr,
}

/// The pattern of the route that answered, for counting. Travels as a response extension.
#[derive(Clone, Copy, Debug)]
pub struct RoutePattern(pub &'static str);

/// What went wrong, for the one line the outermost layer logs. Travels as a response extension.
#[derive(Clone, Debug)]
pub struct Failure {
    pub code: &'static str,
    /// For operators; never sent.
    pub cause: Option<Arc<str>>,
}
