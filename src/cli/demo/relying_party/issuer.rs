//! The way to the issuer: one request on one connection, bounded in time and size.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, HOST, HeaderValue};
use hyper_util::rt::TokioIo;
use openidconnect::{HttpRequest, HttpResponse};
use tokio::net::TcpStream;

/// For a whole answer.
const TIMEOUT: Duration = Duration::from_secs(20);
/// The longest answer, in bytes.
const MAX_BODY: usize = 1024 * 1024;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoAnswer {
    #[error("the address is not the issuer's")]
    Elsewhere,
    #[error("the issuer took too long")]
    Late(#[from] tokio::time::error::Elapsed),
    #[error("the issuer cannot be reached: {0}")]
    Unreachable(#[from] io::Error),
    #[error("the connection to the issuer broke: {0}")]
    Broken(#[from] hyper::Error),
    #[error("the issuer's answer cannot be read: {0}")]
    Unreadable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// The issuer, and the socket it is known to listen on.
pub(super) struct Issuer {
    address: String,
    socket: SocketAddr,
}

impl Issuer {
    pub(super) const fn new(address: String, socket: SocketAddr) -> Self {
        Self { address, socket }
    }

    /// Its identifier, which is where its routes begin.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Asks the issuer, and nobody else.
    pub(super) async fn ask(
        self: Arc<Self>,
        request: HttpRequest,
    ) -> Result<HttpResponse, NoAnswer> {
        tokio::time::timeout(TIMEOUT, self.ask_patiently(request)).await?
    }

    async fn ask_patiently(&self, request: HttpRequest) -> Result<HttpResponse, NoAnswer> {
        let uri = request.uri();
        let authority = uri.authority().map(ToString::to_string);
        let authority = authority.filter(|authority| {
            uri.scheme_str() == Some("http") && format!("http://{authority}") == self.address
        });
        let authority = authority.ok_or(NoAnswer::Elsewhere)?;
        let host = HeaderValue::try_from(authority).map_err(|_| NoAnswer::Elsewhere)?;
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let path = path.parse().map_err(|_| NoAnswer::Elsewhere)?;
        let mut request = request.map(|body| Full::new(Bytes::from(body)));
        *request.uri_mut() = path;
        request.headers_mut().insert(HOST, host);
        let close = HeaderValue::from_static("close");
        request.headers_mut().insert(CONNECTION, close);

        let stream = TcpStream::connect(self.socket).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let answer = async {
            let (parts, body) = sender.send_request(request).await?.into_parts();
            let body = Limited::new(body, MAX_BODY).collect().await;
            let body = body.map_err(NoAnswer::Unreadable)?.to_bytes();
            Ok(HttpResponse::from_parts(parts, body.to_vec()))
        };
        // The connection moves only while somebody waits for it; its end is told by the answer.
        let (answer, _) = tokio::join!(answer, connection);
        answer
    }
}
