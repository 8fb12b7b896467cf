//! The whole application on a socket: what no request may do to it. After each, the process answers
//! the next one, and nothing was a 5xx.

mod bodies;
mod heads;
pub mod http2;

use crate::support::socket::status;

/// Every route that reads a body, on both kinds of issuer.
const POSTS: &[&str] = &[
    "/token",
    "/introspect",
    "/revoke",
    "/userinfo",
    "/setup",
    "/t/second/token",
    "/t/second/introspect",
    "/t/second/revoke",
    "/t/second/userinfo",
];

/// The value of a field in an answer's head.
fn field<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let head = answer.split("\r\n\r\n").next()?;
    let prefix = format!("{name}: ");
    head.lines().find_map(|line| line.strip_prefix(&prefix))
}

/// Asserts one OAuth error and nothing after it.
#[track_caller]
fn assert_error(answer: &str, expected: u16) {
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
    assert_eq!(status(answer), expected, "{answer}");
    assert_eq!(field(answer, "content-type"), Some("application/json"));
    assert_eq!(field(answer, "cache-control"), Some("no-store"));
    let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
    let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
    assert!(body["error"].is_string(), "{answer}");
}
