//! How long a token and its family live.

use super::{access_of, assert_refused, family_of, refresh_of, rotate, signed_in, signed_in_with};
use crate::support::everywhere;
use crate::support::world::everywhere_with;

#[tokio::test]
async fn an_unused_token_ends_with_its_idle_time() {
    everywhere_with(
        |config| config.tokens.refresh_token_idle_lifetime = 3600,
        async |world| {
            let (app, _, first) = signed_in(&world).await;
            world.advance(3599);
            let second = refresh_of(&rotate(&app, &refresh_of(&first)).await);
            world.advance(3599);
            let third = refresh_of(&rotate(&app, &second).await);
            world.advance(3600);
            app.introspect(&third).await.assert_inactive();
            assert_refused(&app, &third).await;
            // Late is not stolen.
            assert!(
                world
                    .audit()
                    .await
                    .iter()
                    .all(|row| row.kind != "refresh.replay")
            );
        },
    )
    .await;
}

#[tokio::test]
async fn use_does_not_prolong_the_family() {
    everywhere(async |world| {
        let lifetime = |metadata: &mut users_core::model::client_metadata::ClientMetadata| {
            metadata.refresh_token_lifetime = Some(1000);
        };
        let (app, _, first) = signed_in_with(&world, lifetime).await;
        let mut token = refresh_of(&first);
        let end = app.introspect(&token).await.json()["exp"].clone();
        for _ in 0..9 {
            world.advance(100);
            token = refresh_of(&rotate(&app, &token).await);
            assert_eq!(app.introspect(&token).await.json()["exp"], end);
        }
        world.advance(99);
        let last = rotate(&app, &token).await;
        world.advance(1);
        assert_refused(&app, &refresh_of(&last)).await;
        // Nor does a retry: the window ends with the family.
        assert_refused(&app, &token).await;
        app.introspect(&refresh_of(&last)).await.assert_inactive();
    })
    .await;
}

#[tokio::test]
async fn the_reaper_leaves_the_means_to_notice_a_replay() {
    everywhere_with(
        |config| config.tokens.refresh_token_idle_lifetime = 3600,
        async |world| {
            let (app, _, first) = signed_in(&world).await;
            world.advance(3000);
            let second = rotate(&app, &refresh_of(&first)).await;
            world.advance(3000);
            let third = rotate(&app, &refresh_of(&second)).await;
            let family = family_of(&app, &third).await;
            world
                .app
                .store
                .reap(world.clock.now())
                .await
                .expect("reaped");
            assert_eq!(super::leaves(&world, &family).await, 1);
            assert_refused(&app, &refresh_of(&first)).await;
            app.introspect(&access_of(&third)).await.assert_inactive();
            assert_refused(&app, &refresh_of(&third)).await;
        },
    )
    .await;
}

#[tokio::test]
async fn a_family_that_is_over_is_reaped_and_says_nothing_more() {
    everywhere(async |world| {
        let (app, _, first) = signed_in(&world).await;
        let second = rotate(&app, &refresh_of(&first)).await;
        world.advance(31 * 86_400);
        world
            .app
            .store
            .reap(world.clock.now())
            .await
            .expect("reaped");
        let mut raw = world.raw().await;
        assert_eq!(raw.number("SELECT COUNT(*) FROM refresh_tokens").await, 0);
        for answer in [&first, &second] {
            assert_refused(&app, &refresh_of(answer)).await;
        }
    })
    .await;
}
