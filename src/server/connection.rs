//! One connection: handshake, protocol, time limits, and the way from a request to the router.

mod activity;
mod stream;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::response::IntoResponse;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, HOST, HeaderValue, TRANSFER_ENCODING};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode, Version};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use tower::Service;

use self::activity::{Activity, InFlight, Tracked, Verdict};
use self::stream::{Observed, Socket};
use super::listen::Limits;
use super::tls::TlsReloader;
use crate::web::request_info::Peer;

/// The least hyper takes for its buffer of a head, in bytes.
const LEAST_HEADER_BYTES: usize = 8192;

/// Open requests of one HTTP/2 connection (`SETTINGS_MAX_CONCURRENT_STREAMS`).
const MAX_STREAMS: u32 = 100;

/// Requests an HTTP/2 peer may cancel, or spoil, before the connection is closed.
const MAX_RESET_STREAMS: usize = 20;
const MAX_SPOILT_STREAMS: usize = 100;

/// What an HTTP/2 peer may send unasked, in bytes. Bodies here are forms and small documents.
const STREAM_WINDOW: u32 = 64 * 1024;
const CONNECTION_WINDOW: u32 = 512 * 1024;

/// What is kept of an HTTP/2 answer while the peer does not read, in bytes.
const MAX_SEND_BUFFER: usize = 64 * 1024;

/// A silent HTTP/2 peer is pinged this often, and given this long to answer.
const PING_EVERY: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(20);

/// How long a connection that was asked to close may take over it.
const LEAVE_TIME: Duration = Duration::from_secs(3);

/// How long a connection without a request is still listened to once the server stops: a request
/// may be on the way, and its peer cannot know better.
const GRACE_TIME: Duration = Duration::from_millis(250);

/// What all connections of a server share.
pub(super) struct Shared {
    protocols: Protocols,
    router: Router,
    limits: Limits,
    tls: Option<Arc<TlsReloader>>,
    stop: CancellationToken,
}

/// How a connection is spoken to, by what is known before its first byte.
struct Protocols {
    /// Without TLS: HTTP/2 for who begins with its preface (RFC 9113 section 3.3), else HTTP/1.
    either: auto::Builder<TokioExecutor>,
    http1: auto::Builder<TokioExecutor>,
    http2: auto::Builder<TokioExecutor>,
}

impl Shared {
    pub(super) fn new(
        router: Router,
        limits: Limits,
        tls: Option<Arc<TlsReloader>>,
        stop: CancellationToken,
    ) -> Self {
        let either = protocols(&limits);
        Self {
            protocols: Protocols {
                http1: either.clone().http1_only(),
                http2: either.clone().http2_only(),
                either,
            },
            // Settles the state of every route now instead of at each request.
            router: router.with_state(()),
            limits,
            tls,
            stop,
        }
    }

    /// Serves a connection until it ends, or until the server's stop has let its requests finish.
    pub(super) async fn run(&self, socket: TcpStream, address: SocketAddr) {
        // Answers are written whole; waiting for more would only delay them.
        let _ = socket.set_nodelay(true);
        let (socket, protocol) = match &self.tls {
            None => (Socket::Plain(socket), &self.protocols.either),
            Some(tls) => {
                // Boxed, so that its size is not part of every open connection.
                let Some(stream) = Box::pin(self.handshake(tls, socket)).await else {
                    return;
                };
                // Over TLS the protocol is what ALPN settled (RFC 9113 section 3.2), not a guess.
                let protocol = match stream.get_ref().1.alpn_protocol() {
                    Some(b"h2") => &self.protocols.http2,
                    _ => &self.protocols.http1,
                };
                (Socket::Tls(stream), protocol)
            }
        };
        self.serve(socket, address, protocol).await;
    }

    async fn handshake(
        &self,
        tls: &TlsReloader,
        socket: TcpStream,
    ) -> Option<Box<TlsStream<TcpStream>>> {
        let accept = TlsAcceptor::from(tls.current()).accept(socket);
        tokio::select! {
            biased;
            done = timeout(self.limits.tls_handshake_timeout, accept) => match done {
                Ok(Ok(stream)) => return Some(Box::new(stream)),
                Ok(Err(error)) => tracing::debug!(%error, "TLS handshake failed"),
                Err(_) => tracing::debug!("TLS handshake took too long"),
            },
            () = self.stop.cancelled() => {}
        }
        None
    }

