//! Clients that go and come again, here and under the same name elsewhere.

use users_core::admin::{AdminError, clients};
use users_core::model::audit_event::Actor;

use super::{FORMATS, SCOPE, Twins};
use crate::support::people::Service;
use crate::support::world::{every_grant, follow};
use crate::support::{World, everywhere};

const DAY: u64 = 86_400;

/// Registers a client of the name `app` anew.
async fn recreate(world: &World) -> Result<Service, AdminError> {
    let actor = Actor::command_line();
    let metadata = every_grant(SCOPE);
    let (app, tenant, secret) = (&world.app, &world.tenant, clients::Secret::Generate);
    let made = clients::create(app, &actor, tenant, "app", metadata, true, secret).await?;
    Ok(Service {
        caller: world.anonymous().clone(),
        prefix: String::new(),
        client_id: "app".to_owned(),
        secret: made.expect("a secret").expose().to_owned(),
    })
}

#[tokio::test]
async fn a_deleted_clients_tokens_are_dead_and_stay_dead_under_its_name() {
    for format in FORMATS {
        everywhere(async |world| {
            let twins = Twins::with(&world, format).await;
            let trusted = world.client("trusted", "token.introspect").await;
            let (node, caller) = world.second_node().await;
            let first = twins.here.sign_in(&twins.alice_here, SCOPE).await;
            let own = twins.here.client_credentials("sip.register").await;
            let tokens = [first.text("access_token"), own.text("access_token")];
            let there = twins.there.sign_in(&twins.alice_there, SCOPE).await;
            world.delete_client("app").await;
            follow(&node).await;
            let dead = async || {
                for token in &tokens {
                    trusted.introspect(token).await.assert_inactive();
                    let elsewhere = trusted.through(&caller);
                    elsewhere.introspect(token).await.assert_inactive();
                }
                twins
                    .here
                    .userinfo(&tokens[0])
                    .await
                    .assert_error(401, "invalid_token");
            };
            dead().await;
            let reply = twins.here.refresh(&first.text("refresh_token")).await;
            reply.assert_error(401, "invalid_client");
            // A namesake has to wait until every token of the first is over.
            assert!(matches!(
                recreate(&world).await,
                Err(AdminError::Refused(_))
            ));
            world.advance(DAY - 1);
            assert!(matches!(
                recreate(&world).await,
                Err(AdminError::Refused(_))
            ));
            dead().await;
            world.advance(1);
            let namesake = recreate(&world).await.expect("a client");
            dead().await;
            // The family would live for weeks; it is nobody's now.
            let reply = namesake.refresh(&first.text("refresh_token")).await;
            reply.assert_error(400, "invalid_grant");
            let reply = namesake.introspect(&first.text("refresh_token")).await;
            reply.assert_inactive();
            let reply = twins.here.client_credentials("sip.register").await;
            reply.assert_error(401, "invalid_client");
            let token = namesake.client_credentials("sip.register").await;
            let token = token.text("access_token");
            assert!(Service::is_active(&namesake.introspect(&token).await));
            twins
                .there
                .refresh(&there.text("refresh_token"))
                .await
                .assert_ok();
        })
        .await;
    }
}

#[tokio::test]
async fn disabling_one_namesake_leaves_the_other() {
    for format in FORMATS {
        everywhere(async |world| {
            let twins = Twins::with(&world, format).await;
            let trusted = world.client("trusted", "token.introspect").await;
            let here = twins.here.client_credentials("sip.register").await;
            let here = here.text("access_token");
            let there = twins.there.sign_in(&twins.alice_there, SCOPE).await;
            world
                .change_client(&world.tenant, "app", false, |_| {})
                .await;
            trusted.introspect(&here).await.assert_inactive();
            let access = there.text("access_token");
            assert!(Service::is_active(&twins.there.introspect(&access).await));
            twins
                .there
                .refresh(&there.text("refresh_token"))
                .await
                .assert_ok();
            world
                .change_client(&world.tenant, "app", true, |_| {})
                .await;
            assert!(Service::is_active(&trusted.introspect(&here).await));
        })
        .await;
    }
}
