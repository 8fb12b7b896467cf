//! Raw conversations with a server on a socket, HTTP/1 by hand and as much of HTTP/2 as it takes.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

/// Far longer than anything here takes on a busy machine.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// The future's end, which must come.
pub async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(PATIENCE, future)
        .await
        .expect("still waiting")
}

pub async fn until(condition: impl Fn() -> bool) {
    soon(async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

/// Reads one answer that has a Content-Length.
pub async fn answer(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut read = Vec::new();
    soon(async {
        loop {
            let text = String::from_utf8_lossy(&read);
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length = head
                    .lines()
                    .find_map(|line| line.strip_prefix("content-length: "))
                    .map_or(0, |length| length.parse().unwrap());
                if body.len() >= length {
                    return text.into_owned();
                }
            }
            let mut byte = [0; 1];
            stream.read_exact(&mut byte).await.unwrap();
            read.push(byte[0]);
        }
    })
    .await
}

/// One GET on a connection that stays open.
pub async fn fetch(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    answer(stream).await
}

/// All that still comes before the connection ends, by a close or a reset.
pub async fn rest(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut read = Vec::new();
    let _ = soon(stream.read_to_end(&mut read)).await;
    String::from_utf8_lossy(&read).into_owned()
}

/// Sends bytes and reads until the server closes; sending goes on beside the reading.
pub async fn converse(address: SocketAddr, bytes: Vec<u8>) -> String {
    let stream = soon(TcpStream::connect(address)).await.unwrap();
    let (mut reader, mut writer) = stream.into_split();
    let sending = tokio::spawn(async move {
        let _ = writer.write_all(&bytes).await;
        // Kept: a half-closed connection would end for that reason alone.
        writer
    });
    let text = rest(&mut reader).await;
    drop(soon(sending).await);
    text
}

pub fn status(answer: &str) -> u16 {
    let code = answer
        .strip_prefix("HTTP/1.1 ")
        .unwrap_or_default()
        .get(..3);
    code.and_then(|code| code.parse().ok())
        .unwrap_or_else(|| panic!("no answer: {answer:?}"))
}

/// The opening of an HTTP/2 connection and a GET of `/` on stream 1, with further header fields.
pub fn http2_get(fields: &[u8]) -> Vec<u8> {
    // Static table entries 2, 6 and 4 (GET, http, /), and entry 1 (:authority) with a value.
    let mut block = b"\x82\x86\x84\x41\x09localhost".to_vec();
    block.extend_from_slice(fields);
    let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec();
    bytes.extend_from_slice(&u32::try_from(block.len()).unwrap().to_be_bytes()[1..]);
    bytes.extend_from_slice(b"\x01\x05\0\0\0\x01");
    bytes.extend_from_slice(&block);
    bytes
}

/// Reads HTTP/2 frames up to the first of this type, and returns its payload.
pub async fn http2_frame(stream: &mut (impl AsyncRead + Unpin), kind: u8) -> Vec<u8> {
    soon(async {
        loop {
            let mut head = [0; 9];
            stream.read_exact(&mut head).await.unwrap();
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            let mut payload = vec![0; length as usize];
            stream.read_exact(&mut payload).await.unwrap();
            if head[3] == kind {
                return payload;
            }
        }
    })
    .await
}
