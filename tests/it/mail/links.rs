//! Links: single use, for one purpose, of one account with one address.

use serde_json::json;
use users_core::admin::{links, users};
use users_core::model::audit_event::Actor;
use users_core::model::letter::Purpose;

use super::{api, reset_mail, set, try_login, with_mail};
use crate::support::browser::Form;
use crate::support::race::{RACERS, at_once};
use crate::support::smtp::Peer;
use crate::support::{Reply, World};

const NEW: &str = "another passphrase entirely";

#[track_caller]
fn assert_dead(reply: &Reply) {
    reply.assert_problem(400, "malformed");
}

// A262, A264
#[tokio::test]
async fn a_reset_link_sets_the_password_once_and_ends_every_session() {
    with_mail(
        |_| {},
        async |world, peer| {
            let app = world.client("app", "openid offline_access").await;
            let alice = world.person("alice").await;
            let before = app.sign_in(&alice, "openid offline_access").await;
            let secret = reset_mail(&world, &peer, &alice).await.secret();
            let reply = set(&world, &secret, NEW).await;
            reply.assert_ok();
            assert!(!reply.body.contains("token"), "nobody is signed in by it");
            app.refresh(&before.text("refresh_token"))
                .await
                .assert_error(400, "invalid_grant");
            assert_dead(&set(&world, &secret, "yet another passphrase").await);
            try_login(&world, "alice", NEW).await.assert_ok();
            try_login(&world, "alice", &alice.password)
                .await
                .assert_status(401);
            // The link came by mail, so the address is somebody's.
            let user = users::get(&world.app, &world.tenant, &alice.id).await;
            assert!(user.expect("the user").email_verified);
        },
    )
    .await;
}

// A262
#[tokio::test]
async fn a_link_ends_with_its_hour_with_a_newer_one_and_with_what_it_was_made_for() {
    with_mail(
        |_| {},
        async |world, peer| {
            let alice = world.person("alice").await;
            let old = reset_mail(&world, &peer, &alice).await.secret();
            world.advance(3600);
            assert_dead(&set(&world, &old, NEW).await);
            let older = reset_mail(&world, &peer, &alice).await.secret();
            let newer = reset_mail(&world, &peer, &alice).await.secret();
            assert_dead(&set(&world, &older, NEW).await);
            // A rule that is broken does not cost the link.
            set(&world, &newer, "short")
                .await
                .assert_problem(422, "invalid-fields");
            let actor = Actor::command_line();
            let user = users::get(&world.app, &world.tenant, "alice")
                .await
                .expect("alice");
            users::set_password(
                &world.app,
                &actor,
                &world.tenant,
                &user,
                "one by the operator",
            )
            .await
            .expect("set");
            assert_dead(&set(&world, &newer, NEW).await);
            peer.deliver(&world).await;
            world.advance(3600);
            let last = reset_mail(&world, &peer, &alice).await.secret();
            world
                .change_person(&world.tenant, &alice, |input| {
                    input.email = Some("alice@elsewhere.test".to_owned());
                })
                .await;
            assert_dead(&set(&world, &last, NEW).await);
            let disabled = world.person("bob").await;
            let link = reset_link(&world, "bob").await;
            world.set_enabled(&disabled, false).await;
            assert_dead(&set(&world, &link, NEW).await);
        },
    )
    .await;
}

/// A link as the command line prints it.
async fn reset_link(world: &World, name: &str) -> String {
    printed(world, name, Purpose::ResetPassword).await
}

async fn printed(world: &World, name: &str, purpose: Purpose) -> String {
    let user = users::get(&world.app, &world.tenant, name)
        .await
        .expect("them");
    let actor = Actor::command_line();
    let link = links::print(&world.app, &actor, &world.tenant, &user, purpose).await;
    let link = link.expect("a link");
    let (_, secret) = link.split_once("?link=").expect("a secret");
    secret.to_owned()
}

// A266
#[tokio::test]
async fn a_link_does_what_it_was_made_for_and_nothing_else() {
    with_mail(
        |_| {},
        async |world, peer| {
            let (alice, bob) = (world.person("alice").await, world.person("bob").await);
            let second = world.new_tenant("second").await;
            let secret = reset_mail(&world, &peer, &alice).await.secret();
            // Whoever is named beside it.
            for (member, value) in [
                ("email", "bob@example.test"),
                ("username", "bob"),
                ("user_id", bob.id.as_str()),
            ] {
                let mut body = json!({ "token": secret, "password": NEW });
                body[member] = json!(value);
                api(world.anonymous(), "reset-password", &body)
                    .await
                    .assert_problem(400, "malformed");
            }
            let body = json!({ "token": secret, "password": NEW, "tenant_id": "second" });
            assert_dead(&api(world.anonymous(), "reset-password", &body).await);
            let body = json!({ "token": secret });
            assert_dead(&api(world.anonymous(), "verify-email", &body).await);
            for path in ["/verify-email", "/sign-up", "/t/second/reset-password"] {
                let form = [("link", secret.as_str()), ("password", NEW)];
                let reply = world.anonymous().post(path, &form, &[]).await;
                assert_eq!(reply.status, 410, "{path}");
                let reply = world
                    .anonymous()
                    .get(&format!("{path}?link={secret}"))
                    .await;
                assert_eq!(reply.status, 410, "{path}");
            }
            assert_eq!(second.slug, "second");
            let verify = printed(&world, "bob", Purpose::VerifyEmail).await;
            assert_dead(&set(&world, &verify, NEW).await);
            for unknown in ["", "x", &format!("{}x", &secret[..secret.len() - 1])] {
                assert_dead(&set(&world, unknown, NEW).await);
            }
            for person in [&alice, &bob] {
                try_login(&world, &person.username, &person.password)
                    .await
                    .assert_ok();
            }
            set(&world, &secret, NEW).await.assert_ok();
        },
    )
    .await;
}

