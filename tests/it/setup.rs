//! The one-time link that makes the first administrator.

use futures_util::future::join_all;
use users_core::admin::{setup, users};
use users_core::model::audit_event::{Actor, AuditKind};

use crate::support::http::Caller;
use crate::support::rows::everybody;
use crate::support::{Reply, World, everywhere};

const PASSWORD: &str = "some unrelated words";
const HOUR: u64 = 3600;

/// A new link's secret.
async fn new_link(world: &World) -> String {
    let link = setup::new_link(&world.app).await.expect("made");
    let link = link.expect("there is no administrator");
    let (address, secret) = link.split_once("?link=").expect("a link");
    assert_eq!(address, "http://localhost:8081/setup");
    secret.to_owned()
}

async fn look(world: &World, link: &str) -> Reply {
    world.anonymous().get(&format!("/setup?link={link}")).await
}

async fn spend(caller: &Caller, link: &str, username: &str, password: &str) -> Reply {
    let form = [
        ("link", link),
        ("username", username),
        ("password", password),
    ];
    caller.post("/setup", &form, &[]).await
}

async fn administrators(world: &World) -> Vec<String> {
    let rows = world.app.store.tenant(&world.tenant.id);
    let admins = everybody(&rows)
        .await
        .into_iter()
        .filter(|user| user.enabled && user.roles.iter().any(|role| role == "admin"));
    admins.map(|user| user.username).collect()
}

#[track_caller]
fn assert_dead(reply: &Reply) {
    assert_eq!(reply.status, 404, "{reply:?}");
    assert!(reply.body.contains("This link does not work"), "{reply:?}");
    assert!(!reply.body.contains("<form"), "{reply:?}");
}

