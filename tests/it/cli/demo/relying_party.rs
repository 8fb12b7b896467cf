//! The demo's relying party: from its first page through the issuer's to its own again.

use std::collections::BTreeMap;

use serde_json::Value;
use url::Url;

use super::demo;
use crate::cli::Place;
use crate::cli::running::Server;
use crate::cli::visitor::{Page, Visitor};

/// What the demo says of its relying party.
fn said<'a>(server: &'a Server, name: &str) -> &'a str {
    let said = &server.said["relying_party"][name];
    said.as_str().unwrap_or_else(|| panic!("no {name}"))
}

/// Goes through the issuer's pages from the sign-in page on.
fn sign_in(server: &Server, visitor: &mut Visitor, page: &Page, decision: &str) -> Page {
    let password = server.said["user"]["password"].as_str().expect("text");
    let fields = [("username", "alice"), ("password", password)];
    let page = visitor.send(page, "/sign-in", &fields);
    assert!(page.has("allow") && page.has("deny"), "{page:?}");
    visitor.send(&page, "/consent", &[("decision", decision)])
}

fn query(address: &str) -> BTreeMap<String, String> {
    let address = Url::parse(address).expect("an address");
    address.query_pairs().into_owned().collect()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| panic!("not JSON: {text}"))
}

#[test]
fn somebody_signs_in_allows_sees_what_was_told_and_signs_out() {
    let place = Place::new();
    let server = demo(&place);
    let home = said(&server, "address");
    let mut alice = Visitor::default();
    let page = alice.open(home);
    let link = page.link("sign-in");
    let asked = query(&link);
    for (name, expected) in [
        ("response_type", "code"),
        ("client_id", "demo-web"),
        ("redirect_uri", &format!("{home}callback")),
        ("code_challenge_method", "S256"),
    ] {
        assert_eq!(asked[name], expected);
    }
    for secret in ["state", "nonce", "code_challenge"] {
        assert_eq!(asked[secret].len(), 43, "{secret}");
    }
    let page = alice.open(&link);
    let page = sign_in(&server, &mut alice, &page, "allow");
    assert_eq!((page.at.as_str(), page.reply.status.as_u16()), (home, 200));
    for (name, value) in [
        ("name", "Alice Example"),
        ("email", "alice@example.test"),
        ("email_verified", "true"),
        ("groups", "staff, night shift"),
        ("department", "Reception"),
    ] {
        assert_eq!(page.claim(name), value);
    }
    let header = json(&page.inside("<pre id=\"header\">", "</pre>"));
    assert_eq!(
        (&header["alg"], &header["typ"]),
        (&"RS256".into(), &"JWT".into())
    );
    let payload = json(&page.inside("<pre id=\"payload\">", "</pre>"));
    assert_eq!(payload["sub"], page.claim("sub"));
    assert_eq!(payload["aud"], "demo-web");
    assert_eq!(payload["nonce"], asked["nonce"]);
    assert_eq!(payload["department"], "Reception");
    // It can be loaded again, and is nobody else's.
    assert_eq!(alice.open(home).claim("name"), "Alice Example");
    assert!(Visitor::default().open(home).has("sign-in"));
    let page = alice.send(&page, "/sign-out", &[]);
    assert_eq!(page.at.as_str(), format!("{home}signed-out"));
    assert!(page.has("signed-out"), "{page:?}");
    // Signed out of both: the application shows the way in, the issuer asks again.
    let page = alice.open(home);
    let page = alice.open(&page.link("sign-in"));
    assert!(page.has("password"), "{page:?}");
}

#[test]
fn the_printed_address_signs_in_once_in_any_browser() {
    let place = Place::new();
    let server = demo(&place);
    let address = said(&server, "authorize");
    let (mut first, mut second) = (Visitor::default(), Visitor::default());
    let page = first.open(address);
    let page = sign_in(&server, &mut first, &page, "allow");
    assert_eq!(page.claim("name"), "Alice Example");
    let page = second.open(address);
    let fields = [
        ("username", "alice"),
        (
            "password",
            server.said["user"]["password"].as_str().expect("text"),
        ),
    ];
    // Consent stands; the answer is refused.
    let page = second.send(&page, "/sign-in", &fields);
    assert_eq!(page.reply.status, 400, "{page:?}");
    assert!(page.has("error") && page.at.path() == "/callback");
    assert!(second.open(said(&server, "address")).has("sign-in"));
}

#[test]
fn who_denies_is_told_so_and_stays_unknown() {
    let place = Place::new();
    let server = demo(&place);
    let home = said(&server, "address");
    let mut alice = Visitor::default();
    let link = alice.open(home).link("sign-in");
    let page = alice.open(&link);
    let page = sign_in(&server, &mut alice, &page, "deny");
    assert_eq!(page.reply.status, 403, "{page:?}");
    assert!(page.reply.body.contains("access_denied"), "{page:?}");
    assert!(alice.open(home).has("sign-in"));
}

#[test]
fn only_an_answer_this_browser_waits_for_from_this_issuer_is_taken() {
    let place = Place::new();
    let server = demo(&place);
    let home = said(&server, "address");
    let issuer = server.said["issuer"].as_str().expect("an issuer");
    let mut browser = Visitor::default();
    let states: Vec<String> = (0..5)
        .map(|_| query(&browser.open(home).link("sign-in"))["state"].clone())
        .collect();
    let answer = |visitor: &mut Visitor, state: &str, issuer: &str| {
        let query = [("code", "uc_ac_none"), ("state", state), ("iss", issuer)];
        let query = serde_urlencoded::to_string(query).expect("a query");
        let page = visitor.open(&format!("{home}callback?{query}"));
        assert!(page.has("error"), "{page:?}");
        page.reply.status.as_u16()
    };
    assert_eq!(answer(&mut browser, "another", issuer), 400);
    assert_eq!(answer(&mut Visitor::default(), &states[4], issuer), 400);
    assert_eq!(
        answer(&mut browser, &states[0], issuer),
        400,
        "the oldest made room"
    );
    assert_eq!(answer(&mut browser, &states[4], "http://localhost:1"), 400);
    assert_eq!(
        answer(&mut browser, &states[4], issuer),
        400,
        "it counts once"
    );
    // One that is waited for goes as far as the issuer, which knows no such code.
    assert_eq!(answer(&mut browser, &states[3], issuer), 502);
    assert_eq!(answer(&mut browser, &states[1], issuer), 502);
    let twice = format!("{home}callback?state={0}&state={0}", states[2]);
    assert_eq!(browser.open(&twice).reply.status, 400);
    let nowhere = browser.open(&format!("{home}nowhere"));
    assert_eq!(nowhere.reply.status, 404);
    for page in [browser.open(home), nowhere] {
        let header = |name: &str| page.reply.header(name).unwrap_or_default().to_owned();
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("cache-control"), "no-store");
        assert!(header("content-security-policy").starts_with("default-src 'none'"));
    }
}
