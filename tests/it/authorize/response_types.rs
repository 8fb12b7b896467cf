//! One response type, three ways to bring the answer (OAuth 2.0 Multiple Response Types section 2.1,
//! OAuth 2.0 Form Post Response Mode).

use users_core::oauth::authorize::channel::ResponseMode;

use super::{codes, rows, scene};
use crate::support::browser::{Answer, Asking, CALLBACK, Form};
use crate::support::everywhere;

// A016
#[tokio::test]
async fn no_response_type_brings_a_token_through_the_browser() {
    everywhere(async |world| {
        let (app, person, mut browser) = scene(&world).await;
        let asking = Asking::of(&app, "openid");
        browser.authorize(&asking, &person).await.code();
        let before = rows(&world).await;
        for (types, mode) in [
            ("token", ResponseMode::Fragment),
            ("id_token", ResponseMode::Fragment),
            ("id_token token", ResponseMode::Fragment),
            ("token id_token", ResponseMode::Fragment),
            ("code token", ResponseMode::Fragment),
            ("token code", ResponseMode::Fragment),
            ("code id_token", ResponseMode::Fragment),
            ("code id_token token", ResponseMode::Fragment),
            ("password", ResponseMode::Query),
            ("none", ResponseMode::Query),
            ("device_code", ResponseMode::Query),
            ("code none", ResponseMode::Query),
            ("code code", ResponseMode::Query),
            ("code ", ResponseMode::Query),
            (" code", ResponseMode::Query),
            ("CODE", ResponseMode::Query),
            ("Token", ResponseMode::Query),
            ("*", ResponseMode::Query),
        ] {
            let asking = asking.clone().with("response_type", types);
            let answer = Answer::of(&browser.ask(&asking).await);
            answer.assert_error("unsupported_response_type");
            assert_eq!(answer.mode, mode, "{types}");
            assert_eq!(answer.params.len(), 4, "{answer:?}");
            for mode in ResponseMode::ALL {
                let asking = asking.clone().with("response_mode", mode.name());
                let answer = Answer::of(&browser.ask(&asking).await);
                answer.assert_error("unsupported_response_type");
                assert_eq!(answer.mode, mode, "{types}");
            }
        }
        assert_eq!(rows(&world).await, before);
    })
    .await;
}

// A017
#[tokio::test]
async fn a_response_type_is_named_once() {
    everywhere(async |world| {
        let (app, _, mut browser) = scene(&world).await;
        let asking = Asking::of(&app, "openid");
        for asking in [
            asking.clone().without("response_type"),
            asking.clone().with("response_type", ""),
            asking
                .clone()
                .without("response_type")
                .with("Response_Type", "code"),
        ] {
            let answer = Answer::of(&browser.ask(&asking).await);
            answer.assert_error("invalid_request");
        }
        for again in [
            "response_type=code",
            "response_type=token",
            "response_mode=query",
        ] {
            let asking = asking.clone().with("response_mode", "query");
            let page = browser.get(&format!("{}&{again}", asking.address())).await;
            super::assert_page(&page, 400);
        }
        assert_eq!(codes(&world).await, 0);
    })
    .await;
}

#[tokio::test]
async fn an_unknown_response_mode_is_complained_of_in_the_default_one() {
    everywhere(async |world| {
        let (app, person, mut browser) = scene(&world).await;
        let asking = Asking::of(&app, "openid");
        browser.authorize(&asking, &person).await.code();
        for mode in [
            "web_message",
            "query.jwt",
            "jwt",
            "FRAGMENT",
            "query fragment",
            "form_post ",
            "*",
        ] {
            let answer = Answer::of(
                &browser
                    .ask(&asking.clone().with("response_mode", mode))
                    .await,
            );
            answer.assert_error("invalid_request");
            assert_eq!(answer.mode, ResponseMode::Query, "{mode}");
        }
        for mode in ResponseMode::ALL {
            let answer = Answer::of(
                &browser
                    .ask(&asking.clone().with("response_mode", mode.name()))
                    .await,
            );
            assert_eq!((answer.mode, answer.to.as_str()), (mode, CALLBACK));
            app.redeem(&answer, &asking).await.assert_ok();
        }
        // An empty one is none at all.
        let answer = Answer::of(&browser.ask(&asking.with("response_mode", "")).await);
        assert_eq!(answer.mode, ResponseMode::Query);
        answer.code();
    })
    .await;
}

/// Whatever breaks out of an attribute, a script, a header or an address.
const STATES: &[&str] = &[
    "\"><script>alert(1)</script>",
    "'><img src=x onerror=alert(1)>",
    "</form><form action=https://evil.test>",
    "a\r\nLocation: https://evil.test/\r\n\r\nb",
    "a\nb",
    "&lt;&amp;&#x27;&quot;",
    "&code=mine&iss=https://evil.test",
    "#code=mine",
    "100% + a=b; c?d/e\\f",
    "%00%0a%2500",
    "{{ 7 * 7 }}{% raw %}",
    "\u{e9}\u{4e16}\u{1f600}\u{202e}",
    " ",
];

