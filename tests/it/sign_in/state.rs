//! What a client sends along comes back as it was, and bad requests go back to the client.

use super::{Scene, rows, scene};
use crate::support::browser::{Answer, Asking, Browser, Form};
use crate::support::everywhere;
use crate::support::forge::opened;

/// `bytes` bytes of everything that has a meaning somewhere.
fn state(bytes: usize) -> String {
    let awkward = "é%&=+#?/\\<>\"' ;,{}%00%0a🔑\u{202e}";
    let mut state = String::new();
    for letter in awkward.chars().cycle() {
        if state.len() + letter.len_utf8() > bytes {
            break;
        }
        state.push(letter);
    }
    let missing = bytes - state.len();
    state + &"x".repeat(missing)
}

fn fields(asking: &Asking) -> Vec<(&str, &str)> {
    let params = asking.params.iter();
    params
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

// A051
#[tokio::test]
async fn a_state_comes_back_byte_for_byte_in_every_answer() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        let mut stranger = Browser::new(world.anonymous());
        scene.enter(&scene.alice.clone()).await;
        for bytes in [1, 2, 128, 512, 2048] {
            let state = state(bytes);
            assert_eq!(state.len(), bytes);
            for mode in ["query", "fragment", "form_post"] {
                let own = Asking::of(&scene.own, "openid")
                    .with("response_mode", mode)
                    .with("state", &state);
                let success = Answer::of(&scene.browser.ask(&own).await);
                success.code();
                let none = own.clone().with("prompt", "none");
                let error = Answer::of(&stranger.ask(&none).await);
                error.assert_error("login_required");
                let asking = scene
                    .asking()
                    .with("response_mode", mode)
                    .with("state", &state);
                let page = scene.browser.ask(&asking).await;
                let denied = Answer::of(&scene.browser.decide(&page, "deny").await);
                denied.assert_error("access_denied");
                for answer in [success, error, denied] {
                    assert_eq!(answer.get("state"), state, "{mode}");
                }
            }
        }
        // Empty is none.
        let asking = Asking::of(&scene.own, "openid").with("state", "");
        let answer = Answer::of(&scene.browser.ask(&asking).await);
        assert!(!answer.params.contains_key("state"), "{answer:?}");
    })
    .await;
}

#[tokio::test]
async fn the_longest_request_that_is_taken_gets_through_every_page() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        let asking = scene.asking().with("state", "");
        let room = 16_000 - asking.address().len();
        let before = rows(&world).await;
        for length in [room + 1000, 60_000, 1 << 20] {
            let asking = asking.clone().with("state", &"s".repeat(length));
            // Longer addresses are refused before there is a request.
            if length < 65_000 {
                assert_eq!(scene.browser.ask(&asking).await.status, 414, "{length}");
            }
            let posted = scene.browser.post("/authorize", &fields(&asking)).await;
            assert!([400, 413].contains(&posted.status.as_u16()), "{posted:?}");
            assert!(posted.body.len() < 4096, "{posted:?}");
        }
        assert_eq!(rows(&world).await, before);
        let asking = asking.with("state", &"s".repeat(room));
        let posted = scene.browser.post("/authorize", &fields(&asking)).await;
        assert_eq!(posted.status, 303, "{posted:?}");
        let page = scene.browser.ask(&asking).await;
        let page = scene.browser.sign_in(&page, &scene.alice).await;
        let page = scene.browser.decide(&page, "allow").await;
        assert_eq!(Answer::of(&page).get("state").len(), room);
    })
    .await;
}

// A058
#[tokio::test]
async fn an_oversized_parameter_costs_nothing_and_is_shown_nowhere() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        scene.enter(&scene.alice.clone()).await;
        let before = rows(&world).await;
        let deep = |depth: usize| format!("{{\"userinfo\":{}", "{\"a\":".repeat(depth));
        let closed = |depth: usize| deep(depth) + "1" + &"}".repeat(depth + 1);
        for claims in [
            "{".to_owned(),
            "[]".to_owned(),
            "null".to_owned(),
            "{\"userinfo\":1}".to_owned(),
            "{\"userinfo\":{\"a\":1,\"a\":2}}".to_owned(),
            deep(400),
            closed(400),
            closed(64),
            "[".repeat(3000),
        ] {
            let asking = scene.asking().with("claims", &claims);
            let answer = Answer::of(&scene.browser.ask(&asking).await);
            answer.assert_error("invalid_request");
        }
        for claims in [deep(3000), closed(3000)] {
            let asking = scene.asking().with("claims", &claims);
            assert_eq!(scene.browser.ask(&asking).await.status, 414);
        }
        let many: Vec<String> = (0..5000).map(|number| format!("s{number}")).collect();
        let scope = format!("openid {}", many.join(" "));
        assert_eq!(
            scene
                .browser
                .ask(&scene.asking().with("scope", &scope))
                .await
                .status,
            414
        );
        let scope = format!("openid {}", many[..2000].join(" "));
        let asking = scene.asking().with("scope", &scope);
        Answer::of(&scene.browser.ask(&asking).await).assert_error("invalid_scope");
        // Scopes nobody knows are ignored, as many as an honest request may carry.
        let scope = format!("openid {}", many[..99].join(" "));
        let page = scene
            .browser
            .ask(&scene.asking().with("scope", &scope))
            .await;
        assert_eq!(page.body.matches("data-scope=").count(), 1, "{page:?}");
        assert_eq!(rows(&world).await, before);
    })
    .await;
}

