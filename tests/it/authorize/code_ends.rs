//! A code hangs on a session, an account and a client, and is over with each of them.

use users_core::admin::users;
use users_core::model::audit_event::Actor;
use users_core::model::client_metadata::GrantType;

use super::scene;
use crate::support::browser::{Asking, Browser, Form};
use crate::support::people::Person;
use crate::support::{World, everywhere};

const SCOPE: &str = "openid offline_access sip.register";

// A035
#[tokio::test]
async fn a_code_dies_with_what_it_hangs_on() {
    everywhere(async |world| {
        let (app, ..) = scene(&world).await;
        let asking = Asking::of(&app, SCOPE);
        let ends = [
            "sign-out", "disabled", "deleted", "password", "client", "grant",
        ];
        for (number, end) in ends.into_iter().enumerate() {
            let person = world.person(&format!("person{number}")).await;
            let mut browser = Browser::new(world.anonymous());
            let answer = browser.authorize(&asking, &person).await;
            bring_about(&world, &mut browser, &person, end).await;
            let reply = app.redeem(&answer, &asking).await;
            match end {
                "client" => reply.assert_error(401, "invalid_client"),
                "grant" => reply.assert_error(400, "unauthorized_client"),
                _ => reply.assert_error(400, "invalid_grant"),
            }
            if end == "disabled" {
                // Enabled again, the code is not.
                world.set_enabled(&person, true).await;
                let reply = app.redeem(&answer, &asking).await;
                reply.assert_error(400, "invalid_grant");
            }
            world
                .change_client(&world.tenant, "app", true, |metadata| {
                    metadata.grant_types = GrantType::ALL.to_vec();
                })
                .await;
        }
        let mut raw = world.raw().await;
        assert_eq!(raw.number("SELECT COUNT(*) FROM grants").await, 0);
    })
    .await;
}

async fn bring_about(world: &World, browser: &mut Browser, person: &Person, end: &str) {
    match end {
        "sign-out" => {
            let page = browser.get("/logout").await;
            let form = Form::of(&page, "/account/sign-out");
            browser.submit(&form).await;
        }
        "disabled" => world.set_enabled(person, false).await,
        "deleted" => world.delete_person(person).await,
        "password" => {
            let user = users::get(&world.app, &world.tenant, &person.id).await;
            let user = user.expect("the user");
            let actor = Actor::command_line();
            users::set_password(
                &world.app,
                &actor,
                &world.tenant,
                &user,
                "another passphrase",
            )
            .await
            .expect("a new password");
        }
        "client" => {
            world
                .change_client(&world.tenant, "app", false, |_| {})
                .await;
        }
        _ => {
            world
                .change_client(&world.tenant, "app", true, |metadata| {
                    metadata.grant_types = vec![GrantType::ClientCredentials];
                })
                .await;
        }
    }
}
