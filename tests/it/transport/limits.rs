//! How much a peer may send, how long it may take, and who may connect at all.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use users_core::server::listen::{Limits, Listener, plain_allowed};

use super::{Running, SHORT, answer, converse, fetch, patient, plain, rest, soon, status};

fn brief_heads() -> Limits {
    Limits {
        header_timeout: SHORT,
        ..patient()
    }
}

#[tokio::test]
async fn a_head_that_comes_too_slowly_is_cut() {
    let server = Running::plain(brief_heads());
    let (mut reader, mut writer) = server.connect().await.into_split();
    let dripping = tokio::spawn(async move {
        let head = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Drip: ";
        let mut sent = writer.write_all(head).await;
        while sent.is_ok() {
            tokio::time::sleep(SHORT / 10).await;
            sent = writer.write_all(b"x").await;
        }
    });
    assert_eq!(rest(&mut reader).await, "");
    soon(dripping).await.unwrap();
    assert!(server.paths().is_empty());
}

#[tokio::test]
async fn a_second_head_has_no_more_time_than_the_first() {
    let server = Running::plain(brief_heads());
    let mut stream = server.connect().await;
    fetch(&mut stream, "/").await;
    stream.write_all(b"GET / HT").await.unwrap();
    assert_eq!(rest(&mut stream).await, "");
}

#[tokio::test]
async fn a_peer_that_never_speaks_is_cut() {
    let server = Running::plain(brief_heads());
    for opening in [
        "",
        "P",
        "PRI * HTTP/2.0\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        let mut stream = server.connect().await;
        stream.write_all(opening.as_bytes()).await.unwrap();
        // HTTP/2 may say its settings before it goes.
        let said = rest(&mut stream).await;
        assert!(!said.contains("HTTP/1.1"), "{opening:?}: {said}");
    }
}

#[tokio::test]
async fn an_idle_connection_is_kept_between_requests_and_then_closed() {
    let server = Running::plain(Limits {
        header_timeout: SHORT,
        idle_timeout: SHORT * 10,
        ..patient()
    });
    let mut stream = server.connect().await;
    fetch(&mut stream, "/first").await;
    tokio::time::sleep(SHORT * 3).await;
    fetch(&mut stream, "/second").await;
    assert_eq!(rest(&mut stream).await, "");
    assert_eq!(server.paths(), ["/first", "/second"]);
}

#[tokio::test]
async fn a_slow_handler_is_not_an_idle_connection() {
    let server = Running::plain(Limits {
        header_timeout: SHORT / 3,
        idle_timeout: SHORT / 3,
        ..patient()
    });
    let mut stream = server.connect().await;
    let request = b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n";
    stream.write_all(request).await.unwrap();
    server.waiting(1).await;
    tokio::time::sleep(SHORT).await;
    server.watch.gate.0.add_permits(1);
    let text = answer(&mut stream).await;
    assert_eq!(status(&text), 200);
    assert!(!text.contains("connection: close"), "{text}");
}

