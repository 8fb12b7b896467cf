//! Bodies that are slow, endless, compressed, of another kind, or not read at all.

use std::time::Duration;

use futures_util::future::join_all;
use tokio::io::AsyncWriteExt as _;
use users_core::config::Config;

use super::{POSTS, assert_error, field};
use crate::support::running::{Running, get, post};
use crate::support::socket::{converse, rest, soon, status};
use crate::support::world::everywhere_with;
use crate::support::{World, everywhere};

const FORM: &str = "application/x-www-form-urlencoded";

fn impatient(config: &mut Config) {
    config.limits.body_timeout = Duration::from_secs(1);
}

async fn start(world: &World) -> Running {
    world.new_tenant("second").await;
    Running::of(world).await
}

/// The head of a post whose body is still to come.
fn head(path: &str, framing: &str) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {FORM}\r\n{framing}\r\n\r\n")
}

// A329
#[tokio::test]
async fn a_body_that_does_not_come_is_given_up() {
    everywhere_with(impatient, async |world| {
        let server = start(&world).await;
        let waits = POSTS.iter().flat_map(|path| {
            ["Content-Length: 100", "Transfer-Encoding: chunked"].map(|framing| {
                let first = if framing.ends_with("chunked") {
                    "b\r\ngrant_type=\r\n"
                } else {
                    "grant_type="
                };
                async {
                    let mut stream = server.connect().await;
                    let request = head(path, framing) + first;
                    stream.write_all(request.as_bytes()).await.unwrap();
                    // The answer, and then the end of the connection.
                    assert_error(&rest(&mut stream).await, 408);
                }
            })
        });
        join_all(waits).await;
        server.assert_sound().await;
    })
    .await;
}

#[tokio::test]
async fn a_body_that_drips_has_no_more_time() {
    everywhere_with(impatient, async |world| {
        let server = start(&world).await;
        let (mut reader, mut writer) = server.connect().await.into_split();
        let dripping = tokio::spawn(async move {
            let request = head("/token", "Content-Length: 60000");
            let mut sent = writer.write_all(request.as_bytes()).await;
            while sent.is_ok() {
                tokio::time::sleep(Duration::from_millis(20)).await;
                sent = writer.write_all(b"x").await;
            }
        });
        assert_error(&rest(&mut reader).await, 408);
        soon(dripping).await.expect("the connection was closed");
        server.assert_sound().await;
    })
    .await;
}

// A329
#[tokio::test]
async fn a_body_over_the_limit_is_refused() {
    everywhere(async |world| {
        let server = start(&world).await;
        for path in POSTS {
            let body = "x".repeat(65_537);
            let answer = converse(server.address, post(path, "", &body).into_bytes()).await;
            assert_error(&answer, 413);
            let body = "x".repeat(10_000_000);
            let answer = converse(server.address, post(path, "", &body).into_bytes()).await;
            assert_error(&answer, 413);
            let within = server.ask(post(path, "", &"x".repeat(65_536))).await;
            assert!([400, 401, 404].contains(&status(&within)), "{within}");
        }
        server.assert_sound().await;
    })
    .await;
}

// A329
#[tokio::test]
async fn an_endless_body_is_read_no_further_than_the_limit() {
    everywhere(async |world| {
        let server = start(&world).await;
        for path in POSTS {
            let (mut reader, mut writer) = server.connect().await.into_split();
            let sending = tokio::spawn(async move {
                let request = head(path, "Transfer-Encoding: chunked");
                let mut sent = writer.write_all(request.as_bytes()).await;
                let chunk = format!("10000\r\n{}\r\n", "x".repeat(65_536));
                let mut chunks = 0;
                while sent.is_ok() {
                    sent = writer.write_all(chunk.as_bytes()).await;
                    chunks += 1;
                }
                chunks
            });
            assert_error(&rest(&mut reader).await, 413);
            // What the sockets hold, and no more: the server does not go on reading.
            let chunks = soon(sending).await.expect("the connection was closed");
            assert!(chunks < 1000, "{chunks} chunks of 64 KiB");
        }
        server.assert_sound().await;
    })
    .await;
}