// A018
#[tokio::test]
async fn a_state_comes_back_as_it_was_and_is_nothing_but_a_value() {
    everywhere(async |world| {
        let (app, person, mut browser) = scene(&world).await;
        let asking = Asking::of(&app, "openid");
        browser.authorize(&asking, &person).await.code();
        for state in STATES {
            for mode in ResponseMode::ALL {
                let asking = asking
                    .clone()
                    .with("state", state)
                    .with("response_mode", mode.name());
                for asking in [asking.clone().with("scope", "no.such.scope"), asking] {
                    let reply = browser.ask(&asking).await;
                    let answer = Answer::of(&reply);
                    assert_eq!(answer.mode, mode);
                    assert_eq!(
                        (answer.to.as_str(), answer.get("state")),
                        (CALLBACK, *state)
                    );
                    let named = answer.params.contains_key("code");
                    assert_eq!(answer.params.len(), if named { 3 } else { 4 }, "{answer:?}");
                    assert_eq!(reply.header("cache-control"), Some("no-store"));
                    assert_eq!(reply.header("referrer-policy"), Some("no-referrer"));
                }
            }
        }
    })
    .await;
}

// A018
#[tokio::test]
async fn a_form_post_answer_has_one_script_and_only_escaped_values() {
    everywhere(async |world| {
        let (app, person, mut browser) = scene(&world).await;
        let asking = Asking::of(&app, "openid").with("response_mode", "form_post");
        browser.authorize(&asking, &person).await.code();
        let mut without_code = None;
        for state in STATES {
            let reply = browser.ask(&asking.clone().with("state", state)).await;
            assert_eq!(reply.status, 200);
            let form = Form::of(&reply, "");
            let names: Vec<&str> = form.fields.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(names, ["code", "state", "iss"]);
            assert_eq!(form.field("state"), *state);
            // Less what is different each time, the page is the same.
            let mut rest = reply.body.clone();
            let start = rest.find("name=\"code\"").expect("the first field");
            let end = rest.find("name=\"iss\"").expect("the last field");
            rest.replace_range(start..end, "");
            assert_eq!(*without_code.get_or_insert(rest.clone()), rest, "{state}");
            let policy = reply.header("content-security-policy").expect("a policy");
            assert!(!policy.contains("unsafe-inline"), "{policy}");
            assert!(policy.contains("default-src 'none'"), "{policy}");
            assert!(policy.contains("script-src 'sha256-"), "{policy}");
            let targets = policy
                .split("; ")
                .find(|one| one.starts_with("form-action"));
            assert_eq!(targets, Some("form-action 'self' https://app.example.test"));
        }
    })
    .await;
}

// A020
#[tokio::test]
async fn whatever_follows_a_post_is_a_get() {
    everywhere(async |world| {
        let (app, person, mut browser) = scene(&world).await;
        world
            .change_client(&world.tenant, "app", true, |metadata| {
                metadata.post_logout_redirect_uris = vec![CALLBACK.to_owned()];
            })
            .await;
        let own = world
            .client_with("own", "openid", |metadata| metadata.first_party = true)
            .await;
        let mut replies = Vec::new();
        let asking = Asking::of(&own, "openid");
        let fields: Vec<(&str, &str)> = asking
            .params
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        replies.push(browser.post("/authorize", &fields).await);
        // A sign-in, a choice and a consent that answer the client, and two that refuse.
        let page = browser.ask(&asking).await;
        replies.push(browser.sign_in(&page, &person).await);
        world.advance(1);
        let page = browser
            .ask(&asking.clone().with("prompt", "select_account"))
            .await;
        let session = page
            .body
            .split("name=\"session\" value=\"")
            .nth(1)
            .expect("an account");
        let session = session.split('"').next().expect("its id");
        let form = Form::of(&page, "/select-account").with("session", session);
        replies.push(browser.submit(&form).await);
        let asking = Asking::of(&app, "openid");
        for decision in ["deny", "allow"] {
            let page = browser.ask(&asking).await;
            replies.push(browser.decide(&page, decision).await);
        }
        let page = browser.ask(&asking.clone().with("prompt", "login")).await;
        world
            .change_client(&world.tenant, "app", true, |metadata| {
                metadata.scope = "profile".parse().expect("a scope");
            })
            .await;
        replies.push(browser.sign_in(&page, &person).await);
        let back = [("client_id", "app"), ("post_logout_redirect_uri", CALLBACK)];
        replies.push(browser.post("/logout", &back).await);
        let query = serde_urlencoded::to_string(back).expect("a query");
        let page = browser.get(&format!("/logout?{query}")).await;
        replies.push(browser.submit(&Form::of(&page, "/account/sign-out")).await);
        for reply in &replies {
            assert_eq!(reply.status, 303, "{reply:?}");
            assert!(reply.header("location").is_some(), "{reply:?}");
            assert_eq!(reply.header("cache-control"), Some("no-store"), "{reply:?}");
        }
        assert_eq!(replies.len(), 8);
    })
    .await;
}
