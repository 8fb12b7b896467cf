//! Pages that were open in another tab while somebody signed out.

use super::{assert_signed_out, scene};
use crate::sign_in::{SCOPE, offered};
use crate::support::browser::{Answer, Asking, Form};
use crate::support::everywhere;
use crate::support::forge::opened;

fn is_sign_in(page: &crate::support::Reply) -> bool {
    page.status == 200 && Form::find(page, "/sign-in").is_some()
}

// A177
#[tokio::test]
async fn a_page_left_open_gives_nothing_for_somebody_who_has_signed_out() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        let app = world.client("app", SCOPE).await;
        let asking = Asking::of(&app, "openid profile");
        let consent = scene.browser.ask(&asking).await;
        let picker = scene
            .browser
            .ask(&asking.clone().with("prompt", "select_account"))
            .await;
        let login = scene
            .browser
            .ask(&asking.clone().with("prompt", "login"))
            .await;
        let hint = scene.hint.clone();
        assert_signed_out(&scene.logout(&[("id_token_hint", &hint)]).await);
        let before = crate::sign_in::rows(&world).await;
        let choice = Form::of(&picker, "/select-account").with("session", &offered(&picker)[0]);
        for form in [
            Form::of(&consent, "/consent").with("decision", "allow"),
            choice,
            Form::of(&picker, "/select-account").with("another", ""),
        ] {
            let page = scene.browser.submit(&form).await;
            assert!(is_sign_in(&page), "{page:?}");
            assert!(!page.body.contains("alice"), "{page:?}");
        }
        // A no needs nobody who is signed in.
        let denied = scene.browser.decide(&consent, "deny").await;
        Answer::of(&denied).assert_error("access_denied");
        assert_eq!(crate::sign_in::rows(&world).await, before);
        // With the password each goes on, for the one who typed it.
        let bob = world.person("bob").await;
        let page = scene
            .browser
            .submit(&Form::of(&consent, "/consent").with("decision", "allow"))
            .await;
        let page = scene.browser.sign_in(&page, &bob).await;
        assert!(
            page.body.contains("bob") && !page.body.contains("alice"),
            "{page:?}"
        );
        let answer = Answer::of(&scene.browser.decide(&page, "allow").await);
        let tokens = app.redeem(&answer, &asking).await;
        assert_eq!(opened(&tokens.text("id_token")).1["sub"], bob.id.as_str());
        let page = scene.browser.sign_in(&login, &scene.alice).await;
        assert!(Form::find(&page, "/consent").is_some(), "{page:?}");
    })
    .await;
}

// A177
#[tokio::test]
async fn what_one_signed_out_left_open_is_not_answered_by_another_who_is_signed_in() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        let app = world.client("app", SCOPE).await;
        let asking = Asking::of(&app, "openid profile");
        let bob = world.person("bob").await;
        let consent = scene.browser.ask(&asking).await;
        super::tokens(&mut scene.browser, &scene.rp, &bob).await;
        let hint = scene.hint.clone();
        scene.logout(&[("id_token_hint", &hint)]).await;
        let bobs = crate::sign_in::who(&mut scene.browser, &scene.rp).await;
        assert_eq!(bobs.as_ref(), Some(&bob.id));
        let page = scene
            .browser
            .submit(&Form::of(&consent, "/consent").with("decision", "allow"))
            .await;
        assert!(is_sign_in(&page), "{page:?}");
        assert_eq!(
            world
                .raw()
                .await
                .number("SELECT COUNT(*) FROM consents")
                .await,
            0
        );
    })
    .await;
}

// A177
#[tokio::test]
async fn a_code_that_was_on_its_way_is_worth_nothing_after_signing_out() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        let asking = Asking::of(&scene.rp, "openid offline_access");
        let answer = Answer::of(&scene.browser.ask(&asking).await);
        let hint = scene.hint.clone();
        assert_signed_out(&scene.logout(&[("id_token_hint", &hint)]).await);
        scene
            .rp
            .redeem(&answer, &asking)
            .await
            .assert_error(400, "invalid_grant");
        // Nor after signing in again.
        super::tokens(&mut scene.browser, &scene.rp, &scene.alice).await;
        scene
            .rp
            .redeem(&answer, &asking)
            .await
            .assert_error(400, "invalid_grant");
    })
    .await;
}

#[tokio::test]
async fn signing_out_twice_in_two_tabs_is_signing_out() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        let one = scene.logout(&[]).await;
        let other = scene.logout(&[]).await;
        for page in [one, other] {
            let form = Form::of(&page, "/account/sign-out");
            assert_signed_out(&scene.browser.submit(&form).await);
        }
        assert!(!scene.is_signed_in().await);
        let _ = world;
    })
    .await;
}
