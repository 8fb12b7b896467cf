//! The form of an issuer (`OpenID` Connect Discovery 1.0 section 3, RFC 8414 section 2), in the one
//! spelling that every party compares byte for byte.

use std::net::{Ipv4Addr, Ipv6Addr};

/// What an issuer says about where it is served.
pub(super) struct Issuer<'a> {
    pub(super) https: bool,
    host: &'a str,
}

impl Issuer<'_> {
    /// Whether the host is this machine: `localhost` and names under it (RFC 6761 section 6.3),
    /// `127.0.0.0/8`, `[::1]`.
    pub(super) fn is_loopback(&self) -> bool {
        self.host == "localhost"
            || self.host.ends_with(".localhost")
            || self.host == "[::1]"
            || self
                .host
                .parse::<Ipv4Addr>()
                .is_ok_and(|ip| ip.is_loopback())
    }
}

/// Takes an issuer apart.
///
/// # Errors
/// What is wrong with it, without repeating it: it may hold a password.
pub(super) fn parse(text: &str) -> Result<Issuer<'_>, &'static str> {
    let (scheme, rest) = text
        .split_once("://")
        .ok_or("must be an absolute URL, such as https://login.example.com")?;
    let https = match scheme {
        "https" => true,
        "http" => false,
        other if other.eq_ignore_ascii_case("http") || other.eq_ignore_ascii_case("https") => {
            return Err("must have its scheme in lower case");
        }
        _ => return Err("must begin with https:// or http://"),
    };
    if rest.contains('?') {
        return Err("must have no query");
    }
    if rest.contains('#') {
        return Err("must have no fragment");
    }
    let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    if authority.contains('@') {
        return Err("must have no user name or password");
    }
    check_path(path)?;
    let host = check_authority(authority)?;
    Ok(Issuer { https, host })
}

/// What an issuer without https has to be.
pub(super) const NOT_HTTPS: &str =
    "must be https, unless its host is localhost, 127.0.0.0/8 or [::1]";

/// The host, with its port, of an issuer somebody has to themselves: https or on loopback, no path,
/// no port that goes without saying.
///
/// # Errors
/// What is wrong with it, without repeating it.
pub fn own_host(issuer: &str) -> Result<&str, &'static str> {
    let parsed = parse(issuer)?;
    if !parsed.https && !parsed.is_loopback() {
        return Err(NOT_HTTPS);
    }
    let authority = authority(issuer);
    if !issuer.ends_with(authority) {
        return Err("must have no path");
    }
    if [":80", ":443"].iter().any(|port| authority.ends_with(port)) {
        return Err("must leave out the ports 80 and 443");
    }
    Ok(authority)
}

/// The host of a well-formed issuer, with its port.
pub fn authority(issuer: &str) -> &str {
    let rest = issuer.split_once("://").map_or(issuer, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}

/// The path of a well-formed issuer: empty for the root, else without a slash at its end.
pub fn path(issuer: &str) -> &str {
    let rest = issuer.split_once("://").map_or(issuer, |(_, rest)| rest);
    rest.find('/').map_or("", |at| &rest[at..])
}

fn check_path(path: &str) -> Result<(), &'static str> {
    if path.is_empty() {
        return Ok(());
    }
    if path.ends_with('/') {
        return Err("must have no slash at its end");
    }
    for segment in path[1..].split('/') {
        if matches!(segment, "" | "." | "..") {
            return Err("must have no empty, `.` or `..` segment in its path");
        }
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@".contains(&byte);
        if !segment.bytes().all(plain) {
            return Err("must have a path of unreserved characters");
        }
    }
    Ok(())
}

const BAD_IPV6: &str = "must have its IPv6 address in the short lower-case form";

/// Checks host and port, and gives back the host.
fn check_authority(authority: &str) -> Result<&str, &'static str> {
    // The colons of an IPv6 address stand inside its brackets.
    let end = if authority.starts_with('[') {
        authority.find(']').ok_or(BAD_IPV6)?
    } else {
        0
    };
    let (host, port) = match authority[end..].find(':') {
        Some(colon) => {
            let (host, port) = authority.split_at(end + colon);
            (host, Some(&port[1..]))
        }
        None => (authority, None),
    };
    if let Some(port) = port {
        let number: u16 = port.parse().unwrap_or(0);
        if number == 0 || number.to_string() != port {
            return Err("must have a port from 1 to 65535 after the colon, or no colon");
        }
    }
    check_host(host)?;
    Ok(host)
}

fn check_host(host: &str) -> Result<(), &'static str> {
    if let Some(inside) = host.strip_prefix('[') {
        let address = inside.strip_suffix(']').unwrap_or_default();
        let canonical = address.parse::<Ipv6Addr>().map(|ip| ip.to_string());
        return match canonical {
            Ok(canonical) if canonical == address => Ok(()),
            _ => Err(BAD_IPV6),
        };
    }
    if host.is_empty() {
        return Err("must name a host");
    }
    if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err("must have its host in lower case");
    }
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let label_fits = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| letter(byte) || b"-_".contains(&byte))
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if host.len() > 253 || !host.split('.').all(label_fits) {
        return Err(
            "must have a host of letters, digits, hyphens and dots (names in other scripts as xn--)",
        );
    }
    // A host whose last label is a number is read as an IPv4 address, whatever its spelling.
    let last = host.rsplit('.').next().unwrap_or(host);
    if last.bytes().all(|byte| byte.is_ascii_digit()) && host.parse::<Ipv4Addr>().is_err() {
        return Err("must have its IPv4 address as four decimal numbers");
    }
    Ok(())
}
