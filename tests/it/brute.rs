//! Guessing passwords at the token endpoint, from one address, from many, alone and at once.

use std::sync::Arc;

use futures_util::future::join_all;

use crate::support::people::{Person, Service};
use crate::support::world::everywhere_with;
use crate::support::{Reply, World, everywhere};

const WRONG: &str = "certainly not this one";
/// The settings as shipped.
const LOCK: u64 = 900;
const WINDOW: u64 = 3600;

/// The client, calling from another address.
fn from(world: &World, service: &Service, address: &str) -> Service {
    Service {
        caller: world.from(address),
        ..service.clone()
    }
}

async fn guess(service: &Service, name: &str) -> Reply {
    service.password(name, WRONG, "sip.call").await
}

async fn right(service: &Service, person: &Person) -> Reply {
    let Person {
        username, password, ..
    } = person;
    service.password(username, password, "sip.call").await
}

/// Whether the password was looked at; checks the form of either answer.
fn looked_at(reply: &Reply) -> bool {
    if reply.status == 429 {
        reply.assert_error(429, "temporarily_unavailable");
        assert!(retry_after(reply) >= 1);
        return false;
    }
    reply.assert_error(400, "invalid_grant");
    true
}

/// Seconds until it is worth trying again.
fn retry_after(reply: &Reply) -> u64 {
    let seconds = reply.header("retry-after").expect("Retry-After");
    seconds.parse().expect("whole seconds")
}

async fn refused(world: &World, kind: &str) -> i64 {
    world
        .app
        .refusals
        .flush(&world.app.store)
        .await
        .expect("flushed");
    let rows = world.app.store.tenant(&world.tenant.id);
    rows.count_refusals(kind).await.expect("counted")
}

// A238
#[tokio::test]
async fn a_thousand_guesses_are_five_and_the_owner_still_gets_in() {
    everywhere(async |world| {
        let service = world.client("web", "sip.call").await;
        let alice = world.person("alice").await;
        let attacker = from(&world, &service, "203.0.113.66");
        let mut hashed = 0;
        for _ in 0..1000 {
            hashed += u32::from(looked_at(&guess(&attacker, "alice").await));
        }
        assert_eq!(hashed, 5);
        // The right password is refused to the attacker too: an answer would tell that it is right.
        assert!(!looked_at(&right(&attacker, &alice).await));
        // Alice, elsewhere, waits no longer than a minute, without anybody's help.
        let home = from(&world, &service, "198.51.100.1");
        let reply = right(&home, &alice).await;
        if reply.status == 429 {
            let pause = retry_after(&reply);
            assert!(pause <= 60, "{pause} s");
            world.advance(pause);
            right(&home, &alice).await.assert_ok();
        } else {
            reply.assert_ok();
        }
        assert_eq!(refused(&world, "login").await, 5);
        assert!(refused(&world, "login.throttled").await >= 996);
    })
    .await;
}

#[tokio::test]
async fn a_lock_ends_when_it_said_and_the_count_begins_again() {
    everywhere(async |world| {
        let service = world.client("web", "sip.call").await;
        let alice = world.person("alice").await;
        for _ in 0..5 {
            assert!(looked_at(&guess(&service, "alice").await));
        }
        let locked = guess(&service, "alice").await;
        assert_eq!(retry_after(&locked), LOCK);
        // Trying during the lock does not make it longer.
        world.advance(LOCK - 1);
        let still = right(&service, &alice).await;
        assert!(!looked_at(&still));
        assert_eq!(retry_after(&still), 1);
        world.advance(1);
        right(&service, &alice).await.assert_ok();
        for _ in 0..4 {
            world.advance(61);
            assert!(looked_at(&guess(&service, "alice").await));
        }
        world.advance(61);
        right(&service, &alice).await.assert_ok();
    })
    .await;
}

#[tokio::test]
async fn failures_are_forgotten_after_the_window() {
    everywhere(async |world| {
        let service = world.client("web", "sip.call").await;
        world.person("alice").await;
        for round in 0..3 {
            for _ in 0..4 {
                assert!(looked_at(&guess(&service, "alice").await), "{round}");
            }
            world.advance(WINDOW);
        }
    })
    .await;
}

// A236, at this door
#[tokio::test]
async fn a_lock_says_nothing_about_whether_there_is_an_account() {
    everywhere(async |world| {
        let service = world.client("web", "sip.call").await;
        world.person("alice").await;
        let disabled = world.person("disabled").await;
        world.set_enabled(&disabled, false).await;
        let mut answers = Vec::new();
        for (number, name) in ["alice", "disabled", "nobody", "x@example.test", "\u{7f}"]
            .into_iter()
            .enumerate()
        {
            let caller = from(&world, &service, &format!("198.51.100.{number}"));
            let mut seen = Vec::new();
            for _ in 0..20 {
                let mut reply = guess(&caller, name).await;
                reply.headers.remove("x-request-id").expect("an id");
                seen.push((reply.status, reply.headers, reply.body));
            }
            answers.push(seen);
        }
        assert_eq!(answers[0][4].0, 400);
        assert_eq!(answers[0][5].0, 429);
        for other in &answers[1..] {
            assert_eq!(other, &answers[0]);
        }
    })
    .await;
}

