//! What is sealed into forms is what was asked, never what was proved.

use super::{offered, scene};
use crate::support::browser::{Answer, Asking, Browser, Form};
use crate::support::everywhere;
use crate::support::forge::opened;

fn is_sign_in(page: &crate::support::Reply) -> bool {
    page.status == 200 && Form::find(page, "/sign-in").is_some()
}

/// The same transaction, sent elsewhere.
fn at(form: &Form, action: &str, name: &str, value: &str) -> Form {
    let form = form.clone().with(name, value);
    Form {
        action: action.to_owned(),
        ..form
    }
}

// A054
#[tokio::test]
async fn a_password_that_is_asked_for_again_is_asked_for_whatever_the_form_says() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        scene.enter(&scene.alice.clone()).await;
        let alice = scene.alice.clone();
        // Also at the very instant of the sign-in, and with the right to have it skipped.
        for seconds in [0, 0, 1, 100] {
            world.advance(seconds);
            for (name, value) in [("prompt", "login"), ("prompt", "login consent")] {
                let asking = Asking::of(&scene.own, "openid").with(name, value);
                let page = scene.browser.ask(&asking).await;
                assert!(is_sign_in(&page), "{seconds} {value}: {page:?}");
            }
        }
        let page = scene
            .browser
            .ask(&scene.asking().with("prompt", "select_account"))
            .await;
        let session = offered(&page)[0].clone();
        world.advance(10);
        let asking = Asking::of(&scene.own, "openid").with("prompt", "login");
        let page = scene.browser.ask(&asking).await;
        let form = Form::of(&page, "/sign-in");
        for (name, value) in [
            ("prompt", "none"),
            ("prompt", ""),
            ("max_age", "999999"),
            ("auth_time", "1767225600"),
            ("username", ""),
            ("account", &session),
            ("session", &session),
            ("decision", "allow"),
        ] {
            for action in ["/sign-in", "/consent", "/select-account"] {
                let page = scene.browser.submit(&at(&form, action, name, value)).await;
                // The picker at most, and behind it the password.
                if Form::find(&page, "/sign-in").is_none() {
                    let picker = Form::of(&page, "/select-account").with("session", &session);
                    let page = scene.browser.submit(&picker).await;
                    assert!(is_sign_in(&page), "{action} {name}: {page:?}");
                }
            }
        }
        let answer = Answer::of(&scene.browser.sign_in(&page, &alice).await);
        let tokens = scene.own.redeem(&answer, &asking).await;
        let id_token = opened(&tokens.text("id_token")).1;
        assert_eq!(id_token["auth_time"], world.clock.now().seconds());
    })
    .await;
}

#[tokio::test]
async fn a_sign_in_that_is_too_old_is_asked_for_again_whatever_the_form_says() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        scene.enter(&scene.alice.clone()).await;
        let asking = Asking::of(&scene.own, "openid").with("max_age", "60");
        world.advance(60);
        Answer::of(&scene.browser.ask(&asking).await).code();
        world.advance(1);
        let page = scene.browser.ask(&asking).await;
        assert!(is_sign_in(&page), "{page:?}");
        let form = Form::of(&page, "/sign-in");
        for action in ["/consent", "/select-account"] {
            let form = at(&form, action, "decision", "allow").with("max_age", "9999");
            let page = scene.browser.submit(&form).await;
            assert!(Answer::of_maybe(&page).is_none(), "{action}: {page:?}");
        }
        let none = asking.clone().with("prompt", "none");
        Answer::of(&scene.browser.ask(&none).await).assert_error("login_required");
        Answer::of(&scene.browser.sign_in(&page, &scene.alice).await).code();
    })
    .await;
}

