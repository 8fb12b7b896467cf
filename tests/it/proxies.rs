//! Whose address counts: the peer's, or behind named proxies the right-most hop none of them is.

use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderValue};
use ipnet::IpNet;
use users_core::web::address::{client_address, network_of};

use crate::support::http::Caller;
use crate::support::people::Service;
use crate::support::world::everywhere_with;
use crate::support::{World, everywhere};

const PROXY: &str = "10.9.8.7";
const CLIENT: &str = "198.51.100.23";
const VICTIM: &str = "203.0.113.77";

fn trusted() -> Vec<IpNet> {
    ["10.0.0.0/8", "127.0.0.1/32", "2001:db8:ffff::/48"]
        .map(|network| network.parse().expect("a network"))
        .to_vec()
}

/// The address found with these values of `X-Forwarded-For`, each a header of its own.
fn seen(peer: &str, values: &[&[u8]]) -> String {
    let mut headers = HeaderMap::new();
    for value in values {
        let value = HeaderValue::from_bytes(value).expect("a header value");
        headers.append("x-forwarded-for", value);
    }
    let peer: IpAddr = peer.parse().expect("an address");
    client_address(peer, &headers, &trusted()).to_string()
}

// A340
#[test]
fn the_right_most_hop_that_is_no_named_proxy_is_the_client() {
    for (values, expected) in [
        (&["198.51.100.23"][..], CLIENT),
        (&["203.0.113.77, 198.51.100.23"], CLIENT),
        (&["203.0.113.77, 198.51.100.23, 10.1.1.1"], CLIENT),
        (
            &["203.0.113.77", "198.51.100.23,10.1.1.1 ,\t10.2.2.2"],
            CLIENT,
        ),
        (&["127.0.0.1, 198.51.100.23"], CLIENT),
        (&["::ffff:198.51.100.23"], CLIENT),
        (&["198.51.100.23, 2001:db8:ffff::1"], CLIENT),
        (&["198.51.100.23, ::ffff:10.1.1.1"], CLIENT),
        (&["2001:db8::5"], "2001:db8::5"),
        // Nobody but proxies: the first of them.
        (&["10.3.3.3, 10.1.1.1"], "10.3.3.3"),
        // No address at all: the proxy itself, never somebody else.
        (&[], PROXY),
        (&[""], PROXY),
        (&["unknown"], PROXY),
        (&["203.0.113.77, unknown"], PROXY),
        (&["203.0.113.77, 198.51.100.23:4711"], PROXY),
        (&["203.0.113.77, 999.1.1.1"], PROXY),
        (&["203.0.113.77,"], PROXY),
    ] {
        let values: Vec<&[u8]> = values.iter().map(|value| value.as_bytes()).collect();
        assert_eq!(seen(PROXY, &values), expected, "{values:?}");
    }
}

// A340
#[test]
fn whatever_a_caller_writes_the_hop_its_proxy_adds_decides() {
    let many = "127.0.0.1,".repeat(5000);
    for forged in [
        &b"127.0.0.1"[..],
        b"203.0.113.77",
        b"10.1.1.1, 10.2.2.2",
        b"::1",
        b"",
        b",",
        b", ,",
        b"unknown",
        b"\xff\xfe\x80",
        b"203.0.113.77, \xc3\xbc",
        b"\"127.0.0.1\"",
        b"127.0.0.1;x=1",
        many.as_bytes(),
    ] {
        let added = [forged, b", ", CLIENT.as_bytes()].concat();
        assert_eq!(seen(PROXY, &[&added]), CLIENT, "{}", forged.escape_ascii());
        let apart: [&[u8]; 2] = [forged, CLIENT.as_bytes()];
        assert_eq!(seen(PROXY, &apart), CLIENT, "{}", forged.escape_ascii());
    }
}

#[test]
fn a_peer_that_is_no_named_proxy_is_the_client_whatever_it_sends() {
    for peer in [VICTIM, "2001:db8::1", "11.0.0.1", "127.0.0.2"] {
        for value in [CLIENT, "127.0.0.1", "10.1.1.1", "unknown"] {
            assert_eq!(seen(peer, &[value.as_bytes()]), peer);
        }
    }
    assert_eq!(seen("::ffff:203.0.113.77", &[b"127.0.0.1"]), VICTIM);
    assert_eq!(seen("::ffff:10.9.8.7", &[CLIENT.as_bytes()]), CLIENT);
}

#[test]
fn limits_count_an_ipv4_address_or_an_ipv6_network_of_64_bits() {
    let network = |address: &str| network_of(address.parse().expect("an address"));
    assert_eq!(network(CLIENT), CLIENT);
    assert_eq!(network("::ffff:198.51.100.23"), CLIENT);
    assert_eq!(network("2001:db8:1:2:3:4:5:6"), network("2001:db8:1:2::"));
    assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
}