// A239
#[tokio::test]
async fn one_address_tries_fifty_accounts_and_no_more() {
    everywhere(async |world| {
        let service = world.client("web", "sip.call").await;
        let alice = world.person("alice").await;
        let attacker = from(&world, &service, "203.0.113.66");
        let before = world.app.passwords.computed();
        let mut hashed = 0;
        for number in 0..1000 {
            let reply = guess(&attacker, &format!("user{number}")).await;
            hashed += u32::from(looked_at(&reply));
        }
        assert_eq!(hashed, 50);
        assert_eq!(world.app.passwords.computed() - before, 50);
        assert!(!looked_at(&right(&attacker, &alice).await));
        assert_eq!(refused(&world, "login").await, 50);
        assert_eq!(refused(&world, "login.throttled").await, 951);
        // Everybody else goes on, and so does this address when the window is over.
        right(&from(&world, &service, "203.0.113.67"), &alice)
            .await
            .assert_ok();
        world.advance(WINDOW);
        right(&attacker, &alice).await.assert_ok();
    })
    .await;
}

// A241
#[tokio::test]
async fn an_attackers_own_success_wipes_no_slate() {
    everywhere(async |world| {
        let service = world.client("web", "sip.call").await;
        world.person("alice").await;
        let mallory = world.person("mallory").await;
        let attacker = from(&world, &service, "203.0.113.66");
        let mut hashed = 0;
        for _ in 0..10 {
            hashed += u32::from(looked_at(&guess(&attacker, "alice").await));
            right(&attacker, &mallory).await.assert_ok();
        }
        assert_eq!(hashed, 5);
        // Nor that of the address: fifty in all, however many of his own logins lie between.
        for number in 0..200 {
            let reply = guess(&attacker, &format!("user{number}")).await;
            if !looked_at(&reply) {
                break;
            }
            hashed += 1;
            right(&attacker, &mallory).await;
        }
        assert_eq!(hashed, 50);
    })
    .await;
}

// A242
#[tokio::test]
async fn five_hundred_addresses_are_slowed_down_together() {
    everywhere(async |world| {
        let service = world.client("web", "sip.call").await;
        let alice = world.person("alice").await;
        let mut hashed = 0;
        for number in 0..500_u32 {
            let address = format!("198.51.{}.{}", 100 + number / 250, number % 250);
            let reply = guess(&from(&world, &service, &address), "alice").await;
            hashed += u32::from(looked_at(&reply));
            world.advance(1);
        }
        // Five, then pauses of 1, 2, 4 .. 60 seconds over about 500.
        assert!((5..=20).contains(&hashed), "{hashed} guesses");
        world.advance(60);
        let home = from(&world, &service, "192.0.2.1");
        right(&home, &alice).await.assert_ok();
    })
    .await;
}

// A242
#[tokio::test]
async fn an_ipv6_network_of_64_bits_is_one_address() {
    everywhere(async |world| {
        let service = world.client("web", "sip.call").await;
        world.person("alice").await;
        let mut hashed = 0;
        for number in 0..12 {
            world.advance(61);
            let address = format!("[2001:db8:5:6:{number:x}::{number:x}]");
            let reply = guess(&from(&world, &service, &address), "alice").await;
            hashed += u32::from(looked_at(&reply));
        }
        assert_eq!(hashed, 5);
        for number in 0..200 {
            let address = format!("[2001:db8:5:6::{number:x}]");
            let caller = from(&world, &service, &address);
            let reply = guess(&caller, &format!("user{number}")).await;
            hashed += u32::from(looked_at(&reply));
        }
        assert_eq!(hashed, 50);
        let next_door = from(&world, &service, "[2001:db8:5:7::1]");
        assert!(looked_at(&guess(&next_door, "bob").await));
        // An IPv4 address in IPv6 clothes is the IPv4 address.
        for number in 0..10 {
            world.advance(61);
            let address = ["198.51.100.4", "[::ffff:198.51.100.4]"][number % 2];
            let reply = guess(&from(&world, &service, address), "carol").await;
            assert_eq!(looked_at(&reply), number < 5);
        }
    })
    .await;
}

