//! The page that asks for a code.

use users_core::model::totp::STEP;

use super::{Guarded, coded, everywhere, guarded};
use crate::support::browser::{Answer, Asking, Browser, Form};
use crate::support::race::at_once;

// A271
#[tokio::test]
async fn a_password_alone_brings_no_code_where_there_is_a_second_factor() {
    everywhere(async |world| {
        let Guarded {
            anna,
            authenticator,
            console,
            ..
        } = guarded(&world).await;
        let mut browser = Browser::new(world.anonymous());
        let asking = Asking::of(&console, "openid");
        let page = browser.ask(&asking).await;
        let page = browser.sign_in(&page, &anna).await;
        let form = coded(&page, &authenticator.next_code(&world));
        // Neither another request nor one without pages finds a way around.
        let again = browser.ask(&asking).await;
        assert!(again.body.contains("id=\"show-factor\""), "{again:?}");
        let silent = browser.ask(&asking.clone().with("prompt", "none")).await;
        Answer::of(&silent).assert_error("login_required");
        let before = browser.cookie("__Host-sid-").to_owned();
        let answer = Answer::of(&browser.submit(&form).await);
        assert_ne!(browser.cookie("__Host-sid-"), before, "a secret of its own");
        let tokens = console.redeem(&answer, &asking).await;
        let claims = crate::support::forge::opened(&tokens.text("id_token")).1;
        assert_eq!(claims["acr"], "2");
        assert_eq!(claims["amr"], serde_json::json!(["pwd", "otp", "mfa"]));
        // It holds for the session.
        let silent = browser.ask(&asking.clone().with("prompt", "none")).await;
        Answer::of(&silent).code();
    })
    .await;
}

// A271
#[tokio::test]
async fn a_code_is_good_once_and_none_before_it_after() {
    everywhere(async |world| {
        let Guarded {
            anna,
            authenticator,
            console,
            ..
        } = guarded(&world).await;
        let asking = Asking::of(&console, "openid");
        world.advance(5 * STEP.unsigned_abs());
        let mut first = Browser::new(world.anonymous());
        let page = first.ask(&asking).await;
        let page = first.sign_in(&page, &anna).await;
        let code = authenticator.code_in(&world, 0);
        Answer::of(&first.submit(&coded(&page, &code)).await).code();
        let mut second = Browser::new(world.anonymous());
        let page = second.ask(&asking).await;
        let mut page = second.sign_in(&page, &anna).await;
        for steps in [0, -1, -2, 2] {
            let wrong = authenticator.code_in(&world, steps);
            page = second.submit(&coded(&page, &wrong)).await;
            assert_eq!(page.status, 400, "{steps}");
            assert!(page.body.contains("The code is wrong"), "{page:?}");
            assert!(!page.body.contains(&wrong), "{page:?}");
        }
        let next = authenticator.code_in(&world, 1);
        Answer::of(&second.submit(&coded(&page, &next)).await).code();
    })
    .await;
}

// A045, A271
#[tokio::test]
async fn of_twenty_who_bring_one_code_one_comes_in() {
    everywhere(async |world| {
        let Guarded {
            anna,
            authenticator,
            console,
            ..
        } = guarded(&world).await;
        let asking = Asking::of(&console, "openid");
        for code in [
            authenticator.next_code(&world),
            authenticator.recovery_codes[3].clone(),
        ] {
            // Whoever is not among the first five is refused for trying too often.
            let mut browsers = Vec::new();
            for _ in 0..5 {
                let mut browser = Browser::new(world.anonymous());
                let page = browser.ask(&asking).await;
                let page = browser.sign_in(&page, &anna).await;
                browsers.push((browser, coded(&page, &code)));
            }
            let tries = (0..20).map(|number| {
                let (mut browser, form) = browsers[number % 5].clone();
                async move { Answer::of_maybe(&browser.submit(&form).await) }
            });
            let answers = at_once(tries).await;
            let came_in = answers.into_iter().flatten().filter(|answer| {
                let code = answer.params.get("code");
                code.is_some()
            });
            assert_eq!(came_in.count(), 1);
            world.advance(901);
        }
    })
    .await;
}

// A275
#[tokio::test]
async fn a_recovery_code_stands_in_for_the_authenticator_once() {
    everywhere(async |world| {
        let Guarded {
            anna,
            authenticator,
            console,
            bearer,
        } = guarded(&world).await;
        let asking = Asking::of(&console, "openid");
        let code = &authenticator.recovery_codes[0];
        let mut browser = Browser::new(world.anonymous());
        let page = browser.ask(&asking).await;
        let page = browser.sign_in(&page, &anna).await;
        let typed = code.to_uppercase().replace('-', " ");
        Answer::of(&browser.submit(&coded(&page, &typed)).await).code();
        let mut browser = Browser::new(world.anonymous());
        let page = browser.ask(&asking).await;
        let page = browser.sign_in(&page, &anna).await;
        let page = browser.submit(&coded(&page, code)).await;
        assert_eq!(page.status, 400);
        let left = bearer.get("/users/me/factors").await;
        assert_eq!(left.json()["recovery_codes"]["left"], 9);
        let trail = world.audit().await;
        let used = trail
            .iter()
            .find(|row| row.kind == "user.recovery_code_used");
        assert!(used.is_some(), "{trail:?}");
    })
    .await;
}

