//! Answers go to a registered address, byte by byte, and to nothing else (RFC 9700 section 4.1.3).

use users_core::model::client_metadata::{ApplicationType, GrantType};

use super::{assert_page, rows, scene};
use crate::support::browser::{Answer, Asking, Browser, CALLBACK};
use crate::support::everywhere;

/// Addresses that are not the registered one, for one reason each.
fn foreign() -> Vec<String> {
    let mut addresses: Vec<String> = [
        "https://evil.test/cb",
        // Another part of the registered one.
        "https://app.example.test",
        "https://app.example.test/",
        "https://app.example.test/callbac",
        "https://app.example.test/CALLBACK",
        "https://app.example.test/%63allback",
        "https://app.example.test//callback",
        "https://app.example.test/./callback",
        "https://app.example.test:443/callback",
        "https://APP.example.test/callback",
        "HTTPS://app.example.test/callback",
        "http://app.example.test/callback",
        "https://app.example.test.evil.test/callback",
        "https://evil.test/https://app.example.test/callback",
        "//app.example.test/callback",
        "/callback",
        // Whose host is it?
        "https://app.example.test@evil.test/cb",
        "https://a@b@app.example.test/callback",
        "https://app.example.test:x@evil.test/cb",
        "https://evil.test#@app.example.test/callback",
        "https://app.example.test\\@evil.test/cb",
        "https:\\\\app.example.test\\callback",
        "https://app.example.test\r\nLocation: https://evil.test/",
        "https://app\u{3002}example.test/callback",
        "https://\u{ff41}pp.example.test/callback",
        "https://\u{430}pp.example.test/callback",
        "https://xn--pp-7kc.example.test/callback",
        // Not even web.
        "javascript:alert(1)",
        "data:text/html,x",
        "urn:ietf:wg:oauth:2.0:oob",
        "*",
    ]
    .map(str::to_owned)
    .into();
    for added in [
        "/../evil",
        "/..;/evil",
        "/%2e%2e/evil",
        "%2f..%2fevil",
        "/",
        "%00",
        "\0",
        ";x",
        "?",
        "?x=1",
        "#",
        "#f",
        " ",
        "\n",
        ",https://evil.test/cb",
        " https://evil.test/cb",
    ] {
        addresses.push(format!("{CALLBACK}{added}"));
    }
    addresses.push(format!("https://evil.test/{}", "a".repeat(4000)));
    addresses
}

// A001, A002, A003, A005, A010
#[tokio::test]
async fn an_address_that_is_not_registered_gets_a_page_and_leaves_nothing() {
    everywhere(async |world| {
        let (app, person, mut signed_in) = scene(&world).await;
        let asking = Asking::of(&app, "openid");
        signed_in.authorize(&asking, &person).await.code();
        let before = rows(&world).await;
        let mut nobody = Browser::new(world.anonymous());
        for address in foreign() {
            let asking = asking.clone().with("redirect_uri", &address);
            for browser in [&mut nobody, &mut signed_in] {
                assert_page(&browser.ask(&asking).await, 400);
            }
        }
        assert!(nobody.cookies.is_empty());
        assert_eq!(rows(&world).await, before);
        // What was tried is counted.
        world.app.refusals.flush(&world.app.store).await.unwrap();
        let counted = world.app.store.tenant(&world.tenant.id);
        let counted = counted.count_refusals("redirect.foreign").await.unwrap();
        // One has a NUL, which is no parameter at all.
        assert_eq!(counted, 2 * i64::try_from(foreign().len() - 1).unwrap());
        // The registered one still works.
        Answer::of(&signed_in.ask(&asking).await).code();
    })
    .await;
}

