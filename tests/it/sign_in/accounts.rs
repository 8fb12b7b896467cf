//! Several people in one browser.

use super::{Scene, enter, offered, scene};
use crate::support::browser::{Answer, Asking, Browser, Form};
use crate::support::everywhere;
use crate::support::forge::opened;
use crate::support::people::{Person, Service};
use crate::support::world::World;

async fn crowd(world: &World, count: usize) -> Vec<Person> {
    let mut people = Vec::new();
    for number in 0..count {
        people.push(world.person(&format!("person{number}")).await);
    }
    people
}

fn is_sign_in(page: &crate::support::Reply) -> bool {
    page.status == 200 && Form::find(page, "/sign-in").is_some()
}

/// Who the answer to this is about.
async fn sub_of(scene: &Scene, reply: &crate::support::Reply, asking: &Asking) -> String {
    let tokens = scene.own.redeem(&Answer::of(reply), asking).await;
    tokens.assert_ok();
    let id_token = opened(&tokens.text("id_token")).1;
    id_token["sub"].as_str().expect("a sub").to_owned()
}

#[tokio::test]
async fn a_picker_shows_who_is_signed_in_and_each_can_be_chosen() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        let people = crowd(&world, 3).await;
        for person in &people {
            scene.enter(person).await;
        }
        let asking = Asking::of(&scene.own, "openid").with("prompt", "select_account");
        // The current one first.
        for person in [&people[0], &people[1], &people[2], &people[0]] {
            let page = scene.browser.ask(&asking).await;
            let sessions = offered(&page);
            assert_eq!(sessions.len(), 3, "{page:?}");
            let names = page.body.split("<bdi>person").skip(1);
            let names: Vec<&str> = names.map(|rest| &rest[..1]).collect();
            let at = names
                .iter()
                .position(|name| person.username.ends_with(name));
            let session = &sessions[at.expect("everybody is there")];
            let form = Form::of(&page, "/select-account").with("session", session);
            let reply = scene.browser.submit(&form).await;
            assert_eq!(sub_of(&scene, &reply, &asking).await, person.id);
            // And is the current one from then on.
            assert_eq!(scene.who().await.as_ref(), Some(&person.id));
        }
        let none = asking.clone().with("prompt", "none select_account");
        Answer::of(&scene.browser.ask(&none).await).assert_error("invalid_request");
    })
    .await;
}

#[tokio::test]
async fn somebody_else_can_sign_in_from_the_picker_and_from_the_form() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        let bob = world.person("bob").await;
        let carol = world.person("carol").await;
        scene.enter(&scene.alice.clone()).await;
        let asking = Asking::of(&scene.own, "openid").with("prompt", "select_account");
        let page = scene.browser.ask(&asking).await;
        // As the button says it.
        assert!(
            page.body.contains("name=\"another\" value=\"\""),
            "{page:?}"
        );
        let form = Form::of(&page, "/select-account").with("another", "");
        let page = scene.browser.submit(&form).await;
        assert!(is_sign_in(&page), "{page:?}");
        assert!(!page.body.contains("value=\"alice\""), "{page:?}");
        let reply = scene.browser.sign_in(&page, &bob).await;
        assert_eq!(sub_of(&scene, &reply, &asking).await, bob.id);
        // From a form that wants one of them again, by way of the picker.
        let asking = Asking::of(&scene.own, "openid").with("prompt", "login");
        let page = scene.browser.ask(&asking).await;
        let picker = scene
            .browser
            .submit(&Form::of(&page, "/select-account"))
            .await;
        assert_eq!(offered(&picker).len(), 2, "{picker:?}");
        let form = Form::of(&picker, "/select-account").with("another", "");
        let page = scene.browser.submit(&form).await;
        let reply = scene.browser.sign_in(&page, &carol).await;
        assert_eq!(sub_of(&scene, &reply, &asking).await, carol.id);
        let page = scene
            .browser
            .ask(&asking.with("prompt", "select_account"))
            .await;
        assert_eq!(offered(&page).len(), 3, "{page:?}");
    })
    .await;
}

#[tokio::test]
async fn whoever_goes_to_somebody_elses_form_and_signs_in_as_before_is_who_they_were() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        let alice = scene.alice.clone();
        scene.enter(&alice).await;
        let asking = Asking::of(&scene.own, "openid").with("prompt", "select_account");
        let page = scene.browser.ask(&asking).await;
        let form = Form::of(&page, "/select-account").with("another", "");
        let page = scene.browser.submit(&form).await;
        let reply = scene.browser.sign_in(&page, &alice).await;
        assert_eq!(sub_of(&scene, &reply, &asking).await, alice.id);
        let page = scene.browser.ask(&asking).await;
        assert_eq!(offered(&page).len(), 1, "{page:?}");
    })
    .await;
}

#[tokio::test]
async fn a_browser_keeps_the_last_five_people() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        let people = crowd(&world, 7).await;
        let mut tokens = Vec::new();
        let asking = Asking::of(&scene.own, "openid");
        for person in &people {
            let answer = scene.enter(person).await;
            tokens.push(
                scene
                    .own
                    .redeem(&answer, &asking)
                    .await
                    .text("access_token"),
            );
        }
        // Whoever found no place any more is signed out.
        for (number, token) in tokens.iter().enumerate() {
            let seen = scene.own.introspect(token).await;
            assert_eq!(Service::is_active(&seen), number >= 2, "{number}");
        }
        let secrets = scene.browser.cookie("__Host-sid-");
        assert_eq!(secrets.split('.').count(), 5);
        let asking = Asking::of(&scene.own, "openid").with("prompt", "select_account");
        let page = scene.browser.ask(&asking).await;
        for (number, person) in people.iter().enumerate() {
            let shown = page
                .body
                .contains(&format!("<bdi>{}</bdi>", person.username));
            assert_eq!(shown, number >= 2, "{number}: {page:?}");
        }
        assert_eq!(scene.who().await.as_ref(), Some(&people[6].id));
    })
    .await;
}

