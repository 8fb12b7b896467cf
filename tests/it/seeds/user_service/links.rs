//! Links that are mailed.

use serde_json::{Value, json};
use users_core::config::{Config, Profile, Registration};

use super::{jane, log_in, register};
use crate::seeds::calls::{malformed, post, send};
use crate::support::race::at_once;
use crate::support::smtp::{Mood, Peer};
use crate::support::world::everywhere_with;
use crate::support::{Reply, World};

const NEW: &str = "AnotherPass456";

/// Runs a test where the profile is on and mail is taken.
async fn with_mail(test: impl AsyncFn(World, Peer)) {
    let peer = Peer::start().await;
    let configure = |config: &mut Config| {
        peer.configure(config);
        config.compat = vec![Profile::UserService];
        config.registration = Registration::Open;
        config.limits.calls_per_minute = 10_000;
    };
    everywhere_with(configure, async |world| {
        peer.take();
        peer.is(Mood::Takes);
        test(world, peer.clone()).await;
    })
    .await;
}

/// Registers Jane, whose first mail is read.
async fn registered(world: &World, peer: &Peer) -> String {
    register(world, &jane()).await.assert_status(201);
    Peer::one(peer.deliver(world).await).secret()
}

async fn asked(world: &World, path: &str, email: &str) -> Reply {
    post(world.anonymous(), path, &json!({ "email": email })).await
}

async fn reset_secret(world: &World, peer: &Peer) -> String {
    asked(world, "/api/reset-password", "jane@example.com")
        .await
        .assert_ok();
    Peer::one(peer.deliver(world).await).secret()
}

async fn set(world: &World, secret: &str, body: &Value) -> Reply {
    let path = format!("/api/reset-password/{secret}");
    post(world.anonymous(), &path, body).await
}

#[tokio::test]
async fn an_address_is_verified_by_what_was_sent_there_once() {
    with_mail(async |world, peer| {
        let secret = registered(&world, &peer).await;
        let verify = async || {
            let body = json!({ "token": secret });
            post(world.anonymous(), "/api/verify-email", &body).await
        };
        verify().await.assert_ok();
        let reply = log_in(&world, "jane", "SecurePass123").await;
        assert_eq!(reply.json()["user"]["email_verified"], true);
        verify().await.assert_refused(400, "malformed");
        peer.deliver(&world).await;
        // Whoever is verified is sent nothing more, and is not told so.
        let again = asked(&world, "/api/verify-email", "jane@example.com").await;
        again.assert_ok();
        assert_eq!(peer.deliver(&world).await.len(), 0);
    })
    .await;
}

#[tokio::test]
async fn a_password_is_reset_by_the_link_in_either_spelling_and_once() {
    with_mail(async |world, peer| {
        registered(&world, &peer).await;
        let before = log_in(&world, "jane", "SecurePass123").await;
        peer.deliver(&world).await;
        for (member, password) in [("password", NEW), ("new_password", "ThirdPass789")] {
            let secret = reset_secret(&world, &peer).await;
            let reply = set(&world, &secret, &json!({ member: password })).await;
            reply.assert_ok();
            assert!(!reply.body.contains(password), "{reply:?}");
            set(&world, &secret, &json!({ member: "FourthPass000" }))
                .await
                .assert_refused(400, "malformed");
            log_in(&world, "jane", password).await.assert_ok();
            peer.deliver(&world).await;
        }
        log_in(&world, "jane", "SecurePass123")
            .await
            .assert_refused(401, "unauthenticated");
        let body = json!({ "refresh_token": before.text("refresh_token") });
        post(world.anonymous(), "/api/refresh", &body)
            .await
            .assert_refused(401, "unauthenticated");
    })
    .await;
}

#[tokio::test]
async fn a_link_ends_with_its_hour_and_a_broken_rule_does_not_cost_it() {
    with_mail(async |world, peer| {
        registered(&world, &peer).await;
        let old = reset_secret(&world, &peer).await;
        world.advance(3600);
        set(&world, &old, &json!({ "password": NEW }))
            .await
            .assert_refused(400, "malformed");
        let secret = reset_secret(&world, &peer).await;
        let reply = set(&world, &secret, &json!({ "password": "short" })).await;
        reply
            .assert_refused(422, "invalid-fields")
            .assert_blames("password");
        set(&world, &secret, &json!({ "password": NEW }))
            .await
            .assert_ok();
    })
    .await;
}

