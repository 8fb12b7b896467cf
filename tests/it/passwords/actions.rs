//! What somebody has to do at the sign-in before anything is given to them.

use serde_json::json;
use users_core::config::Profile;
use users_core::model::required_action::RequiredAction;
use users_core::passwords::Verdict;

use super::settle;
use crate::support::browser::{Answer, Asking, Browser, Form};
use crate::support::people::{Person, Service};
use crate::support::race::at_once;
use crate::support::world::everywhere_with;
use crate::support::{Reply, World, everywhere};

const NEW: &str = "another passphrase altogether";
const JSON: &str = "application/json";
const SCOPE: &str = "openid profile sip.register";

async fn own(world: &World) -> Service {
    world
        .client_with("own", SCOPE, |metadata| metadata.first_party = true)
        .await
}

async fn require(world: &World, person: &Person, actions: &[RequiredAction]) {
    world
        .change_person(&world.tenant, person, |input| {
            input.required_actions = actions.to_vec();
        })
        .await;
}

/// The form that asks for another password, filled in.
fn chosen(page: &Reply, new: &str) -> Form {
    assert!(page.body.contains("id=\"update-password\""), "{page:?}");
    Form::of(page, "/sign-in")
        .with("new_password", new)
        .with("new_password_again", new)
}

#[tokio::test]
async fn who_has_to_choose_another_password_chooses_it_before_there_is_a_code() {
    everywhere(async |world| {
        let own = own(&world).await;
        let alice = world.person("alice").await;
        require(&world, &alice, &[RequiredAction::UpdatePassword]).await;
        let mut browser = Browser::new(world.anonymous());
        let asking = Asking::of(&own, "openid");
        let page = browser.ask(&asking).await;
        let page = browser.sign_in(&page, &alice).await;
        let form = chosen(&page, NEW);
        assert!(Answer::of_maybe(&page).is_none());
        // Neither a second request nor the same one finds a way around.
        let again = browser.ask(&asking.clone().with("prompt", "none")).await;
        Answer::of(&again).assert_error("interaction_required");
        let again = browser.ask(&asking).await;
        assert!(again.body.contains("id=\"update-password\""));
        Answer::of(&browser.submit(&form).await).code();
        let old = Person {
            password: NEW.to_owned(),
            ..alice.clone()
        };
        own.sign_in(&old, "openid").await;
        let wrong = own.password("alice", &alice.password, "openid").await;
        wrong.assert_error(400, "invalid_grant");
        let user = users_core::admin::users::get(&world.app, &world.tenant, &alice.id).await;
        assert!(user.expect("alice").required_actions.is_empty());
    })
    .await;
}

#[tokio::test]
async fn the_page_says_which_rule_a_new_password_breaks() {
    everywhere(async |world| {
        let own = own(&world).await;
        let alice = world.person("alice").await;
        require(&world, &alice, &[RequiredAction::UpdatePassword]).await;
        let mut browser = Browser::new(world.anonymous());
        let page = browser.ask(&Asking::of(&own, "openid")).await;
        let mut page = browser.sign_in(&page, &alice).await;
        for (form, rule) in [
            (chosen(&page, "short"), "At least 12 characters."),
            (chosen(&page, "password1234"), "Too easy to guess"),
            (
                chosen(&page, &alice.password),
                "None of the last 1 of this account.",
            ),
            (
                chosen(&page, NEW).with("new_password_again", "another"),
                "Type the same one twice.",
            ),
            (chosen(&page, ""), "At least 12 characters."),
        ] {
            page = browser.submit(&form).await;
            assert_eq!(page.status, 400);
            assert!(page.body.contains(rule), "{rule}: {page:?}");
            assert!(!page.body.contains(NEW));
        }
        Answer::of(&browser.submit(&chosen(&page, NEW)).await).code();
    })
    .await;
}

