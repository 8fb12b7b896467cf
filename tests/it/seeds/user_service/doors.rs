//! What guessers and floods meet at the profile's doors.

use serde_json::json;
use users_core::config::{Profile, Registration};

use super::{jane, log_in, register, served};
use crate::seeds::calls::post;
use crate::support::Reply;
use crate::support::world::everywhere_with;

fn plain(reply: &Reply) -> (u16, String, Option<String>) {
    let challenge = reply.header("www-authenticate").map(str::to_owned);
    (reply.status.as_u16(), reply.body.clone(), challenge)
}

// A229, A236
#[tokio::test]
async fn whoever_does_not_get_in_learns_nothing_about_accounts() {
    served(async |world| {
        register(&world, &jane()).await;
        let off = world.person("disabled").await;
        world.set_enabled(&off, false).await;
        let wrong = log_in(&world, "jane@example.com", "WrongPass123").await;
        wrong.assert_refused(401, "unauthenticated");
        for (email, password) in [
            ("nobody@example.com", "WrongPass123"),
            ("jane", "WrongPass123"),
            ("disabled", &*off.password),
            ("\u{202e}jane", "x"),
        ] {
            let reply = log_in(&world, email, password).await;
            assert_eq!(plain(&reply), plain(&wrong), "{email}");
        }
        for _ in 0..20 {
            log_in(&world, "jane@example.com", "WrongPass123").await;
            log_in(&world, "nobody@example.com", "WrongPass123").await;
        }
        let locked = log_in(&world, "jane@example.com", "SecurePass123").await;
        locked.assert_refused(429, "too-many-requests");
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
        let alice = world.person("alice").await;
        let body = json!({ "identifier": "alice", "password": "wrong" });
        for _ in 0..3 {
            post(world.anonymous(), "/api/v1/auth/login", &body).await;
        }
        for _ in 0..2 {
            log_in(&world, "ALICE ", "wrong").await;
        }
        log_in(&world, "alice", &alice.password)
            .await
            .assert_refused(429, "too-many-requests");
        // From elsewhere the owner gets in, after the pause all guessers share.
        world.advance(60);
        let body = json!({ "email": "alice", "password": alice.password });
        post(&world.from("198.51.100.7"), "/api/login", &body)
            .await
            .assert_ok();
    })
    .await;
}

// A344
#[tokio::test]
async fn an_address_makes_a_hundred_calls_a_minute_and_no_more() {
    let on = |config: &mut users_core::config::Config| {
        config.compat = vec![Profile::UserService];
        config.registration = Registration::Open;
    };
    everywhere_with(on, async |world| {
        let refresh = json!({ "refresh_token": "uc_rt_nonsense" });
        for _ in 0..100 {
            let reply = post(world.anonymous(), "/api/refresh", &refresh).await;
            reply.assert_refused(401, "unauthenticated");
        }
        for (path, body) in [
            ("/api/refresh", &refresh),
            ("/api/register", &jane()),
            ("/api/login", &json!({ "email": "x", "password": "y" })),
        ] {
            let over = post(world.anonymous(), path, body).await;
            over.assert_refused(429, "too-many-requests");
            assert_eq!(over.header("retry-after"), Some("60"));
        }
        let elsewhere = world.from("198.51.100.7");
        post(&elsewhere, "/api/register", &jane())
            .await
            .assert_status(201);
        world.advance(60);
        post(world.anonymous(), "/api/refresh", &refresh)
            .await
            .assert_refused(401, "unauthenticated");
    })
    .await;
}

#[tokio::test]
async fn who_may_register_is_said_by_the_settings() {
    everywhere_with(
        |config| {
            config.compat = vec![Profile::UserService];
            config.registration = Registration::Off;
        },
        async |world| {
            register(&world, &jane())
                .await
                .assert_refused(403, "forbidden");
        },
    )
    .await;
}
