//! Accounts of one's own, and invitations.

use serde_json::{Value, json};
use users_core::admin::users;
use users_core::config::Registration;
use users_core::model::audit_event::Actor;
use users_core::model::user::UserInput;

use super::{api, try_login, with_mail};
use crate::support::browser::{Asking, Browser};
use crate::support::race::at_once;
use crate::support::smtp::Peer;
use crate::support::world::everywhere_with;
use crate::support::{Reply, World};

const PASSWORD: &str = "a passphrase of one's own";

async fn strict(world: &World) {
    let changed = world.change_tenant(&world.tenant, |input| {
        input.settings.require_verified_email = Some(true);
    });
    changed.await.expect("changed");
    world.follow().await;
}

async fn register(world: &World, email: &str, username: Option<&str>) -> Reply {
    let mut body = json!({ "email": email, "password": PASSWORD });
    if let Some(username) = username {
        body["username"] = json!(username);
    }
    api(world.anonymous(), "register", &body).await
}

/// An answer without what differs between any two accounts.
fn shape(reply: &Reply) -> (u16, Value) {
    let mut json = reply.json();
    let known = json.as_object_mut().expect("members");
    for own in ["id", "email", "username"] {
        assert!(known.remove(own).is_some(), "{own}");
    }
    (reply.status.as_u16(), json)
}

// A231
#[tokio::test]
async fn where_an_address_must_be_verified_a_taken_one_is_answered_as_a_new_one() {
    with_mail(
        |config| config.registration = Registration::Open,
        async |world, peer| {
            strict(&world).await;
            world.person("alice").await;
            let taken = register(&world, "Alice@Example.test", None).await;
            let mail = Peer::one(peer.deliver(&world).await);
            assert_eq!(mail.header("to"), "alice@example.test");
            assert!(
                mail.header("subject")
                    .contains("you already have an account")
            );
            assert!(!mail.text.contains("link="));
            let new = register(&world, "bob@example.test", None).await;
            assert_eq!(shape(&taken), shape(&new));
            assert_eq!(taken.status, 201);
            let mail = Peer::one(peer.deliver(&world).await);
            assert!(mail.header("subject").contains("confirm"), "{mail:?}");
            // Before the link is used, the two are one at every door, lock and all.
            let app = world.client("app", "openid").await;
            let mut browser = Browser::new(world.anonymous());
            let page = browser.ask(&Asking::of(&app, "openid")).await;
            let mut pages = Vec::new();
            for name in ["alice@example.test", "bob@example.test"] {
                let person = crate::support::people::Person {
                    id: String::new(),
                    username: name.to_owned(),
                    password: PASSWORD.to_owned(),
                };
                let reply = browser.sign_in(&page, &person).await;
                let (_, said) = reply.body.split_once("role=\"alert\"").expect("a problem");
                pages.push((reply.status, said.split('<').next().map(str::to_owned)));
                let mut statuses = Vec::new();
                for _ in 0..6 {
                    statuses.push(try_login(&world, name, PASSWORD).await.status.as_u16());
                }
                assert_eq!(statuses, [401, 401, 401, 401, 429, 429], "{name}");
            }
            assert_eq!(pages[0], pages[1]);
            // A username is not what anybody needs to hide.
            let reply = register(&world, "carol@example.test", Some("alice")).await;
            reply.assert_problem(409, "conflict");
        },
    )
    .await;
}

#[tokio::test]
async fn strangers_fill_nobodys_mailbox() {
    with_mail(
        |config| config.registration = Registration::Open,
        async |world, peer| {
            strict(&world).await;
            world.person("alice").await;
            for _ in 0..20 {
                register(&world, "alice@example.test", None)
                    .await
                    .assert_status(201);
            }
            assert_eq!(peer.deliver(&world).await.len(), 5);
            world.advance(3600);
            register(&world, "alice@example.test", None)
                .await
                .assert_status(201);
            assert_eq!(peer.deliver(&world).await.len(), 1);
        },
    )
    .await;
}

#[tokio::test]
async fn elsewhere_a_new_account_may_sign_in_and_is_sent_a_link() {
    with_mail(
        |config| config.registration = Registration::Open,
        async |world, peer| {
            register(&world, "bob@example.test", None)
                .await
                .assert_status(201);
            try_login(&world, "bob@example.test", PASSWORD)
                .await
                .assert_ok();
            register(&world, "bob@example.test", None)
                .await
                .assert_problem(409, "conflict");
            let mail = Peer::one(peer.deliver(&world).await);
            let body = json!({ "token": mail.secret() });
            api(world.anonymous(), "verify-email", &body)
                .await
                .assert_ok();
            let user = users::get(&world.app, &world.tenant, "bob@example.test").await;
            assert!(user.expect("bob").email_verified);
        },
    )
    .await;
}

