//! What guessers and floods meet at the doors.

use serde_json::json;

use super::{login, post, refresh, try_login};
use crate::support::bearer::Bearer;
use crate::support::everywhere;
use crate::support::people::Service;
use crate::support::world::everywhere_with;

/// ENUM A229, A236.
#[tokio::test]
async fn whoever_does_not_get_in_learns_nothing_about_accounts() {
    everywhere_with(
        |config| config.limits.calls_per_minute = 10_000,
        async |world| {
            let alice = world.person("alice").await;
            let off = world.person("disabled").await;
            world.set_enabled(&off, false).await;
            let wrong = try_login(&world, "alice", "not the passphrase").await;
            wrong.assert_problem(401, "unauthenticated");
            let plain = |reply: &crate::support::Reply| {
                let mut json = reply.json();
                json["instance"] = json!("");
                let mut headers = reply.headers.clone();
                headers.remove("x-request-id");
                (reply.status, json, headers)
            };
            for (name, password) in [
                ("nobody", "not the passphrase"),
                ("disabled", &*off.password),
                ("nobody@example.test", &*alice.password),
                ("\u{7f}", "x"),
                ("x", ""),
            ] {
                let reply = try_login(&world, name, password).await;
                assert_eq!(plain(&reply), plain(&wrong), "{name}");
            }
            // The lock: the same for both, for the right password too.
            for _ in 0..6 {
                try_login(&world, "alice", "not the passphrase").await;
                try_login(&world, "nobody", "not the passphrase").await;
            }
            let locked = try_login(&world, "alice", &alice.password).await;
            locked.assert_problem(429, "too-many-requests");
            assert_eq!(locked.header("retry-after"), Some("900"));
            let nobody = try_login(&world, "nobody", "not the passphrase").await;
            assert_eq!(plain(&nobody), plain(&locked));
        },
    )
    .await;
}

/// BRUTE A243.
#[tokio::test]
async fn the_doors_and_the_token_endpoint_count_together() {
    everywhere(async |world| {
        let alice = world.person("alice").await;
        let app = world.client("app", "sip.register").await;
        for _ in 0..3 {
            app.password("alice", "wrong", "sip.register").await;
        }
        for _ in 0..2 {
            try_login(&world, "Alice ", "wrong")
                .await
                .assert_status(401);
        }
        try_login(&world, "alice", &alice.password)
            .await
            .assert_status(429);
        let reply = app.password("alice", &alice.password, "sip.register").await;
        assert_eq!(reply.status.as_u16(), 429);
        // From elsewhere the owner still gets in.
        let body = json!({ "identifier": "alice", "password": alice.password });
        world.advance(60);
        post(&world.from("198.51.100.7"), "/auth/login", &body)
            .await
            .assert_ok();
    })
    .await;
}

#[tokio::test]
async fn an_address_makes_a_hundred_calls_a_minute_and_no_more() {
    everywhere(async |world| {
        let alice = world.person("alice").await;
        let app = world.client("app", "sip.register").await;
        let token = login(&world, &alice).await.text("access_token");
        for _ in 0..99 {
            refresh(&world, "uc_rt_nonsense").await.assert_status(401);
        }
        let over = try_login(&world, "alice", &alice.password).await;
        over.assert_problem(429, "too-many-requests");
        assert_eq!(over.header("retry-after"), Some("60"));
        post(world.anonymous(), "/auth/register", &json!({}))
            .await
            .assert_status(429);
        // A bad token is counted, a good one and a client that proves itself are not.
        let bad = Bearer::new(world.anonymous(), "nonsense", "");
        bad.get("/users/me")
            .await
            .assert_problem(429, "too-many-requests");
        let good = Bearer::new(world.anonymous(), &token, &alice.id);
        good.get("/users/me").await.assert_ok();
        app.client_credentials("sip.register").await.assert_ok();
        assert!(Service::is_active(
            &app.introspect(
                &app.client_credentials("sip.register")
                    .await
                    .text("access_token")
            )
            .await
        ));
        // Another address is another address, and a minute is a minute.
        let body = json!({ "identifier": "alice", "password": alice.password });
        post(&world.from("198.51.100.7"), "/auth/login", &body)
            .await
            .assert_ok();
        world.advance(59);
        try_login(&world, "alice", &alice.password)
            .await
            .assert_status(429);
        world.advance(1);
        try_login(&world, "alice", &alice.password)
            .await
            .assert_ok();
    })
    .await;
}

/// RATE A344.
#[tokio::test]
async fn a_flood_of_addresses_takes_bounded_room() {
    use std::net::{IpAddr, Ipv4Addr};
    use users_core::login::pace::Pace;

    use crate::support::world::START;

    let pace = Pace::new(2);
    for number in 0..300_000_u32 {
        let address = IpAddr::V4(Ipv4Addr::from(number));
        assert!(pace.count(address, START).is_ok());
    }
    assert!(pace.size() <= 100_000);
    let early = IpAddr::V4(Ipv4Addr::from(7));
    assert!(pace.count(early, START).is_ok());
    assert!(
        pace.count(early, START).is_err(),
        "those who were there are counted on"
    );
    let later = START.plus_seconds(60);
    assert!(
        pace.count(IpAddr::V4(Ipv4Addr::from(1_000_000)), later)
            .is_ok()
    );
    assert_eq!(pace.size(), 1, "what is over is forgotten");
}

#[tokio::test]
async fn a_malformed_call_is_refused_in_words() {
    everywhere_with(
        |config| config.limits.calls_per_minute = 10_000,
        async |world| {
            let caller = world.anonymous();
            for path in ["/auth/login", "/auth/refresh", "/auth/register"] {
                for body in [
                    "",
                    "{",
                    "[]",
                    "null",
                    "\"x\"",
                    "{}",
                    "{\"password\":1}",
                    "{\"a\":1,\"a\":2}",
                ] {
                    let full = format!("/api/v1{path}");
                    let reply = caller.post_raw(&full, "application/json", body, &[]).await;
                    reply.assert_problem(400, "malformed");
                    let reply = caller.post_raw(&full, "text/plain", body, &[]).await;
                    reply.assert_problem(415, "unsupported-media-type");
                }
            }
            for body in [
                json!({ "identifier": "a", "email": "b", "password": "c" }),
                json!({ "identifier": "a", "password": "c", "admin": true }),
                json!({ "identifier": "a", "password": "c\u{0}" }),
                json!({ "identifier": ["a"], "password": "c" }),
                json!({ "identifier": "a", "password": "c", "remember_me": "yes" }),
            ] {
                post(caller, "/auth/login", &body)
                    .await
                    .assert_problem(400, "malformed");
            }
            let long = "x".repeat(30_000);
            let body = json!({ "identifier": long, "password": long });
            post(caller, "/auth/login", &body)
                .await
                .assert_problem(401, "unauthenticated");
        },
    )
    .await;
}