// A243
#[tokio::test]
async fn every_spelling_of_a_name_and_every_client_share_the_count() {
    everywhere(async |world| {
        let service = world.client("web", "sip.call openid").await;
        let other = world.client("desk", "sip.call").await;
        let zoe = world.person("zoë").await;
        let spellings = ["zoë", "ZOË", " zoë\u{a0}", "zoe\u{308}", "Zoe\u{308}"];
        for spelling in spellings {
            assert!(looked_at(&guess(&service, spelling).await));
        }
        for spelling in spellings {
            assert!(!looked_at(&guess(&other, spelling).await), "{spelling}");
        }
        assert!(!looked_at(&right(&other, &zoe).await));
        let reply = service.password("zoë", &zoe.password, "openid").await;
        assert!(!looked_at(&reply));
    })
    .await;
}

// A243
#[tokio::test]
async fn a_lock_stops_logins_and_nothing_else() {
    everywhere(async |world| {
        let service = world.client("web", "sip.call offline_access").await;
        let alice = world.person("alice").await;
        let tokens = service.sign_in(&alice, "sip.call offline_access").await;
        for _ in 0..6 {
            guess(&service, "alice").await;
        }
        assert!(!looked_at(&right(&service, &alice).await));
        // Who is signed in stays signed in, and other accounts are not touched.
        service
            .refresh(&tokens.text("refresh_token"))
            .await
            .assert_ok();
        service.client_credentials("sip.call").await.assert_ok();
        let bob = world.person("bob").await;
        right(&service, &bob).await.assert_ok();
        // The same name in another tenant is somebody else.
        let second = world.new_tenant("second").await;
        let theirs = world.client_of(&second, "web", "sip.call", |_| {}).await;
        let namesake = world.person_of(&second, "alice", &["user"]).await;
        right(&theirs, &namesake).await.assert_ok();
    })
    .await;
}

#[tokio::test]
async fn only_passwords_that_were_looked_at_count() {
    everywhere(async |world| {
        let service = world.client("web", "sip.call").await;
        let alice = world.person("alice").await;
        let stranger = Service {
            secret: "not the client's".to_owned(),
            ..service.clone()
        };
        for _ in 0..20 {
            // Without the client's secret nobody can lock anybody out.
            let reply = guess(&stranger, "alice").await;
            reply.assert_error(401, "invalid_client");
            let reply = service.password("alice", WRONG, "no.such.scope").await;
            reply.assert_error(400, "invalid_scope");
            let reply = service.password("alice", "", "sip.call").await;
            reply.assert_error(400, "invalid_request");
            let reply = service.password("alice", "a\0b", "sip.call").await;
            reply.assert_error(400, "invalid_request");
        }
        assert_eq!(world.app.throttle.size(), 0);
        right(&service, &alice).await.assert_ok();
    })
    .await;
}

#[tokio::test]
async fn the_limits_are_the_operators() {
    let stricter = |config: &mut users_core::config::Config| {
        config.limits.login_failures_per_account = 2;
        config.limits.login_failures_per_address = 3;
        config.limits.lock_duration = 60;
    };
    everywhere_with(stricter, async |world| {
        let service = world.client("web", "sip.call").await;
        let alice = world.person("alice").await;
        assert!(looked_at(&guess(&service, "alice").await));
        assert!(looked_at(&guess(&service, "alice").await));
        assert_eq!(retry_after(&guess(&service, "alice").await), 60);
        assert!(looked_at(&guess(&service, "bob").await));
        assert!(!looked_at(&guess(&service, "carol").await));
        let elsewhere = from(&world, &service, "192.0.2.1");
        right(&elsewhere, &alice).await.assert_ok();
    })
    .await;
}

// A245
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn twenty_right_logins_at_once_all_succeed() {
    everywhere(async |world| {
        let service = world.client("web", "sip.call").await;
        let alice = Arc::new(world.person("alice").await);
        for _ in 0..3 {
            let logins = (0..20).map(|_| {
                let (service, alice) = (service.clone(), Arc::clone(&alice));
                tokio::spawn(async move { right(&service, &alice).await })
            });
            for reply in join_all(logins).await {
                reply.expect("no panic").assert_ok();
            }
        }
        assert_eq!(world.app.throttle.size(), 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_guesses_at_once_are_five() {
    everywhere(async |world| {
        let service = world.client("web", "sip.call").await;
        let alice = world.person("alice").await;
        let before = world.app.passwords.computed();
        let guesses = (0..100).map(|_| {
            let service = service.clone();
            tokio::spawn(async move { guess(&service, "alice").await })
        });
        let mut hashed = 0;
        for reply in join_all(guesses).await {
            hashed += u32::from(looked_at(&reply.expect("no panic")));
        }
        assert_eq!(hashed, 5);
        assert_eq!(world.app.passwords.computed() - before, 5);
        assert!(!looked_at(&right(&service, &alice).await));
    })
    .await;
}
