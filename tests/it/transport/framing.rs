//! Requests whose end is in dispute (RFC 9112 sections 2.2, 5.1, 6.1, 6.3 and 7.1). A second
//! request hides in each; a server that answers it has been talked into another end of the first.

use std::time::Duration;

use super::{Running, converse, patient, status};
use users_core::server::listen::Limits;

const HIDDEN: &str = "GET /hidden HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// Sends a request with the hidden one behind it; returns the only answer, or nothing.
async fn only_answer(request: &str) -> Option<u16> {
    let server = Running::plain(Limits {
        header_timeout: Duration::from_millis(400),
        idle_timeout: Duration::from_millis(400),
        ..patient()
    });
    let text = converse(
        server.addresses[0],
        format!("{request}{HIDDEN}").into_bytes(),
    )
    .await;
    let answers = text.matches("HTTP/1.1 ").count();
    assert!(answers <= 1, "{request:?} got {answers} answers: {text}");
    assert!(
        !server.paths().contains(&"/hidden".to_owned()),
        "{request:?} passed the hidden request"
    );
    (answers == 1).then(|| status(&text))
}

/// A POST with these framing fields and this body.
fn with_framing(fields: &str, body: &str) -> String {
    format!("POST /echo HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n\r\n{body}")
}

async fn assert_refused(requests: &[String]) {
    for request in requests {
        assert_eq!(only_answer(request).await, Some(400), "{request:?}");
    }
}

#[tokio::test]
async fn content_length_beside_transfer_encoding_ends_the_connection() {
    let whole = "0\r\n\r\n".len() + HIDDEN.len();
    for fields in [
        format!("Content-Length: {whole}\r\nTransfer-Encoding: chunked"),
        format!("Transfer-Encoding: chunked\r\nContent-Length: {whole}"),
    ] {
        let status = only_answer(&with_framing(&fields, "0\r\n\r\n")).await;
        assert!(matches!(status, Some(200 | 400)), "{fields:?}: {status:?}");
    }
}

#[tokio::test]
async fn a_disputed_content_length_is_refused() {
    let requests = [
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: +5",
        "Content-Length: -5",
        "Content-Length: 5 6",
        "Content-Length: 0x5",
        "Content-Length: ",
        "Content-Length: 99999999999999999999999",
    ];
    assert_refused(&requests.map(|fields| with_framing(fields, "hello"))).await;
}

#[tokio::test]
async fn a_transfer_encoding_other_than_chunked_once_is_refused() {
    let requests = [
        "Transfer-Encoding : chunked",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked, chunked",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: \"chunked\"",
        "Transfer-Encoding:\x0bchunked",
    ];
    assert_refused(&requests.map(|fields| with_framing(fields, "0\r\n\r\n"))).await;
    let old = "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    assert_refused(&[old.to_owned()]).await;
}

#[tokio::test]
async fn a_malformed_head_is_refused() {
    let requests = [
        "X-Folded: one\r\n two",
        "X-Folded: one\r\n\ttwo",
        "X-Nul: a\0b",
        "X-Return: a\rb",
        "X Space: a",
        "No-Colon",
        ": no name",
        "Host: elsewhere",
    ];
    assert_refused(&requests.map(|fields| with_framing(fields, ""))).await;
    assert_refused(&[
        "GET / HTTP/1.1\r\n Host: localhost\r\n\r\n".to_owned(),
        "GET / HTTP/1.1\r\n\r\n".to_owned(),
        "GET  / HTTP/1.1\r\nHost: localhost\r\n\r\n".to_owned(),
        "GET / HTTP/9.9\r\nHost: localhost\r\n\r\n".to_owned(),
    ])
    .await;
}

#[tokio::test]
async fn a_bare_line_feed_never_makes_two_requests_of_one() {
    let hidden = HIDDEN.len();
    for request in [
        format!("POST /echo HTTP/1.1\nHost: localhost\nContent-Length: {hidden}\n\n"),
        format!("POST /echo HTTP/1.1\r\nHost: localhost\nContent-Length: {hidden}\r\n\n"),
        with_framing(&format!("X-Note: a\nContent-Length: {hidden}"), ""),
    ] {
        let status = only_answer(&request).await;
        assert!(matches!(status, Some(200 | 400)), "{request:?}: {status:?}");
    }
}

#[tokio::test]
async fn a_malformed_chunk_ends_the_connection() {
    for body in [
        "FFFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n",
        "10000000000000005\r\nhello\r\n0\r\n\r\n",
        "-5\r\nhello\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n",
        "5\nhello\n0\n\n",
        "5\r\nhelloworld\r\n0\r\n\r\n",
        "5;\n\r\nhello\r\n0\r\n\r\n",
        "\r\nhello\r\n0\r\n\r\n",
    ] {
        let request = with_framing("Transfer-Encoding: chunked", body);
        if let Some(status) = only_answer(&request).await {
            assert_eq!(status, 400, "{request:?}");
        }
    }
}

#[tokio::test]
async fn well_formed_requests_in_one_packet_are_all_answered() {
    let server = Running::plain(Limits {
        idle_timeout: Duration::from_millis(400),
        ..patient()
    });
    let chunked = with_framing("Transfer-Encoding: Chunked", "5\r\nhello\r\n0\r\n\r\n");
    let sized = with_framing("Content-Length: 5", "hello");
    let text = converse(
        server.addresses[0],
        format!("{chunked}{sized}{HIDDEN}").into_bytes(),
    )
    .await;
    assert_eq!(text.matches("HTTP/1.1 200 OK").count(), 3, "{text}");
    assert_eq!(server.paths(), ["/echo", "/echo", "/hidden"]);
}
