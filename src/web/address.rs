//! Who is calling: the peer, or, behind named proxies, the right-most hop none of them is.

use std::net::IpAddr;

use axum::http::HeaderMap;
use ipnet::IpNet;

/// More hops than any honest chain has.
const MAX_HOPS: usize = 32;

/// The client's address. Only `X-Forwarded-For` from a named proxy is believed, from right to left,
/// as far as the hops are named proxies themselves; anything unreadable ends the walk.
pub fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let peer = peer.to_canonical();
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(&address));
    if !is_trusted(peer) {
        return peer;
    }
    let mut client = peer;
    // Bytes, not text: a field in which a caller wrote what is no text must not be lost as a whole,
    // with the hop that the proxy added behind it.
    let hops = headers
        .get_all("x-forwarded-for")
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    for hop in hops.rev().take(MAX_HOPS) {
        let address = std::str::from_utf8(hop).map(|hop| hop.trim().parse::<IpAddr>());
        let Ok(Ok(address)) = address else {
            break;
        };
        client = address.to_canonical();
        if !is_trusted(client) {
            break;
        }
    }
    client
}

/// What limits are keyed on: an IPv4 address, or the /64 a single IPv6 subscriber has.
pub fn network_of(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}
