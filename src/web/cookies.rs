//! Cookies (RFC 6265) of one kind: for this host alone, never for scripts, never without TLS.

use axum::http::header::COOKIE;
use axum::http::{HeaderMap, HeaderValue};

/// Longer values are refused, as browsers refuse to keep them.
const MAX_VALUE_BYTES: usize = 4096;

/// The value of the cookie `name`, compared exactly. `None` also when it came twice, in one header
/// or in several: one of the two was planted (a cookie for another path or from a sibling host),
/// and nothing tells which. A value with anything but `cookie-octet`s, an empty one or one past
/// 4096 bytes is no value.
pub fn get(headers: &HeaderMap, name: &str) -> Option<String> {
    let mut values = headers
        .get_all(COOKIE)
        .iter()
        .flat_map(|header| header.as_bytes().split(|byte| *byte == b';'))
        .filter_map(|pair| value_of(pair.trim_ascii(), name.as_bytes()));
    let value = values.next()?;
    if values.next().is_some() || !is_value(value) {
        return None;
    }
    String::from_utf8(value.to_vec()).ok()
}

/// `Set-Cookie` with the rules of the prefix `__Host-` (RFC 6265bis section 4.1.3.2): `Secure`, the
/// whole host, no `Domain`. `max_age` in seconds; without it the cookie ends with the browser.
/// A value no cookie can hold clears the cookie instead of breaking out of it.
pub fn set(name: &str, value: &str, max_age: Option<i64>) -> HeaderValue {
    if !is_value(value.as_bytes()) {
        return clear(name);
    }
    header(name, value, max_age)
}

/// `Set-Cookie` that makes the browser forget the cookie.
pub fn clear(name: &str) -> HeaderValue {
    header(name, "", Some(0))
}

fn header(name: &str, value: &str, max_age: Option<i64>) -> HeaderValue {
    let age = max_age.map_or_else(String::new, |seconds| format!("; Max-Age={seconds}"));
    let text = format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax{age}");
    let mut header = HeaderValue::try_from(text).expect("names of cookies are constants of ours");
    // Neither printed nor kept in a table of HTTP/2 headers.
    header.set_sensitive(true);
    header
}

/// The value of a pair with this name; `None` for other names and for what is no pair.
fn value_of<'a>(pair: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let value = pair.strip_prefix(name)?.strip_prefix(b"=")?;
    (!name.is_empty()).then_some(value)
}

/// RFC 6265 section 4.1.1, without the quotes around it that nobody here writes.
fn is_value(value: &[u8]) -> bool {
    (1..=MAX_VALUE_BYTES).contains(&value.len())
        && value
            .iter()
            .all(|byte| byte.is_ascii_graphic() && !b"\",;\\".contains(byte))
}
