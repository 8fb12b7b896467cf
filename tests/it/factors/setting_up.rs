//! The pages that set an authenticator up during a sign-in.

use serde_json::json;
use users_core::model::required_action::RequiredAction;

use super::{coded, everywhere, scanned};
use crate::support::browser::{Answer, Asking, Browser, Form};
use crate::support::{Reply, World};

/// A request that takes nothing less than two factors.
fn strong(asking: Asking) -> Asking {
    let claims = json!({ "id_token": { "acr": { "essential": true, "values": ["2"] } } });
    asking.with("claims", &claims.to_string())
}

/// Goes on from the recovery codes.
async fn kept(browser: &mut Browser, page: &Reply) -> Reply {
    assert!(page.body.contains("id=\"recovery-codes\""), "{page:?}");
    assert_eq!(page.body.matches("<li>").count(), 10, "{page:?}");
    browser.submit(&Form::of(page, "/sign-in")).await
}

async fn own(world: &World) -> crate::support::people::Service {
    world
        .client_with("own", "openid profile", |metadata| {
            metadata.first_party = true;
        })
        .await
}

#[tokio::test]
async fn whoever_has_to_set_one_up_does_it_before_there_is_a_code() {
    everywhere(async |mut world| {
        let own = own(&world).await;
        let anna = world.person("anna").await;
        crate::passwords::settle(&mut world, json!({ "require_second_factor": true })).await;
        let asking = Asking::of(&own, "openid");
        let mut browser = Browser::new(world.anonymous());
        let page = browser.ask(&asking).await;
        let page = browser.sign_in(&page, &anna).await;
        let (form, authenticator) = scanned(&page);
        assert!(page.body.contains("<svg"), "{page:?}");
        assert!(page.body.contains("otpauth:"), "{page:?}");
        let silent = browser.ask(&asking.clone().with("prompt", "none")).await;
        Answer::of(&silent).assert_error("interaction_required");
        // A wrong code shows the same secret again: it was scanned already.
        let again = browser.submit(&form.clone().with("otp", "000000")).await;
        assert_eq!(again.status, 400);
        let (form, same) = scanned(&again);
        let code = authenticator.code_in(&world, 0);
        assert_eq!(same.code_in(&world, 0), code);
        let page = browser.submit(&form.with("otp", &code)).await;
        let answer = Answer::of(&kept(&mut browser, &page).await);
        let tokens = own.redeem(&answer, &asking).await;
        assert_eq!(
            crate::support::forge::opened(&tokens.text("id_token")).1["acr"],
            "2"
        );
        // From then on it is asked for, and the code it was made with is used up.
        let mut elsewhere = Browser::new(world.anonymous());
        let page = elsewhere.ask(&asking).await;
        let page = elsewhere.sign_in(&page, &anna).await;
        let page = elsewhere.submit(&coded(&page, &code)).await;
        assert_eq!(page.status, 400);
        let next = authenticator.next_code(&world);
        Answer::of(&elsewhere.submit(&coded(&page, &next)).await).code();
    })
    .await;
}

#[tokio::test]
async fn an_administrator_can_ask_one_person_for_a_second_factor() {
    everywhere(async |world| {
        let own = own(&world).await;
        let (anna, bert) = (world.person("anna").await, world.person("bert").await);
        world
            .change_person(&world.tenant, &anna, |input| {
                input.required_actions = vec![RequiredAction::ConfigureTotp];
            })
            .await;
        let asking = Asking::of(&own, "openid");
        let mut browser = Browser::new(world.anonymous());
        let page = browser.ask(&asking).await;
        let page = browser.sign_in(&page, &anna).await;
        let (form, authenticator) = scanned(&page);
        let code = authenticator.code_in(&world, 0);
        let page = browser.submit(&form.with("otp", &code)).await;
        Answer::of(&kept(&mut browser, &page).await).code();
        let user = users_core::admin::users::get(&world.app, &world.tenant, &anna.id).await;
        assert!(user.expect("anna").required_actions.is_empty());
        Browser::new(world.anonymous())
            .authorize(&asking, &bert)
            .await
            .code();
    })
    .await;
}

