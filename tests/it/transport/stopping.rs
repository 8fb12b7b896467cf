//! What becomes of connections when the server stops.

use std::io::Write;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;
use users_core::server::listen::{Drained, Limits, serve};

use super::{Running, answer, fetch, patient, plain, rest, soon, status};

const SLOW: &[u8] = b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n";

async fn in_flight(server: &Running) -> TcpStream {
    let mut stream = server.connect().await;
    stream.write_all(SLOW).await.unwrap();
    server.waiting(1).await;
    stream
}

#[tokio::test]
async fn a_stop_lets_requests_finish_and_closes_idle_connections() {
    let server = Running::plain(patient());
    let mut idle = server.connect().await;
    fetch(&mut idle, "/").await;
    let mut silent = server.connect().await;
    let mut busy = in_flight(&server).await;

    server.stop.cancel();
    assert_eq!(rest(&mut idle).await, "");
    assert_eq!(rest(&mut silent).await, "");
    let address = server.addresses[0];
    soon(async { while TcpStream::connect(address).await.is_ok() {} }).await;
    assert!(!server.ended.is_finished());

    server.watch.gate.0.add_permits(1);
    let text = answer(&mut busy).await;
    assert_eq!(status(&text), 200);
    assert!(text.contains("connection: close"), "{text}");
    assert_eq!(rest(&mut busy).await, "");
    let Drained { finished, cut } = server.drained().await;
    assert!((1..=3).contains(&finished), "{finished}");
    assert_eq!(cut, 0);
}

#[tokio::test]
async fn a_request_in_the_queue_at_the_stop_is_still_answered() {
    let server = Running::plain(patient());
    fetch(&mut server.connect().await, "/").await;
    // Without an await the server, on this same thread, cannot have accepted it before the stop.
    let mut queued = std::net::TcpStream::connect(server.addresses[0]).unwrap();
    queued
        .write_all(b"GET /queued HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .unwrap();
    server.stop.cancel();
    queued.set_nonblocking(true).unwrap();
    let mut queued = TcpStream::from_std(queued).unwrap();
    assert_eq!(status(&answer(&mut queued).await), 200);
    assert_eq!(rest(&mut queued).await, "");
    assert_eq!(server.drained().await.cut, 0);
}

#[tokio::test]
async fn a_request_that_crosses_the_stop_is_answered_as_the_last() {
    let server = Running::plain(patient());
    let mut stream = server.connect().await;
    fetch(&mut stream, "/").await;
    server.stop.cancel();
    // Sent before the server, on this same thread, can have noticed.
    let text = fetch(&mut stream, "/crossing").await;
    assert_eq!(status(&text), 200);
    assert!(text.contains("connection: close"), "{text}");
    assert_eq!(rest(&mut stream).await, "");
    let Drained { finished, cut } = server.drained().await;
    assert_eq!((finished, cut), (1, 0));
}

#[tokio::test]
async fn requests_that_outlast_the_drain_time_are_cut() {
    let server = Running::plain(Limits {
        drain_timeout: Duration::from_millis(200),
        ..patient()
    });
    let mut busy = in_flight(&server).await;
    let watch = server.watch.clone();
    server.stop.cancel();
    assert_eq!(
        server.drained().await,
        Drained {
            finished: 0,
            cut: 1
        }
    );
    assert_eq!(rest(&mut busy).await, "");
    assert_eq!(watch.finished.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn the_second_signal_ends_the_drain_at_once() {
    let server = Running::plain(patient());
    let mut busy = in_flight(&server).await;
    server.stop.cancel();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!server.ended.is_finished());
    server.kill.cancel();
    assert_eq!(
        server.drained().await,
        Drained {
            finished: 0,
            cut: 1
        }
    );
    assert_eq!(rest(&mut busy).await, "");
}

#[tokio::test]
async fn a_kill_needs_no_stop_before_it() {
    let server = Running::plain(patient());
    let mut busy = in_flight(&server).await;
    server.kill.cancel();
    assert_eq!(
        server.drained().await,
        Drained {
            finished: 0,
            cut: 1
        }
    );
    assert_eq!(rest(&mut busy).await, "");
}

#[tokio::test]
async fn a_handler_that_panics_ends_its_own_connection_only() {
    let listener =
        users_core::server::listen::Listener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.local_addr();
    let router = axum::Router::new()
        .route("/", axum::routing::get(async || "fine"))
        .route("/panic", axum::routing::get(panics));
    let (stop, kill) = (CancellationToken::new(), CancellationToken::new());
    let serving = serve(
        vec![listener],
        plain(),
        router,
        patient(),
        stop,
        kill.clone(),
    );
    let serving = tokio::spawn(serving);
    let mut other = TcpStream::connect(address).await.unwrap();
    fetch(&mut other, "/").await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = b"GET /panic HTTP/1.1\r\nHost: localhost\r\n\r\n";
    stream.write_all(request).await.unwrap();
    assert_eq!(rest(&mut stream).await, "");
    assert_eq!(status(&fetch(&mut other, "/").await), 200);
    kill.cancel();
    soon(serving).await.unwrap().unwrap();
}

async fn panics() -> &'static str {
    panic!("on purpose")
}

#[tokio::test]
async fn serving_without_an_address_is_an_error() {
    let (stop, kill) = (CancellationToken::new(), CancellationToken::new());
    let result = serve(
        Vec::new(),
        plain(),
        axum::Router::new(),
        patient(),
        stop,
        kill,
    )
    .await;
    assert!(result.is_err());
}
