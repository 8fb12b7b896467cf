//! What people allow, what is remembered of it, and who is asked again.

use users_core::model::audit_event::AuditKind;
use users_core::model::client_metadata::{ApplicationType, AuthMethod, GrantType};

use super::{SCOPE, Scene, enter, rows, scene};
use crate::support::browser::{Answer, Asking, Browser, Form};
use crate::support::everywhere;
use crate::support::people::Service;
use crate::support::world::{ISSUER, World};

fn asks(page: &crate::support::Reply) -> bool {
    page.status == 200 && Form::find(page, "/consent").is_some()
}

fn scopes(page: &crate::support::Reply) -> Vec<&str> {
    let items = page.body.split("data-scope=\"").skip(1);
    items
        .map(|rest| rest.split('"').next().expect("a scope"))
        .collect()
}

// A369
#[tokio::test]
async fn whoever_denies_is_taken_back_with_an_error_and_nothing_is_remembered() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        scene.enter(&scene.alice.clone()).await;
        let before = rows(&world).await;
        for mode in ["query", "fragment", "form_post"] {
            let asking = scene.asking().with("response_mode", mode);
            let page = scene.browser.ask(&asking).await;
            let answer = Answer::of(&scene.browser.decide(&page, "deny").await);
            answer.assert_error("access_denied");
            assert_eq!(answer.get("state"), "the state");
            assert_eq!(answer.get("iss"), ISSUER);
            assert!(!answer.params.contains_key("code"), "{answer:?}");
        }
        assert_eq!(rows(&world).await, before);
        assert!(asks(&scene.browser.ask(&scene.asking()).await));
        // Neither yes nor no is a question again.
        for decision in ["", "maybe", "Allow", "allow ", "true"] {
            let page = scene.browser.ask(&scene.asking()).await;
            assert!(
                asks(&scene.browser.decide(&page, decision).await),
                "{decision}"
            );
        }
        assert_eq!(rows(&world).await, before);
    })
    .await;
}

