//! What guessers and floods meet at the profile's doors.

use serde_json::json;
use users_core::config::{Profile, Registration};

use super::{john, john_with, log_in, register, registered, served};
use crate::seeds::calls::post;
use crate::support::race::at_once;
use crate::support::world::everywhere_with;
use crate::support::{Reply, World};

/// Everything of an answer that does not name the request.
fn plain(reply: &Reply) -> (u16, String, Vec<(String, String)>) {
    let mut headers: Vec<(String, String)> = reply
        .headers
        .iter()
        .filter(|(name, _)| *name != "x-request-id")
        .map(|(name, value)| (name.to_string(), format!("{value:?}")))
        .collect();
    headers.sort();
    (reply.status.as_u16(), reply.body.clone(), headers)
}

// A229, A236
#[tokio::test]
async fn whoever_does_not_get_in_learns_nothing_about_accounts() {
    served(async |world| {
        registered(&world).await;
        let off = world.person("disabled").await;
        world.set_enabled(&off, false).await;
        let wrong = log_in(&world, "john@example.com", "WrongPass123").await;
        wrong.assert_unsuccessful(401);
        for (email, password) in [
            ("nobody@example.com", "WrongPass123"),
            ("disabled@example.test", &*off.password),
            ("no address", "x"),
            ("\u{7f}", "x"),
        ] {
            let reply = log_in(&world, email, password).await;
            assert_eq!(plain(&reply), plain(&wrong), "{email}");
        }
        for _ in 0..20 {
            log_in(&world, "john@example.com", "WrongPass123").await;
            log_in(&world, "nobody@example.com", "WrongPass123").await;
        }
        let locked = log_in(&world, "john@example.com", "SecurePass123").await;
        locked.assert_unsuccessful(429);
        assert_eq!(locked.header("retry-after"), Some("900"));
        let nobody = log_in(&world, "nobody@example.com", "SecurePass123").await;
        assert_eq!(plain(&nobody), plain(&locked));
    })
    .await;
}

// A243
#[tokio::test]
async fn this_door_and_the_others_count_together() {
    served(async |world| {
        registered(&world).await;
        let app = world.client("app", "sip.register").await;
        for _ in 0..2 {
            app.password("john@example.com", "wrong", "sip.register")
                .await;
        }
        for _ in 0..3 {
            log_in(&world, " John@Example.com", "WrongPass123").await;
        }
        log_in(&world, "john@example.com", "SecurePass123")
            .await
            .assert_unsuccessful(429);
        let there = app
            .password("john@example.com", "SecurePass123", "sip.register")
            .await;
        there.assert_status(429);
        world.advance(901);
        log_in(&world, "john@example.com", "SecurePass123")
            .await
            .assert_ok();
    })
    .await;
}

// A344
#[tokio::test]
async fn an_address_makes_a_hundred_calls_a_minute_and_no_more() {
    let on = |config: &mut users_core::config::Config| {
        config.compat = vec![Profile::UserManagementApi];
        config.registration = Registration::Open;
    };
    everywhere_with(on, async |world: World| {
        for _ in 0..100 {
            let reply = post(world.anonymous(), "/api/users/register", &json!({})).await;
            reply.assert_unsuccessful(422);
        }
        let over = register(&world, &john()).await;
        over.assert_unsuccessful(429);
        assert_eq!(over.header("retry-after"), Some("60"));
        log_in(&world, "john@example.com", "SecurePass123")
            .await
            .assert_unsuccessful(429);
        let elsewhere = world.from("198.51.100.7");
        post(&elsewhere, "/api/users/register", &john())
            .await
            .assert_status(201);
    })
    .await;
}

// A046
#[tokio::test]
async fn many_registrations_of_one_address_in_many_spellings_make_one_account() {
    served(async |world| {
        let spellings = ["john@example.com", "JOHN@example.com", "John@Example.Com"];
        let calls = (0..12).map(|number| {
            let email = spellings[number % spellings.len()];
            let body = john_with(&json!({ "email": email }));
            let caller = world.anonymous().clone();
            async move { post(&caller, "/api/users/register", &body).await }
        });
        let replies = at_once(calls).await;
        let made = replies.iter().filter(|reply| reply.status.as_u16() == 201);
        assert_eq!(made.count(), 1, "{replies:?}");
        for reply in &replies {
            let status = reply.status.as_u16();
            assert!([201, 409, 503].contains(&status), "{reply:?}");
        }
        let mut raw = world.raw().await;
        assert_eq!(raw.number("SELECT COUNT(*) FROM users").await, 1);
    })
    .await;
}
