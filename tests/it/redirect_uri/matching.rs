//! What is presented is a registered address, byte by byte, or nothing.

use users_core::model::client_metadata::ApplicationType::{Native, Web};
use users_core::model::client_metadata::ClientMetadata;

use super::client;

const REGISTERED: &str = "https://app1.test/cb";

/// What a client makes of an address, at both of its lists.
#[track_caller]
fn is_known(client: &ClientMetadata, presented: &str) -> bool {
    let [redirect, logout] = [
        client.redirect(presented),
        client.post_logout_redirect(presented),
    ]
    .map(|found| found.map(|found| found.as_str().to_owned()));
    assert_eq!(redirect, logout, "one rule for both: {presented:?}");
    if let Some(found) = &redirect {
        assert_eq!(found, presented);
    }
    redirect.is_some()
}

#[test]
fn a_registered_address_is_known_and_each_list_is_its_own() {
    let mut app = client(Web, &[REGISTERED, "https://app1.test/cb?x=1"]);
    assert!(is_known(&app, REGISTERED));
    assert!(is_known(&app, "https://app1.test/cb?x=1"));
    app.post_logout_redirect_uris = vec!["https://app1.test/bye".to_owned()];
    assert!(app.redirect("https://app1.test/bye").is_none());
    assert!(app.post_logout_redirect(REGISTERED).is_none());
    assert!(app.post_logout_redirect("https://app1.test/bye").is_some());
}

#[test]
fn nothing_added_to_an_address_or_spelled_otherwise_is_the_address() {
    let app = client(Web, &[REGISTERED]);
    for added in [
        "/../evil",
        "/..;/evil",
        "/%2e%2e/evil",
        "%2f..%2fevil",
        "/",
        "%00",
        ";x",
        "?",
        "?x=1",
        "#",
        "#f",
        " ",
        "\n",
        "\0",
        ".evil.test",
        "@evil.test",
    ] {
        assert!(
            !is_known(&app, &format!("{REGISTERED}{added}")),
            "{added:?}"
        );
    }
    for other in [
        "",
        "https://app1.test",
        "https://app1.test/",
        "https://app1.test/c",
        "https://app1.test/CB",
        "https://app1.test/%63b",
        "https://app1.test//cb",
        "https://app1.test/./cb",
        "https://app1.test:443/cb",
        "https://APP1.test/cb",
        "HTTPS://app1.test/cb",
        "http://app1.test/cb",
        "https://app1.test./cb",
        "https://app1.test:8443/cb",
        " https://app1.test/cb",
        "//app1.test/cb",
        "/cb",
    ] {
        assert!(!is_known(&app, other), "{other:?}");
    }
}

#[test]
fn no_trick_with_user_names_slashes_or_letters_makes_another_host_this_one() {
    let app = client(Web, &[REGISTERED, "https://app1.test"]);
    for other in [
        "https://app1.test@evil.test/cb",
        "https://a@b@app1.test/cb",
        "https://app1.test:x@evil.test/cb",
        "https://evil.test#@app1.test/cb",
        "https://@app1.test/cb",
        "https://app1.test\\@evil.test/cb",
        "https:\\\\app1.test/cb",
        "https:/app1.test/cb",
        "https:app1.test/cb",
        "https://app1.test\r\n/cb",
        "https://app1.test/cb\0",
        "https://app1\u{3002}test/cb",
        "https://\u{ff41}pp1.test/cb",
        "https://\u{430}pp1.test/cb",
        "https://xn--pp1-7cd.test/cb",
        "https://app1.t\u{200b}est/cb",
    ] {
        assert!(!is_known(&app, other), "{other:?}");
    }
}

#[test]
fn a_query_is_part_of_an_address() {
    let app = client(Web, &["https://app1.test/cb?x=1&y=2"]);
    assert!(is_known(&app, "https://app1.test/cb?x=1&y=2"));
    for other in [
        "https://app1.test/cb",
        "https://app1.test/cb?",
        "https://app1.test/cb?x=1",
        "https://app1.test/cb?y=2&x=1",
        "https://app1.test/cb?x=1&y=2&",
        "https://app1.test/cb?x=1&y=2&z=3",
        "https://app1.test/cb?x=1&amp;y=2",
    ] {
        assert!(!is_known(&app, other), "{other}");
    }
}

