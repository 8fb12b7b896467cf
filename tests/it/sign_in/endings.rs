//! What ends a sign-in, and what ends with it.

use users_core::admin::users;
use users_core::model::audit_event::Actor;

use super::{SCOPE, Scene, assert_refused, enter, scene, who};
use crate::support::browser::{Answer, Asking, Browser, Form};
use crate::support::forge::opened;
use crate::support::people::{Person, Service};
use crate::support::world::follow;
use crate::support::{Reply, World, everywhere};

const NEW: &str = "another passphrase altogether";

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Blow {
    NewPassword,
    Disabled,
    DisabledAndBack,
    Deleted,
}

async fn strike(world: &World, person: &Person, blow: Blow) {
    match blow {
        Blow::NewPassword => set_password(world, person).await,
        Blow::Disabled => world.set_enabled(person, false).await,
        Blow::DisabledAndBack => {
            world.set_enabled(person, false).await;
            world.set_enabled(person, true).await;
        }
        Blow::Deleted => world.delete_person(person).await,
    }
}

async fn set_password(world: &World, person: &Person) {
    let user = users::get(&world.app, &world.tenant, &person.id).await;
    let (actor, user) = (Actor::command_line(), user.expect("the account"));
    let set = users::set_password(&world.app, &actor, &world.tenant, &user, NEW).await;
    set.expect("a new password");
}

/// Everything a person may have left about.
struct Left {
    browsers: Vec<Browser>,
    consent: Form,
    code: Answer,
    asking: Asking,
    tokens: Vec<Reply>,
}

async fn leave(world: &World, app: &Service, own: &Service, alice: &Person) -> Left {
    let asking = Asking::of(app, SCOPE);
    let mut browsers = Vec::new();
    let mut tokens = Vec::new();
    for _ in 0..2 {
        let mut browser = Browser::new(world.anonymous());
        let answer = browser.authorize(&asking, alice).await;
        tokens.push(app.redeem(&answer, &asking).await);
        browsers.push(browser);
    }
    let page = browsers[0]
        .ask(&asking.clone().with("prompt", "login"))
        .await;
    let form = Form::of(&page, "/sign-in")
        .with("username", &alice.username)
        .with("password", &alice.password)
        .with("remember", "on");
    browsers[0].submit(&form).await;
    let page = browsers[0]
        .ask(&asking.clone().with("prompt", "consent"))
        .await;
    let code = Answer::of(&browsers[0].ask(&asking).await);
    tokens.push(own.sign_in(alice, "openid sip.register").await);
    Left {
        consent: Form::of(&page, "/consent").with("decision", "allow"),
        browsers,
        code,
        asking,
        tokens,
    }
}

/// Asserts that nothing of it is good for anything at a node.
async fn assert_dead(
    left: &mut Left,
    node: &crate::support::http::Caller,
    app: &Service,
    own: &Service,
) {
    let (app, own) = (app.through(node), own.through(node));
    for browser in &mut left.browsers {
        let mut browser = browser.through(node);
        assert_eq!(who(&mut browser, &own).await, None);
        let page = browser
            .ask(&left.asking.clone().with("prompt", "select_account"))
            .await;
        assert!(!page.body.contains("alice"), "{page:?}");
    }
    let mut browser = left.browsers[0].through(node);
    let page = browser.submit(&left.consent).await;
    assert!(Form::find(&page, "/sign-in").is_some(), "{page:?}");
    let reply = app.redeem(&left.code, &left.asking).await;
    reply.assert_error(400, "invalid_grant");
    for tokens in &left.tokens {
        app.introspect(&tokens.text("access_token"))
            .await
            .assert_inactive();
        let token = tokens.text("access_token");
        assert_eq!(app.userinfo(&token).await.status, 401);
        if tokens.json()["refresh_token"].is_string() {
            let reply = app.refresh(&tokens.text("refresh_token")).await;
            reply.assert_error(400, "invalid_grant");
        }
    }
}

// A205
#[tokio::test]
async fn a_new_password_and_the_end_of_an_account_end_everything_on_every_node() {
    for blow in [
        Blow::NewPassword,
        Blow::Disabled,
        Blow::DisabledAndBack,
        Blow::Deleted,
    ] {
        everywhere(async |world| {
            let Scene {
                app, own, alice, ..
            } = scene(&world).await;
            let (node, there) = world.second_node().await;
            let bob = world.person("bob").await;
            let mut bobs = Browser::new(world.anonymous());
            enter(&mut bobs, &own, &bob).await;
            let mut left = leave(&world, &app, &own, &alice).await;
            strike(&world, &alice, blow).await;
            assert_dead(&mut left, world.anonymous(), &app, &own).await;
            follow(&node).await;
            assert_dead(&mut left, &there, &app, &own).await;
            // Nobody else noticed.
            assert_eq!(who(&mut bobs, &own).await, Some(bob.id), "{blow:?}");
        })
        .await;
    }
}