#[tokio::test]
async fn whoever_has_the_password_alone_chooses_no_other_by_the_page() {
    everywhere(async |world| {
        let Guarded { anna, console, .. } = guarded(&world).await;
        world
            .change_person(&world.tenant, &anna, |input| {
                input.required_actions =
                    vec![users_core::model::required_action::RequiredAction::UpdatePassword];
            })
            .await;
        let mut browser = Browser::new(world.anonymous());
        let page = browser.ask(&Asking::of(&console, "openid")).await;
        let page = browser.sign_in(&page, &anna).await;
        let stolen = Form::of(&page, "/sign-in")
            .with("step", "update_password")
            .with("new_password", "another passphrase altogether")
            .with("new_password_again", "another passphrase altogether");
        let page = browser.submit(&stolen).await;
        assert!(page.body.contains("id=\"show-factor\""), "{page:?}");
        let page = browser
            .submit(&Form::of(&page, "/sign-in").with("step", "go_on"))
            .await;
        assert!(page.body.contains("id=\"show-factor\""), "{page:?}");
    })
    .await;
}

#[tokio::test]
async fn a_code_is_for_the_person_of_the_page_and_nobody_else() {
    everywhere(async |world| {
        let Guarded {
            authenticator,
            console,
            ..
        } = guarded(&world).await;
        let bert = world.person("bert").await;
        let bearer = world.bearer(&console, &bert).await;
        let berts = world.enrol(&bearer, &bert).await;
        let mut browser = Browser::new(world.anonymous());
        let page = browser.ask(&Asking::of(&console, "openid")).await;
        let mut page = browser.sign_in(&page, &bert).await;
        for foreign in [
            authenticator.next_code(&world),
            authenticator.recovery_codes[0].clone(),
        ] {
            page = browser.submit(&coded(&page, &foreign)).await;
            assert_eq!(page.status, 400, "{page:?}");
        }
        let own = berts.code_in(&world, 0);
        Answer::of(&browser.submit(&coded(&page, &own)).await).code();
    })
    .await;
}

#[tokio::test]
async fn a_password_without_its_second_factor_is_no_login() {
    everywhere(async |world| {
        let Guarded {
            anna,
            authenticator,
            console,
            bearer,
        } = guarded(&world).await;
        let logins = async || {
            let trail = world.audit().await;
            let count = |kind: &str| trail.iter().filter(|row| row.kind == kind).count();
            (count("login"), count("user.password_shown"))
        };
        let devices = async || bearer.walk("/users/me/devices").await.len();
        let before = (logins().await, devices().await);
        let mut browser = Browser::new(world.anonymous());
        let asking = Asking::of(&console, "openid");
        let page = browser.ask(&asking).await;
        let page = browser.sign_in(&page, &anna).await;
        assert_eq!(logins().await, (before.0.0, 1));
        assert_eq!(devices().await, before.1);
        let recognised = browser
            .cookies
            .keys()
            .any(|name| name.starts_with("__Host-device-"));
        assert!(!recognised, "{:?}", browser.cookies);
        let form = coded(&page, &authenticator.next_code(&world));
        Answer::of(&browser.submit(&form).await).code();
        assert_eq!(logins().await, (before.0.0 + 1, 1));
        assert_eq!(devices().await, before.1 + 1);
        browser.cookie("__Host-device-");
    })
    .await;
}

#[tokio::test]
async fn a_password_of_long_ago_is_no_half_of_a_login() {
    everywhere(async |world| {
        let Guarded {
            anna,
            authenticator,
            console,
            ..
        } = guarded(&world).await;
        let mut browser = Browser::new(world.anonymous());
        let page = browser.ask(&Asking::of(&console, "openid")).await;
        let page = browser.sign_in(&page, &anna).await;
        world.advance(600);
        let form = coded(&page, &authenticator.code_in(&world, 0));
        let page = browser.submit(&form).await;
        assert!(page.body.contains("id=\"sign-in\""), "{page:?}");
        // Nothing was used up.
        let page = browser.sign_in(&page, &anna).await;
        let form = coded(&page, &authenticator.code_in(&world, 0));
        Answer::of(&browser.submit(&form).await).code();
    })
    .await;
}

// A277
#[tokio::test]
async fn no_code_brings_back_a_session_that_was_ended() {
    everywhere(async |world| {
        let Guarded {
            anna,
            authenticator,
            console,
            bearer,
        } = guarded(&world).await;
        let mut browser = Browser::new(world.anonymous());
        let page = browser.ask(&Asking::of(&console, "openid")).await;
        let page = browser.sign_in(&page, &anna).await;
        let form = coded(&page, &authenticator.next_code(&world));
        bearer.delete("/users/me/sessions").await.assert_status(204);
        let page = browser.submit(&form).await;
        assert!(page.body.contains("id=\"sign-in\""), "{page:?}");
        assert_eq!(bearer.walk("/users/me/sessions").await.len(), 1);
    })
    .await;
}