// A001
#[tokio::test]
async fn nothing_else_in_a_request_makes_a_foreign_address_good() {
    everywhere(async |world| {
        let (app, person, mut browser) = scene(&world).await;
        let asking = Asking::of(&app, "openid");
        browser.authorize(&asking, &person).await.code();
        let before = rows(&world).await;
        let evil = asking.with("redirect_uri", "https://evil.test/cb");
        for (name, value) in [
            ("prompt", "none"),
            ("prompt", "none login"),
            ("response_type", "token"),
            ("response_type", ""),
            ("response_mode", "form_post"),
            ("response_mode", "fragment"),
            ("response_mode", "web_message"),
            ("scope", "no such scope"),
            ("scope", "\""),
            ("request", "a.b.c"),
            ("request_uri", "https://evil.test/request"),
            ("code_challenge", ""),
            ("claims", "{"),
            ("resource", "https://unknown.test"),
            ("max_age", "-1"),
            ("id_token_hint", "a.b.c"),
        ] {
            let page = browser.ask(&evil.clone().with(name, value)).await;
            assert_page(&page, 400);
        }
        // Posted, it goes to our own GET and no further.
        let fields: Vec<(&str, &str)> = evil
            .params
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let reply = browser.post("/authorize", &fields).await;
        assert_eq!(reply.status, 303);
        let location = reply.header("location").expect("a location").to_owned();
        assert!(location.starts_with("/authorize?"), "{location}");
        assert_page(&browser.get(&location).await, 400);
        assert_eq!(rows(&world).await, before);
    })
    .await;
}

// A008
#[tokio::test]
async fn an_address_is_named_once_and_never_guessed() {
    everywhere(async |world| {
        let (app, person, mut browser) = scene(&world).await;
        let two = world
            .client_with("two", "openid", |metadata| {
                metadata
                    .redirect_uris
                    .push("https://app.example.test/other".to_owned());
            })
            .await;
        let asking = Asking::of(&app, "openid");
        browser.authorize(&asking, &person).await.code();
        let before = rows(&world).await;
        for client in [&app, &two] {
            for scope in ["openid", "profile"] {
                let asking = Asking::of(client, scope);
                let missing = asking.clone().without("redirect_uri");
                assert_page(&browser.ask(&missing).await, 400);
                let empty = asking.clone().with("redirect_uri", "");
                assert_page(&browser.ask(&empty).await, 400);
                for again in [
                    "redirect_uri=https%3A%2F%2Fevil.test%2Fcb",
                    "redirect_uri=https%3A%2F%2Fapp.example.test%2Fcallback",
                    "redirect_uri=",
                    "client_id=app",
                    "state=another",
                ] {
                    let address = format!("{}&{again}", asking.address());
                    assert_page(&browser.get(&address).await, 400);
                }
                // In other letters or in brackets it is another parameter, and ignored.
                for other in ["Redirect_Uri", "redirect_uri[]", "redirect_uri[0]"] {
                    let page = browser.ask(&missing.clone().with(other, CALLBACK)).await;
                    assert_page(&page, 400);
                }
            }
        }
        assert_eq!(rows(&world).await, before);
        for uri in [CALLBACK, "https://app.example.test/other"] {
            let asking = Asking::of(&two, "openid").with("redirect_uri", uri);
            assert_eq!(browser.authorize(&asking, &person).await.to, uri);
        }
    })
    .await;
}

// A001
#[tokio::test]
async fn an_address_belongs_to_its_own_client_and_tenant() {
    everywhere(async |world| {
        let (app, person, mut browser) = scene(&world).await;
        let asking = Asking::of(&app, "openid");
        browser.authorize(&asking, &person).await.code();
        let acme = world.new_tenant("acme").await;
        let own = |uri: &'static str| {
            move |metadata: &mut users_core::model::client_metadata::ClientMetadata| {
                metadata.redirect_uris = vec![uri.to_owned()];
            }
        };
        let other = "https://other.example.test/cb";
        world.client_with("other", "openid", own(other)).await;
        let namesake = "https://namesake.example.test/cb";
        let there = world.client_of(&acme, "app", "openid", own(namesake)).await;
        let robot = world
            .client_with("robot", "sip.register", |metadata| {
                metadata.grant_types = vec![GrantType::ClientCredentials];
            })
            .await;
        for (client, uri) in [
            (&app, other),
            (&app, namesake),
            (&there, CALLBACK),
            (&there, other),
            (&robot, CALLBACK),
        ] {
            let asking = Asking::of(client, "openid").with("redirect_uri", uri);
            assert_page(&browser.ask(&asking).await, 400);
        }
        for client_id in ["nobody", "APP", "app ", "", "app\u{0}"] {
            let asking = asking.clone().with("client_id", client_id);
            assert_page(&browser.ask(&asking).await, 400);
        }
        assert_page(&browser.ask(&asking.without("client_id")).await, 400);
    })
    .await;
}

