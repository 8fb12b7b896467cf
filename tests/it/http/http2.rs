//! HTTP/2 peers that keep the letter of the protocol and flood.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::task::JoinHandle;
use users_core::config::Config;

use crate::support::everywhere;
use crate::support::running::Running;
use crate::support::socket::soon;
use crate::support::world::everywhere_with;

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;

pub const END_STREAM: u8 = 1;
pub const END_HEADERS: u8 = 4;

pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("short");
    let mut bytes = length.to_be_bytes()[1..].to_vec();
    bytes.extend_from_slice(&[kind, flags]);
    bytes.extend_from_slice(&stream.to_be_bytes());
    bytes.extend_from_slice(payload);
    bytes
}

/// The preface and settings of ours.
pub fn opening(settings: &[u8]) -> Vec<u8> {
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    bytes.extend(frame(SETTINGS, 0, 0, settings));
    bytes
}

/// A literal field that is not indexed, without Huffman coding.
pub fn literal(name: &str, value: &str) -> Vec<u8> {
    let mut bytes = vec![0];
    for text in [name, value] {
        // A length above 126 goes on in groups of seven bits (RFC 7541 section 5.1).
        let byte = |number: usize| u8::try_from(number).expect("below 256");
        bytes.push(byte(text.len().min(127)));
        if let Some(mut rest) = text.len().checked_sub(127) {
            while rest >= 128 {
                bytes.push(byte(128 + rest % 128));
                rest /= 128;
            }
            bytes.push(byte(rest));
        }
        bytes.extend_from_slice(text.as_bytes());
    }
    bytes
}

/// The fields of a request; method and scheme from the static table.
fn request(post: bool, path: &str) -> Vec<u8> {
    let mut block = vec![if post { 0x83 } else { 0x82 }, 0x86];
    block.extend(literal(":path", path));
    block.extend(literal(":authority", "localhost"));
    block.extend(literal("content-type", "application/x-www-form-urlencoded"));
    block
}

struct Peer {
    reader: OwnedReadHalf,
    sending: JoinHandle<(OwnedWriteHalf, usize)>,
}

impl Peer {
    /// Sends `pieces` one after the other, until all are sent or the server has closed.
    async fn send(
        server: &Running,
        settings: &[u8],
        pieces: impl Iterator<Item = Vec<u8>> + Send + 'static,
    ) -> Self {
        let stream: TcpStream = server.connect().await;
        let (reader, mut writer) = stream.into_split();
        let opening = opening(settings);
        let sending = tokio::spawn(async move {
            let mut sent = 0;
            let mut outcome = writer.write_all(&opening).await;
            for piece in pieces {
                if outcome.is_err() {
                    break;
                }
                outcome = writer.write_all(&piece).await;
                sent += 1;
            }
            (writer, sent)
        });
        Self { reader, sending }
    }

    /// The frames up to the first of this kind, or to the end of the connection.
    async fn until(&mut self, kind: u8) -> Option<Vec<u8>> {
        soon(async {
            loop {
                let mut head = [0; 9];
                self.reader.read_exact(&mut head).await.ok()?;
                let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
                let mut payload = vec![0; length as usize];
                self.reader.read_exact(&mut payload).await.ok()?;
                if head[3] == kind {
                    return Some(payload);
                }
            }
        })
        .await
    }

    /// Asserts that the server says goodbye or simply closes; how many pieces it took before.
    async fn until_sent_away(mut self) -> usize {
        self.until(GOAWAY).await;
        while self.until(GOAWAY).await.is_some() {}
        soon(self.sending).await.expect("no panic").1
    }
}

// A349
#[tokio::test]
async fn ten_thousand_requests_cancelled_at_once_end_the_connection() {
    everywhere(async |world| {
        let server = Running::of(&world).await;
        for path in ["/jwks.json", "/userinfo", "/nothing"] {
            let block = request(false, path);
            let pieces = (0..10_000_u32).map(move |number| {
                let stream = 2 * number + 1;
                let mut bytes = frame(HEADERS, END_STREAM | END_HEADERS, stream, &block);
                bytes.extend(frame(RST_STREAM, 0, stream, &8_u32.to_be_bytes()));
                bytes
            });
            let peer = Peer::send(&server, &[], pieces).await;
            peer.until_sent_away().await;
            let route = if path == "/nothing" { "other" } else { path };
            assert!(server.answered(route) < 1000, "most were never begun");
        }
        server.assert_sound().await;
    })
    .await;
}