// RFC 9470 section 5, OIDC Core section 5.5.1.1
#[tokio::test]
async fn a_client_that_needs_two_factors_gets_no_session_of_one() {
    everywhere(async |world| {
        let own = own(&world).await;
        let anna = world.person("anna").await;
        let asking = Asking::of(&own, "openid");
        let mut browser = Browser::new(world.anonymous());
        browser.authorize(&asking, &anna).await.code();
        let asking = strong(asking);
        let silent = browser.ask(&asking.clone().with("prompt", "none")).await;
        Answer::of(&silent).assert_error("interaction_required");
        let page = browser.ask(&asking).await;
        let (form, authenticator) = scanned(&page);
        let code = authenticator.code_in(&world, 0);
        let page = browser.submit(&form.with("otp", &code)).await;
        let answer = Answer::of(&kept(&mut browser, &page).await);
        let tokens = own.redeem(&answer, &asking).await;
        assert_eq!(
            crate::support::forge::opened(&tokens.text("id_token")).1["acr"],
            "2"
        );
        Answer::of(&browser.ask(&asking).await).code();
    })
    .await;
}

// A273
#[tokio::test]
async fn an_unlocked_screen_is_not_enough_to_set_one_up() {
    everywhere(async |world| {
        let own = own(&world).await;
        let anna = world.person("anna").await;
        let asking = Asking::of(&own, "openid");
        let mut browser = Browser::new(world.anonymous());
        browser.authorize(&asking, &anna).await.code();
        let page = browser.ask(&strong(asking.clone())).await;
        let (form, authenticator) = scanned(&page);
        world.advance(600);
        let code = authenticator.code_in(&world, 0);
        for page in [
            browser.submit(&form.with("otp", &code)).await,
            browser.ask(&strong(asking)).await,
        ] {
            assert!(page.body.contains("id=\"sign-in\""), "{page:?}");
        }
    })
    .await;
}

// A284
#[tokio::test]
async fn what_is_set_up_in_one_session_is_finished_in_no_other() {
    everywhere(async |world| {
        let own = own(&world).await;
        let anna = world.person("anna").await;
        let asking = strong(Asking::of(&own, "openid"));
        let mut first = Browser::new(world.anonymous());
        let page = first.ask(&asking).await;
        let page = first.sign_in(&page, &anna).await;
        let (form, authenticator) = scanned(&page);
        let mut second = Browser::new(world.anonymous());
        let page = second.ask(&asking).await;
        let page = second.sign_in(&page, &anna).await;
        let (_, another) = scanned(&page);
        let code = authenticator.code_in(&world, 0);
        assert_ne!(another.code_in(&world, 0), code);
        // The one begun last is the one that goes on.
        let page = first.submit(&form.with("otp", &code)).await;
        assert!(!page.body.contains("id=\"recovery-codes\""), "{page:?}");
        let wrong = Form::of(&second.ask(&asking).await, "/sign-in").with("otp", &code);
        assert_eq!(second.submit(&wrong).await.status, 400);
    })
    .await;
}

#[tokio::test]
async fn whoever_was_too_slow_is_told_and_scans_anew() {
    everywhere(async |world| {
        let own = own(&world).await;
        let anna = world.person("anna").await;
        let asking = strong(Asking::of(&own, "openid"));
        let mut browser = Browser::new(world.anonymous());
        let page = browser.ask(&asking).await;
        let page = browser.sign_in(&page, &anna).await;
        let (form, first) = scanned(&page);
        // The same secret is good for as long again when the page is shown again.
        world.advance(300);
        scanned(&browser.ask(&asking).await);
        // Somebody begins anew elsewhere.
        let mut other = Browser::new(world.anonymous());
        let page = other.ask(&asking).await;
        other.sign_in(&page, &anna).await;
        let code = first.code_in(&world, 0);
        let page = browser.submit(&form.with("otp", &code)).await;
        assert_eq!(page.status, 409);
        assert!(page.body.contains("This took too long"), "{page:?}");
        let (form, second) = scanned(&page);
        let code = second.code_in(&world, 0);
        let page = browser.submit(&form.with("otp", &code)).await;
        Answer::of(&kept(&mut browser, &page).await).code();
    })
    .await;
}

#[tokio::test]
async fn a_factor_that_is_asked_for_and_there_is_nothing_left_to_do() {
    everywhere(async |world| {
        let super::Guarded {
            anna,
            authenticator,
            console,
            ..
        } = super::guarded(&world).await;
        world
            .change_person(&world.tenant, &anna, |input| {
                input.required_actions = vec![RequiredAction::ConfigureTotp];
            })
            .await;
        let mut browser = Browser::new(world.anonymous());
        let page = browser.ask(&Asking::of(&console, "openid")).await;
        let page = browser.sign_in(&page, &anna).await;
        let form = coded(&page, &authenticator.next_code(&world));
        Answer::of(&browser.submit(&form).await).code();
        let user = users_core::admin::users::get(&world.app, &world.tenant, &anna.id).await;
        assert!(user.expect("anna").required_actions.is_empty());
    })
    .await;
}
