//! Whose token it is: the client's that got it, of one tenant, for an account in good standing.

use users_core::admin::users;
use users_core::model::audit_event::Actor;
use users_core::model::client_metadata::{AuthMethod, GrantType};

use super::{SCOPE, access_of, assert_refused, refresh_of, rotate, signed_in};
use crate::support::people::{Person, Service};
use crate::support::{World, everywhere};

/// Turns a client into one that only names itself.
async fn make_public(world: &World, app: &Service) {
    world
        .change_client(&world.tenant, &app.client_id, true, |metadata| {
            metadata.token_endpoint_auth_method = AuthMethod::None;
            metadata.grant_types = vec![GrantType::RefreshToken];
        })
        .await;
}

// A089
#[tokio::test]
async fn another_clients_token_is_refused_and_its_family_lives() {
    everywhere(async |world| {
        let (app, _, first) = signed_in(&world).await;
        let thief = world.client("thief", SCOPE).await;
        assert_refused(&thief, &refresh_of(&first)).await;
        let second = rotate(&app, &refresh_of(&first)).await;
        // A spent one is as good as none in foreign hands, in the window and after it.
        assert_refused(&thief, &refresh_of(&first)).await;
        world.advance(60);
        assert_refused(&thief, &refresh_of(&first)).await;
        rotate(&app, &refresh_of(&second)).await;
        world
            .app
            .refusals
            .flush(&world.app.store)
            .await
            .expect("written");
        let rows = world.app.store.tenant(&world.tenant.id);
        assert_eq!(
            rows.count_refusals("token.foreign").await.expect("a count"),
            3
        );
    })
    .await;
}

// A089
#[tokio::test]
async fn a_public_client_cannot_use_anothers_token_by_its_own_name() {
    everywhere(async |world| {
        let (app, person, first) = signed_in(&world).await;
        let other = world.client("other", SCOPE).await;
        let foreign = refresh_of(&other.sign_in(&person, SCOPE).await);
        make_public(&world, &app).await;
        make_public(&world, &other).await;
        let named = async |client_id: &str, token: &str| {
            let form = [
                ("grant_type", "refresh_token"),
                ("refresh_token", token),
                ("client_id", client_id),
            ];
            world.anonymous().post("/token", &form, &[]).await
        };
        let reply = named("app", &foreign).await;
        reply.assert_error(400, "invalid_grant");
        let reply = named("other", &refresh_of(&first)).await;
        reply.assert_error(400, "invalid_grant");
        named("app", &refresh_of(&first)).await.assert_ok();
        named("other", &foreign).await.assert_ok();
    })
    .await;
}

#[tokio::test]
async fn a_confidential_clients_token_needs_its_secret() {
    everywhere(async |world| {
        let (app, _, first) = signed_in(&world).await;
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", &refresh_of(&first)),
            ("client_id", "app"),
        ];
        let reply = world.anonymous().post("/token", &form, &[]).await;
        reply.assert_error(401, "invalid_client");
        rotate(&app, &refresh_of(&first)).await;
    })
    .await;
}

// A091
#[tokio::test]
async fn a_disabled_or_deleted_account_refreshes_nothing() {
    everywhere(async |world| {
        let (app, alice, first) = signed_in(&world).await;
        world.set_enabled(&alice, false).await;
        assert_refused(&app, &refresh_of(&first)).await;
        // Enabled again, the person signs in again: what was open is closed.
        world.set_enabled(&alice, true).await;
        assert_refused(&app, &refresh_of(&first)).await;
        app.introspect(&access_of(&first)).await.assert_inactive();
        let first = app.sign_in(&alice, SCOPE).await;
        rotate(&app, &refresh_of(&first)).await;

        let bob = world.person("bob").await;
        let token = refresh_of(&app.sign_in(&bob, SCOPE).await);
        world.delete_person(&bob).await;
        assert_refused(&app, &token).await;
        // A namesake is somebody else.
        world.person("bob").await;
        assert_refused(&app, &token).await;
    })
    .await;
}

// A091, seen from a node that has not read the feed.
#[tokio::test]
async fn another_node_refuses_the_disabled_on_the_first_try() {
    everywhere(async |world| {
        let (app, alice, first) = signed_in(&world).await;
        let (_node, caller) = world.second_node().await;
        let there = app.through(&caller);
        let second = rotate(&there, &refresh_of(&first)).await;
        world.set_enabled(&alice, false).await;
        assert_refused(&there, &refresh_of(&second)).await;
    })
    .await;
}

#[tokio::test]
async fn a_new_password_ends_what_the_old_one_opened() {
    everywhere(async |world| {
        let (app, alice, first) = signed_in(&world).await;
        let user = users::get(&world.app, &world.tenant, &alice.id).await;
        let (actor, new) = (Actor::command_line(), "another passphrase of alice");
        users::set_password(
            &world.app,
            &actor,
            &world.tenant,
            &user.expect("alice"),
            new,
        )
        .await
        .expect("changed");
        assert_refused(&app, &refresh_of(&first)).await;
        app.introspect(&access_of(&first)).await.assert_inactive();
        // A login in the same second lives.
        let alice = Person {
            password: new.to_owned(),
            ..alice
        };
        let first = app.sign_in(&alice, SCOPE).await;
        assert!(Service::is_active(
            &app.introspect(&access_of(&first)).await
        ));
        rotate(&app, &refresh_of(&first)).await;
    })
    .await;
}

#[tokio::test]
async fn a_client_without_the_grant_or_disabled_refreshes_nothing() {
    everywhere(async |world| {
        let (app, _, first) = signed_in(&world).await;
        let token = refresh_of(&first);
        let without = |metadata: &mut users_core::model::client_metadata::ClientMetadata| {
            metadata
                .grant_types
                .retain(|grant| *grant != GrantType::RefreshToken);
        };
        world
            .change_client(&world.tenant, "app", true, without)
            .await;
        let reply = app.refresh(&token).await;
        reply.assert_error(400, "unauthorized_client");
        let with = |metadata: &mut users_core::model::client_metadata::ClientMetadata| {
            metadata.grant_types = GrantType::ALL.to_vec();
        };
        world.change_client(&world.tenant, "app", true, with).await;
        let token = refresh_of(&rotate(&app, &token).await);
        world
            .change_client(&world.tenant, "app", false, |_| {})
            .await;
        let reply = app.refresh(&token).await;
        reply.assert_error(401, "invalid_client");
        world
            .change_client(&world.tenant, "app", true, |_| {})
            .await;
        assert_refused(&app, &token).await;
    })
    .await;
}

// A098
#[tokio::test]
async fn a_token_is_good_for_its_own_endpoint_only() {
    everywhere(async |world| {
        let (app, _, first) = signed_in(&world).await;
        let (access, refresh) = (access_of(&first), refresh_of(&first));
        let reply = app.userinfo(&refresh).await;
        reply.assert_error(401, "invalid_token");
        assert_refused(&app, &access).await;
        let bearer = format!("Bearer {refresh}");
        let form = [("token", access.as_str())];
        let headers = [("authorization", bearer.as_str())];
        let reply = world.anonymous().post("/introspect", &form, &headers).await;
        reply.assert_error(401, "invalid_token");
        rotate(&app, &refresh).await;
    })
    .await;
}
