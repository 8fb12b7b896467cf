//! A browser in which somebody signed in is recognised, which is worth little, and no login.

use serde_json::Value;
use users_core::admin::{sessions, users};
use users_core::base::random::Random;
use users_core::base::token::{Kind, OpaqueToken};
use users_core::model::audit_event::Actor;
use users_core::model::device::REMEMBERED;
use users_core::model::place::Place;
use users_core::storage::session_ends::Ending;

use super::{Scene, enter, rows, scene, who};
use crate::support::browser::{Asking, Browser, Form};
use crate::support::people::{Person, Service};
use crate::support::world::START;
use crate::support::{Reply, World, everywhere};

const COOKIE: &str = "__Host-device-";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const SAFARI: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 \
                      (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1";

/// Types a person's password on a page, whoever is signed in.
async fn try_in(browser: &mut Browser, own: &Service, person: &Person, called: &str) -> Reply {
    let asking = Asking::of(own, "openid").with("prompt", "login");
    let page = browser.ask(&asking).await;
    let form = Form::of(&page, "/sign-in")
        .with("username", &person.username)
        .with("password", &person.password);
    browser.submit_with(&form, &[("user-agent", called)]).await
}

/// Guesses from everywhere, until whoever is a stranger has to wait.
async fn guess(world: &World, own: &Service, person: &Person) {
    for number in 1..=8 {
        let guesser = own.through(&world.from(&format!("203.0.113.{number}")));
        guesser
            .password(&person.username, "certainly not this one", "openid")
            .await;
    }
}

/// Whether a browser gets in while strangers guess.
async fn is_recognised(browser: &mut Browser, own: &Service, person: &Person) -> bool {
    let reply = try_in(browser, own, person, FIREFOX).await;
    assert!([303, 429].contains(&reply.status.as_u16()), "{reply:?}");
    reply.status == 303
}

/// An account's devices as they stand in its list.
async fn devices(world: &World, person: &Person) -> Vec<(String, String, String)> {
    let rows = world.app.store.tenant(&world.tenant.id);
    let now = world.clock.now();
    let start = Place::start();
    let listed = rows.devices_of_user(&person.id, &start, 100, now).await;
    let listed = listed.expect("a list").into_iter();
    listed
        .map(|device| (device.id, device.name, device.address))
        .collect()
}

// A202
#[tokio::test]
async fn every_sign_in_gives_the_browser_a_new_secret_and_the_one_before_is_worth_nothing() {
    everywhere(async |world| {
        let Scene {
            own,
            alice,
            mut browser,
            ..
        } = scene(&world).await;
        let mut secrets = Vec::new();
        let mut known = Vec::new();
        for (called, name, address) in [
            (FIREFOX, "Firefox on Linux", "198.51.100.7"),
            (SAFARI, "Safari on iPhone", "2001:db8:1:2:3:4:5:6"),
        ] {
            browser = browser.through(&world.from(&bracketed(address)));
            let reply = try_in(&mut browser, &own, &alice, called).await;
            let cookies = reply.headers.get_all("set-cookie").iter();
            let cookies: Vec<&str> = cookies
                .map(|cookie| cookie.to_str().expect("text"))
                .collect();
            let cookie = cookies.iter().find(|cookie| cookie.starts_with(COOKIE));
            let cookie = cookie.expect("a secret");
            assert!(
                cookie.ends_with(&format!("Max-Age={REMEMBERED}")),
                "{cookie}"
            );
            secrets.push(browser.cookie(COOKIE).to_owned());
            let listed = devices(&world, &alice).await;
            assert_eq!(listed.len(), 1, "{listed:?}");
            assert_eq!(listed[0].1, name);
            known.push(listed[0].clone());
            world.advance(60);
        }
        assert_ne!(secrets[0], secrets[1]);
        // It is the same device, seen last where it was last.
        assert_eq!(known[0].0, known[1].0);
        assert_eq!(known[0].2, "198.51.100.7");
        assert_eq!(known[1].2, "2001:db8:1:2::/64");
        let stored = rows(&world).await.join("\n");
        for secret in &secrets {
            assert!(!stored.contains(secret), "a digest is stored");
        }
        guess(&world, &own, &alice).await;
        for (secret, good) in [(&secrets[0], false), (&secrets[1], true)] {
            let mut copy = Browser::new(&world.from("192.0.2.77"));
            let name = format!("{COOKIE}{}", &world.tenant.id[..8]);
            copy.cookies.insert(name, secret.clone());
            assert_eq!(is_recognised(&mut copy, &own, &alice).await, good);
        }
    })
    .await;
}

/// An address as it stands before a port.
fn bracketed(address: &str) -> String {
    if address.contains(':') {
        format!("[{address}]")
    } else {
        address.to_owned()
    }
}

// A242
#[tokio::test]
async fn strangers_who_guess_at_an_account_do_not_keep_out_a_browser_it_was_signed_in_in() {
    everywhere(async |world| {
        let Scene {
            own,
            alice,
            mut browser,
            ..
        } = scene(&world).await;
        enter(&mut browser, &own, &alice).await;
        guess(&world, &own, &alice).await;
        let mut stranger = Browser::new(&world.from("192.0.2.77"));
        assert!(!is_recognised(&mut stranger, &own, &alice).await);
        // By whichever name, and wherever it is carried.
        let by_address = Person {
            username: "Alice@Example.test".to_owned(),
            ..alice.clone()
        };
        for (address, person) in [
            ("127.0.0.1", &alice),
            ("192.0.2.78", &alice),
            ("192.0.2.79", &by_address),
        ] {
            browser = browser.through(&world.from(address));
            assert!(is_recognised(&mut browser, &own, person).await, "{address}");
        }
        // Also after it signed out, which is when it is needed.
        let page = browser.get("/logout").await;
        browser
            .submit(&Form::of(&page, "/account/sign-out"))
            .await
            .assert_ok();
        assert_eq!(who(&mut browser, &own).await, None);
        let reply = try_in(&mut browser, &own, &alice, FIREFOX).await;
        assert_eq!(reply.status, 303, "{reply:?}");
    })
    .await;
}

// A242
#[tokio::test]
async fn a_recognised_browser_guesses_no_more_than_others() {
    everywhere(async |world| {
        let Scene {
            own,
            alice,
            mut browser,
            ..
        } = scene(&world).await;
        enter(&mut browser, &own, &alice).await;
        guess(&world, &own, &alice).await;
        let guesser = Person {
            password: "certainly not this one".to_owned(),
            ..alice.clone()
        };
        let mut looked_at = 0;
        for _ in 0..20 {
            let reply = try_in(&mut browser, &own, &guesser, FIREFOX).await;
            looked_at += usize::from(reply.status == 400);
        }
        assert_eq!(looked_at, 5);
        let right = try_in(&mut browser, &own, &alice, FIREFOX).await;
        assert_eq!(right.status, 429, "{right:?}");
    })
    .await;
}

// A277
#[tokio::test]
async fn a_device_cookie_signs_nobody_in_and_is_nothing_for_another_account() {
    everywhere(async |world| {
        let Scene {
            own,
            alice,
            mut browser,
            ..
        } = scene(&world).await;
        let bob = world.person("bob").await;
        let mut of_bob = Browser::new(&world.from("192.0.2.9"));
        enter(&mut browser, &own, &alice).await;
        enter(&mut of_bob, &own, &bob).await;
        // What alice's browser was given, and nothing else.
        let mut copy = Browser::new(&world.from("192.0.2.77"));
        copy.cookies = browser.cookies.clone();
        copy.cookies.retain(|name, _| name.starts_with(COOKIE));
        assert_eq!(copy.cookies.len(), 1);
        assert_eq!(who(&mut copy.clone(), &own).await, None);
        guess(&world, &own, &alice).await;
        guess(&world, &own, &bob).await;
        assert!(is_recognised(&mut copy, &own, &alice).await);
        assert!(!is_recognised(&mut copy, &own, &bob).await);
        assert!(is_recognised(&mut of_bob, &own, &bob).await);
        // Nor for a namesake in another tenant.
        let second = world.new_tenant("second").await;
        let own2 = world
            .client_of(&second, "own", "openid", |metadata| {
                metadata.first_party = true;
            })
            .await;
        let namesake = world.person_of(&second, "alice", &["user"]).await;
        guess(&world, &own2, &namesake).await;
        let secret = copy.cookie(COOKIE).to_owned();
        let there = format!("{COOKIE}{}", &second.id[..8]);
        copy.cookies.insert(there, secret);
        assert!(!is_recognised(&mut copy, &own2, &namesake).await);
    })
    .await;
}

/// What makes an account forget its browsers.
#[derive(Clone, Copy, Debug)]
enum Blow {
    NewPassword,
    Disabled,
    Revoked,
    EndedEverywhere,
    EndedElsewhere,
    Expired,
}

async fn strike(world: &World, person: &Person, blow: Blow) {
    let (app, tenant, actor) = (&world.app, &world.tenant, Actor::command_line());
    match blow {
        Blow::NewPassword => {
            let user = users::get(app, tenant, &person.id).await.expect("a user");
            let set = users::set_password(app, &actor, tenant, &user, &person.password);
            set.await.expect("set");
        }
        Blow::Disabled => {
            world.set_enabled(person, false).await;
            world.set_enabled(person, true).await;
        }
        Blow::Revoked => {
            for (id, ..) in devices(world, person).await {
                let revoked = sessions::revoke_device(app, &actor, tenant, &person.id, &id);
                revoked.await.expect("revoked");
            }
        }
        Blow::EndedEverywhere | Blow::EndedElsewhere => {
            let ending = if matches!(blow, Blow::EndedEverywhere) {
                Ending::All
            } else {
                Ending::AllBut("another".to_owned())
            };
            let ended = sessions::end(app, &actor, tenant, &person.id, ending).await;
            assert!(ended.expect("an answer"));
        }
        Blow::Expired => {
            world.advance(REMEMBERED.unsigned_abs());
            assert_eq!(devices(world, person).await, []);
        }
    }
}

// A277
#[tokio::test]
async fn a_browser_that_was_forgotten_is_a_stranger_until_somebody_signs_in_there_again() {
    for blow in [
        Blow::NewPassword,
        Blow::Disabled,
        Blow::Revoked,
        Blow::EndedEverywhere,
        Blow::EndedElsewhere,
        Blow::Expired,
    ] {
        everywhere(async |world| {
            let Scene {
                own,
                alice,
                mut browser,
                ..
            } = scene(&world).await;
            enter(&mut browser, &own, &alice).await;
            let mut old = browser.clone();
            strike(&world, &alice, blow).await;
            assert_eq!(who(&mut browser.clone(), &own).await, None, "{blow:?}");
            guess(&world, &own, &alice).await;
            assert!(!is_recognised(&mut browser, &own, &alice).await, "{blow:?}");
            world.advance(3600);
            enter(&mut browser, &own, &alice).await;
            guess(&world, &own, &alice).await;
            assert!(is_recognised(&mut browser, &own, &alice).await, "{blow:?}");
            // A copy from before stays worthless.
            assert!(!is_recognised(&mut old, &own, &alice).await, "{blow:?}");
        })
        .await;
    }
}

#[tokio::test]
async fn a_browser_is_recognised_for_five_accounts() {
    everywhere(async |world| {
        let Scene {
            own, mut browser, ..
        } = scene(&world).await;
        let mut people = Vec::new();
        for number in 0..6 {
            let person = world.person(&format!("person{number}")).await;
            enter(&mut browser, &own, &person).await;
            people.push(person);
        }
        // Signing in again takes no second place.
        enter(&mut browser, &own, &people[5]).await;
        assert_eq!(browser.cookie(COOKIE).split('.').count(), 5);
        for (number, person) in people.iter().enumerate() {
            guess(&world, &own, person).await;
            world.advance(1);
            guess(&world, &own, person).await;
            let recognised = is_recognised(&mut browser, &own, person).await;
            assert_eq!(recognised, number > 0, "{number}");
            world.advance(3600);
        }
    })
    .await;
}

#[tokio::test]
async fn a_cookie_that_is_no_devices_recognises_nobody_and_harms_nobody() {
    everywhere(async |world| {
        let Scene {
            own,
            alice,
            mut browser,
            ..
        } = scene(&world).await;
        enter(&mut browser, &own, &alice).await;
        let good = browser.cookie(COOKIE).to_owned();
        guess(&world, &own, &alice).await;
        let invented = |kind| OpaqueToken::generate(kind, &Random::System);
        let session = browser.cookie("__Host-sid-").to_owned();
        for value in [
            String::new(),
            "x".repeat(4000),
            ".".repeat(4000),
            format!("{good}x"),
            good.to_uppercase(),
            session,
            invented(Kind::SessionSecret).expose().to_owned(),
            vec![invented(Kind::DeviceSecret).expose(); 70].join("."),
        ] {
            let mut other = Browser::new(&world.from("192.0.2.77"));
            let name = format!("{COOKIE}{}", &world.tenant.id[..8]);
            other.cookies.insert(name, value.clone());
            assert!(!is_recognised(&mut other, &own, &alice).await, "{value}");
            world.advance(3600);
            let reply = try_in(&mut other, &own, &alice, FIREFOX).await;
            assert_eq!(reply.status, 303, "{value}");
            guess(&world, &own, &alice).await;
            assert!(is_recognised(&mut other, &own, &alice).await, "{value}");
        }
        assert!(is_recognised(&mut browser, &own, &alice).await);
    })
    .await;
}

#[tokio::test]
async fn an_account_has_fifty_devices_at_most_and_the_least_used_makes_room() {
    everywhere(async |world| {
        let Scene { own, alice, .. } = scene(&world).await;
        let mut first = Browser::new(world.anonymous());
        enter(&mut first, &own, &alice).await;
        let kept = devices(&world, &alice).await;
        for number in 0..51 {
            world.advance(60);
            if number % 10 == 0 {
                assert_eq!(who(&mut first, &own).await.as_ref(), Some(&alice.id));
            }
            enter(&mut Browser::new(world.anonymous()), &own, &alice).await;
        }
        let listed = devices(&world, &alice).await;
        assert_eq!(listed.len(), 50);
        assert!(listed.contains(&kept[0]), "the one in use stays");
    })
    .await;
}

#[tokio::test]
async fn a_device_is_seen_when_its_session_is_used() {
    everywhere(async |world| {
        let Scene {
            own,
            alice,
            mut browser,
            ..
        } = scene(&world).await;
        enter(&mut browser, &own, &alice).await;
        let mut seen = Vec::new();
        for seconds in [0, 30, 31, 7200] {
            world.advance(seconds);
            let mut moved = browser.through(&world.from("192.0.2.5"));
            assert!(who(&mut moved, &own).await.is_some());
            let mut raw = world.raw().await;
            seen.push(raw.number("SELECT seen_at FROM devices").await - START.millis());
        }
        // At most once a minute.
        assert_eq!(seen, [0, 0, 61_000, 7_261_000]);
        assert_eq!(devices(&world, &alice).await[0].2, "192.0.2.5");
    })
    .await;
}

// A218
#[tokio::test]
async fn what_a_browser_calls_itself_is_kept_as_bounded_visible_text() {
    everywhere(async |world| {
        let Scene {
            own,
            alice,
            mut browser,
            ..
        } = scene(&world).await;
        let called = format!("<script>=cmd()\u{a0}\t{}", "x".repeat(5000));
        try_in(&mut browser, &own, &alice, &called).await;
        let rows = world.app.store.tenant(&world.tenant.id);
        let now = world.clock.now();
        let start = Place::start();
        let listed = rows.sessions_of_user(&alice.id, &start, 10, now).await;
        let kept = listed.expect("a list")[0].origin.user_agent.clone();
        let kept = kept.expect("some of it");
        assert_eq!(kept.len(), 256);
        assert!(kept.starts_with("<script>=cmd()xxx"), "{kept}");
        assert_eq!(devices(&world, &alice).await[0].1, "<script>=cmd");
        // JSON says it as it is.
        let json: Value = serde_json::to_value(&kept).expect("JSON");
        assert_eq!(json.as_str(), Some(kept.as_str()));
    })
    .await;
}