#[tokio::test]
async fn an_unlocked_screen_is_not_enough_to_choose_another_password() {
    everywhere(async |world| {
        let own = own(&world).await;
        let alice = world.person("alice").await;
        let mut browser = Browser::new(world.anonymous());
        let asking = Asking::of(&own, "openid");
        let page = browser.ask(&asking).await;
        Answer::of(&browser.sign_in(&page, &alice).await).code();
        require(&world, &alice, &[RequiredAction::UpdatePassword]).await;
        let page = browser.ask(&asking).await;
        let form = chosen(&page, NEW);
        world.advance(600);
        for page in [browser.ask(&asking).await, browser.submit(&form).await] {
            assert!(page.body.contains("id=\"sign-in\""), "{page:?}");
        }
        own.password("alice", NEW, "openid")
            .await
            .assert_error(400, "invalid_grant");
        let page = browser.ask(&asking).await;
        let page = browser.sign_in(&page, &alice).await;
        Answer::of(&browser.submit(&chosen(&page, NEW)).await).code();
    })
    .await;
}

#[tokio::test]
async fn nobody_chooses_a_password_by_that_form_who_does_not_have_to() {
    everywhere(async |world| {
        let app = world.client("app", SCOPE).await;
        let alice = world.person("alice").await;
        let mut browser = Browser::new(world.anonymous());
        let asking = Asking::of(&app, "openid");
        let page = browser.ask(&asking).await;
        let stolen = Form::of(&page, "/sign-in")
            .with("step", "update_password")
            .with("new_password", NEW)
            .with("new_password_again", NEW);
        // Nobody is signed in, and then somebody who has nothing to do.
        let page = browser.submit(&stolen).await;
        assert!(page.body.contains("id=\"sign-in\""), "{page:?}");
        browser.sign_in(&page, &alice).await;
        let page = browser.submit(&stolen).await;
        assert!(!page.body.contains("id=\"update-password\""), "{page:?}");
        app.password("alice", NEW, "openid")
            .await
            .assert_error(400, "invalid_grant");
        app.sign_in(&alice, "openid").await;
    })
    .await;
}

#[tokio::test]
async fn of_many_new_passwords_at_once_one_is_taken() {
    everywhere(async |world| {
        let own = own(&world).await;
        let alice = world.person("alice").await;
        require(&world, &alice, &[RequiredAction::UpdatePassword]).await;
        let mut browser = Browser::new(world.anonymous());
        let page = browser.ask(&Asking::of(&own, "openid")).await;
        let page = browser.sign_in(&page, &alice).await;
        let tries = (0..8).map(|number| {
            let mut browser = browser.clone();
            let form = chosen(&page, &format!("{NEW} {number}"));
            async move { browser.submit(&form).await }
        });
        at_once(tries).await;
        let stored = super::stored_hash(&world, &alice).await;
        let mut right = 0;
        for number in 0..8 {
            let typed = format!("{NEW} {number}").into();
            let verdict = world.app.passwords.verify(typed, Some(stored.clone()));
            right += usize::from(verdict.await.expect("a verdict") == Verdict::Right);
        }
        assert_eq!(right, 1);
    })
    .await;
}

#[tokio::test]
async fn without_a_page_such_an_account_gets_nothing_and_hears_where_to_go() {
    let on = |config: &mut users_core::config::Config| config.compat = vec![Profile::UsersCore];
    everywhere_with(on, async |world| {
        let service = world.client("web", SCOPE).await;
        let alice = world.person("alice").await;
        require(&world, &alice, &[RequiredAction::UpdatePassword]).await;
        let reply = service.password("alice", &alice.password, "openid").await;
        reply.assert_error(400, "invalid_grant");
        let body = json!({ "email": "alice@example.test", "password": alice.password });
        let reply = world
            .anonymous()
            .post_raw("/api/v1/auth/login", JSON, body.to_string(), &[])
            .await;
        reply.assert_problem(403, "interaction_required");
        assert!(
            reply.body.contains("http://localhost:8081/account"),
            "{reply:?}"
        );
        let body = json!({ "username": "alice", "password": alice.password });
        let reply = world
            .anonymous()
            .post_raw("/auth/login", JSON, body.to_string(), &[])
            .await;
        assert_eq!(reply.status, 403);
        // Who does not know the password learns nothing of it.
        let body = json!({ "email": "alice@example.test", "password": "a wrong passphrase" });
        let reply = world
            .anonymous()
            .post_raw("/api/v1/auth/login", JSON, body.to_string(), &[])
            .await;
        reply.assert_problem(401, "unauthenticated");
        require(&world, &alice, &[]).await;
        service.sign_in(&alice, "openid").await;
    })
    .await;
}