    async fn serve(
        &self,
        socket: Socket,
        address: SocketAddr,
        protocol: &auto::Builder<TokioExecutor>,
    ) {
        let activity = Arc::new(Activity::new());
        let peer = Peer {
            address,
            tls: matches!(socket, Socket::Tls(_)),
        };
        let io = TokioIo::new(Observed::new(socket, Arc::clone(&activity)));
        let service = service_fn(|request| self.answer(peer, &activity, request));
        let mut connection = std::pin::pin!(protocol.serve_connection(io, service));
        let mut timer = std::pin::pin!(sleep(Duration::ZERO));
        let mut stopping = false;
        // Whether the connection was asked to close; when for being idle, the timer then cuts it.
        let mut leaving = false;
        let mut idle = false;
        loop {
            tokio::select! {
                biased;
                ended = connection.as_mut() => {
                    if let Err(error) = ended {
                        tracing::debug!(error, "connection ended");
                    }
                    return;
                }
                () = self.stop.cancelled(), if !stopping => {
                    stopping = true;
                    if activity.is_busy() {
                        leaving = true;
                        connection.as_mut().graceful_shutdown();
                    } else {
                        activity.end_with_next_answer();
                        timer.as_mut().reset(Instant::now() + GRACE_TIME);
                    }
                }
                () = timer.as_mut() => {
                    let pause = match activity.judge(&self.limits) {
                        Verdict::Stuck => return tracing::debug!("connection made no progress"),
                        Verdict::Idle if idle => return,
                        Verdict::Idle => {
                            idle = true;
                            LEAVE_TIME
                        }
                        Verdict::Wait(pause) => pause,
                    };
                    if !leaving && (idle || stopping) {
                        leaving = true;
                        connection.as_mut().graceful_shutdown();
                    }
                    timer.as_mut().reset(Instant::now() + pause);
                }
            }
        }
    }

    /// Passes a request to the router.
    fn answer(
        &self,
        peer: Peer,
        activity: &Arc<Activity>,
        mut request: Request<Incoming>,
    ) -> impl Future<Output = Result<Response<Tracked>, Infallible>> + Send + use<> {
        let in_flight = InFlight::begin(activity, &request);
        let outcome = if let Some(status) = objection(&request, self.limits.max_headers) {
            activity.end_with_next_answer();
            Err(status)
        } else {
            request.extensions_mut().insert(peer);
            Ok(self.router.clone().call(request))
        };
        async move {
            let mut response = match outcome {
                Ok(routed) => routed.await?,
                Err(status) => status.into_response(),
            };
            if in_flight.is_last() {
                let close = HeaderValue::from_static("close");
                response.headers_mut().insert(CONNECTION, close);
            }
            Ok(response.map(|body| Tracked::new(body, in_flight)))
        }
    }
}

fn protocols(limits: &Limits) -> auto::Builder<TokioExecutor> {
    let header_bytes = limits.max_header_bytes.max(LEAST_HEADER_BYTES);
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        // hyper's timer runs between requests too, and not before it knows the protocol.
        // `Activity` keeps the time from the first moment, and tells a head from idleness.
        .header_read_timeout(None)
        .max_buf_size(header_bytes)
        .max_headers(limits.max_headers);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(header_bytes).unwrap_or(u32::MAX))
        .max_concurrent_streams(MAX_STREAMS)
        .max_pending_accept_reset_streams(MAX_RESET_STREAMS)
        .max_local_error_reset_streams(MAX_SPOILT_STREAMS)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(MAX_SEND_BUFFER)
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PING_TIMEOUT);
    builder
}

/// What is wrong with a request that the HTTP library lets pass.
fn objection<B>(request: &Request<B>, max_headers: usize) -> Option<StatusCode> {
    let headers = request.headers();
    if headers.len() > max_headers {
        return Some(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    }
    if request.version() > Version::HTTP_11 {
        return None;
    }
    // RFC 9112 section 3.2: one Host, and from HTTP/1.1 on no fewer.
    let mut hosts = headers.get_all(HOST).iter();
    let no_host = hosts.next().is_none() && request.version() == Version::HTTP_11;
    if no_host || hosts.next().is_some() {
        return Some(StatusCode::BAD_REQUEST);
    }
    // RFC 9112 section 6.1: chunked once, and no coding that would be left undone.
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    let coding_known = codings
        .next()
        .is_none_or(|coding| coding.as_bytes().eq_ignore_ascii_case(b"chunked"));
    (!coding_known || codings.next().is_some()).then_some(StatusCode::BAD_REQUEST)
}