// A005
#[tokio::test]
async fn a_registered_query_stays_and_is_the_only_one() {
    everywhere(async |world| {
        let uri = "https://app.example.test/cb?tenant=1&x=%2F";
        let app = world
            .client_with("app", "openid", |metadata| {
                metadata.redirect_uris = vec![uri.to_owned()];
            })
            .await;
        let person = world.person("alice").await;
        let mut browser = Browser::new(world.anonymous());
        let asking = Asking::of(&app, "openid").with("redirect_uri", uri);
        let answer = browser.authorize(&asking, &person).await;
        assert_eq!(answer.to, "https://app.example.test/cb");
        assert_eq!((answer.get("tenant"), answer.get("x")), ("1", "/"));
        let tokens = app.redeem_with(answer.code(), &asking.verifier, uri).await;
        tokens.assert_ok();
        let fragment = asking.clone().with("response_mode", "fragment");
        let answer = Answer::of(&browser.ask(&fragment).await);
        assert_eq!((answer.to.as_str(), answer.params.len()), (uri, 3));
        for other in [
            "https://app.example.test/cb",
            "https://app.example.test/cb?",
            "https://app.example.test/cb?tenant=2&x=%2F",
            "https://app.example.test/cb?tenant=1",
            "https://app.example.test/cb?x=%2F&tenant=1",
            "https://app.example.test/cb?tenant=1&x=/",
            "https://app.example.test/cb?tenant=1&x=%2f",
            "https://app.example.test/cb?tenant=1&x=%2F&y=1",
            "https://app.example.test/cb?tenant=1&x=%2F&code=mine",
        ] {
            let asking = asking.clone().with("redirect_uri", other);
            assert_page(&browser.ask(&asking).await, 400);
        }
    })
    .await;
}

// RFC 8252 section 7.3
#[tokio::test]
async fn a_native_application_chooses_its_port_and_redeems_at_the_same() {
    everywhere(async |world| {
        let app = world
            .client_with("app", "openid", |metadata| {
                metadata.application_type = ApplicationType::Native;
                metadata.redirect_uris = vec!["http://127.0.0.1/cb".to_owned()];
            })
            .await;
        let person = world.person("alice").await;
        let mut browser = Browser::new(world.anonymous());
        let uri = "http://127.0.0.1:49152/cb";
        let asking = Asking::of(&app, "openid").with("redirect_uri", uri);
        let answer = browser.authorize(&asking, &person).await;
        assert_eq!(answer.to, uri);
        for other in ["http://127.0.0.1/cb", "http://127.0.0.1:49153/cb"] {
            let reply = app
                .redeem_with(answer.code(), &asking.verifier, other)
                .await;
            reply.assert_error(400, "invalid_grant");
        }
        let reply = app.redeem_with(answer.code(), &asking.verifier, uri).await;
        reply.assert_ok();
        for other in [
            "http://127.0.0.1:49152/other",
            "http://127.0.0.1:49152@evil.test/cb",
            "http://127.0.0.1:49152.evil.test/cb",
            "http://127.0.0.2:49152/cb",
            "http://localhost:49152/cb",
            "http://[::1]:49152/cb",
            "https://127.0.0.1:49152/cb",
        ] {
            let asking = asking.clone().with("redirect_uri", other);
            assert_page(&browser.ask(&asking).await, 400);
        }
    })
    .await;
}
