//! `/users/me/consents`: what one allowed whom, and how it is taken back.

use serde_json::{Value, json};

use crate::support::browser::{Answer, Asking, Browser, Form};
use crate::support::everywhere;
use crate::support::people::Service;
use crate::support::world::follow;

const SCOPE: &str = "openid profile offline_access";

// A372
#[tokio::test]
async fn what_is_taken_back_is_dead_on_every_node_and_asked_about_again() {
    everywhere(async |world| {
        let console = Box::pin(world.console(&world.tenant)).await;
        let other_app = Box::pin(world.client("other", SCOPE)).await;
        let app = world.client_with("app", SCOPE, |metadata| {
            metadata.client_name = Some("The Application".to_owned());
        });
        let app = Box::pin(app).await;
        let (node, other) = Box::pin(world.second_node()).await;
        let anna = world.person("anna").await;
        let bearer = world.bearer(&console, &anna).await;
        let mut browser = Browser::new(world.anonymous());
        let asking = Asking::of(&app, SCOPE);
        let answer = browser.authorize(&asking, &anna).await;
        let tokens = app.redeem(&answer, &asking).await;
        tokens.assert_ok();
        let untouched_asking = Asking::of(&other_app, SCOPE);
        let answer = browser.authorize(&untouched_asking, &anna).await;
        let untouched = other_app.redeem(&answer, &untouched_asking).await;
        untouched.assert_ok();
        // A login without a page is an access like any other.
        let direct = app.sign_in(&anna, SCOPE).await;
        // And a code that was not redeemed yet.
        let unspent = Answer::of(&browser.ask(&asking).await);
        let listed = bearer.walk("/users/me/consents?limit=1").await;
        assert_eq!(
            listed[0],
            json!({
                "client_id": "app",
                "client_name": "The Application",
                "scopes": ["offline_access", "openid", "profile"],
                "updated_at": "2026-01-01T00:00:00.000Z",
            })
        );
        assert_eq!(listed[1]["client_name"], "other");
        assert_eq!(listed.len(), 2);

        let path = "/users/me/consents/app";
        bearer.delete(path).await.assert_status(204);
        bearer.delete(path).await.assert_problem(404, "not-found");
        follow(&node).await;
        for app in [&app, &app.through(&other)] {
            for dead in [&tokens, &direct] {
                app.introspect(&dead.text("access_token"))
                    .await
                    .assert_inactive();
                app.refresh(&dead.text("refresh_token"))
                    .await
                    .assert_error(400, "invalid_grant");
            }
            app.redeem(&unspent, &asking)
                .await
                .assert_error(400, "invalid_grant");
        }
        let lives = other_app.introspect(&untouched.text("access_token")).await;
        assert!(Service::is_active(&lives));
        let page = browser.ask(&asking).await;
        assert!(Form::find(&page, "/consent").is_some(), "{page:?}");
        let silent = browser.ask(&asking.clone().with("prompt", "none")).await;
        Answer::of(&silent).assert_error("consent_required");
        // Allowing again does not bring back what was taken.
        let page = browser.ask(&asking).await;
        let answer = Answer::of(&browser.decide(&page, "allow").await);
        app.redeem(&unspent, &asking)
            .await
            .assert_error(400, "invalid_grant");
        app.redeem(&answer, &asking).await.assert_ok();
        app.refresh(&tokens.text("refresh_token"))
            .await
            .assert_error(400, "invalid_grant");
        let trail = world.audit().await;
        let mut rows = trail.iter().filter(|row| row.kind == "consent.withdrawn");
        let row = rows.next().expect("a row");
        assert!(rows.next().is_none());
        assert_eq!(row.client_id.as_deref(), Some("app"));
        assert_eq!(row.subject.as_deref(), Some(anna.id.as_str()));
    })
    .await;
}

#[tokio::test]
async fn nobody_takes_back_what_another_allowed() {
    everywhere(async |world| {
        let console = world.console(&world.tenant).await;
        let app = world.client("app", SCOPE).await;
        let anna = world.person("anna").await;
        let asking = Asking::of(&app, SCOPE);
        let mut browser = Browser::new(world.anonymous());
        let answer = browser.authorize(&asking, &anna).await;
        app.redeem(&answer, &asking).await.assert_ok();
        let bob = world.operator(&console, "bob", &["user"]).await;
        assert_eq!(bob.walk("/users/me/consents").await, Vec::<Value>::new());
        for client in ["app", "console", "nothing"] {
            let path = format!("/users/me/consents/{client}");
            bob.delete(&path).await.assert_problem(404, "not-found");
        }
        Answer::of(&browser.ask(&asking).await).code();
    })
    .await;
}
