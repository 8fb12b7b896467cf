//! A lost answer logs nobody out: the immediate predecessor gets its unused successor again.

use std::task::Poll;
use std::time::Duration;

use users_core::model::client_metadata::ClientMetadata;

use super::{
    SCOPE, access_of, assert_refused, family_of, leaves, opaque, refresh_of, rotate, signed_in,
    signed_in_with,
};
use crate::support::people::Service;
use crate::support::world::everywhere_with;
use crate::support::{Reply, everywhere};

// A097
#[tokio::test]
async fn a_retry_within_the_window_gets_the_same_successor() {
    let formats: [fn(&mut ClientMetadata); 2] = [|_| {}, opaque];
    for format in formats {
        everywhere(async |world| {
            let (app, _, first) = signed_in_with(&world, format).await;
            let family = family_of(&app, &first).await;
            let lost = rotate(&app, &refresh_of(&first)).await;
            for _ in 0..3 {
                world.advance(3);
                let again = rotate(&app, &refresh_of(&first)).await;
                assert_eq!(refresh_of(&again), refresh_of(&lost));
                assert_ne!(access_of(&again), access_of(&lost));
                assert!(Service::is_active(
                    &app.introspect(&access_of(&again)).await
                ));
                assert_eq!(leaves(&world, &family).await, 1);
            }
            let next = rotate(&app, &refresh_of(&lost)).await;
            assert_eq!(leaves(&world, &family).await, 1);
            assert!(Service::is_active(&app.introspect(&access_of(&next)).await));
        })
        .await;
    }
}

#[tokio::test]
async fn the_window_is_measured_from_the_use_and_ends_on_time() {
    everywhere(async |world| {
        let (app, _, first) = signed_in(&world).await;
        let lost = rotate(&app, &refresh_of(&first)).await;
        world.advance(9);
        // A retry does not move the window.
        rotate(&app, &refresh_of(&first)).await;
        world.clock.advance(Duration::from_millis(999));
        rotate(&app, &refresh_of(&first)).await;
        world.clock.advance(Duration::from_millis(1));
        assert_refused(&app, &refresh_of(&first)).await;
        assert_refused(&app, &refresh_of(&lost)).await;
    })
    .await;
}

#[tokio::test]
async fn the_window_is_the_clients_own_where_it_has_one() {
    everywhere_with(
        |config| config.tokens.refresh_retry_window = 5,
        async |world| {
            let (app, person, _) =
                signed_in_with(&world, |metadata| metadata.refresh_retry_window = Some(60)).await;
            let first = app.sign_in(&person, SCOPE).await;
            let lost = rotate(&app, &refresh_of(&first)).await;
            world.advance(59);
            let again = rotate(&app, &refresh_of(&first)).await;
            assert_eq!(refresh_of(&again), refresh_of(&lost));
        },
    )
    .await;
}

#[tokio::test]
async fn another_request_with_a_spent_token_is_refused_and_kills_nobody() {
    everywhere(async |world| {
        let (app, _, first) = signed_in(&world).await;
        let other = world.client("other", SCOPE).await;
        let lost = rotate(&app, &refresh_of(&first)).await;
        let with = async |service: &Service, name: &str, value: &str| -> Reply {
            let form = [
                ("grant_type", "refresh_token"),
                ("refresh_token", &refresh_of(&first)),
                (name, value),
            ];
            service.post("/token", &form).await
        };
        // Narrower than what spent it, for another resource, or by another client.
        let narrower = with(&app, "scope", "openid").await;
        narrower.assert_error(400, "invalid_grant");
        let elsewhere = with(&app, "resource", "rvoip-sip").await;
        elsewhere.assert_error(400, "invalid_grant");
        assert_refused(&other, &refresh_of(&first)).await;
        let again = rotate(&app, &refresh_of(&first)).await;
        assert_eq!(refresh_of(&again), refresh_of(&lost));
        // The same request in other words is the same.
        let spelled_out = with(
            &app,
            "scope",
            "sip.call email openid sip.register offline_access",
        );
        assert_eq!(refresh_of(&spelled_out.await), refresh_of(&lost));
        rotate(&app, &refresh_of(&lost)).await;
    })
    .await;
}

#[tokio::test]
async fn a_retry_of_a_narrowed_exchange_is_narrowed_too() {
    everywhere(async |world| {
        let (app, _, first) = signed_in(&world).await;
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", &refresh_of(&first)),
            ("scope", "sip.call"),
        ];
        let lost = app.post("/token", &form).await;
        let again = app.post("/token", &form).await;
        assert_eq!(refresh_of(&again), refresh_of(&lost));
        assert_eq!(again.text("scope"), "sip.call");
        assert_refused(&app, &refresh_of(&first)).await;
    })
    .await;
}

#[tokio::test]
async fn a_retry_gets_no_more_than_is_held_by_then() {
    everywhere(async |world| {
        let (app, person, first) = signed_in(&world).await;
        let lost = rotate(&app, &refresh_of(&first)).await;
        assert!(lost.text("scope").contains("sip.call"));
        // A guest holds no scope of a resource.
        world
            .change_person(&world.tenant, &person, |input| {
                input.roles = vec!["guest".to_owned()];
            })
            .await;
        let again = rotate(&app, &refresh_of(&first)).await;
        assert_eq!(refresh_of(&again), refresh_of(&lost));
        assert_eq!(again.text("scope"), "email offline_access openid");
    })
    .await;
}

#[tokio::test]
async fn no_retry_for_the_disabled_the_deleted_and_the_revoked() {
    everywhere(async |world| {
        let (app, alice, first) = signed_in(&world).await;
        rotate(&app, &refresh_of(&first)).await;
        world.set_enabled(&alice, false).await;
        assert_refused(&app, &refresh_of(&first)).await;

        let bob = world.person("bob").await;
        let first = app.sign_in(&bob, SCOPE).await;
        rotate(&app, &refresh_of(&first)).await;
        world.delete_person(&bob).await;
        assert_refused(&app, &refresh_of(&first)).await;

        let carol = world.person("carol").await;
        let first = app.sign_in(&carol, SCOPE).await;
        let second = rotate(&app, &refresh_of(&first)).await;
        app.revoke(&refresh_of(&second)).await.assert_ok();
        assert_refused(&app, &refresh_of(&first)).await;
    })
    .await;
}

// A097
#[tokio::test]
async fn a_request_cut_off_anywhere_can_be_repeated() {
    everywhere(async |world| {
        let (app, _, first) = signed_in(&world).await;
        let family = family_of(&app, &first).await;
        let mut token = refresh_of(&first);
        for polls in 1..16 {
            // The caller goes away at its so-manieth wait, wherever that leaves the request.
            let mut left = polls;
            let mut request = Box::pin(app.refresh(&token));
            std::future::poll_fn(|context| {
                left -= 1;
                match request.as_mut().poll(context) {
                    Poll::Pending if left > 0 => Poll::Pending,
                    _ => Poll::Ready(()),
                }
            })
            .await;
            drop(request);
            token = refresh_of(&rotate(&app, &token).await);
            assert_eq!(leaves(&world, &family).await, 1, "after {polls} polls");
        }
    })
    .await;
}
