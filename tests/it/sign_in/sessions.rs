//! A sign-in has a secret of its own, and belongs to the browser it happened in.

use super::{Scene, enter, scene, who};
use crate::support::browser::{Answer, Asking, Browser, Form};
use crate::support::everywhere;
use crate::support::forge::opened;

const SECRET: &str = "__Host-sid-";

/// A browser with another's cookies.
fn with_secret(browser: &Browser, value: &str) -> Browser {
    let mut copy = browser.clone();
    for (name, kept) in &mut copy.cookies {
        if name.starts_with(SECRET) {
            value.clone_into(kept);
        }
    }
    copy
}

// A202
#[tokio::test]
async fn every_sign_in_has_a_new_secret_and_the_one_before_is_worth_nothing() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        let page = scene.browser.ask(&Asking::of(&scene.own, "openid")).await;
        let names: Vec<&String> = scene.browser.cookies.keys().collect();
        assert!(
            !names.iter().any(|name| name.starts_with(SECRET)),
            "{page:?}"
        );
        let alice = scene.alice.clone();
        let mut secrets = Vec::new();
        for _ in 0..4 {
            scene.enter(&alice).await;
            secrets.push(scene.browser.cookie(SECRET).to_owned());
        }
        for (at, old) in secrets.iter().enumerate() {
            let mut copy = with_secret(&scene.browser, old);
            let expected = (at == 3).then(|| alice.id.clone());
            assert_eq!(who(&mut copy, &scene.own).await, expected, "{at}");
        }
        secrets.sort();
        secrets.dedup();
        assert_eq!(secrets.len(), 4);
    })
    .await;
}

// A202
#[tokio::test]
async fn a_planted_session_does_not_become_the_victims() {
    everywhere(async |world| {
        let Scene {
            own,
            alice,
            browser: mut attacker,
            ..
        } = scene(&world).await;
        let mallory = world.person("mallory").await;
        enter(&mut attacker, &own, &mallory).await;
        let planted = attacker.cookie(SECRET).to_owned();
        // A victim whose browser somehow holds the attacker's cookie signs in.
        let mut victim = attacker.clone();
        enter(&mut victim, &own, &alice).await;
        assert_eq!(who(&mut victim, &own).await, Some(alice.id.clone()));
        assert_eq!(who(&mut attacker, &own).await, Some(mallory.id.clone()));
        assert_eq!(attacker.cookie(SECRET), planted);
        // Nor do any of the attacker's pages show the victim.
        let page = attacker
            .ask(&Asking::of(&own, "openid").with("prompt", "select_account"))
            .await;
        assert!(!page.body.contains("alice"), "{page:?}");
    })
    .await;
}

// A202
#[tokio::test]
async fn rights_are_those_of_the_account_now_and_not_of_the_sign_in() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        world
            .change_client(&world.tenant, "own", true, |metadata| {
                metadata.scope = "openid users.read".parse().expect("a scope");
            })
            .await;
        world.person_of(&world.tenant, "root", &["admin"]).await;
        let asking = Asking::of(&scene.own, "openid users.read").with("prompt", "none");
        scene.enter(&scene.alice.clone()).await;
        for (roles, scope) in [
            (["user"].as_slice(), "openid"),
            (&["admin"], "openid users.read"),
            (&["user"], "openid"),
        ] {
            world
                .change_person(&world.tenant, &scene.alice, |input| {
                    input.roles = roles.iter().map(|role| (*role).to_owned()).collect();
                })
                .await;
            let mut reply = scene.browser.ask(&asking).await;
            if Answer::of(&reply).params.contains_key("error") {
                // A change of rights may end the session; it never leaves the old rights.
                scene.enter(&scene.alice.clone()).await;
                reply = scene.browser.ask(&asking).await;
            }
            let tokens = scene.own.redeem(&Answer::of(&reply), &asking).await;
            assert_eq!(tokens.text("scope"), scope, "{roles:?}");
        }
    })
    .await;
}

// A203
#[tokio::test]
async fn a_request_begun_in_one_browser_is_finished_in_no_other() {
    everywhere(async |world| {
        let Scene {
            app,
            own,
            alice,
            browser: mut attacker,
        } = scene(&world).await;
        let asking = Asking::of(&app, "openid profile");
        let page = attacker.ask(&asking).await;
        // The address is all there is to send; the victim's browser begins there for itself.
        let mut victim = Browser::new(world.anonymous());
        enter(&mut victim, &own, &alice).await;
        let consent = victim.ask(&asking).await;
        assert_ne!(
            Form::of(&consent, "/consent").field("transaction"),
            Form::of(&page, "/sign-in").field("transaction"),
        );
        Answer::of(&victim.decide(&consent, "allow").await).code();
        // The attacker's browser has learnt nothing.
        assert_eq!(who(&mut attacker, &own).await, None);
        for (action, name, value) in [
            ("/sign-in", "username", "alice"),
            ("/consent", "decision", "allow"),
            ("/select-account", "session", "alice"),
            ("/select-account", "another", ""),
        ] {
            let form = Form {
                action: action.to_owned(),
                ..Form::of(&page, "/sign-in").with(name, value)
            };
            let reply = attacker.submit(&form).await;
            assert!(Answer::of_maybe(&reply).is_none(), "{action}: {reply:?}");
            assert!(
                Form::find(&reply, "/sign-in").is_some(),
                "{action}: {reply:?}"
            );
        }
        let still = Answer::of(&attacker.ask(&asking.with("prompt", "none")).await);
        still.assert_error("login_required");
    })
    .await;
}

#[tokio::test]
async fn signing_in_again_goes_on_with_the_same_session_and_its_tokens() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        let asking = Asking::of(&scene.own, "openid");
        let (mut sids, mut tokens) = (Vec::new(), Vec::new());
        for _ in 0..2 {
            let answer = scene.enter(&scene.alice.clone()).await;
            let reply = scene.own.redeem(&answer, &asking).await;
            sids.push(opened(&reply.text("id_token")).1["sid"].clone());
            tokens.push(reply.text("access_token"));
            world.advance(30);
        }
        assert_eq!(sids[0], sids[1]);
        let mut elsewhere = Browser::new(world.anonymous());
        let answer = enter(&mut elsewhere, &scene.own, &scene.alice).await;
        let reply = scene.own.redeem(&answer, &asking).await;
        assert_ne!(opened(&reply.text("id_token")).1["sid"], sids[0]);
        for token in tokens {
            let seen = scene.own.introspect(&token).await;
            assert_eq!(seen.json()["active"], true);
        }
    })
    .await;
}
