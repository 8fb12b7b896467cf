//! Logins that meet the end of what they were made with.

use users_core::admin::{clients, users};
use users_core::app::App;
use users_core::model::audit_event::Actor;
use users_core::model::tenant::Tenant;

use crate::support::people::{Person, Service};
use crate::support::race::{ROUNDS, at_once};
use crate::support::{Reply, World, everywhere};

const SCOPE: &str = "openid offline_access sip.register";

/// What an operator does while people sign in.
#[derive(Clone, Copy, Debug)]
enum Blow {
    NewPassword,
    Disabled,
    Deleted,
    ClientDisabled,
}

async fn strike(app: &App, tenant: &Tenant, person: &Person, blow: Blow) {
    let actor = Actor::command_line();
    let user = users::get(app, tenant, &person.id)
        .await
        .expect("the account");
    match blow {
        Blow::NewPassword => {
            users::set_password(app, &actor, tenant, &user, "a passphrase nobody knew").await
        }
        Blow::Disabled => {
            let mut input = users::input_of(&user);
            input.enabled = false;
            users::update(app, &actor, tenant, &user, input).await
        }
        Blow::Deleted => users::delete(app, &actor, tenant, &user).await,
        Blow::ClientDisabled => {
            let client = clients::get(app, tenant, "app").await.expect("the client");
            let (metadata, keep) = (client.metadata.clone(), clients::Secret::Keep);
            let updated =
                clients::update(app, &actor, tenant, &client, metadata, false, keep).await;
            updated.map(drop)
        }
    }
    .unwrap_or_else(|error| panic!("{blow:?}: {error}"));
}

/// Signs in many times while the blow falls on another node; the answers.
async fn sign_in_under(
    world: &World,
    app: &Service,
    node: &App,
    person: &Person,
    blow: Blow,
) -> Vec<Reply> {
    let replies = at_once((0..13).map(|racer| {
        let (app, node, person) = (app.clone(), node.clone(), person.clone());
        let tenant = world.tenant.clone();
        async move {
            if racer == 6 {
                strike(&node, &tenant, &person, blow).await;
                return None;
            }
            Some(
                app.password(&person.username, &person.password, SCOPE)
                    .await,
            )
        }
    }))
    .await;
    world.follow().await;
    replies.into_iter().flatten().collect()
}

/// Undoes what can be undone, so that only what was truly ended stays dead.
async fn relent(world: &World, person: &Person, blow: Blow) {
    match blow {
        Blow::Disabled => world.set_enabled(person, true).await,
        Blow::ClientDisabled => {
            world
                .change_client(&world.tenant, "app", true, |_| {})
                .await;
        }
        Blow::NewPassword | Blow::Deleted => {}
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_sign_in_outlives_the_end_of_what_it_was_made_with() {
    for blow in [
        Blow::NewPassword,
        Blow::Disabled,
        Blow::Deleted,
        Blow::ClientDisabled,
    ] {
        everywhere(async |world| {
            let app = world.client("app", SCOPE).await;
            let (node, _) = world.second_node().await;
            let mut signed_in = 0;
            for round in 0..ROUNDS {
                world.advance(3600);
                let person = world.person(&format!("p{round}")).await;
                let replies = sign_in_under(&world, &app, &node, &person, blow).await;
                relent(&world, &person, blow).await;
                for reply in &replies {
                    if reply.status != 200 {
                        assert!(
                            [400, 401, 429, 503].contains(&reply.status.as_u16()),
                            "{reply:?}"
                        );
                        continue;
                    }
                    signed_in += 1;
                    let again = app.refresh(&reply.text("refresh_token")).await;
                    again.assert_error(400, "invalid_grant");
                    if !matches!(blow, Blow::ClientDisabled) {
                        let seen = app.introspect(&reply.text("access_token")).await;
                        seen.assert_inactive();
                    }
                }
            }
            println!("{blow:?}: {signed_in} signed in first");
        })
        .await;
    }
}