#[tokio::test]
async fn oversized_heads_are_answered_with_an_error_and_closed() {
    let server = Running::plain(patient());
    let long = "x".repeat(70 * 1024);
    let many = "X-Many: y\r\n".repeat(500);
    for (request, allowed) in [
        (
            format!("GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: {long}\r\n\r\n"),
            vec![431],
        ),
        (
            format!(
                "GET / HTTP/1.1\r\nHost: localhost\r\nX-Endless: {}",
                long.repeat(8)
            ),
            vec![431],
        ),
        (
            format!("GET / HTTP/1.1\r\nHost: localhost\r\n{many}\r\n"),
            vec![431],
        ),
        (
            format!("GET /{long} HTTP/1.1\r\nHost: localhost\r\n\r\n"),
            vec![414, 431],
        ),
        (
            format!("{long} / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
            vec![400, 431],
        ),
    ] {
        let text = converse(server.addresses[0], request.into_bytes()).await;
        assert_eq!(text.matches("HTTP/1.1 ").count(), 1, "{text}");
        assert!(allowed.contains(&status(&text)), "{text}");
    }
    assert!(server.paths().is_empty());
}

#[tokio::test]
async fn a_refused_peer_that_is_still_sending_is_not_reset() {
    let server = Running::plain(patient());
    let length = 300 * 1024;
    for (head, refusal) in [
        ("GET / HTTP/1.1\r\nX-Long: ".to_owned(), 431),
        (
            format!("POST /refuse HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n\r\n"),
            413,
        ),
    ] {
        let request = head + &"x".repeat(length);
        let (mut reader, mut writer) = server.connect().await.into_split();
        let sending = tokio::spawn(async move {
            let sent = writer.write_all(request.as_bytes()).await;
            (sent, writer)
        });
        assert_eq!(status(&rest(&mut reader).await), refusal);
        // A reset would arrive behind the answer.
        tokio::time::sleep(SHORT / 3).await;
        let (sent, _writer) = soon(sending).await.unwrap();
        sent.unwrap();
        let reset = reader.as_ref().take_error().unwrap();
        assert!(reset.is_none(), "{refusal}: {reset:?}");
    }
}

#[tokio::test]
async fn connections_beyond_the_cap_wait_until_one_ends() {
    let server = Running::plain(Limits {
        max_connections: 2,
        ..patient()
    });
    let (mut first, mut second) = (server.connect().await, server.connect().await);
    fetch(&mut first, "/first").await;
    fetch(&mut second, "/second").await;
    let mut third = server.connect().await;
    let request = b"GET /third HTTP/1.1\r\nHost: localhost\r\n\r\n";
    third.write_all(request).await.unwrap();
    tokio::time::sleep(SHORT).await;
    assert_eq!(server.paths(), ["/first", "/second"]);
    drop(first);
    answer(&mut third).await;
    assert_eq!(server.paths(), ["/first", "/second", "/third"]);
    fetch(&mut second, "/second/again").await;
}

#[tokio::test]
async fn the_cap_is_shared_by_the_listeners_and_starves_none() {
    let limits = Limits {
        max_connections: 1,
        ..patient()
    };
    let server = Running::start_on(&["127.0.0.1:0", "127.0.0.1:0"], plain(), limits);
    for address in server.addresses.repeat(3) {
        let mut stream = soon(TcpStream::connect(address)).await.unwrap();
        assert_eq!(status(&fetch(&mut stream, "/").await), 200);
    }
}

#[tokio::test]
async fn both_wildcard_addresses_can_be_bound_to_one_port() {
    let Ok(six) = Listener::bind("[::]:0".parse().unwrap()) else {
        return; // a machine without IPv6
    };
    let four = format!("0.0.0.0:{}", six.local_addr().port());
    Listener::bind(four.parse().unwrap()).unwrap();
}

#[tokio::test]
async fn an_address_is_never_listened_on_twice() {
    let taken = Listener::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let error = Listener::bind(taken.local_addr()).err().unwrap();
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
}

#[tokio::test]
async fn handlers_see_the_peer() {
    let server = Running::plain(patient());
    let mut stream = server.connect().await;
    let expected = format!("{} tls=false", stream.local_addr().unwrap());
    let text = fetch(&mut stream, "/peer").await;
    assert!(text.ends_with(&expected), "{text}");
}

#[test]
fn plain_http_is_for_loopback_and_named_proxies_only() {
    let proxies: Vec<IpNet> = ["10.1.0.0/16", "2001:db8::/64"]
        .map(|network| network.parse().unwrap())
        .to_vec();
    let allowed =
        |peer: &str, proxies: &[IpNet]| plain_allowed(peer.parse::<IpAddr>().unwrap(), proxies);
    for peer in ["127.0.0.1", "127.8.9.1", "::1", "::ffff:127.0.0.1"] {
        assert!(allowed(peer, &[]), "{peer}");
    }
    for peer in ["10.1.2.3", "::ffff:10.1.2.3", "2001:db8::7"] {
        assert!(!allowed(peer, &[]), "{peer}");
        assert!(allowed(peer, &proxies), "{peer}");
    }
    for peer in ["10.2.0.1", "192.168.0.1", "2001:db8:1::7", "0.0.0.0", "::"] {
        assert!(!allowed(peer, &proxies), "{peer}");
    }
}

#[test]
fn the_default_limits_bound_everything() {
    let limits = Limits::default();
    for limit in [
        limits.header_timeout,
        limits.idle_timeout,
        limits.tls_handshake_timeout,
        limits.drain_timeout,
    ] {
        assert!((Duration::from_secs(1)..Duration::from_mins(2)).contains(&limit));
    }
    assert_eq!((limits.max_header_bytes, limits.max_headers), (65_536, 100));
}