#[tokio::test]
async fn whoever_signs_in_after_the_change_lives_from_the_same_instant_on() {
    everywhere(async |world| {
        let Scene {
            app,
            own,
            alice,
            mut browser,
        } = scene(&world).await;
        let left = leave(&world, &app, &own, &alice).await;
        set_password(&world, &alice).await;
        let old = browser.ask(&Asking::of(&own, "openid")).await;
        let old = browser.sign_in(&old, &alice).await;
        assert_eq!(old.status, 400, "{old:?}");
        let alice = Person {
            password: NEW.to_owned(),
            ..alice
        };
        // In a browser of before, too.
        for mut browser in [browser, left.browsers[0].clone()] {
            let answer = enter(&mut browser, &own, &alice).await;
            let tokens = own.redeem(&answer, &Asking::of(&own, "openid")).await;
            let seen = own.introspect(&tokens.text("access_token")).await;
            assert_eq!(seen.json()["active"], true);
            assert_eq!(who(&mut browser, &own).await, Some(alice.id.clone()));
        }
    })
    .await;
}

// A205
#[tokio::test]
async fn signing_out_ends_what_was_given_to_this_browser_and_leaves_what_was_given_for_longer() {
    everywhere(async |world| {
        let Scene {
            app,
            own,
            alice,
            mut browser,
        } = scene(&world).await;
        world
            .change_client(&world.tenant, "own", true, |metadata| {
                metadata.refresh_without_offline_access = true;
            })
            .await;
        let answer = enter(&mut browser, &own, &alice).await;
        let short = own.redeem(&answer, &Asking::of(&own, "openid")).await;
        let asking = Asking::of(&app, "openid offline_access");
        let page = browser.ask(&asking).await;
        let answer = Answer::of(&browser.decide(&page, "allow").await);
        let long = app.redeem(&answer, &asking).await;
        let unspent = Answer::of(&browser.ask(&asking).await);
        let mut elsewhere = Browser::new(world.anonymous());
        let answer = enter(&mut elsewhere, &own, &alice).await;
        let other = own.redeem(&answer, &Asking::of(&own, "openid")).await;

        let page = browser.get("/logout").await;
        let copy = browser.clone();
        let reply = browser.submit(&Form::of(&page, "/account/sign-out")).await;
        assert!(reply.body.contains("id=\"signed-out\""), "{reply:?}");
        for mut browser in [browser, copy] {
            assert_eq!(who(&mut browser, &own).await, None);
        }
        own.introspect(&short.text("access_token"))
            .await
            .assert_inactive();
        let reply = own.refresh(&short.text("refresh_token")).await;
        reply.assert_error(400, "invalid_grant");
        let reply = app.redeem(&unspent, &asking).await;
        reply.assert_error(400, "invalid_grant");
        // The other browser, and what was given to be used while nobody is there, live on.
        assert_eq!(who(&mut elsewhere, &own).await, Some(alice.id.clone()));
        own.refresh(&other.text("refresh_token")).await.assert_ok();
        let long = app.refresh(&long.text("refresh_token")).await;
        long.assert_ok();
        assert_eq!(opened(&long.text("id_token")).1["sub"], alice.id.as_str());
        // Until the password changes.
        set_password(&world, &alice).await;
        let reply = app.refresh(&long.text("refresh_token")).await;
        reply.assert_error(400, "invalid_grant");
        app.introspect(&long.text("access_token"))
            .await
            .assert_inactive();
    })
    .await;
}

#[tokio::test]
async fn a_tenant_or_client_that_is_disabled_shows_no_page() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        scene.enter(&scene.alice.clone()).await;
        world
            .change_client(&world.tenant, "own", false, |_| {})
            .await;
        let reply = scene.browser.ask(&Asking::of(&scene.own, "openid")).await;
        assert_refused(&reply, 400);
        world
            .change_client(&world.tenant, "own", true, |_| {})
            .await;
        assert_eq!(scene.who().await, Some(scene.alice.id.clone()));
    })
    .await;
}