// A046
#[tokio::test]
async fn many_registrations_of_one_address_make_one_account_and_one_answer() {
    with_mail(
        |config| {
            config.registration = Registration::Open;
            config.password_hash.queue = 1000;
        },
        async |world, peer| {
            strict(&world).await;
            let spellings = ["zo\u{eb}@example.test", "ZOE\u{308}@Example.test"];
            let tries = (0..20).map(|number| {
                let caller = world.anonymous().clone();
                let body = json!({ "email": spellings[number % 2], "password": PASSWORD });
                async move { shape(&api(&caller, "register", &body).await) }
            });
            let answers = at_once(tries).await;
            assert!(
                answers.iter().all(|answer| *answer == answers[0]),
                "{answers:?}"
            );
            let mut raw = world.raw().await;
            assert_eq!(raw.number("SELECT COUNT(*) FROM users").await, 1);
            let links = peer.deliver(&world).await;
            let welcomes = links.iter().filter(|mail| mail.text.contains("?link="));
            assert_eq!(welcomes.count(), 1);
        },
    )
    .await;
}

#[tokio::test]
async fn the_page_makes_an_account_where_that_is_open() {
    with_mail(
        |config| config.registration = Registration::Open,
        async |world, peer| {
            let page = world.anonymous().get("/sign-up").await;
            page.assert_ok();
            assert!(page.body.contains("action=\"/sign-up\""));
            let form = |email: &'static str, password: &'static str| {
                [
                    ("email", email),
                    ("name", "Bob <b>Other</b>"),
                    ("password", password),
                ]
            };
            let short = world
                .anonymous()
                .post("/sign-up", &form("bob@x.test", "short"), &[])
                .await;
            assert_eq!(short.status, 400);
            assert!(short.body.contains("at least"), "{short:?}");
            assert!(!short.body.contains("<b>") && !short.body.contains("value=\"short\""));
            let made = world
                .anonymous()
                .post("/sign-up", &form("bob@x.test", PASSWORD), &[])
                .await;
            made.assert_ok();
            try_login(&world, "bob@x.test", PASSWORD).await.assert_ok();
            assert_eq!(peer.deliver(&world).await.len(), 1);
            let again = world
                .anonymous()
                .post("/sign-up", &form("bob@x.test", PASSWORD), &[])
                .await;
            assert_eq!(again.status, 409);
        },
    )
    .await;
    for closed in [
        Registration::Off,
        Registration::Invite,
        Registration::Domain,
    ] {
        everywhere_with(
            |config| config.registration = closed,
            async |world| {
                let form = [("email", "bob@x.test"), ("password", PASSWORD)];
                for reply in [
                    world.anonymous().get("/sign-up").await,
                    world.anonymous().post("/sign-up", &form, &[]).await,
                ] {
                    assert_eq!(reply.status, 404);
                    assert!(!reply.body.contains("<form"));
                }
            },
        )
        .await;
    }
}

// A269
#[tokio::test]
async fn an_invitation_opens_the_account_it_was_made_for_with_what_is_stored_there() {
    with_mail(
        |config| config.registration = Registration::Invite,
        async |world, peer| {
            let input = UserInput {
                username: "ann".to_owned(),
                email: Some("ann@example.test".to_owned()),
                roles: vec!["guest".to_owned()],
                enabled: true,
                ..UserInput::default()
            };
            let actor = Actor::command_line();
            let made = users::create(&world.app, &actor, &world.tenant, input, None).await;
            let id = made.expect("an account");
            let console = world.console(&world.tenant).await;
            let admin = world.operator(&console, "root", &["admin"]).await;
            let path = format!("/users/{id}/invitation");
            admin
                .call("POST", &path, &[], None)
                .await
                .assert_status(204);
            let first = Peer::one(peer.deliver(&world).await);
            assert!(
                first
                    .link()
                    .starts_with("http://localhost:8081/sign-up?link=")
            );
            admin
                .call("POST", &path, &[], None)
                .await
                .assert_status(204);
            let mail = Peer::one(peer.deliver(&world).await);
            let link = mail.link();
            let path = link.strip_prefix("http://localhost:8081").expect("ours");
            // Roles, addresses and tenants beside the link are nobody's business.
            let page = world
                .anonymous()
                .get(&format!("{path}&roles=admin&email=eve@evil.test"))
                .await;
            page.assert_ok();
            assert!(!page.body.contains("evil"));
            let accept = async |secret: &str| {
                let form = [
                    ("link", secret),
                    ("password", PASSWORD),
                    ("again", PASSWORD),
                    ("roles", "admin"),
                    ("email", "eve@evil.test"),
                    ("username", "eve"),
                    ("tenant", "other"),
                ];
                world.anonymous().post("/sign-up", &form, &[]).await
            };
            assert_eq!(
                accept(&first.secret()).await.status,
                410,
                "a newer one was sent"
            );
            accept(&mail.secret()).await.assert_ok();
            assert_eq!(accept(&mail.secret()).await.status, 410, "it was used");
            let user = users::get(&world.app, &world.tenant, &id)
                .await
                .expect("ann");
            assert_eq!(user.roles, ["guest"]);
            assert_eq!(user.username, "ann");
            assert_eq!(user.email.as_deref(), Some("ann@example.test"));
            assert!(user.email_verified);
            try_login(&world, "ann", PASSWORD).await.assert_ok();
            try_login(&world, "eve", PASSWORD).await.assert_status(401);
        },
    )
    .await;
}
