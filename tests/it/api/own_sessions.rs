//! `/users/me/sessions` and `/users/me/devices`: where one is signed in, and how that ends.

use serde_json::Value;

use crate::support::bearer::Bearer;
use crate::support::browser::{Answer, Asking, Browser, Form};
use crate::support::people::{Person, Service};
use crate::support::world::follow;
use crate::support::{Reply, World, everywhere};

const LASTING: &str = "openid offline_access";
const CHROME: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
                      Chrome/138.0.0.0 Safari/537.36";

struct Scene {
    console: Service,
    app: Service,
    anna: Person,
}

async fn scene(world: &World) -> Scene {
    Scene {
        console: world.console(&world.tenant).await,
        app: world
            .client_with("app", LASTING, |metadata| metadata.first_party = true)
            .await,
        anna: world.person("anna").await,
    }
}

/// Signs in in a browser and gets tokens that outlive the session.
async fn in_a_browser(browser: &mut Browser, app: &Service, person: &Person) -> Reply {
    let asking = Asking::of(app, LASTING);
    let mut page = browser.ask(&asking).await;
    if page.status == 200 {
        let form = Form::of(&page, "/sign-in")
            .with("username", &person.username)
            .with("password", &person.password);
        page = browser.submit_with(&form, &[("user-agent", CHROME)]).await;
    }
    let tokens = app.redeem(&Answer::of(&page), &asking).await;
    tokens.assert_ok();
    tokens
}

/// Whether anybody is signed in in a browser.
async fn is_signed_in(browser: &Browser, app: &Service) -> bool {
    let asking = Asking::of(app, "openid").with("prompt", "none");
    let answer = Answer::of(&browser.clone().ask(&asking).await);
    answer.params.contains_key("code")
}

#[track_caller]
fn entry<'a>(entries: &'a [Value], member: &str, value: &str) -> &'a Value {
    let mut found = entries.iter().filter(|entry| entry[member] == value);
    let only = found
        .next()
        .unwrap_or_else(|| panic!("{value} in {entries:?}"));
    assert!(found.next().is_none(), "{value} twice in {entries:?}");
    only
}

fn id(entry: &Value) -> &str {
    entry["id"].as_str().expect("an id")
}