#[tokio::test]
async fn looking_spends_nothing_and_posting_spends_once() {
    everywhere(async |world| {
        let service = world
            .client_with("web", "users.write", |metadata| metadata.first_party = true)
            .await;
        let link = new_link(&world).await;
        for _ in 0..5 {
            let page = look(&world, &link).await;
            page.assert_ok();
            assert!(
                page.body
                    .contains("<form method=\"post\" action=\"/setup\">")
            );
            let request = axum::http::Request::head(format!("/setup?link={link}"));
            let request = request.body(axum::body::Body::empty()).expect("a request");
            world.anonymous().send(request).await.assert_ok();
        }
        let made = spend(world.anonymous(), &link, "root.of.it", PASSWORD).await;
        assert_eq!(made.status, 201, "{made:?}");
        assert_eq!(administrators(&world).await, ["root.of.it"]);
        assert_dead(&look(&world, &link).await);
        assert_dead(&spend(world.anonymous(), &link, "second", PASSWORD).await);
        assert_eq!(administrators(&world).await, ["root.of.it"]);
        let login = service
            .password("root.of.it", PASSWORD, "users.write")
            .await;
        assert_eq!(login.text("scope"), "users.write");
        let rows = world.app.store.tenant(&world.tenant.id);
        let trail = rows.recent_audit(100).await.expect("the trail");
        let done = AuditKind::SetupCompleted.name();
        assert_eq!(trail.iter().filter(|row| row.kind == done).count(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_link_lives_for_an_hour() {
    everywhere(async |world| {
        let link = new_link(&world).await;
        world.advance(HOUR - 1);
        look(&world, &link).await.assert_ok();
        world.advance(1);
        assert_dead(&look(&world, &link).await);
        assert_dead(&spend(world.anonymous(), &link, "root.of.it", PASSWORD).await);
        assert!(administrators(&world).await.is_empty());
        let link = new_link(&world).await;
        let made = spend(world.anonymous(), &link, "root.of.it", PASSWORD).await;
        assert_eq!(made.status, 201);
    })
    .await;
}

#[tokio::test]
async fn a_new_link_kills_the_one_before() {
    everywhere(async |world| {
        let (first, second) = (new_link(&world).await, new_link(&world).await);
        assert_ne!(first, second);
        assert_dead(&look(&world, &first).await);
        assert_dead(&spend(world.anonymous(), &first, "root.of.it", PASSWORD).await);
        look(&world, &second).await.assert_ok();
    })
    .await;
}

#[tokio::test]
async fn a_link_that_was_never_made_opens_nothing_and_costs_no_hash() {
    everywhere(async |world| {
        let link = new_link(&world).await;
        let before = world.app.passwords.computed();
        let mut flipped = link.clone().into_bytes();
        *flipped.last_mut().expect("not empty") ^= 1;
        let flipped = String::from_utf8(flipped).expect("ASCII");
        for wrong in [
            "",
            "uc_su_",
            &link[..link.len() - 1],
            &format!("{link}x"),
            &flipped,
            &link.to_uppercase(),
            &link.replace("uc_su_", "uc_rt_"),
            &format!(" {link}"),
            "%00",
            "%ff",
            "' OR 1=1 --",
        ] {
            let query: String = wrong.replace(' ', "+");
            assert_dead(&look(&world, &query).await);
            assert_dead(&spend(world.anonymous(), wrong, "root.of.it", PASSWORD).await);
        }
        assert_dead(&look(&world, &format!("{link}&link={link}")).await);
        assert_dead(&world.anonymous().get("/setup").await);
        assert_eq!(world.app.passwords.computed(), before);
        // In the address it is for looking; only a form spends it.
        let form = [("username", "root.of.it"), ("password", PASSWORD)];
        let path = format!("/setup?link={link}");
        let reply = world.anonymous().post(&path, &form, &[]).await;
        reply.assert_error(400, "invalid_request");
        assert!(administrators(&world).await.is_empty());
        look(&world, &link).await.assert_ok();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_twenty_posts_at_once_one_wins() {
    everywhere(async |world| {
        let link = new_link(&world).await;
        let posts = (0..20).map(|number| {
            let (caller, link) = (world.anonymous().clone(), link.clone());
            let name = format!("root{number}");
            tokio::spawn(async move { spend(&caller, &link, &name, PASSWORD).await })
        });
        let mut won = 0;
        for reply in join_all(posts).await {
            let reply = reply.expect("no panic");
            if reply.status == 201 {
                won += 1;
            } else {
                assert_dead(&reply);
            }
        }
        assert_eq!(won, 1);
        assert_eq!(administrators(&world).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_refused_form_says_why_and_spends_nothing() {
    everywhere(async |world| {
        world.person("alice").await;
        let link = new_link(&world).await;
        for (username, password, status, problem) in [
            ("", PASSWORD, 400, "username:"),
            ("no spaces", PASSWORD, 400, "username:"),
            ("root.of.it", "", 400, "password:"),
            ("root.of.it", "eleven char", 400, "password: at least 12"),
            ("root.of.it", &"x".repeat(2000), 400, "password: at most"),
            ("", "short", 400, "password: at least 12"),
            ("alice", PASSWORD, 409, "username: taken"),
            ("ALICE", PASSWORD, 409, "username: taken"),
        ] {
            let reply = spend(world.anonymous(), &link, username, password).await;
            assert_eq!(reply.status.as_u16(), status, "{reply:?}");
            assert!(reply.body.contains(problem), "{reply:?}");
            assert!(reply.body.contains("role=\"alert\""), "{reply:?}");
            assert!(password.len() < 5 || !reply.body.contains(password));
        }
        assert!(administrators(&world).await.is_empty());
        let made = spend(world.anonymous(), &link, "root.of.it", PASSWORD).await;
        assert_eq!(made.status, 201, "{made:?}");
    })
    .await;
}

#[tokio::test]
async fn a_link_is_worth_nothing_once_there_is_an_administrator() {
    everywhere(async |world| {
        let link = new_link(&world).await;
        let admin = world.person_of(&world.tenant, "adm", &["admin"]).await;
        assert_dead(&look(&world, &link).await);
        assert_dead(&spend(world.anonymous(), &link, "root.of.it", PASSWORD).await);
        assert_eq!(administrators(&world).await, ["adm"]);
        assert!(setup::new_link(&world.app).await.unwrap().is_none());
        // The last administrator cannot be taken away, so there is no way back to the first start.
        let user = users::get(&world.app, &world.tenant, &admin.id).await;
        let user = user.expect("the administrator");
        let actor = Actor::command_line();
        let gone = users::delete(&world.app, &actor, &world.tenant, &user).await;
        assert!(gone.is_err());
        // An administrator of another tenant is none of this one.
        assert!(setup::new_link(&world.app).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn administrators_of_other_tenants_do_not_count() {
    everywhere(async |world| {
        let second = world.new_tenant("second").await;
        world.person_of(&second, "adm", &["admin"]).await;
        let link = new_link(&world).await;
        let reply = world
            .anonymous()
            .get(&format!("/t/second/setup?link={link}"))
            .await;
        reply.assert_error(404, "not_found");
        let made = spend(world.anonymous(), &link, "root.of.it", PASSWORD).await;
        assert_eq!(made.status, 201);
        assert_eq!(administrators(&world).await, ["root.of.it"]);
    })
    .await;
}
