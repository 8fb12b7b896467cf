//! `/users/me/change-password`: with the one before, counted like every try.

use serde_json::json;

use crate::support::bearer::Bearer;
use crate::support::browser::{Answer, Asking, Browser};
use crate::support::everywhere;
use crate::support::race::at_once;
use crate::support::world::follow;

const PATH: &str = "/users/me/change-password";
const NEW: &str = "another passphrase altogether";
const LASTING: &str = "openid offline_access account";

// A205, A250
#[tokio::test]
async fn a_new_password_of_ones_own_ends_every_session_but_the_calling_one() {
    everywhere(async |world| {
        let app = world
            .client_with("app", LASTING, |metadata| metadata.first_party = true)
            .await;
        let (node, other) = world.second_node().await;
        let anna = world.person("anna").await;
        let elsewhere = app.sign_in(&anna, LASTING).await;
        let mut browser = Browser::new(world.anonymous());
        browser.authorize(&Asking::of(&app, "openid"), &anna).await;
        let console = world
            .client_with("own", LASTING, |metadata| metadata.first_party = true)
            .await;
        let own = console.sign_in(&anna, LASTING).await;
        let bearer = Bearer::new(world.anonymous(), &own.text("access_token"), &anna.id);
        let body = json!({ "current_password": anna.password, "new_password": NEW });
        bearer.post(PATH, &body).await.assert_status(204);
        follow(&node).await;
        for app in [&app, &app.through(&other)] {
            app.introspect(&elsewhere.text("access_token"))
                .await
                .assert_inactive();
            app.refresh(&elsewhere.text("refresh_token"))
                .await
                .assert_error(400, "invalid_grant");
        }
        let silent = Asking::of(&app, "openid").with("prompt", "none");
        Answer::of(&browser.ask(&silent).await).assert_error("login_required");
        // The calling session goes on: its tokens, and the next ones.
        bearer.get("/users/me").await.assert_ok();
        bearer.through(&other).get("/users/me").await.assert_ok();
        console
            .refresh(&own.text("refresh_token"))
            .await
            .assert_ok();
        app.password("anna", &anna.password, "openid")
            .await
            .assert_error(400, "invalid_grant");
        app.password("anna", NEW, "openid").await.assert_ok();
        let trail = world.audit().await;
        let row = trail.iter().find(|row| row.kind == "user.password_changed");
        let row = row.expect("a row");
        assert_eq!(row.actor.as_deref(), Some(anna.id.as_str()));
        assert!(!format!("{trail:?}").contains(NEW));
        // The name other clients know it by.
        let back = json!({ "old_password": NEW, "new_password": anna.password });
        bearer.post(PATH, &back).await.assert_status(204);
        app.sign_in(&anna, "openid").await;
    })
    .await;
}

// A243, A250
#[tokio::test]
async fn a_wrong_current_password_counts_as_it_does_at_every_door() {
    everywhere(async |world| {
        let console = world.console(&world.tenant).await;
        let anna = world.person("anna").await;
        let bearer = world.bearer(&console, &anna).await;
        let right = json!({ "current_password": anna.password, "new_password": NEW });
        let hashed = world.app.passwords.computed();
        for body in [
            json!({ "new_password": NEW }),
            json!({ "current_password": anna.password }),
            json!({ "current_password": null, "new_password": NEW }),
            json!({ "current_password": anna.password, "new_password": NEW, "user_id": "x" }),
            json!({ "current_password": "x", "old_password": anna.password, "new_password": NEW }),
        ] {
            let reply = bearer.post(PATH, &body).await;
            reply.assert_problem(400, "malformed");
        }
        let weak = json!({ "current_password": anna.password, "new_password": "short" });
        let reply = bearer.post(PATH, &weak).await;
        reply
            .assert_problem(422, "invalid-fields")
            .assert_names("#/new_password");
        assert_eq!(world.app.passwords.computed(), hashed);
        let mut refused = 0;
        for _ in 0..10 {
            let wrong = json!({ "current_password": "certainly not", "new_password": NEW });
            let reply = bearer.post(PATH, &wrong).await;
            if reply.status == 429 {
                reply.assert_problem(429, "too-many-requests");
                assert_eq!(reply.header("retry-after"), Some("900"));
                continue;
            }
            reply.assert_problem(403, "forbidden");
            refused += 1;
        }
        assert_eq!(refused, 5);
        // Neither here nor at another door is the right one looked at now, and nothing changed.
        bearer
            .post(PATH, &right)
            .await
            .assert_problem(429, "too-many-requests");
        let login = console.password("anna", &anna.password, "openid").await;
        login.assert_error(429, "temporarily_unavailable");
        // And the other way round: what failed at the login fails here.
        world.advance(3600);
        let bearer = world.bearer(&console, &anna).await;
        for _ in 0..5 {
            console.password("anna", "certainly not", "openid").await;
        }
        bearer
            .post(PATH, &right)
            .await
            .assert_problem(429, "too-many-requests");
        world.advance(3600);
        let bearer = world.bearer(&console, &anna).await;
        bearer.post(PATH, &right).await.assert_status(204);
    })
    .await;
}

#[tokio::test]
async fn nobody_changes_a_password_without_a_session_and_an_account() {
    everywhere(async |world| {
        let console = world.console(&world.tenant).await;
        let anna = world.person("anna").await;
        let body = json!({ "current_password": anna.password, "new_password": NEW });
        let client = console.client_credentials("users.read").await;
        let client = Bearer::new(world.anonymous(), &client.text("access_token"), "console");
        client
            .post(PATH, &body)
            .await
            .assert_problem(403, "forbidden");
        let narrow = console.sign_in(&anna, "users.read openid").await;
        let narrow = Bearer::new(world.anonymous(), &narrow.text("access_token"), &anna.id);
        let reply = narrow.post(PATH, &body).await;
        assert!([401, 403].contains(&reply.status.as_u16()), "{reply:?}");
        console.sign_in(&anna, "openid").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_changes_at_once_one_is_made_and_its_password_counts() {
    everywhere(async |world| {
        let console = world.console(&world.tenant).await;
        let (_, other) = world.second_node().await;
        for round in 0..5 {
            let anna = world.person(&format!("anna{round}")).await;
            let bearer = world.bearer(&console, &anna).await;
            let replies = at_once((0..4).map(|racer| {
                let caller = if racer % 2 == 0 {
                    world.anonymous()
                } else {
                    &other
                };
                let bearer = bearer.through(caller);
                let body = json!({
                    "current_password": anna.password,
                    "new_password": format!("the new passphrase {racer}"),
                });
                async move { bearer.post(PATH, &body).await }
            }))
            .await;
            let made: Vec<usize> = (0..4).filter(|at| replies[*at].status == 204).collect();
            assert_eq!(made.len(), 1, "{replies:?}");
            for reply in replies.iter().filter(|reply| reply.status != 204) {
                assert!(
                    [403, 409, 429, 503].contains(&reply.status.as_u16()),
                    "{reply:?}"
                );
            }
            let new = format!("the new passphrase {}", made[0]);
            world.advance(3600);
            console
                .password(&anna.username, &new, "openid")
                .await
                .assert_ok();
        }
    })
    .await;
}
