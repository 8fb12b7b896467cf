//! What may be registered.

use users_core::admin::{AdminError, clients};
use users_core::model::audit_event::Actor;
use users_core::model::client_metadata::ApplicationType;
use users_core::model::client_metadata::ApplicationType::{Native, Web};

use super::client;
use crate::support::everywhere;
use crate::support::world::{REDIRECT, every_grant};

#[track_caller]
fn is_fine(application: ApplicationType, uri: &str) -> bool {
    let problems = client(application, &[uri]).problems();
    for problem in &problems {
        assert!(
            problem.starts_with("redirect_uris: entry 1: ")
                || problem.starts_with("post_logout_redirect_uris: entry 1: "),
            "{problem}"
        );
        assert!(uri.len() < 9 || !problem.contains(uri), "{problem}");
    }
    assert!(
        [0, 2].contains(&problems.len()),
        "one rule for both: {problems:?}"
    );
    problems.is_empty()
}

#[test]
fn https_is_for_all_and_http_for_loopback() {
    for uri in [
        "https://app.test/cb",
        "https://app.test",
        "https://app.test/",
        "https://app.test:8443/cb?x=1&y=%2F",
        "https://app.test/%E2%82%AC/cb",
        "https://192.0.2.1/cb",
        "https://[2001:db8::1]:8443/cb",
        "https://xn--bcher-kva.test/cb",
        "https://localhost/cb",
        "http://localhost:3000/cb",
        "http://127.0.0.1/cb",
        "http://[::1]:3000/cb",
    ] {
        assert!(is_fine(Web, uri) && is_fine(Native, uri), "{uri}");
    }
    for uri in [
        "http://app.test/cb",
        "http://192.0.2.1/cb",
        "http://127.0.0.2/cb",
        "http://0.0.0.0/cb",
        "http://app.localhost/cb",
        "http://localhost.evil.test/cb",
        "http://127.0.0.1.evil.test/cb",
        "http://[::ffff:127.0.0.1]/cb",
    ] {
        assert!(!is_fine(Web, uri) && !is_fine(Native, uri), "{uri}");
    }
}

#[test]
fn an_address_two_parsers_could_read_differently_is_refused() {
    for uri in [
        "",
        "app.test/cb",
        "//app.test/cb",
        "/cb",
        "https:",
        "https://",
        "https:///cb",
        "https:app.test/cb",
        "https:/app.test/cb",
        "https:\\\\app.test\\cb",
        "https://app.test\\@evil.test/cb",
        "https://user@app.test/cb",
        "https://user:word@app.test/cb",
        "https://@app.test/cb",
        "https://:@app.test/cb",
        "HTTPS://app.test/cb",
        "https://APP.test/cb",
        "https://app.test:443/cb",
        "https://app.test:/cb",
        "https://app.test:0/cb",
        "https://app.test:08443/cb",
        "https://app.test:99999/cb",
        "http://localhost:80/cb",
        "https://app.test/a/../cb",
        "https://app.test/a/%2e%2e/cb",
        "https://app.test/./cb",
        "https://app.test?x=1",
        "https://app..test/cb",
        "https://app.test./cb",
        "https://app_1.test/cb",
        "https://a;script-src/cb",
        "https://a,b/cb",
        "https://a'b/cb",
        "https://%61pp.test/cb",
        "http://2130706433/cb",
        "http://0x7f.1/cb",
        "http://127.1/cb",
        "http://[0:0:0:0:0:0:0:1]/cb",
        "https://app.test/cb#f",
        "https://app.test/cb#",
        "https://app.test/c b",
        " https://app.test/cb",
        "https://app.test/cb ",
        "https://app.test/cb\r\nx",
        "https://app.test/cb\0",
        "https://app.test/cb%00",
        "https://app.test/cb%0d%0a",
        "https://app.test/cb%7F",
        "https://app.test/cb%",
        "https://app.test/cb%2",
        "https://app.test/cb%zz",
        "https://app.test/\"cb",
        "https://app.test/<cb>",
        "https://app.test/{cb}",
        "https://app.test/cb|x",
        "https://b\u{fc}cher.test/cb",
        "https://app\u{3002}test/cb",
        "https://\u{ff41}pp.test/cb",
        "https://app.test/c\u{e9}",
        "https://*.test/cb",
        "https://*/cb",
        "https://app.test/*",
        "https://app.test:*/cb",
    ] {
        assert!(!is_fine(Web, uri) && !is_fine(Native, uri), "{uri:?}");
    }
}

