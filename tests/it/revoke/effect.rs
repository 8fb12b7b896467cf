//! What is dead after a revocation, and where.

use users_core::model::client_metadata::TokenFormat;

use crate::support::everywhere;
use crate::support::people::Service;
use crate::support::world::follow;

const SCOPE: &str = "openid offline_access sip.register";

// A109
#[tokio::test]
async fn what_is_unknown_or_dead_already_is_revoked() {
    everywhere(async |world| {
        let app = world.client("app", SCOPE).await;
        let person = world.person("alice").await;
        let first = app.sign_in(&person, SCOPE).await;
        let (access, refresh) = (first.text("access_token"), first.text("refresh_token"));
        let expired = app
            .client_credentials("sip.register")
            .await
            .text("access_token");
        world.advance(900);
        let huge = "x".repeat(20_000);
        let tampered = format!("{access}x");
        for token in [
            "unknown",
            "uc_rt_unknown",
            "a.b.c",
            "..",
            "\u{1f600}",
            &huge,
            &tampered,
            &expired,
            &access,
            &access,
            &refresh,
            &refresh,
        ] {
            let reply = app.revoke(token).await;
            assert_eq!((reply.status.as_u16(), reply.body.as_str()), (200, ""));
            assert_eq!(reply.header("cache-control"), Some("no-store"));
        }
        app.refresh(&refresh)
            .await
            .assert_error(400, "invalid_grant");
    })
    .await;
}

#[tokio::test]
async fn the_hint_is_only_a_hint() {
    for hint in ["access_token", "refresh_token", "no_such_type", ""] {
        everywhere(async |world| {
            let app = world.client("app", SCOPE).await;
            let person = world.person("alice").await;
            let first = app.sign_in(&person, SCOPE).await;
            for name in ["access_token", "refresh_token"] {
                let token = first.text(name);
                let form = [("token", token.as_str()), ("token_type_hint", hint)];
                app.post("/revoke", &form).await.assert_ok();
                app.introspect(&token).await.assert_inactive();
            }
        })
        .await;
    }
}

#[tokio::test]
async fn revoking_an_access_token_ends_that_token_alone() {
    for format in [TokenFormat::Jwt, TokenFormat::Opaque] {
        everywhere(async |world| {
            let app = world
                .client_with("app", SCOPE, |metadata| {
                    metadata.access_token_format = Some(format);
                })
                .await;
            let person = world.person("alice").await;
            let first = app.sign_in(&person, SCOPE).await;
            let second = app.refresh(&first.text("refresh_token")).await;
            let (one, other) = (first.text("access_token"), second.text("access_token"));
            app.revoke(&one).await.assert_ok();
            app.introspect(&one).await.assert_inactive();
            assert_eq!(app.userinfo(&one).await.status, 401);
            assert!(Service::is_active(&app.introspect(&other).await));
            let third = app.refresh(&second.text("refresh_token")).await;
            third.assert_ok();
            // It stays dead when the reaper has been, as long as it could live.
            world.advance(899);
            world
                .app
                .store
                .reap(world.clock.now())
                .await
                .expect("reaped");
            world.app.directory.tidy(world.clock.now());
            world
                .app
                .directory
                .load(world.clock.now())
                .await
                .expect("loaded");
            app.introspect(&one).await.assert_inactive();
        })
        .await;
    }
}

// RFC 7009 section 2.1
#[tokio::test]
async fn revoking_a_refresh_token_ends_all_that_hangs_on_the_sign_in() {
    for format in [TokenFormat::Jwt, TokenFormat::Opaque] {
        everywhere(async |world| {
            let app = world
                .client_with("app", SCOPE, |metadata| {
                    metadata.access_token_format = Some(format);
                })
                .await;
            let person = world.person("alice").await;
            let first = app.sign_in(&person, SCOPE).await;
            let second = app.refresh(&first.text("refresh_token")).await;
            let elsewhere = app.sign_in(&person, SCOPE).await;
            app.revoke(&second.text("refresh_token")).await.assert_ok();
            for answer in [&first, &second] {
                let access = answer.text("access_token");
                app.introspect(&access).await.assert_inactive();
                assert_eq!(app.userinfo(&access).await.status, 401);
                let reply = app.refresh(&answer.text("refresh_token")).await;
                reply.assert_error(400, "invalid_grant");
            }
            assert!(Service::is_active(
                &app.introspect(&elsewhere.text("access_token")).await
            ));
            app.refresh(&elsewhere.text("refresh_token"))
                .await
                .assert_ok();
        })
        .await;
    }
}

#[tokio::test]
async fn a_spent_refresh_token_can_still_be_revoked() {
    everywhere(async |world| {
        let app = world.client("app", SCOPE).await;
        let person = world.person("alice").await;
        let first = app.sign_in(&person, SCOPE).await;
        let second = app.refresh(&first.text("refresh_token")).await;
        // A client whose answer was lost revokes the token it has.
        app.revoke(&first.text("refresh_token")).await.assert_ok();
        let reply = app.refresh(&second.text("refresh_token")).await;
        reply.assert_error(400, "invalid_grant");
        let access = second.text("access_token");
        app.introspect(&access).await.assert_inactive();
    })
    .await;
}

// A114
#[tokio::test]
async fn another_node_knows_after_one_look_at_the_feed() {
    for format in [TokenFormat::Jwt, TokenFormat::Opaque] {
        everywhere(async |world| {
            let app = world
                .client_with("app", SCOPE, |metadata| {
                    metadata.access_token_format = Some(format);
                })
                .await;
            let person = world.person("alice").await;
            let (node, caller) = world.second_node().await;
            let there = app.through(&caller);
            for name in ["access_token", "refresh_token"] {
                let first = app.sign_in(&person, SCOPE).await;
                let access = first.text("access_token");
                there.userinfo(&access).await.assert_ok();
                app.revoke(&first.text(name)).await.assert_ok();
                follow(&node).await;
                there
                    .userinfo(&access)
                    .await
                    .assert_error(401, "invalid_token");
                there.introspect(&access).await.assert_inactive();
            }
        })
        .await;
    }
}

#[tokio::test]
async fn a_revocation_leaves_an_event_with_who_and_whose() {
    everywhere(async |world| {
        let app = world.client("app", SCOPE).await;
        let person = world.person("alice").await;
        let first = app.sign_in(&person, SCOPE).await;
        app.revoke("unknown").await.assert_ok();
        let there = app.through(&world.from("198.51.100.7"));
        there.revoke(&first.text("access_token")).await.assert_ok();
        there.revoke(&first.text("refresh_token")).await.assert_ok();
        // Dead already: nothing happened, nothing is told.
        there.revoke(&first.text("refresh_token")).await.assert_ok();
        let trail = world.audit().await;
        let events: Vec<_> = trail
            .iter()
            .filter(|row| row.kind == "token.revoked")
            .collect();
        assert_eq!(events.len(), 2);
        for event in events {
            assert_eq!(event.subject.as_deref(), Some(person.id.as_str()));
            assert_eq!(event.client_id.as_deref(), Some("app"));
            assert_eq!(event.address.as_deref(), Some("198.51.100.7"));
        }
    })
    .await;
}
