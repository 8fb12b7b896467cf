//! The first administrator: one link, one use, no default password.

use axum::http::StatusCode;
use users_core::admin::setup;

use crate::support::everywhere;
use crate::support::http::Reply;
use crate::support::world::World;

async fn link(world: &World) -> String {
    let link = setup::new_link(&world.app)
        .await
        .expect("asked")
        .expect("there is no administrator");
    link.split("link=").nth(1).expect("a secret").to_owned()
}

async fn submit(world: &World, link: &str, username: &str, password: &str) -> Reply {
    let form = [
        ("link", link),
        ("username", username),
        ("password", password),
    ];
    world.anonymous().post("/setup", &form, &[]).await
}

const PASSPHRASE: &str = "correct horse battery staple";

async fn has_admin(world: &World) -> bool {
    world
        .app
        .store
        .tenant(&world.tenant.id)
        .has_active_admin()
        .await
        .expect("asked")
}

// A363
#[tokio::test]
async fn without_the_link_nobody_becomes_administrator() {
    everywhere(async |world| {
        for guess in [
            "",
            "x",
            "uc_su_",
            "uc_su_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        ] {
            let path = format!("/setup?link={guess}");
            assert_eq!(
                world.anonymous().get(&path).await.status,
                StatusCode::NOT_FOUND
            );
            let hashed = world.app.passwords.computed();
            let reply = submit(&world, guess, "root", PASSPHRASE).await;
            assert_eq!(reply.status, StatusCode::NOT_FOUND);
            assert_eq!(
                world.app.passwords.computed(),
                hashed,
                "nothing is hashed for a stranger"
            );
        }
        assert!(!has_admin(&world).await);
        let app = world.client("app", "openid").await;
        for (name, password) in [
            ("admin", "admin"),
            ("root", "root"),
            ("administrator", "password"),
        ] {
            app.password(name, password, "openid")
                .await
                .assert_error(400, "invalid_grant");
        }
    })
    .await;
}

// A367
#[tokio::test]
async fn a_link_shows_its_form_as_often_as_asked_and_works_once() {
    everywhere(async |world| {
        let link = link(&world).await;
        for _ in 0..3 {
            let page = world.anonymous().get(&format!("/setup?link={link}")).await;
            page.assert_ok();
            assert!(
                page.body
                    .contains("<form method=\"post\" action=\"/setup\">")
            );
        }
        assert_eq!(
            submit(&world, &link, "root", PASSPHRASE).await.status,
            StatusCode::CREATED
        );
        assert!(has_admin(&world).await);
        assert_eq!(
            submit(&world, &link, "root2", PASSPHRASE).await.status,
            StatusCode::NOT_FOUND
        );
        assert!(setup::new_link(&world.app).await.expect("asked").is_none());
        let app = world.client("app", "openid").await;
        app.password("root", PASSPHRASE, "openid").await.assert_ok();
    })
    .await;
}

#[tokio::test]
async fn a_link_ends_after_an_hour_and_with_its_successor() {
    everywhere(async |world| {
        let first = link(&world).await;
        let second = link(&world).await;
        assert_eq!(
            submit(&world, &first, "root", PASSPHRASE).await.status,
            StatusCode::NOT_FOUND
        );
        world.advance(3600);
        assert_eq!(
            submit(&world, &second, "root", PASSPHRASE).await.status,
            StatusCode::NOT_FOUND
        );
        assert!(!has_admin(&world).await);
    })
    .await;
}

#[tokio::test]
async fn a_mistake_in_the_form_spends_nothing() {
    everywhere(async |world| {
        let link = link(&world).await;
        for (username, password) in [
            ("", PASSPHRASE),
            ("ro ot", PASSPHRASE),
            ("root", "too short"),
            ("root", ""),
        ] {
            let page = submit(&world, &link, username, password).await;
            assert_eq!(page.status, StatusCode::BAD_REQUEST);
            assert!(page.body.contains("role=\"alert\""));
            assert!(
                password.is_empty() || !page.body.contains(password),
                "the password is not repeated"
            );
        }
        assert_eq!(
            submit(&world, &link, "root", PASSPHRASE).await.status,
            StatusCode::CREATED
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn twenty_at_once_make_one_administrator() {
    everywhere(async |world| {
        for _ in 0..3 {
            if has_admin(&world).await {
                break;
            }
            let link = link(&world).await;
            let world = &world;
            let link = &link;
            let attempts = (0..20).map(|n| async move {
                submit(world, link, &format!("root{n}"), PASSPHRASE)
                    .await
                    .status
            });
            let statuses = futures_util::future::join_all(attempts).await;
            let won = statuses
                .iter()
                .filter(|status| **status == StatusCode::CREATED)
                .count();
            assert_eq!(won, 1, "{statuses:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn pages_are_strict_and_escape_what_was_typed() {
    everywhere(async |world| {
        let link = link(&world).await;
        let hostile = "\"><script>alert(1)</script>";
        let pages = [
            submit(&world, &link, hostile, PASSPHRASE).await,
            world.anonymous().get(&format!("/setup?link={link}")).await,
            world
                .anonymous()
                .get("/setup?link=%22%3E%3Cscript%3E")
                .await,
            world.anonymous().get("/").await,
        ];
        for page in pages {
            assert!(!page.body.contains("<script"), "{page:?}");
            assert_eq!(
                page.header("content-type"),
                Some("text/html; charset=utf-8")
            );
            assert_eq!(page.header("cache-control"), Some("no-store"));
            assert_eq!(page.header("x-frame-options"), Some("DENY"));
            assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
            assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
            let policy = page.header("content-security-policy").expect("a policy");
            for directive in [
                "default-src 'none'",
                "frame-ancestors 'none'",
                "base-uri 'none'",
                "form-action 'self'",
            ] {
                assert!(policy.contains(directive), "{policy}");
            }
            assert!(!policy.contains("unsafe"));
        }
    })
    .await;
}