#[tokio::test]
async fn an_expired_password_is_replaced_at_the_next_sign_in() {
    everywhere(async |mut world| {
        settle(&mut world, json!({ "passwords": { "max_age": 86_400 } })).await;
        let own = own(&world).await;
        let alice = world.person("alice").await;
        world.advance(86_399);
        own.sign_in(&alice, "openid").await;
        world.advance(1);
        let reply = own.password("alice", &alice.password, "openid").await;
        reply.assert_error(400, "invalid_grant");
        let mut browser = Browser::new(world.anonymous());
        let page = browser.ask(&Asking::of(&own, "openid")).await;
        let page = browser.sign_in(&page, &alice).await;
        Answer::of(&browser.submit(&chosen(&page, NEW)).await).code();
        let renewed = Person {
            password: NEW.to_owned(),
            ..alice
        };
        own.sign_in(&renewed, "openid").await;
        world.advance(86_400);
        let reply = own.password("alice", NEW, "openid").await;
        reply.assert_error(400, "invalid_grant");
    })
    .await;
}

#[tokio::test]
async fn a_hash_made_stronger_is_no_younger_password() {
    everywhere(async |mut world| {
        settle(&mut world, json!({ "passwords": { "max_age": 86_400 } })).await;
        let own = own(&world).await;
        let alice = world.person("alice").await;
        let bcrypt = "$2b$05$N9qo8uLOickgx2ZMRZoMyeK/ljuazbedFjg0QfFkt0YEfBLbFqEJ2";
        super::store_hash(&world, &alice, bcrypt).await;
        world.advance(80_000);
        own.password("alice", super::WORDS, "openid")
            .await
            .assert_ok();
        assert!(
            super::stored_hash(&world, &alice)
                .await
                .starts_with("$argon2id$")
        );
        world.advance(6_400);
        let reply = own.password("alice", super::WORDS, "openid").await;
        reply.assert_error(400, "invalid_grant");
    })
    .await;
}

#[tokio::test]
async fn administrators_ask_for_actions_and_give_passwords_for_one_sign_in() {
    everywhere(async |world| {
        let console = world.console(&world.tenant).await;
        let root = world.operator(&console, "root", &["admin"]).await;
        let alice = world.person("alice").await;
        let path = format!("/users/{}", alice.id);
        let asked = json!({ "required_actions": ["verify_email", "update_password"] });
        let reply = root.patch(&path, &asked).await;
        let shown = reply.assert_ok().json();
        assert_eq!(
            shown["required_actions"],
            json!(["update_password", "verify_email"])
        );
        let reply = root
            .patch(&path, &json!({ "required_actions": ["fly"] }))
            .await;
        reply.assert_problem(400, "malformed");
        let own = own(&world).await;
        // An address that is not proved comes first.
        let reply = own.password("alice", &alice.password, "openid").await;
        reply.assert_error(400, "invalid_grant");
        root.patch(
            &path,
            &json!({ "email_verified": true, "required_actions": [] }),
        )
        .await
        .assert_ok();
        own.sign_in(&alice, "openid").await;
        let password = json!({ "password": "a passphrase from the desk", "temporary": true });
        root.put(&format!("{path}/password"), &password)
            .await
            .assert_status(204);
        let given = Person {
            password: "a passphrase from the desk".to_owned(),
            ..alice
        };
        let reply = own.password("alice", &given.password, "openid").await;
        reply.assert_error(400, "invalid_grant");
        let mut browser = Browser::new(world.anonymous());
        let page = browser.ask(&Asking::of(&own, "openid")).await;
        let page = browser.sign_in(&page, &given).await;
        Answer::of(&browser.submit(&chosen(&page, NEW)).await).code();
    })
    .await;
}