/// One guess at a password from a peer, with headers; whether it was looked at.
async fn guess(service: &Service, from: &Caller, name: &str, headers: &[(&str, &str)]) -> bool {
    let authorization = service.authorization();
    let mut headers = headers.to_vec();
    headers.push(("authorization", &authorization));
    let form = [
        ("grant_type", "password"),
        ("username", name),
        ("password", "not this one"),
    ];
    let reply = from.post("/token", &form, &headers).await;
    let looked_at = reply.status.as_u16() == 400;
    if looked_at {
        reply.assert_error(400, "invalid_grant");
    } else {
        reply.assert_error(429, "temporarily_unavailable");
    }
    looked_at
}

/// How many guesses of ten are looked at.
async fn ten(world: &World, service: &Service, peer: &str, name: &str, header: (&str, &str)) -> u8 {
    let mut looked_at = 0;
    for _ in 0..10 {
        // Past the pause that the name alone costs, within the lock of name and network.
        world.advance(61);
        looked_at += u8::from(guess(service, &world.from(peer), name, &[header]).await);
    }
    looked_at
}

// A342
#[tokio::test]
async fn no_header_moves_a_caller_who_is_no_named_proxy() {
    everywhere(async |world| {
        let service = world.client("web", "sip.call").await;
        world.person("alice").await;
        for (number, name) in [
            "x-forwarded-for",
            "x-real-ip",
            "forwarded",
            "true-client-ip",
            "cf-connecting-ip",
            "client-ip",
            "x-client-ip",
            "x-cluster-client-ip",
            "x-forwarded-host",
            "via",
        ]
        .into_iter()
        .enumerate()
        {
            let peer = format!("198.51.100.{number}");
            let mut looked_at = 0;
            for forged in 0..10 {
                world.advance(61);
                let value = match name {
                    "forwarded" => format!("for=192.0.2.{forged}"),
                    _ => format!("192.0.2.{forged}"),
                };
                let from = world.from(&peer);
                looked_at += u8::from(guess(&service, &from, "alice", &[(name, &value)]).await);
            }
            assert_eq!(looked_at, 5, "{name} let the caller start again");
        }
    })
    .await;
}

// A342
#[tokio::test]
async fn a_named_proxy_is_believed_in_one_header_only() {
    let named = |config: &mut users_core::config::Config| config.proxies.trusted = trusted();
    everywhere_with(named, async |world| {
        let service = world.client("web", "sip.call").await;
        world.person("alice").await;
        for (number, name) in [
            "x-real-ip",
            "forwarded",
            "true-client-ip",
            "cf-connecting-ip",
        ]
        .into_iter()
        .enumerate()
        {
            let peer = format!("10.1.1.{number}");
            let looked_at = ten(&world, &service, &peer, "alice", (name, CLIENT)).await;
            assert_eq!(looked_at, 5, "{name}");
        }
        // Were one of them believed, the client would be locked by now.
        let forwarded = ("x-forwarded-for", CLIENT);
        assert_eq!(ten(&world, &service, PROXY, "alice", forwarded).await, 5);
    })
    .await;
}

#[tokio::test]
async fn clients_behind_one_proxy_are_locked_apart() {
    let named = |config: &mut users_core::config::Config| config.proxies.trusted = trusted();
    everywhere_with(named, async |world| {
        let service = world.client("web", "sip.call").await;
        world.person("alice").await;
        let attacker = ("x-forwarded-for", "203.0.113.77, 192.0.2.1, 198.51.100.23");
        assert_eq!(ten(&world, &service, PROXY, "alice", attacker).await, 5);
        let other = ("x-forwarded-for", "192.0.2.44");
        world.advance(61);
        assert!(guess(&service, &world.from(PROXY), "alice", &[other]).await);
        // And the same client by way of another proxy is no new one.
        let detour = ("x-forwarded-for", "198.51.100.23, 10.44.0.1");
        assert!(!guess(&service, &world.from("10.55.0.1"), "alice", &[detour]).await);
    })
    .await;
}

// A345
#[tokio::test]
async fn nobody_burns_the_attempts_of_an_address_that_is_not_theirs() {
    let named = |config: &mut users_core::config::Config| config.proxies.trusted = trusted();
    everywhere_with(named, async |world| {
        let service = world.client("web", "sip.call").await;
        world.person("alice").await;
        let forged = ("x-forwarded-for", VICTIM);
        // Past every proxy, and through one that adds the truth.
        assert_eq!(ten(&world, &service, CLIENT, "alice", forged).await, 5);
        let both = ("x-forwarded-for", "203.0.113.77, 192.0.2.9");
        assert_eq!(ten(&world, &service, PROXY, "alice", both).await, 5);
        // The victim has all five attempts left.
        assert_eq!(ten(&world, &service, PROXY, "alice", forged).await, 5);
    })
    .await;
}