// RFC 8252 section 7.1
#[test]
fn a_scheme_of_its_own_is_for_a_native_application_and_has_a_dot() {
    for uri in [
        "com.example.app:/cb",
        "com.example.app:/",
        "com.example.app:/cb?x=1",
        "com.example.app://cb",
        "com.example.app:///cb",
    ] {
        assert!(is_fine(Native, uri), "{uri}");
        assert!(!is_fine(Web, uri), "{uri}");
    }
    for uri in [
        "javascript:alert(1)",
        "JaVaScRiPt:x",
        "javascript://app.test/%0aalert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "blob:https://app.test/x",
        "about:blank",
        "view-source:https://app.test",
        "intent://x",
        "ftp://app.test/cb",
        "ws://app.test/cb",
        "mailto:x@app.test",
        "urn:ietf:wg:oauth:2.0:oob",
        "myapp:/cb",
        "myapp://cb",
        "com.example.app:cb",
        "com.example.app:",
        "com.example.app",
        "COM.example.app:/cb",
        "com..app:/cb",
        "com.:/cb",
        "com.example.app:/../cb",
        "com.example.app://user@host/cb",
        "com.example.app:/cb#f",
        "com.example.app:/*",
        "com.example.app:/c b",
    ] {
        assert!(!is_fine(Native, uri) && !is_fine(Web, uri), "{uri}");
    }
}

#[test]
fn addresses_are_bounded_in_length_and_number_and_stand_once() {
    let long = |bytes: usize| format!("{REDIRECT}/{}", "a".repeat(bytes - REDIRECT.len() - 1));
    assert!(is_fine(Web, &long(2048)));
    assert!(!is_fine(Web, &long(2049)));
    let many = |count: usize| -> Vec<String> {
        (0..count)
            .map(|number| format!("{REDIRECT}/{number}"))
            .collect()
    };
    let mut app = every_grant("openid");
    app.redirect_uris = many(50);
    assert_eq!(app.problems(), [""; 0]);
    for count in [51, 10_000] {
        app.redirect_uris = many(count);
        assert_eq!(app.problems(), ["redirect_uris: at most 50"]);
    }
    app.redirect_uris = vec![REDIRECT.to_owned(); 2];
    assert_eq!(app.problems(), ["redirect_uris: entry 2: stands twice"]);
}

#[tokio::test]
async fn a_refused_address_changes_nothing() {
    everywhere(async |world| {
        world.client("app", "openid").await;
        let (app, actor) = (&world.app, Actor::command_line());
        let before = clients::get(app, &world.tenant, "app").await.unwrap();
        for uri in [
            "javascript:alert(1)",
            "http://app.test/cb",
            "https://*.test/cb",
            "",
        ] {
            let metadata = client(Web, &[uri]);
            let generate = clients::Secret::Generate;
            let made = clients::create(
                app,
                &actor,
                &world.tenant,
                "new",
                metadata.clone(),
                true,
                generate,
            )
            .await;
            assert!(matches!(made, Err(AdminError::Invalid(_))), "{uri}");
            let keep = clients::Secret::Keep;
            let made =
                clients::update(app, &actor, &world.tenant, &before, metadata, true, keep).await;
            assert!(matches!(made, Err(AdminError::Invalid(_))), "{uri}");
        }
        let stored = clients::get(app, &world.tenant, "app").await.unwrap();
        assert_eq!(stored.metadata.redirect_uris, [REDIRECT]);
        assert!(clients::get(app, &world.tenant, "new").await.is_err());
    })
    .await;
}