// A349
#[tokio::test]
async fn a_head_without_end_ends_the_connection() {
    everywhere(async |world| {
        let server = Running::of(&world).await;
        let many = literal("x-many", &"y".repeat(100)).repeat(100);
        for continuation in [Vec::new(), vec![0x82; 1], many] {
            let first = frame(HEADERS, END_STREAM, 1, &request(false, "/jwks.json"));
            let large = continuation.len() / 1000;
            let more = frame(CONTINUATION, 0, 1, &continuation);
            let pieces = std::iter::once(first).chain(std::iter::repeat_n(more, 100_000));
            let peer = Peer::send(&server, &[], pieces).await;
            let sent = peer.until_sent_away().await;
            // What is small may still be on the way when the server closes.
            assert!(sent < 100_000 || large == 0, "all was read");
        }
        server.assert_sound().await;
    })
    .await;
}

// A349
#[tokio::test]
async fn a_small_head_that_unpacks_to_a_large_one_is_refused() {
    everywhere(async |world| {
        let server = Running::of(&world).await;
        // A field of 4 kB enters the dynamic table, and is named again and again by one byte.
        let mut block = request(false, "/jwks.json");
        block.extend_from_slice(&[0x40, 1, b'a', 0x7f, 0xa1, 0x1e]);
        block.extend(std::iter::repeat_n(b'b', 4000));
        block.extend(std::iter::repeat_n(0xbe, 10_000));
        let whole = frame(HEADERS, END_STREAM | END_HEADERS, 1, &block);
        let mut peer = Peer::send(&server, &[], std::iter::once(whole)).await;
        // 431, or the end of the stream or of the connection, but no 200.
        if let Some(head) = peer.until(HEADERS).await {
            assert_ne!(head[0], 0x88, "answered with 200");
        }
        assert_eq!(server.answered("/jwks.json"), 0);
        server.assert_sound().await;
    })
    .await;
}

fn impatient(config: &mut Config) {
    config.limits.body_timeout = Duration::from_secs(1);
}

// A349
#[tokio::test]
async fn a_body_of_empty_frames_has_the_time_of_a_body() {
    everywhere_with(impatient, async |world| {
        let server = Running::of(&world).await;
        let first = frame(HEADERS, END_HEADERS, 1, &request(true, "/token"));
        let empty = frame(DATA, 0, 1, b"");
        let pieces = std::iter::once(first).chain(std::iter::repeat_n(empty, 1_000_000));
        let mut peer = Peer::send(&server, &[], pieces).await;
        if let Some(head) = peer.until(HEADERS).await {
            assert_ne!(head[0], 0x88, "answered with 200");
        }
        drop(peer.reader);
        soon(peer.sending).await.expect("no panic");
        server.assert_sound().await;
    })
    .await;
}

// A349
#[tokio::test]
async fn settings_and_pings_in_masses_starve_nobody() {
    everywhere(async |world| {
        let server = Running::of(&world).await;
        let mut settings = 1_u16.to_be_bytes().to_vec();
        settings.extend_from_slice(&4096_u32.to_be_bytes());
        for piece in [
            frame(SETTINGS, 0, 0, &settings),
            frame(PING, 0, 0, b"8 bytes."),
        ] {
            let peer = Peer::send(&server, &[], std::iter::repeat_n(piece, 10_000)).await;
            // Nothing is read meanwhile, so the answers pile up on our side.
            server.assert_sound().await;
            drop(peer);
        }
        server.assert_sound().await;
    })
    .await;
}

// A349
#[tokio::test]
async fn a_window_that_never_opens_holds_nobody_up() {
    everywhere(async |world| {
        let server = Running::of(&world).await;
        let mut settings = 4_u16.to_be_bytes().to_vec();
        settings.extend_from_slice(&0_u32.to_be_bytes());
        let block = request(false, "/jwks.json");
        let pieces = (0..100_u32)
            .map(move |number| frame(HEADERS, END_STREAM | END_HEADERS, 2 * number + 1, &block));
        let mut peer = Peer::send(&server, &settings, pieces).await;
        // The head of an answer comes; its body has no room to come.
        let head = peer.until(HEADERS).await.expect("an answer");
        assert_eq!(head[0], 0x88, "not a 200");
        server.assert_sound().await;
    })
    .await;
}

// A349
#[tokio::test]
async fn more_open_requests_than_announced_are_refused() {
    everywhere_with(impatient, async |world| {
        let server = Running::of(&world).await;
        let block = request(true, "/token");
        let pieces =
            (0..5000_u32).map(move |number| frame(HEADERS, END_HEADERS, 2 * number + 1, &block));
        let mut peer = Peer::send(&server, &[], pieces).await;
        assert!(peer.until(RST_STREAM).await.is_some() || peer.until(GOAWAY).await.is_none());
        server.assert_sound().await;
        assert!(server.answered("/token") < 1000);
    })
    .await;
}