#[tokio::test]
async fn of_many_who_reset_by_one_link_at_once_one_wins() {
    with_mail(async |world, peer| {
        registered(&world, &peer).await;
        let secret = reset_secret(&world, &peer).await;
        let tries = (0..12).map(|number| {
            let caller = world.anonymous().clone();
            let path = format!("/api/reset-password/{secret}");
            let body = json!({ "password": format!("AnotherPass{number}") });
            async move { post(&caller, &path, &body).await.status.as_u16() }
        });
        let statuses = at_once(tries).await;
        let won = statuses.iter().filter(|status| **status == 200).count();
        assert_eq!(won, 1, "{statuses:?}");
        let in_order = statuses
            .iter()
            .all(|status| [200, 400, 503].contains(status));
        assert!(in_order, "{statuses:?}");
    })
    .await;
}

// A232
#[tokio::test]
async fn whoever_asks_for_a_link_learns_nothing_about_accounts() {
    with_mail(async |world, peer| {
        registered(&world, &peer).await;
        for path in ["/api/reset-password", "/api/verify-email"] {
            let known = asked(&world, path, "jane@example.com").await;
            let unknown = asked(&world, path, "nobody@example.com").await;
            let nothing = asked(&world, path, "\u{7f}").await;
            known.assert_ok();
            for other in [&unknown, &nothing] {
                assert_eq!(known.status, other.status);
                assert_eq!(known.body, other.body);
            }
        }
        let arrived = peer.deliver(&world).await;
        let mut to = arrived.iter().flat_map(|mail| mail.recipients.iter());
        assert!(to.all(|to| to.contains("jane@example.com")), "{arrived:?}");
    })
    .await;
}

#[tokio::test]
async fn what_is_no_link_or_no_body_is_refused_in_one_shape() {
    with_mail(async |world, peer| {
        registered(&world, &peer).await;
        for secret in ["x", "%00", "%2e%2e", "uc_ml_nonsense", "'%20OR%201=1"] {
            let reply = set(&world, secret, &json!({ "password": NEW })).await;
            assert!([400, 404].contains(&reply.status.as_u16()), "{reply:?}");
            assert!(reply.json()["error"].is_string());
            assert!(!reply.body.contains("nonsense"));
        }
        let caller = world.anonymous();
        for path in [
            "/api/verify-email",
            "/api/reset-password",
            "/api/reset-password/x",
        ] {
            for (content_type, body, status) in malformed() {
                let headers = content_type.map(|kind| ("content-type", kind.to_owned()));
                let headers: Vec<_> = headers.into_iter().collect();
                let reply = send(caller, "POST", path, &headers, body.into()).await;
                assert_eq!(reply.status.as_u16(), status, "{path}: {reply:?}");
                assert!(reply.json()["error"].is_string());
            }
            let reply = post(caller, path, &json!({})).await;
            reply.assert_refused(400, "malformed");
            let reply = post(caller, path, &json!({ "email": 5, "password": 5 })).await;
            reply.assert_refused(400, "malformed");
        }
        let both = json!({ "token": "x", "email": "jane@example.com" });
        post(caller, "/api/verify-email", &both)
            .await
            .assert_refused(400, "malformed");
        let body = json!({ "email": "jane@example.com", "tenant_id": "third" });
        post(caller, "/api/reset-password", &body)
            .await
            .assert_refused(422, "invalid-fields");
    })
    .await;
}

#[tokio::test]
async fn where_no_mail_is_sent_that_is_said() {
    super::served(async |world| {
        for path in ["/api/reset-password", "/api/verify-email"] {
            let reply = asked(&world, path, "jane@example.com").await;
            reply.assert_refused(403, "forbidden");
        }
    })
    .await;
}
