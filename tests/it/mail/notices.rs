//! What an account's owner is told.

use serde_json::json;
use users_core::admin::users;
use users_core::model::audit_event::Actor;

use super::{api, try_login, with_mail};
use crate::support::browser::{Asking, Browser};
use crate::support::smtp::Peer;

const NEW: &str = "another passphrase entirely";

#[tokio::test]
async fn a_new_password_is_told_whoever_set_it() {
    with_mail(
        |_| {},
        async |world, peer| {
            let alice = world.person("alice").await;
            let user = users::get(&world.app, &world.tenant, "alice")
                .await
                .expect("alice");
            let actor = Actor::command_line();
            users::set_password(&world.app, &actor, &world.tenant, &user, NEW)
                .await
                .expect("set");
            let mail = Peer::one(peer.deliver(&world).await);
            assert!(mail.header("subject").contains("your password was changed"));
            assert!(mail.text.contains("2026-01-01 00:00 UTC"), "{mail:?}");
            assert!(!mail.text.contains("link="), "it can do nothing");
            let console = world.console(&world.tenant).await;
            let alice = crate::support::people::Person {
                password: NEW.to_owned(),
                ..alice
            };
            let bearer = world.bearer(&console, &alice).await;
            let body = json!({ "current_password": NEW, "new_password": "the third passphrase" });
            let reply = bearer.post("/users/me/change-password", &body).await;
            assert!(reply.status.is_success(), "{reply:?}");
            let subjects: Vec<_> = peer.deliver(&world).await;
            assert!(
                subjects
                    .iter()
                    .any(|mail| mail.header("subject").contains("your password was changed")),
                "{subjects:?}"
            );
        },
    )
    .await;
}

#[tokio::test]
async fn a_device_that_is_new_is_told_and_one_that_is_known_is_not() {
    with_mail(
        |_| {},
        async |world, peer| {
            let app = world.client("app", "openid").await;
            let alice = world.person("alice").await;
            let asking = Asking::of(&app, "openid");
            let mut first = Browser::new(world.anonymous());
            first.authorize(&asking, &alice).await;
            assert!(
                peer.deliver(&world).await.is_empty(),
                "the first one is no news"
            );
            world.advance(60);
            let mut second = Browser::new(world.anonymous());
            second.authorize(&asking, &alice).await;
            let mail = Peer::one(peer.deliver(&world).await);
            assert!(mail.header("subject").contains("a new device"), "{mail:?}");
            assert!(mail.text.contains("127.0.0.1"), "{mail:?}");
            // By another door, that is another device; the same again is not.
            try_login(&world, "alice", &alice.password)
                .await
                .assert_ok();
            assert_eq!(peer.deliver(&world).await.len(), 1);
            try_login(&world, "alice", &alice.password)
                .await
                .assert_ok();
            assert!(peer.deliver(&world).await.is_empty());
        },
    )
    .await;
}

#[tokio::test]
async fn a_replayed_refresh_token_is_told_with_the_name_of_the_application() {
    with_mail(
        |_| {},
        async |world, peer| {
            let app = world
                .client_with("app", "openid offline_access", |metadata| {
                    metadata.client_name = Some("Files http://evil.test".to_owned());
                })
                .await;
            let alice = world.person("alice").await;
            let first = app
                .sign_in(&alice, "openid offline_access")
                .await
                .text("refresh_token");
            app.refresh(&first).await.assert_ok();
            world.advance(11);
            app.refresh(&first).await.assert_error(400, "invalid_grant");
            let mail = Peer::one(peer.deliver(&world).await);
            assert!(
                mail.text
                    .contains("application Files http evil test presented"),
                "{mail:?}"
            );
            app.refresh(&first).await.assert_error(400, "invalid_grant");
            assert!(
                peer.deliver(&world).await.is_empty(),
                "the family is dead already"
            );
        },
    )
    .await;
}

#[tokio::test]
async fn a_changed_address_is_told_at_the_old_one_and_verified_at_the_new_one() {
    with_mail(
        |_| {},
        async |world, peer| {
            let console = world.console(&world.tenant).await;
            let alice = world.person("alice").await;
            let bearer = world.bearer(&console, &alice).await;
            let reply = bearer
                .patch("/users/me", &json!({ "email": "alice@new.test" }))
                .await;
            reply.assert_ok();
            assert_eq!(reply.json()["email_verified"], false);
            let mut mails = peer.deliver(&world).await;
            mails.sort_by_key(|mail| mail.header("to"));
            let [old, new] = &mails[..] else {
                panic!("{mails:?}");
            };
            assert_eq!(old.header("to"), "alice@example.test");
            assert!(
                !old.text.contains("new.test") && !old.text.contains("link="),
                "{old:?}"
            );
            assert_eq!(new.header("to"), "alice@new.test");
            let body = json!({ "token": new.secret() });
            api(world.anonymous(), "verify-email", &body)
                .await
                .assert_ok();
            assert_eq!(bearer.get("/users/me").await.json()["email_verified"], true);
            // Another spelling of the same address is none.
            bearer
                .patch("/users/me", &json!({ "email": "Alice@new.test" }))
                .await
                .assert_ok();
            assert!(peer.deliver(&world).await.is_empty());
        },
    )
    .await;
}
