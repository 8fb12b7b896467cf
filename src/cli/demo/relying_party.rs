//! The demo's relying party: an application people sign in to, on a port of its own.
//!
//! It knows of the issuer what any application does, and asks it over its socket.

mod attempt;
mod exchange;
mod issuer;
mod routes;
mod sessions;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::base::digest::equal;
use crate::base::token::OpaqueToken;
use crate::cli::error::CliError;
use crate::server::ServeError;
use crate::server::listen::{self, Limits, Listener, Transport};
use attempt::Attempt;
use issuer::Issuer;
use sessions::Sessions;

pub(super) const CLIENT: &str = "demo-web";
pub(super) const NAME: &str = "Demo application";
pub(super) const SCOPES: &[&str] = &["openid", "profile", "email", "groups"];

/// The socket, and the address people find it by.
pub(super) struct Place {
    listener: Listener,
    address: String,
}

impl Place {
    /// Takes a free port of the loopback address `ip`.
    pub(super) fn take(ip: IpAddr) -> Result<Self, CliError> {
        let wanted = SocketAddr::new(ip, 0);
        let listener = Listener::bind(wanted).map_err(|error| ServeError::Listen(wanted, error))?;
        let port = listener.local_addr().port();
        // Another host than the issuer's keeps their cookies apart. The policies of pages know no
        // IPv6 addresses.
        let host = if ip == Ipv4Addr::LOCALHOST {
            "127.0.0.1"
        } else {
            "localhost"
        };
        let address = format!("http://{host}:{port}");
        Ok(Self { listener, address })
    }

    /// Where people go; no slash at its end.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    pub(super) fn redirect_uri(&self) -> String {
        format!("{}/callback", self.address)
    }

    pub(super) fn post_logout_redirect_uri(&self) -> String {
        format!("{}/signed-out", self.address)
    }
}

/// The application.
pub(super) struct RelyingParty {
    /// For its pages, its clock and its randomness; never for rows.
    app: App,
    issuer: Arc<Issuer>,
    secret: OpaqueToken,
    redirect_uri: String,
    post_logout_redirect_uri: String,
    /// Seals what a browser keeps of its attempts to sign in.
    key: [u8; 32],
    sessions: Sessions,
    /// The attempt whose address was printed.
    printed: Mutex<Option<Attempt>>,
}

impl RelyingParty {
    /// `socket` is where the issuer listens, `secret` the client's.
    pub(super) fn new(app: &App, place: &Place, socket: SocketAddr, secret: OpaqueToken) -> Self {
        let printed = Attempt::begin(&app.random, app.clock.now());
        Self {
            app: app.clone(),
            issuer: Arc::new(Issuer::new(app.config.issuer.clone(), socket)),
            secret,
            redirect_uri: place.redirect_uri(),
            post_logout_redirect_uri: place.post_logout_redirect_uri(),
            key: app.random.bytes(),
            sessions: Sessions::default(),
            printed: Mutex::new(Some(printed)),
        }
    }

    /// An authorization request to paste into a browser, good for one sign-in.
    pub(super) fn printed_address(&self) -> String {
        let printed = self.printed.lock().unwrap_or_else(PoisonError::into_inner);
        let address = printed.as_ref().map(|attempt| self.authorize(attempt));
        address.unwrap_or_default()
    }

    /// The printed attempt, if it has this `state` and was not finished. Whoever reads the terminal
    /// may finish it in any browser, so no cookie counts.
    fn take_printed(&self, state: &str) -> Option<Attempt> {
        let mut printed = self.printed.lock().unwrap_or_else(PoisonError::into_inner);
        printed.take_if(|attempt| equal(attempt.state.as_bytes(), state.as_bytes()))
    }

    /// The address of an authorization request (OIDC Core section 3.1.2.1, RFC 7636 section 4.3).
    fn authorize(&self, attempt: &Attempt) -> String {
        let scope = SCOPES.join(" ");
        let challenge = attempt.challenge();
        let query = serde_urlencoded::to_string([
            ("response_type", "code"),
            ("client_id", CLIENT),
            ("redirect_uri", &self.redirect_uri),
            ("scope", &scope),
            ("state", &attempt.state),
            ("nonce", &attempt.nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]);
        let query = query.unwrap_or_default();
        format!("{}/authorize?{query}", self.issuer.address())
    }

    /// Serves until `stop`.
    pub(super) async fn run(
        self,
        place: Place,
        stop: CancellationToken,
        kill: CancellationToken,
    ) -> Result<(), ServeError> {
        let limits = Limits {
            max_connections: MAX_CONNECTIONS,
            ..Limits::default()
        };
        let plain = Transport::Plain {
            trusted_proxies: Vec::new(),
        };
        let router = routes::router(Arc::new(self));
        listen::serve(vec![place.listener], plain, router, limits, stop, kill).await?;
        Ok(())
    }
}

const MAX_CONNECTIONS: usize = 100;
