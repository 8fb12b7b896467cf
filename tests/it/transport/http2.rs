//! HTTP/2 (RFC 9113): peers that idle, overdo it, or are told to go.

use tokio::io::AsyncWriteExt;
use users_core::server::listen::{Drained, Limits};

use super::{Running, SHORT, http2_frame, http2_get, patient, rest, soon};

/// Types of frames (RFC 9113 section 6).
const HEADERS: u8 = 0x01;
const DATA: u8 = 0x00;
const PING: u8 = 0x06;
const GOAWAY: u8 = 0x07;

#[tokio::test]
async fn an_idle_http2_connection_is_closed_with_goaway() {
    let server = Running::plain(Limits {
        idle_timeout: SHORT,
        ..patient()
    });
    let mut stream = server.connect().await;
    stream.write_all(&http2_get(b"")).await.unwrap();
    assert_eq!(
        http2_frame(&mut stream, HEADERS).await[0],
        0x88,
        "not a 200"
    );
    let goaway = http2_frame(&mut stream, GOAWAY).await;
    assert_eq!(goaway[4..8], [0; 4], "closed for an error");
    rest(&mut stream).await;
}

#[tokio::test]
async fn pings_do_not_keep_an_http2_connection_open() {
    let server = Running::plain(Limits {
        idle_timeout: SHORT,
        ..patient()
    });
    let (mut reader, mut writer) = server.connect().await.into_split();
    writer.write_all(&http2_get(b"")).await.unwrap();
    let pinging = tokio::spawn(async move {
        let ping = b"\0\0\x08\x06\0\0\0\0\0ping ing";
        while writer.write_all(ping).await.is_ok() {
            tokio::time::sleep(SHORT / 10).await;
        }
    });
    let goaway = http2_frame(&mut reader, GOAWAY).await;
    assert_eq!(goaway[4..8], [0; 4], "closed for an error");
    rest(&mut reader).await;
    soon(pinging).await.unwrap();
}

#[tokio::test]
async fn http2_counts_header_fields_too() {
    let server = Running::plain(patient());
    let mut stream = server.connect().await;
    // A literal field without indexing: name "a", value "b".
    let fields = b"\0\x01a\x01b".repeat(101);
    stream.write_all(&http2_get(&fields)).await.unwrap();
    let head = http2_frame(&mut stream, HEADERS).await;
    assert_ne!(head[0], 0x88, "answered with 200");
    assert!(server.paths().is_empty());
}

#[tokio::test]
async fn http2_peers_that_cancel_in_masses_are_sent_away() {
    let server = Running::plain(patient());
    let mut bytes = http2_get(b"");
    let headers = bytes.split_off(24 + 9);
    for stream in (1..4001_u32).step_by(2) {
        bytes.extend_from_slice(&headers[..5]);
        bytes.extend_from_slice(&stream.to_be_bytes());
        bytes.extend_from_slice(&headers[9..]);
        bytes.extend_from_slice(b"\0\0\x04\x03\0");
        bytes.extend_from_slice(&stream.to_be_bytes());
        bytes.extend_from_slice(b"\0\0\0\x08");
    }
    let (mut reader, mut writer) = server.connect().await.into_split();
    let sending = tokio::spawn(async move { writer.write_all(&bytes).await });
    let goaway = http2_frame(&mut reader, GOAWAY).await;
    assert_eq!(goaway[7], 0x0b, "not ENHANCE_YOUR_CALM: {goaway:?}");
    rest(&mut reader).await;
    let _ = soon(sending).await;
    assert!(server.paths().len() < 1000, "{}", server.paths().len());
}

#[tokio::test]
async fn a_stop_tells_http2_peers_and_finishes_their_requests() {
    let server = Running::plain(patient());
    let mut stream = server.connect().await;
    let mut request = http2_get(b"");
    // Behind preface, SETTINGS and the frame's head, a literal :path in place of the third field.
    request.splice(44..45, *b"\x04\x05/slow");
    request[35] += 6;
    stream.write_all(&request).await.unwrap();
    server.waiting(1).await;
    server.stop.cancel();
    http2_frame(&mut stream, GOAWAY).await;
    // The answer to this ping says that no request is on the way any more.
    let mut pong = b"\0\0\x08\x06\x01\0\0\0\0".to_vec();
    pong.extend(http2_frame(&mut stream, PING).await);
    stream.write_all(&pong).await.unwrap();
    let goaway = http2_frame(&mut stream, GOAWAY).await;
    assert_eq!(goaway, [0, 0, 0, 1, 0, 0, 0, 0], "last stream, no error");

    server.watch.gate.0.add_permits(1);
    assert_eq!(
        http2_frame(&mut stream, HEADERS).await[0],
        0x88,
        "not a 200"
    );
    assert_eq!(http2_frame(&mut stream, DATA).await, b"slow but done");
    rest(&mut stream).await;
    assert_eq!(
        server.drained().await,
        Drained {
            finished: 1,
            cut: 0
        }
    );
}