#[tokio::test]
async fn a_body_that_breaks_off_is_no_request() {
    everywhere(async |world| {
        let server = start(&world).await;
        for path in POSTS {
            let mut stream = server.connect().await;
            let request = head(path, "Content-Length: 100") + "grant_type=client_credentials";
            stream.write_all(request.as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
            let answer = rest(&mut stream).await;
            assert!(answer.is_empty() || status(&answer) == 400, "{answer}");
        }
        server.assert_sound().await;
    })
    .await;
}

// A329
#[tokio::test]
async fn a_compressed_body_is_not_unpacked() {
    everywhere(async |world| {
        let server = start(&world).await;
        for path in POSTS {
            for coding in [
                "gzip",
                "deflate",
                "br",
                "zstd",
                "x-gzip",
                "gzip, gzip",
                "identity",
                "",
            ] {
                let fields = format!("Content-Encoding: {coding}\r\n");
                let answer = server.ask(post(path, &fields, "\x1f\x7f\x08\x00")).await;
                assert_error(&answer, 415);
            }
        }
        server.assert_sound().await;
    })
    .await;
}

// A332
#[tokio::test]
async fn only_a_form_is_read() {
    everywhere(async |world| {
        let server = start(&world).await;
        for path in POSTS {
            for kind in [
                "",
                "Content-Type: application/json\r\n",
                "Content-Type: application/json;charset=utf-16\r\n",
                "Content-Type: multipart/form-data; boundary=x\r\n",
                "Content-Type: text/plain\r\n",
                "Content-Type: application/x-www-form-urlencoded-x\r\n",
                "Content-Type: xapplication/x-www-form-urlencoded\r\n",
                "Content-Type: application/x-www-form-urlencoded, text/plain\r\n",
                "Content-Type: \r\n",
                "Content-Type: \u{fffd}\r\n",
                "Content-Type: application/x-www-form-urlencoded\r\nContent-Type: text/plain\r\n",
            ] {
                let body = "grant_type=client_credentials&access_token=x&link=x&token=x";
                let request =
                    post(path, "", body).replace(&format!("Content-Type: {FORM}\r\n"), kind);
                let answer = server.ask(request).await;
                // A body of another kind is none of user info's business; a token in it is none.
                let expected = if path.ends_with("/userinfo") {
                    401
                } else {
                    400
                };
                assert_error(&answer, expected);
            }
        }
        server.assert_sound().await;
    })
    .await;
}

#[tokio::test]
async fn a_body_nobody_reads_is_never_the_next_request() {
    everywhere(async |world| {
        let server = start(&world).await;
        let hidden = "GET /style.css HTTP/1.1\r\nHost: localhost\r\n\r\n";
        let length = hidden.len();
        for (method, path) in [
            ("POST", "/nothing"),
            ("GET", "/jwks.json"),
            ("GET", "/health"),
            ("DELETE", "/token"),
            ("PUT", "/jwks.json"),
            ("POST", "/userinfo"),
            ("POST", "/token"),
            ("OPTIONS", "/token"),
        ] {
            for framing in [
                format!("Content-Length: {length}\r\n\r\n{hidden}"),
                format!("Transfer-Encoding: chunked\r\n\r\n{length:x}\r\n{hidden}\r\n0\r\n\r\n"),
            ] {
                let outer = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{framing}");
                let behind = get("/health/live", "");
                let answer = server.ask(format!("{outer}{behind}")).await;
                let answers = answer.matches("HTTP/1.1 ").count();
                assert!((1..=2).contains(&answers), "{method} {path}: {answer}");
                assert_eq!(server.answered("/style.css"), 0, "{method} {path}");
            }
        }
        server.assert_sound().await;
    })
    .await;
}

#[tokio::test]
async fn a_length_that_is_only_announced_takes_no_memory() {
    everywhere_with(impatient, async |world| {
        let server = start(&world).await;
        let asks = (0..50).map(|_| async {
            let mut stream = server.connect().await;
            let request = head("/token", "Content-Length: 9223372036854775807");
            stream.write_all(request.as_bytes()).await.unwrap();
            let answer = rest(&mut stream).await;
            assert!([408, 413].contains(&status(&answer)), "{answer}");
            assert_eq!(field(&answer, "connection"), Some("close"));
        });
        join_all(asks).await;
        server.assert_sound().await;
    })
    .await;
}
