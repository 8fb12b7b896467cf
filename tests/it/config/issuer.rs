//! The form of an issuer, which everybody compares byte for byte.

use users_core::config::Config;

use super::{env_error, from_env};

const ISSUER: &str = "USERS_CORE_ISSUER";

#[test]
fn an_issuer_is_an_https_url_in_its_one_spelling() {
    for issuer in [
        "https://login.example.com",
        "https://login.example.com:8443",
        "https://example.com/id/a-b_c~d",
        "https://xn--bcher-kva.example",
        "https://192.0.2.1",
        "https://[2001:db8::1]:8443",
        "https://users-core",
        "http://localhost",
        "http://localhost:8081/id",
        "http://app.localhost:8081",
        "http://127.0.0.1:8081",
        "http://127.9.9.9",
        "http://[::1]:8081",
    ] {
        assert_eq!(from_env(&[(ISSUER, issuer)]).issuer, issuer);
    }
}

#[test]
fn an_issuer_of_any_other_form_is_refused() {
    for (issuer, reason) in [
        ("login.example.com", "absolute URL"),
        ("//login.example.com", "absolute URL"),
        ("ftp://example.com", "https:// or http://"),
        ("HTTPS://example.com", "scheme in lower case"),
        ("https://Example.com", "host in lower case"),
        ("https://[2001:DB8::1]", "IPv6"),
        ("https://[2001:db8:0::1]", "IPv6"),
        ("https://[::1", "IPv6"),
        ("https://example.com/", "slash at its end"),
        ("https://example.com/id/", "slash at its end"),
        ("https://example.com//id", "segment"),
        ("https://example.com/a/../b", "segment"),
        ("https://example.com/a b", "unreserved"),
        ("https://example.com/%41", "unreserved"),
        ("https://example.com?a=b", "query"),
        ("https://example.com/id?", "query"),
        ("https://example.com#a", "fragment"),
        ("https://user@example.com", "user name"),
        ("https://user:word@example.com", "user name"),
        ("https://", "name a host"),
        ("https://:8443", "name a host"),
        ("https://example.com:", "port"),
        ("https://example.com:0", "port"),
        ("https://example.com:080", "port"),
        ("https://example.com:65536", "port"),
        ("https://example..com", "letters, digits"),
        ("https://example.com.", "letters, digits"),
        ("https://-a.example.com", "letters, digits"),
        ("https://bücher.example", "letters, digits"),
        (" https://example.com", "https:// or http://"),
        ("https://example.com\\a", "letters, digits"),
        ("https://127.1", "IPv4"),
        ("https://2130706433", "IPv4"),
        ("http://example.com", "must be https"),
        ("http://localhost.example.com", "must be https"),
        ("http://notlocalhost", "must be https"),
        ("http://128.0.0.1", "must be https"),
        ("http://[::2]", "must be https"),
    ] {
        let error = env_error(&[(ISSUER, issuer)]);
        assert!(
            error.starts_with("USERS_CORE_ISSUER: must "),
            "{issuer}: {error}"
        );
        assert!(error.contains(reason), "{issuer}: {error}");
    }
}

#[test]
fn the_issuer_tells_whether_it_is_on_loopback() {
    assert!(Config::default().issuer_is_loopback());
    assert!(from_env(&[(ISSUER, "https://id.localhost")]).issuer_is_loopback());
    assert!(!from_env(&[(ISSUER, "https://login.example.com")]).issuer_is_loopback());
}