async fn assert_dead(app: &Service, tokens: &Reply) {
    app.introspect(&tokens.text("access_token"))
        .await
        .assert_inactive();
    app.refresh(&tokens.text("refresh_token"))
        .await
        .assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn people_see_where_they_are_signed_in_and_in_what() {
    everywhere(async |world| {
        let Scene { console, app, anna } = scene(&world).await;
        let bob = world.person("bob").await;
        let mut browser = Browser::new(&world.from("198.51.100.7"));
        in_a_browser(&mut browser, &app, &anna).await;
        in_a_browser(&mut Browser::new(world.anonymous()), &app, &bob).await;
        world.advance(1);
        let bearer = world.bearer(&console, &anna).await;
        let sessions = bearer.walk("/users/me/sessions?limit=1").await;
        assert_eq!(sessions.len(), 2);
        let (own, in_browser) = (&sessions[0], &sessions[1]);
        assert_eq!(
            (&own["current"], &own["client_id"]),
            (&true.into(), &"console".into())
        );
        assert_eq!(in_browser["current"], false);
        assert_eq!(in_browser["device"], "Chrome on Windows");
        assert_eq!(in_browser["user_agent"], CHROME);
        assert_eq!(in_browser["address"], "198.51.100.7");
        assert_eq!(in_browser.get("client_id"), None);
        assert_eq!(in_browser["created_at"], "2026-01-01T00:00:00.000Z");
        let devices = bearer.walk("/users/me/devices?limit=1").await;
        assert_eq!(devices.len(), 2);
        assert_eq!(devices[0]["client_id"], "console");
        assert_eq!(devices[1]["name"], "Chrome on Windows");
        assert_eq!(devices[1]["address"], "198.51.100.7");
        for (session, device) in sessions.iter().zip(&devices) {
            assert_eq!(session["device_id"], device["id"]);
        }
    })
    .await;
}

// A205
#[tokio::test]
async fn signing_out_everywhere_else_leaves_the_calling_session_and_nothing_else() {
    everywhere(async |world| {
        let Scene { console, app, anna } = scene(&world).await;
        let (node, other) = world.second_node().await;
        let mut browser = Browser::new(&world.from("198.51.100.7"));
        let in_browser = in_a_browser(&mut browser, &app, &anna).await;
        let direct = app.sign_in(&anna, LASTING).await;
        // A session that was signed out, and what was given to outlive it.
        let mut left = Browser::new(world.anonymous());
        let outliving = in_a_browser(&mut left, &app, &anna).await;
        let page = left.get("/logout").await;
        left.submit(&Form::of(&page, "/account/sign-out")).await;
        let own = console.sign_in(&anna, "account").await;
        let bearer = Bearer::new(world.anonymous(), &own.text("access_token"), &anna.id);
        let bob = world.person("bob").await;
        let of_bob = app.sign_in(&bob, LASTING).await;
        bearer.delete("/users/me/sessions").await.assert_status(204);
        follow(&node).await;
        for app in [&app, &app.through(&other)] {
            for dead in [&in_browser, &direct, &outliving] {
                assert_dead(app, dead).await;
            }
            let lives = app.introspect(&of_bob.text("access_token")).await;
            assert!(Service::is_active(&lives));
        }
        for caller in [world.anonymous(), &other] {
            assert!(!is_signed_in(&browser.through(caller), &app).await);
            let here = bearer.through(caller);
            assert_eq!(here.walk("/users/me/sessions").await.len(), 1);
            assert_eq!(here.walk("/users/me/devices").await.len(), 1);
        }
        app.refresh(&of_bob.text("refresh_token")).await.assert_ok();
        // There is nothing left to do, and no second row in the trail.
        bearer.delete("/users/me/sessions").await.assert_status(204);
        let trail = world.audit().await;
        let ended = trail.iter().filter(|row| row.kind == "session.ended");
        assert_eq!(ended.count(), 1);
    })
    .await;
}

#[tokio::test]
async fn one_session_ends_alone_and_only_ones_own() {
    everywhere(async |world| {
        let Scene { console, app, anna } = scene(&world).await;
        let mut browser = Browser::new(world.anonymous());
        let in_browser = in_a_browser(&mut browser, &app, &anna).await;
        let direct = app.sign_in(&anna, LASTING).await;
        let bearer = world.bearer(&console, &anna).await;
        let bob = world.operator(&console, "bob", &["user"]).await;
        let sessions = bearer.walk("/users/me/sessions").await;
        let path = format!(
            "/users/me/sessions/{}",
            id(entry(&sessions, "device", "Chrome on Windows"))
        );
        for foreign in [path.as_str(), "/users/me/sessions/nothing"] {
            bob.delete(foreign).await.assert_problem(404, "not-found");
        }
        assert!(is_signed_in(&browser, &app).await);
        bearer.delete(&path).await.assert_status(204);
        bearer.delete(&path).await.assert_problem(404, "not-found");
        assert!(!is_signed_in(&browser, &app).await);
        // Also what was given to outlive it: whoever ends a session from afar wants it gone.
        assert_dead(&app, &in_browser).await;
        assert!(Service::is_active(
            &app.introspect(&direct.text("access_token")).await
        ));
        assert_eq!(bearer.walk("/users/me/sessions").await.len(), 2);
        // The calling one may end as well.
        let own = entry(&sessions, "client_id", "console");
        let own = format!("/users/me/sessions/{}", id(own));
        bearer.delete(&own).await.assert_status(204);
        bearer
            .get("/users/me")
            .await
            .assert_problem(401, "unauthenticated");
    })
    .await;
}

// A277
#[tokio::test]
async fn a_revoked_device_takes_everything_with_it_that_was_given_in_it() {
    everywhere(async |world| {
        let Scene { console, app, anna } = scene(&world).await;
        let (node, other) = world.second_node().await;
        let mut browser = Browser::new(world.anonymous());
        let earlier = in_a_browser(&mut browser, &app, &anna).await;
        // The session ends by itself and its row goes; what was given to outlive it does not.
        world.advance(3 * 86_400);
        let now = world.clock.now();
        world.app.store.reap(now).await.expect("reaped");
        let later = in_a_browser(&mut browser, &app, &anna).await;
        let mut elsewhere = Browser::new(world.anonymous());
        let untouched = in_a_browser(&mut elsewhere, &app, &anna).await;
        let bearer = world.bearer(&console, &anna).await;
        let devices = bearer.walk("/users/me/devices").await;
        assert_eq!(devices.len(), 3);
        let path = format!(
            "/users/me/devices/{}",
            id(devices.last().expect("a device"))
        );
        let bob = world.operator(&console, "bob", &["user"]).await;
        bob.delete(&path).await.assert_problem(404, "not-found");
        assert!(is_signed_in(&browser, &app).await);
        bearer.delete(&path).await.assert_status(204);
        bearer.delete(&path).await.assert_problem(404, "not-found");
        follow(&node).await;
        for app in [&app, &app.through(&other)] {
            app.introspect(&later.text("access_token"))
                .await
                .assert_inactive();
            for dead in [&earlier, &later] {
                app.refresh(&dead.text("refresh_token"))
                    .await
                    .assert_error(400, "invalid_grant");
            }
            let lives = app.introspect(&untouched.text("access_token")).await;
            assert!(Service::is_active(&lives));
        }
        assert!(!is_signed_in(&browser, &app).await);
        assert!(is_signed_in(&elsewhere, &app).await);
        let trail = world.audit().await;
        let revoked: Vec<_> = trail
            .iter()
            .filter(|row| row.kind == "device.revoked")
            .collect();
        assert_eq!(revoked.len(), 1);
        assert_eq!(revoked[0].subject.as_deref(), Some(anna.id.as_str()));
    })
    .await;
}

#[tokio::test]
async fn direct_logins_of_one_client_that_call_themselves_the_same_are_one_device() {
    everywhere(async |world| {
        let Scene { console, app, anna } = scene(&world).await;
        let login = async |called: &str| {
            let authorization = app.authorization();
            let form = [
                ("grant_type", "password"),
                ("username", anna.username.as_str()),
                ("password", anna.password.as_str()),
                ("scope", LASTING),
            ];
            let headers = [
                ("authorization", authorization.as_str()),
                ("user-agent", called),
            ];
            let reply = app.caller.post("/token", &form, &headers).await;
            reply.assert_ok();
            reply
        };
        let softphone = [login("Softphone/1.0").await, login("Softphone/1.1").await];
        let script = login("curl/8.14").await;
        let bearer = world.bearer(&console, &anna).await;
        let devices = bearer.walk("/users/me/devices").await;
        assert_eq!(devices.len(), 3);
        let device = entry(&devices, "name", "Softphone");
        assert_eq!(device["client_id"], "app");
        let path = format!("/users/me/devices/{}", id(device));
        bearer.delete(&path).await.assert_status(204);
        for tokens in &softphone {
            assert_dead(&app, tokens).await;
        }
        let lives = app.introspect(&script.text("access_token")).await;
        assert!(Service::is_active(&lives));
        // Signing in again is a new device.
        login("Softphone/1.1").await;
        let devices = bearer.walk("/users/me/devices").await;
        assert_ne!(id(entry(&devices, "name", "Softphone")), id(device));
    })
    .await;
}

#[tokio::test]
async fn a_clients_own_token_is_nobodys_account() {
    everywhere(async |world| {
        let console = world.console(&world.tenant).await;
        let token = console.client_credentials("users.read").await;
        let bearer = Bearer::new(world.anonymous(), &token.text("access_token"), "console");
        for path in [
            "/users/me/sessions",
            "/users/me/devices",
            "/users/me/consents",
        ] {
            bearer.get(path).await.assert_problem(403, "forbidden");
        }
        for path in [
            "/users/me/sessions",
            "/users/me/sessions/x",
            "/users/me/devices/x",
            "/users/me/consents/x",
        ] {
            bearer.delete(path).await.assert_problem(403, "forbidden");
        }
    })
    .await;
}