// RFC 8252 section 7.3
#[test]
fn the_port_is_free_for_native_applications_on_a_loopback_address_alone() {
    let uris = [
        "http://127.0.0.1/cb",
        "http://[::1]:7000/cb?x=1",
        "http://localhost:7000/cb",
        "https://app1.test:7000/cb",
        "https://127.0.0.1:7000/cb",
    ];
    let native = client(Native, &uris);
    let web = client(Web, &uris);
    for uri in uris {
        assert!(is_known(&native, uri) && is_known(&web, uri), "{uri}");
    }
    for free in [
        "http://127.0.0.1:1/cb",
        "http://127.0.0.1:65535/cb",
        "http://[::1]/cb?x=1",
        "http://[::1]:7001/cb?x=1",
    ] {
        assert!(is_known(&native, free), "{free}");
        assert!(!is_known(&web, free), "{free}");
    }
    for other in [
        "http://localhost:7001/cb",
        "http://localhost/cb",
        "https://app1.test:7001/cb",
        "https://127.0.0.1:7001/cb",
        "https://127.0.0.1/cb",
        "http://127.0.0.1:0/cb",
        "http://127.0.0.1:/cb",
        "http://127.0.0.1:65536/cb",
        "http://127.0.0.1:+80/cb",
        "http://127.0.0.1:080/cb",
        "http://127.0.0.1:80x/cb",
        "http://127.0.0.1:8000/other",
        "http://127.0.0.1:8000/cb?x=1",
        "http://127.0.0.1:8000/cb/",
        "http://127.0.0.1:8000@evil.test/cb",
        "http://127.0.0.1:8000",
        "http://127.0.0.1.evil.test/cb",
        "http://127.0.0.1@evil.test/cb",
        "http://127.0.0.2:8000/cb",
        "http://[::1]:7001/cb",
        "http://[::1]:7001/cb?x=2",
        "http://[0:0:0:0:0:0:0:1]:7001/cb?x=1",
        "http://[::1].evil.test/cb?x=1",
    ] {
        assert!(!is_known(&native, other), "{other}");
    }
}

#[test]
fn what_may_not_be_registered_is_not_known_whoever_wrote_the_row() {
    for uri in [
        "javascript:alert(1)",
        "http://app.test/cb",
        "https://app.test/cb#f",
        "https://app.test/a/../cb",
        "https://*.test/cb",
        "",
    ] {
        assert!(!is_known(&client(Web, &[uri]), uri), "{uri}");
        assert!(!is_known(&client(Native, &[uri]), uri), "{uri}");
    }
    let own = "com.example.app:/cb";
    assert!(is_known(&client(Native, &[own]), own));
    assert!(!is_known(&client(Web, &[own]), own));
}

#[test]
fn a_policy_lists_the_origin_or_the_scheme_and_nothing_that_ends_a_word() {
    for (uri, target, verifiable) in [
        ("https://app1.test", "https://app1.test", true),
        ("https://app1.test/cb?a;b,c", "https://app1.test", true),
        ("https://app1.test:8443/cb", "https://app1.test:8443", true),
        ("https://192.0.2.1/cb", "https://192.0.2.1", true),
        ("https://localhost/cb", "https://localhost", false),
        ("http://localhost:80x", "", false),
        ("http://localhost:7000/cb", "http://localhost:7000", false),
        ("http://127.0.0.1/cb", "http://127.0.0.1", false),
        // Policies have no grammar for these addresses.
        ("http://[::1]:7000/cb", "http:", false),
        ("com.example.app:/cb", "com.example.app:", false),
        ("com.example.app://host:1/cb", "com.example.app:", false),
    ] {
        let app = client(Native, &[uri]);
        let Some(found) = app.redirect(uri) else {
            assert_eq!(target, "", "{uri}");
            continue;
        };
        assert_eq!(
            (found.form_target().as_str(), found.is_verifiable()),
            (target, verifiable)
        );
    }
    // The port the application listens on this time, not the one it registered.
    let app = client(Native, &["http://127.0.0.1:7000/cb"]);
    let found = app.redirect("http://127.0.0.1:7001/cb").unwrap();
    assert_eq!(found.form_target(), "http://127.0.0.1:7001");
}