// A191
#[tokio::test]
async fn looking_spends_nothing_and_posting_the_form_spends_once() {
    with_mail(
        |_| {},
        async |world, peer| {
            let alice = world.person("alice").await;
            let link = reset_mail(&world, &peer, &alice).await.link();
            let path = link.strip_prefix("http://localhost:8081").expect("ours");
            for _ in 0..5 {
                let page = world.anonymous().get(path).await;
                page.assert_ok();
                assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
                assert_eq!(page.header("cache-control"), Some("no-store"));
            }
            let page = world.anonymous().get(path).await;
            let form = Form::of(&page, "/reset-password");
            let fields = [
                ("link", form.field("link")),
                ("password", NEW),
                ("again", "something else"),
            ];
            let reply = world
                .anonymous()
                .post("/reset-password", &fields, &[])
                .await;
            assert_eq!(reply.status, 400);
            assert!(reply.body.contains("not the same"), "{reply:?}");
            let fields = [
                ("link", form.field("link")),
                ("password", NEW),
                ("again", NEW),
            ];
            let foreign = [("origin", "https://evil.test")];
            let reply = world
                .anonymous()
                .post("/reset-password", &fields, &foreign)
                .await;
            assert_eq!(reply.status, 403);
            world
                .anonymous()
                .post("/reset-password", &fields, &[])
                .await
                .assert_ok();
            let again = world
                .anonymous()
                .post("/reset-password", &fields, &[])
                .await;
            assert_eq!(again.status, 410);
            try_login(&world, "alice", NEW).await.assert_ok();
        },
    )
    .await;
}

// A045
#[tokio::test]
async fn of_many_who_use_a_link_at_once_one_wins() {
    with_mail(
        |config| config.password_hash.queue = 1000,
        async |world, peer| {
            let alice = world.person("alice").await;
            let secret = reset_mail(&world, &peer, &alice).await.secret();
            let verify = printed(&world, "alice", Purpose::VerifyEmail).await;
            let tries = (0..RACERS).map(|number| {
                let caller = world.anonymous().clone();
                let (path, body) = if number % 2 == 0 {
                    let password = format!("{NEW} {number}");
                    (
                        "reset-password",
                        json!({ "token": secret, "password": password }),
                    )
                } else {
                    ("verify-email", json!({ "token": verify }))
                };
                async move { (path, api(&caller, path, &body).await.status.as_u16()) }
            });
            let mut won = Vec::new();
            for (path, status) in at_once(tries).await {
                match status {
                    200 => won.push(path),
                    400 => {}
                    other => panic!("{path}: {other}"),
                }
            }
            won.sort_unstable();
            assert_eq!(won, ["reset-password", "verify-email"]);
        },
    )
    .await;
}

#[tokio::test]
async fn a_verified_address_lets_its_owner_in_where_the_tenant_wants_one() {
    with_mail(
        |_| {},
        async |world, peer| {
            let tenant = world.change_tenant(&world.tenant, |input| {
                input.settings.require_verified_email = Some(true);
            });
            tenant.await.expect("changed");
            world.follow().await;
            let alice = world.person("alice").await;
            // The right password is answered as a wrong one, and brings another link.
            try_login(&world, "alice", &alice.password)
                .await
                .assert_status(401);
            let mail = Peer::one(peer.deliver(&world).await);
            assert!(mail.header("subject").contains("confirm"), "{mail:?}");
            let body = json!({ "token": mail.secret() });
            api(world.anonymous(), "verify-email", &body)
                .await
                .assert_ok();
            try_login(&world, "alice", &alice.password)
                .await
                .assert_ok();
            assert_dead(&api(world.anonymous(), "verify-email", &body).await);
            // Nothing is left to verify.
            let body = json!({ "email": "alice@example.test" });
            api(world.anonymous(), "verify-email", &body)
                .await
                .assert_ok();
            assert!(peer.deliver(&world).await.is_empty());
        },
    )
    .await;
}

#[tokio::test]
async fn a_printed_link_sets_a_password_and_proves_no_address() {
    with_mail(
        |_| {},
        async |world, _| {
            world.person("alice").await;
            let secret = reset_link(&world, "alice").await;
            set(&world, &secret, NEW).await.assert_ok();
            let user = users::get(&world.app, &world.tenant, "alice")
                .await
                .expect("alice");
            assert!(!user.email_verified);
        },
    )
    .await;
}