#[tokio::test]
async fn what_was_allowed_is_not_asked_again_and_what_is_new_is() {
    everywhere(async |world| {
        let Scene {
            app,
            own,
            alice,
            mut browser,
        } = scene(&world).await;
        enter(&mut browser, &own, &alice).await;
        let asking = Asking::of(&app, "openid profile");
        let page = browser.ask(&asking).await;
        assert_eq!(scopes(&page), ["openid", "profile"]);
        Answer::of(&browser.decide(&page, "allow").await).code();
        // The same, and less, in any order and from any browser.
        let mut elsewhere = Browser::new(world.anonymous());
        enter(&mut elsewhere, &own, &alice).await;
        for scope in [
            "openid profile",
            "profile openid",
            "openid",
            "profile openid openid",
        ] {
            for browser in [&mut browser, &mut elsewhere] {
                let reply = browser.ask(&asking.clone().with("scope", scope)).await;
                Answer::of(&reply).code();
            }
        }
        // More is asked for, as what is new; what is denied is not remembered.
        let more = asking
            .clone()
            .with("scope", "openid profile email offline_access");
        let page = browser.ask(&more).await;
        let new = page
            .body
            .split("It now also wants to")
            .nth(1)
            .expect("new ones");
        let new = new.split("</ul>").next().expect("a list");
        assert!(
            new.contains("email") && new.contains("offline_access"),
            "{new}"
        );
        assert!(!new.contains("profile"), "{new}");
        Answer::of(&browser.decide(&page, "deny").await).assert_error("access_denied");
        let page = browser.ask(&more).await;
        Answer::of(&browser.decide(&page, "allow").await).code();
        Answer::of(&browser.ask(&more).await).code();
        // It is remembered for this person and this client only.
        let other = world.client("other", SCOPE).await;
        assert!(asks(&browser.ask(&Asking::of(&other, "openid")).await));
        let bob = world.person("bob").await;
        let mut bobs = Browser::new(world.anonymous());
        enter(&mut bobs, &own, &bob).await;
        assert!(asks(&bobs.ask(&asking).await));
        let given = world.audit().await.into_iter();
        let given = given.filter(|row| row.kind == AuditKind::ConsentGiven.name());
        assert_eq!(given.count(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_client_can_have_it_asked_again() {
    everywhere(async |world| {
        let Scene {
            app,
            own,
            alice,
            mut browser,
        } = scene(&world).await;
        browser.authorize(&Asking::of(&app, "openid"), &alice).await;
        for service in [&app, &own] {
            let asking = Asking::of(service, "openid").with("prompt", "consent");
            for _ in 0..2 {
                let page = browser.ask(&asking).await;
                assert!(asks(&page), "{page:?}");
                Answer::of(&browser.decide(&page, "allow").await).code();
            }
            let page = browser.ask(&asking).await;
            let denied = Answer::of(&browser.decide(&page, "deny").await);
            denied.assert_error("access_denied");
            // What was allowed before still is.
            Answer::of(&browser.ask(&asking.with("prompt", "none")).await).code();
        }
        let _ = world;
    })
    .await;
}

#[tokio::test]
async fn the_operators_own_clients_ask_nobody_and_only_they() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        scene.enter(&scene.alice.clone()).await;
        let asking = Asking::of(&scene.own, SCOPE);
        Answer::of(&scene.browser.ask(&asking).await).code();
        assert_eq!(
            world
                .raw()
                .await
                .number("SELECT COUNT(*) FROM consents")
                .await,
            0
        );
        world
            .change_client(&world.tenant, "own", true, |metadata| {
                metadata.first_party = false;
            })
            .await;
        assert!(asks(&scene.browser.ask(&asking).await));
    })
    .await;
}

/// A public client on the person's device.
async fn native(world: &World, client_id: &str, address: &str) -> (Service, Asking) {
    let service = world
        .client_with(client_id, "openid profile", |metadata| {
            metadata.token_endpoint_auth_method = AuthMethod::None;
            metadata.application_type = ApplicationType::Native;
            metadata.grant_types = vec![GrantType::AuthorizationCode];
            metadata.redirect_uris = vec![address.to_owned()];
        })
        .await;
    let asking = Asking::of(&service, "openid profile").with("redirect_uri", address);
    (service, asking)
}

// A373
#[tokio::test]
async fn a_client_anybody_can_pretend_to_be_is_asked_about_every_time() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        scene.enter(&scene.alice.clone()).await;
        for (client_id, address, verifiable) in [
            ("scheme", "net.example.phone:/answer", false),
            ("loopback4", "http://127.0.0.1/answer", false),
            ("loopback6", "http://[::1]/answer", false),
            ("local", "http://localhost:9999/answer", false),
            ("secure-local", "https://localhost:9999/answer", false),
            ("claimed", "https://phone.example.test/answer", true),
        ] {
            let (_, asking) = native(&world, client_id, address).await;
            for round in 0..3 {
                let page = scene.browser.ask(&asking).await;
                assert_eq!(
                    asks(&page),
                    round == 0 || !verifiable,
                    "{client_id} {round}: {page:?}"
                );
                if asks(&page) {
                    let warned = page.body.contains("id=\"unverified\"");
                    assert_eq!(warned, !verifiable, "{client_id} {round}: {page:?}");
                    Answer::of(&scene.browser.decide(&page, "allow").await).code();
                }
            }
            let silent = scene.browser.ask(&asking.with("prompt", "none")).await;
            if verifiable {
                Answer::of(&silent).code();
            } else {
                Answer::of(&silent).assert_error("interaction_required");
            }
        }
        // Nor does another port make it somebody else.
        let other_port = Asking::of(&scene.app, "openid profile")
            .with("client_id", "loopback4")
            .with("redirect_uri", "http://127.0.0.1:4711/answer");
        assert!(asks(&scene.browser.ask(&other_port).await));
    })
    .await;
}

#[tokio::test]
async fn an_answer_to_an_old_question_is_no_answer_to_a_new_one() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        scene.enter(&scene.alice.clone()).await;
        let small = scene.browser.ask(&scene.asking()).await;
        let small = Form::of(&small, "/consent");
        let large = scene
            .browser
            .ask(&scene.asking().with("scope", SCOPE))
            .await;
        // The pages of two requests do not mix: each is its own.
        let answer = scene
            .browser
            .submit(&small.with("decision", "allow").with("scope", SCOPE))
            .await;
        let tokens = scene
            .app
            .redeem(&Answer::of(&answer), &scene.asking())
            .await;
        assert_eq!(tokens.text("scope"), "openid profile");
        assert!(asks(
            &scene
                .browser
                .ask(&scene.asking().with("scope", SCOPE))
                .await
        ));
        Answer::of(&scene.browser.decide(&large, "allow").await).code();
        Answer::of(
            &scene
                .browser
                .ask(&scene.asking().with("scope", SCOPE))
                .await,
        )
        .code();
    })
    .await;
}