#[tokio::test]
async fn a_hint_finds_one_of_the_browsers_people_and_makes_nobody_of_them() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        let people = crowd(&world, 2).await;
        for person in &people {
            scene.enter(person).await;
        }
        let asking = Asking::of(&scene.own, "openid").with("prompt", "none");
        for (hint, expected) in [
            ("person0", 0),
            ("PERSON0", 0),
            ("person0@example.test", 0),
            ("person1", 1),
            ("", 1),
        ] {
            let asking = asking.clone().with("login_hint", hint);
            let reply = scene.browser.ask(&asking).await;
            assert_eq!(
                sub_of(&scene, &reply, &asking).await,
                people[expected].id,
                "{hint}"
            );
        }
        // Where somebody has to sign in, it is what the form begins with, and nothing more.
        let hostile = "\"><script>alert(1)</script>";
        for hint in ["alice", "nobody", hostile] {
            let asking = asking
                .clone()
                .with("prompt", "login")
                .with("login_hint", hint);
            let page = Browser::new(world.anonymous()).ask(&asking).await;
            assert!(is_sign_in(&page), "{page:?}");
            assert!(!page.body.contains("<script"), "{page:?}");
            let shown = crate::support::browser::unescape(&page.body);
            assert!(shown.contains(&format!("value=\"{hint}\"")), "{page:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_id_token_names_who_it_has_to_be() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        let bob = world.person("bob").await;
        let alice = scene.alice.clone();
        let asking = Asking::of(&scene.own, "openid");
        let answer = scene.enter(&alice).await;
        let tokens = scene.own.redeem(&answer, &asking).await;
        let hinted = asking
            .clone()
            .with("id_token_hint", &tokens.text("id_token"));
        let silent = hinted.clone().with("prompt", "none");
        // The one of several.
        scene.enter(&bob).await;
        let reply = scene.browser.ask(&silent).await;
        assert_eq!(sub_of(&scene, &reply, &asking).await, alice.id);
        // In a browser without her, nobody else will do.
        let mut bobs = Browser::new(world.anonymous());
        enter(&mut bobs, &scene.own, &bob).await;
        Answer::of(&bobs.ask(&silent).await).assert_error("login_required");
        let page = bobs.ask(&hinted).await;
        assert!(is_sign_in(&page), "{page:?}");
        let reply = bobs.sign_in(&page, &bob).await;
        Answer::of(&reply).assert_error("login_required");
        // Not even by choosing.
        let page = bobs.ask(&hinted).await;
        let picker = bobs.submit(&Form::of(&page, "/select-account")).await;
        world.advance(1);
        let form = Form::of(&picker, "/select-account").with("session", &offered(&picker)[0]);
        let page = bobs.submit(&form).await;
        assert!(Answer::of_maybe(&page).is_none_or(|answer| answer.params.contains_key("error")));
        let page = bobs.ask(&hinted).await;
        let reply = bobs.sign_in(&page, &alice).await;
        assert_eq!(sub_of(&scene, &reply, &asking).await, alice.id);
        // The hint of somebody who is gone is of nobody.
        world.delete_person(&alice).await;
        Answer::of(&scene.browser.ask(&silent).await).assert_error("login_required");
    })
    .await;
}

#[tokio::test]
async fn one_persons_end_leaves_the_others_signed_in_and_puts_none_in_their_place() {
    everywhere(async |world| {
        let mut scene = scene(&world).await;
        let people = crowd(&world, 3).await;
        for person in &people {
            scene.enter(person).await;
        }
        world.set_enabled(&people[2], false).await;
        let asking = Asking::of(&scene.own, "openid");
        let none = asking.clone().with("prompt", "none");
        let silent = Answer::of(&scene.browser.ask(&none).await);
        silent.assert_error("account_selection_required");
        let page = scene.browser.ask(&asking).await;
        let sessions = offered(&page);
        assert_eq!(sessions.len(), 2, "{page:?}");
        assert!(!page.body.contains("person2"), "{page:?}");
        let form = Form::of(&page, "/select-account").with("session", &sessions[0]);
        scene.browser.submit(&form).await;
        assert_eq!(scene.who().await.as_ref(), Some(&people[1].id));
        // A client that signs one out with an ID token leaves the rest.
        let reply = scene.browser.ask(&none).await;
        let tokens = scene.own.redeem(&Answer::of(&reply), &none).await;
        let hint = tokens.text("id_token");
        let reply = scene
            .browser
            .get(&format!("/logout?id_token_hint={hint}"))
            .await;
        assert!(reply.body.contains("id=\"signed-out\""), "{reply:?}");
        let silent = Answer::of(&scene.browser.ask(&none).await);
        silent.assert_error("account_selection_required");
        // Whoever is named does not have to be chosen.
        let named = none.with("login_hint", "person0");
        let reply = scene.browser.ask(&named).await;
        assert_eq!(sub_of(&scene, &reply, &named).await, people[0].id);
    })
    .await;
}