#[tokio::test]
async fn nobody_allows_what_was_not_shown_to_them() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        let asking = scene.asking();
        // Before anybody signed in.
        let page = scene.browser.ask(&asking).await;
        let form = at(
            &Form::of(&page, "/sign-in"),
            "/consent",
            "decision",
            "allow",
        );
        let page = scene.browser.submit(&form).await;
        assert!(is_sign_in(&page), "{page:?}");
        // Signed in, but shown a picker only.
        scene.enter(&scene.alice.clone()).await;
        world.advance(1);
        let picker = scene
            .browser
            .ask(&asking.clone().with("prompt", "select_account"))
            .await;
        let form = Form::of(&picker, "/select-account");
        let page = scene
            .browser
            .submit(&at(&form, "/consent", "decision", "allow"))
            .await;
        assert!(Form::find(&page, "/select-account").is_some(), "{page:?}");
        // Shown to alice, answered for bob.
        let consent = scene.browser.ask(&asking).await;
        let form = Form::of(&consent, "/consent");
        let bob = world.person("bob").await;
        scene.enter(&bob).await;
        let picker = scene
            .browser
            .ask(&asking.clone().with("prompt", "select_account"))
            .await;
        let [bobs, alices]: [String; 2] = offered(&picker).try_into().expect("two");
        let page = scene
            .browser
            .submit(&at(&form, "/select-account", "session", &bobs))
            .await;
        let for_bob = Form::of(&page, "/consent");
        assert!(page.body.contains("bob"), "{page:?}");
        // Each answer is for whom it was shown to, whoever is the current one.
        let reply = scene
            .browser
            .submit(&for_bob.with("decision", "allow"))
            .await;
        let tokens = scene.app.redeem(&Answer::of(&reply), &asking).await;
        assert_eq!(opened(&tokens.text("id_token")).1["sub"], bob.id.as_str());
        let consent = scene
            .browser
            .submit(&Form::of(&picker, "/select-account").with("session", &alices))
            .await;
        scene.enter(&bob).await;
        let tokens = scene
            .app
            .redeem(
                &Answer::of(&scene.browser.decide(&consent, "allow").await),
                &asking,
            )
            .await;
        let sub = opened(&tokens.text("id_token")).1["sub"].clone();
        assert_eq!(sub, scene.alice.id.as_str());
    })
    .await;
}

#[tokio::test]
async fn a_scope_that_comes_within_reach_after_the_question_is_asked_about() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        world
            .change_client(&world.tenant, "own", true, |metadata| {
                metadata.scope = "openid users.read".parse().expect("a scope");
            })
            .await;
        let asking = Asking::of(&scene.own, "openid users.read").with("prompt", "consent");
        let page = scene.browser.ask(&asking).await;
        let page = scene.browser.sign_in(&page, &scene.alice).await;
        assert!(!page.body.contains("data-scope=\"users.read\""), "{page:?}");
        world
            .change_person(&world.tenant, &scene.alice, |input| {
                input.roles = vec!["admin".to_owned()];
            })
            .await;
        let still = scene.browser.decide(&page, "allow").await;
        let asked_again = Form::find(&still, "/consent").is_some()
            && still.body.contains("data-scope=\"users.read\"");
        let signed_out = is_sign_in(&still);
        assert!(asked_again || signed_out, "{still:?}");
    })
    .await;
}

#[tokio::test]
async fn a_session_is_chosen_among_the_browsers_own_only() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        let bob = world.person("bob").await;
        let asking = scene.asking().with("prompt", "select_account");
        // A client knows the ids of sessions: they stand in ID tokens.
        let mut theirs = Browser::new(world.anonymous());
        let answer = super::enter(&mut theirs, &scene.own, &bob).await;
        let tokens = scene
            .own
            .redeem(&answer, &Asking::of(&scene.own, "openid"))
            .await;
        let sid = opened(&tokens.text("id_token")).1["sid"].clone();
        let sid = sid.as_str().expect("a sid").to_owned();
        scene.enter(&scene.alice.clone()).await;
        let page = scene.browser.ask(&asking).await;
        for session in [sid.as_str(), &bob.id, "bob", "../", "\u{1f511}"] {
            let form = Form::of(&page, "/select-account").with("session", session);
            let reply = scene.browser.submit(&form).await;
            assert!(is_sign_in(&reply), "{session}: {reply:?}");
        }
        assert_eq!(scene.who().await, Some(scene.alice.id.clone()));
    })
    .await;
}