// A055
#[tokio::test]
async fn whoever_must_not_be_asked_is_answered_why_not() {
    everywhere(async |world| {
        let Scene {
            app,
            own,
            alice,
            mut browser,
        } = scene(&world).await;
        let asking = Asking::of(&app, "openid profile").with("prompt", "none");
        Answer::of(&browser.ask(&asking).await).assert_error("login_required");
        for mixed in [
            "none login",
            "login none",
            "none consent",
            "none select_account",
        ] {
            let mixed = asking.clone().with("prompt", mixed);
            Answer::of(&browser.ask(&mixed).await).assert_error("invalid_request");
        }
        super::enter(&mut browser, &own, &alice).await;
        let before = rows(&world).await;
        let answer = Answer::of(&browser.ask(&asking).await);
        answer.assert_error("consent_required");
        assert_eq!(answer.get("state"), "the state");
        assert_eq!(
            rows(&world).await,
            before,
            "a question nobody saw left a trace"
        );
        for mixed in ["none login", "consent none"] {
            let mixed = asking.clone().with("prompt", mixed);
            Answer::of(&browser.ask(&mixed).await).assert_error("invalid_request");
        }
        let loud = asking.without("prompt");
        let page = browser.ask(&loud).await;
        Answer::of(&browser.decide(&page, "allow").await).code();
        let quiet = loud.clone().with("prompt", "none");
        Answer::of(&browser.ask(&quiet).await).code();
        // More than was allowed is a question again.
        let more = quiet.with("scope", "openid profile email");
        Answer::of(&browser.ask(&more).await).assert_error("consent_required");
    })
    .await;
}

// A059
#[tokio::test]
async fn empty_is_omitted_unknown_is_ignored_and_names_have_one_spelling() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        scene.enter(&scene.alice.clone()).await;
        let own = Asking::of(&scene.own, "openid");
        for empty in [
            "prompt",
            "max_age",
            "login_hint",
            "id_token_hint",
            "claims",
            "resource",
            "request",
            "request_uri",
            "registration",
            "response_mode",
            "nonce",
            "acr_values",
            "display",
            "ui_locales",
        ] {
            let answer = Answer::of(&scene.browser.ask(&own.clone().with(empty, "")).await);
            assert_eq!(answer.get("state"), "the state", "{empty}");
            answer.code();
        }
        for missing in ["client_id", "redirect_uri"] {
            for asking in [own.clone().with(missing, ""), own.clone().without(missing)] {
                super::assert_refused(&scene.browser.ask(&asking).await, 400);
            }
        }
        for missing in ["response_type", "code_challenge", "code_challenge_method"] {
            for asking in [own.clone().with(missing, ""), own.clone().without(missing)] {
                Answer::of(&scene.browser.ask(&asking).await).assert_error("invalid_request");
            }
        }
        let noisy = own
            .clone()
            .with("foo", "bar")
            .with("Client_Id", "app")
            .with("CLIENT_ID", "app")
            .with("Redirect_Uri", "https://evil.test/")
            .with("Response_Type", "token")
            .with("STATE", "another")
            .with("Prompt", "login")
            .with("Scope", "openid users.write");
        let answer = Answer::of(&scene.browser.ask(&noisy).await);
        assert_eq!(answer.to, crate::support::browser::CALLBACK);
        assert_eq!(answer.get("state"), "the state");
        let tokens = scene.own.redeem(&answer, &own).await;
        assert_eq!(tokens.text("scope"), "openid");
        assert_eq!(opened(&tokens.text("id_token")).1["aud"], "own");
        let misspelt = own.without("client_id").with("Client_id", "own");
        super::assert_refused(&scene.browser.ask(&misspelt).await, 400);
    })
    .await;
}

#[tokio::test]
async fn a_posted_request_is_the_same_request() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        let asking = scene.asking().with("state", &state(512));
        let reply = scene.browser.post("/authorize", &fields(&asking)).await;
        assert_eq!(reply.status, 303);
        let location = reply.header("location").expect("a location").to_owned();
        assert!(location.starts_with("/authorize?"), "{location}");
        let page = scene.browser.get(&location).await;
        let page = scene.browser.sign_in(&page, &scene.alice).await;
        assert!(Form::find(&page, "/consent").is_some(), "{page:?}");
        let answer = Answer::of(&scene.browser.decide(&page, "allow").await);
        assert_eq!(answer.get("state"), state(512));
        scene.app.redeem(&answer, &asking).await.assert_ok();
    })
    .await;
}
