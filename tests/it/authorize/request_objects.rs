//! Request objects are not served, and nothing is fetched for them (OIDC Core section 6).

use std::net::TcpListener;

use super::{assert_page, rows, scene};
use crate::support::browser::{Answer, Asking, CALLBACK};
use crate::support::everywhere;
use crate::support::forge::{HandKey, b64};

// A147
#[tokio::test]
async fn a_request_object_is_refused_by_name_and_never_looked_into() {
    everywhere(async |world| {
        let (app, person, mut browser) = scene(&world).await;
        let asking = Asking::of(&app, "openid");
        browser.authorize(&asking, &person).await.code();
        let canary = TcpListener::bind("127.0.0.1:0").expect("a port");
        canary.set_nonblocking(true).expect("a socket");
        let port = canary.local_addr().expect("an address").port();
        let before = rows(&world).await;
        let key = HandKey::new();
        let claims = serde_json::json!({
            "iss": "app", "aud": crate::support::world::ISSUER, "response_type": "code",
            "client_id": "app", "redirect_uri": CALLBACK, "scope": "openid profile", "state": "inner",
        });
        let unsigned = format!("{}.{}.", b64(r#"{"alg":"none"}"#), b64(claims.to_string()));
        let signed = key.sign(&key.header("oauth-authz-req+jwt"), &claims);
        let here = format!("http://127.0.0.1:{port}/request");
        let named = format!("http://localhost:{port}/request");
        for (name, value, error) in [
            ("request", unsigned.as_str(), "request_not_supported"),
            ("request", &signed, "request_not_supported"),
            ("request", "x", "request_not_supported"),
            ("request", " ", "request_not_supported"),
            ("request_uri", &here, "request_uri_not_supported"),
            ("request_uri", &named, "request_uri_not_supported"),
            ("request_uri", "urn:ietf:params:oauth:request_uri:abc", "request_uri_not_supported"),
            ("request_uri", "file:///etc/passwd", "request_uri_not_supported"),
            ("registration", "{}", "registration_not_supported"),
            ("registration", r#"{"logo_uri":"x"}"#, "registration_not_supported"),
        ] {
            for asking in [
                asking.clone().with(name, value),
                // It is said first, and does not stand in for what is missing.
                asking.clone().with(name, value).without("response_type"),
                asking.clone().with(name, value).without("code_challenge"),
                asking.clone().with(name, value).with("prompt", "none"),
            ] {
                let posted: Vec<(&str, &str)> = asking
                    .params
                    .iter()
                    .map(|(name, value)| (name.as_str(), value.as_str()))
                    .collect();
                let reply = browser.post("/authorize", &posted).await;
                assert_eq!(reply.status, 303, "{reply:?}");
                let location = reply.header("location").expect("our own").to_owned();
                assert!(location.starts_with("/authorize?"), "{location}");
                for reply in [browser.get(&location).await, browser.ask(&asking).await] {
                    let answer = Answer::of(&reply);
                    answer.assert_error(error);
                    assert_eq!((answer.to.as_str(), answer.get("state")), (CALLBACK, "the state"));
                }
            }
            // What only the object says is not said.
            for missing in ["client_id", "redirect_uri"] {
                let asking = asking.clone().with(name, value).without(missing);
                assert_page(&browser.ask(&asking).await, 400);
            }
        }
        assert_eq!(rows(&world).await, before);
        let hit = canary.accept().map(drop).map_err(|error| error.kind());
        assert_eq!(hit, Err(std::io::ErrorKind::WouldBlock));
        // An empty one is none, in an address and in a form.
        let empty = asking.with("request", "").with("request_uri", "").with("registration", "");
        Answer::of(&browser.ask(&empty).await).code();
    })
    .await;
}

#[tokio::test]
async fn a_posted_request_keeps_to_our_own_address() {
    everywhere(async |world| {
        let (app, person, mut browser) = scene(&world).await;
        let asking = Asking::of(&app, "openid").with("resource", "https://unknown.test");
        browser
            .authorize(&Asking::of(&app, "openid"), &person)
            .await
            .code();
        let posted: Vec<(&str, &str)> = asking
            .params
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        // Cross-site, a form comes without cookies; the GET after it has them.
        let reply = world.anonymous().post("/authorize", &posted, &[]).await;
        let location = reply.header("location").expect("our own").to_owned();
        assert_eq!((reply.status.as_u16(), location), (303, asking.address()));
        assert_eq!(reply.header("set-cookie"), None);
        let twice = [posted.clone(), vec![("state", "again")]].concat();
        assert_page(&browser.post("/authorize", &twice).await, 400);
        let reply = browser.post("/authorize?client_id=app", &posted).await;
        assert_page(&reply, 400);
        let long = "a".repeat(20_000);
        let long = [posted.clone(), vec![("login_hint", long.as_str())]].concat();
        assert_page(&browser.post("/authorize", &long).await, 400);
        for (content_type, body) in [
            ("application/json", "{}"),
            ("text/plain", "client_id=app"),
            ("multipart/form-data; boundary=x", "--x--"),
        ] {
            let reply = world
                .anonymous()
                .post_raw("/authorize", content_type, body, &[])
                .await;
            assert!([400, 415].contains(&reply.status.as_u16()), "{reply:?}");
            assert_eq!(reply.header("location"), None);
        }
    })
    .await;
}
