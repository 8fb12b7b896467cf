//! What is known of a request before anybody looks at its content.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::directory::KnownClient;
use crate::model::tenant::Tenant;

/// The other end of the connection; put into every request by the listener.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Peer {
    /// A mapped IPv4 address as IPv4.
    pub address: SocketAddr,
    /// Whether the connection is ours and TLS; a proxy's TLS is not known here.
    pub tls: bool,
}

/// Put into every request by the outermost layer.
#[derive(Clone)]
pub struct RequestInfo {
    /// Stands in the answer's `X-Request-Id`, in the log and in audit rows.
    pub id: Arc<str>,
    /// The client's address.
    pub address: IpAddr,
    pub notes: Arc<Notes>,
}

/// The pattern of the route that answered, for counting. Travels as a response extension.
#[derive(Clone, Copy, Debug)]
pub struct RoutePattern(pub &'static str);

/// What becomes known of a request on its way, noted by whoever learns it, for the log and the record
/// of refusals. Shared between the request and the layer around it: what was noted outlives a handler
/// that was cut off. Nothing is noted because the caller said it.
#[derive(Default)]
pub struct Notes(Mutex<Noted>);

/// What was noted.
#[derive(Clone, Default)]
pub struct Noted {
    pub tenant: Option<Arc<Tenant>>,
    /// A client that exists, named by the request or by a token of it.
    pub client: Option<Arc<KnownClient>>,
    /// The id of an account that exists.
    pub account: Option<String>,
    /// What is wrong, where the answer may not say it and does not know it.
    pub cause: Option<&'static str>,
}

impl Notes {
    pub fn tenant(&self, tenant: &Arc<Tenant>) {
        self.noted().tenant = Some(Arc::clone(tenant));
    }

    pub fn client(&self, client: &Arc<KnownClient>) {
        self.noted().client = Some(Arc::clone(client));
    }

    pub fn account(&self, id: &str) {
        self.noted().account = Some(id.to_owned());
    }

    pub fn cause(&self, cause: &'static str) {
        self.noted().cause = Some(cause);
    }

    /// What is noted by now.
    pub fn read(&self) -> Noted {
        self.noted().clone()
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What went wrong, for the one line the outermost layer logs and for the record of refusals. Travels
/// as a response extension.
#[derive(Clone, Debug)]
pub struct Failure {
    pub code: &'static str,
    /// What the caller was told, in our words.
    pub description: Cow<'static, str>,
    /// For operators; never sent.
    pub cause: Option<Arc<str>>,
}
