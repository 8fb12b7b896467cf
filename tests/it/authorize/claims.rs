//! Claims asked for by name (OIDC Core section 5.5).

use serde_json::{Value, json};

use super::scene;
use crate::support::browser::{Answer, Asking, Browser};
use crate::support::forge::opened;
use crate::support::people::{Person, Service};
use crate::support::{Reply, World, everywhere};

/// Somebody with claims, signed in, who has allowed everything the client may ask.
async fn known(world: &World) -> (Service, Person, Browser) {
    let (app, person, mut browser) = scene(world).await;
    world
        .change_person(&world.tenant, &person, |input| {
            input.claims.name = Some("Alice Example".to_owned());
            input.claims.locale = Some("de".to_owned());
        })
        .await;
    let asking = Asking::of(&app, "openid profile email offline_access");
    browser.authorize(&asking, &person).await.code();
    (app, person, browser)
}

async fn tokens(app: &Service, browser: &mut Browser, asking: &Asking) -> Reply {
    let answer = Answer::of(&browser.ask(asking).await);
    let tokens = app.redeem(&answer, asking).await;
    tokens.assert_ok();
    tokens
}

fn id_claims(tokens: &Reply) -> Value {
    opened(&tokens.text("id_token")).1
}

async fn userinfo(app: &Service, tokens: &Reply) -> Value {
    app.userinfo(&tokens.text("access_token")).await.json()
}

#[tokio::test]
async fn a_claim_asked_for_by_name_is_where_it_was_asked_for_and_stays() {
    everywhere(async |world| {
        let (app, person, mut browser) = known(&world).await;
        let asking = Asking::of(&app, "openid offline_access").with(
            "claims",
            r#"{"id_token":{"email":{"essential":true},"locale":{"values":["de","en"]}},
                "userinfo":{"name":null,"email_verified":{"value":false}}}"#,
        );
        let first = tokens(&app, &mut browser, &asking).await;
        let second = app.refresh(&first.text("refresh_token")).await;
        for tokens in [first, second] {
            let claims = id_claims(&tokens);
            assert_eq!(claims["email"], "alice@example.test");
            assert_eq!(claims["locale"], "de");
            for absent in ["name", "email_verified", "preferred_username"] {
                assert!(claims.get(absent).is_none(), "{claims}");
            }
            let expected = json!({
                "sub": person.id, "name": "Alice Example", "email_verified": false,
            });
            assert_eq!(userinfo(&app, &tokens).await, expected);
        }
        // Another authorization of the same client asks for its own.
        let plain = Asking::of(&app, "openid");
        let tokens = tokens(&app, &mut browser, &plain).await;
        assert!(id_claims(&tokens).get("email").is_none());
        assert_eq!(userinfo(&app, &tokens).await, json!({ "sub": person.id }));
    })
    .await;
}

#[tokio::test]
async fn asking_by_name_reaches_no_further_than_the_registration_and_the_value() {
    everywhere(async |world| {
        let (app, person, mut browser) = known(&world).await;
        for claims in [
            // Not in the client's scope, not what the account has, not there, not a claim.
            r#"{"id_token":{"phone_number":null,"address":{"essential":true}}}"#,
            r#"{"id_token":{"email":{"value":"bob@example.test"},"locale":{"values":["fr"]}}}"#,
            r#"{"id_token":{"nickname":null,"password":null,"roles":null,"groups":null}}"#,
            r#"{"id_token":{"scope":null,"admin":{"value":true},"http://example.info/x":null}}"#,
            // Nobody says what these are but the server.
            r#"{"id_token":{"iss":{"value":"https://evil.test"},"aud":{"value":"other"},
                "exp":{"value":9999999999},"sid":{"value":"x"},"nonce":{"value":"x"},
                "amr":{"values":["mfa"]},"auth_time":{"value":1},"at_hash":null}}"#,
            r#"{"userinfo":{"sub":{"value":"somebody"},"phone_number":null}}"#,
        ] {
            let asking = Asking::of(&app, "openid").with("claims", claims);
            let tokens = tokens(&app, &mut browser, &asking).await;
            let found = id_claims(&tokens);
            let mut names: Vec<&String> = found.as_object().expect("claims").keys().collect();
            names.sort_unstable();
            let own = [
                "acr",
                "amr",
                "at_hash",
                "aud",
                "auth_time",
                "exp",
                "iat",
                "iss",
                "nonce",
                "sid",
                "sub",
            ];
            assert_eq!(names, own, "{claims}");
            assert_eq!(found["aud"], "app");
            assert_eq!(found["nonce"], "the nonce");
            assert_eq!(found["amr"], json!(["pwd"]));
            assert_eq!(userinfo(&app, &tokens).await, json!({ "sub": person.id }));
        }
    })
    .await;
}

