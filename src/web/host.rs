//! The host a request was sent to. It decides whose issuer answers, and stands in no answer.

use std::borrow::Cow;

use axum::http::header::HOST;
use axum::http::request::Parts;

/// Longer than any name of a host with its port.
const MAX_BYTES: usize = 260;

/// The host of a request, as [`canonical`] writes it: the target's (RFC 9112 section 3.2.2,
/// `:authority` in RFC 9113 section 8.3.1), else the `Host` header's. `None`: none, several, or one
/// with a user name.
pub fn of(parts: &Parts) -> Option<Cow<'_, str>> {
    let named = if let Some(authority) = parts.uri.authority() {
        authority.as_str()
    } else {
        let mut hosts = parts.headers.get_all(HOST).iter();
        let host = hosts.next()?;
        if hosts.next().is_some() {
            return None;
        }
        host.to_str().ok()?
    };
    let fits = (1..=MAX_BYTES).contains(&named.len()) && !named.contains('@');
    fits.then(|| canonical(named))
}

/// A host in lower case, without a port that goes without saying. Whether the connection was TLS is
/// not asked: a proxy may have ended it.
pub fn canonical(host: &str) -> Cow<'_, str> {
    let bare = [":443", ":80"]
        .iter()
        .find_map(|port| host.strip_suffix(port));
    let bare = bare.unwrap_or(host);
    if bare.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(bare.to_ascii_lowercase())
    } else {
        Cow::Borrowed(bare)
    }
}