#[tokio::test]
async fn without_openid_no_claim_is_told_by_name() {
    everywhere(async |world| {
        let (app, _, mut browser) = known(&world).await;
        let asking = Asking::of(&app, "profile").with(
            "claims",
            r#"{"userinfo":{"email":null},"id_token":{"email":null}}"#,
        );
        let tokens = tokens(&app, &mut browser, &asking).await;
        assert!(tokens.json().get("id_token").is_none());
        let reply = app.userinfo(&tokens.text("access_token")).await;
        assert_eq!(reply.status, 403, "{reply:?}");
    })
    .await;
}

// A058
#[tokio::test]
async fn a_malformed_claims_parameter_is_an_invalid_request() {
    everywhere(async |world| {
        let (app, _, mut browser) = known(&world).await;
        let before = super::rows(&world).await;
        let deep = format!("{}{}", r#"{"id_token":"#.repeat(400), "}".repeat(400));
        let lists = format!(r#"{{"id_token":{{"x":{{"value":{}"#, "[".repeat(4000));
        let many: Vec<String> = (0..65)
            .map(|number| format!(r#""c{number}":null"#))
            .collect();
        let many = format!(r#"{{"userinfo":{{{}}}}}"#, many.join(","));
        let long = format!(
            r#"{{"id_token":{{"x":{{"value":"{}"}}}}}}"#,
            "a".repeat(9000)
        );
        for claims in [
            "{",
            "null",
            "[]",
            "\"email\"",
            "1e400",
            "{} {}",
            r#"{"id_token":[]}"#,
            r#"{"id_token":{"email":true}}"#,
            r#"{"id_token":{"email":{"essential":"yes"}}}"#,
            r#"{"id_token":{"acr":{"values":"1"}}}"#,
            r#"{"id_token":{"sub":{"value":7}}}"#,
            r#"{"id_token":{},"id_token":{}}"#,
            r#"{"id_token":{"email":null,"email":null}}"#,
            &deep,
            &lists,
            &many,
            &long,
        ] {
            let asking = Asking::of(&app, "openid").with("claims", claims);
            let answer = Answer::of(&browser.ask(&asking).await);
            answer.assert_error("invalid_request");
        }
        assert_eq!(super::rows(&world).await, before);
    })
    .await;
}

// OIDC Core section 5.5.1
#[tokio::test]
async fn a_demanded_person_is_that_person_or_nobody() {
    everywhere(async |world| {
        let (app, person, mut browser) = known(&world).await;
        let bob = world.person("bob").await;
        let demand = |sub: &str| {
            let claims = json!({ "id_token": { "sub": { "value": sub } } }).to_string();
            Asking::of(&app, "openid").with("claims", &claims)
        };
        let own = demand(&person.id);
        assert_eq!(
            id_claims(&tokens(&app, &mut browser, &own).await)["sub"],
            person.id.as_str()
        );
        let silent = demand(&bob.id).with("prompt", "none");
        Answer::of(&browser.ask(&silent).await).assert_error("login_required");
        // Whoever signs in instead is not who was demanded.
        world.advance(1);
        let page = browser.ask(&demand(&bob.id)).await;
        let reply = browser.sign_in(&page, &person).await;
        Answer::of(&reply).assert_error("login_required");
        let both = own.with("id_token_hint", &id_token_of(&app, &mut browser).await);
        Answer::of(&browser.ask(&both).await).code();
        let two = demand(&bob.id).with("id_token_hint", &id_token_of(&app, &mut browser).await);
        Answer::of(&browser.ask(&two).await).assert_error("invalid_request");
    })
    .await;
}

async fn id_token_of(app: &Service, browser: &mut Browser) -> String {
    tokens(app, browser, &Asking::of(app, "openid"))
        .await
        .text("id_token")
}

// OIDC Core section 5.5.1.1
#[tokio::test]
async fn an_acr_is_told_truthfully_and_an_unreachable_one_only_if_it_is_not_essential() {
    everywhere(async |world| {
        let (app, _, mut browser) = known(&world).await;
        for (acr, is_reachable) in [
            (r#"{"essential":true,"value":"1"}"#, true),
            (r#"{"essential":true,"values":["phr","1"]}"#, true),
            (r#"{"essential":true}"#, true),
            (r#"{"values":["phr"]}"#, true),
            (r#"{"value":"2"}"#, true),
            ("null", true),
            (r#"{"essential":true,"values":["3","phr"]}"#, false),
            (r#"{"essential":true,"value":"phr"}"#, false),
            (r#"{"essential":true,"value":1}"#, false),
        ] {
            let claims = format!(r#"{{"id_token":{{"acr":{acr}}}}}"#);
            let asking = Asking::of(&app, "openid").with("claims", &claims);
            let answer = Answer::of(&browser.ask(&asking).await);
            if is_reachable {
                let tokens = app.redeem(&answer, &asking).await;
                assert_eq!(id_claims(&tokens)["acr"], "1", "{acr}");
            } else {
                answer.assert_error("unmet_authentication_requirements");
            }
        }
        // `acr_values` is a wish (section 3.1.2.1).
        let asking = Asking::of(&app, "openid").with("acr_values", "phr 2");
        let tokens = tokens(&app, &mut browser, &asking).await;
        assert_eq!(id_claims(&tokens)["acr"], "1");
    })
    .await;
}
