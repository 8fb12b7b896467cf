//! A tenant that gets another issuer: what was given under the old one is over.

use super::{FORMATS, SCOPE, Twins};
use crate::support::browser::{Asking, Browser, Form};
use crate::support::everywhere;
use crate::support::people::Service;
use crate::support::world::follow;

#[tokio::test]
async fn tokens_of_the_old_address_are_dead_at_the_new_one() {
    for format in FORMATS {
        everywhere(async |world| {
            let twins = Twins::with(&world, format).await;
            let (node, caller) = world.second_node().await;
            let first = twins.there.sign_in(&twins.alice_there, SCOPE).await;
            let (access, refresh) = (first.text("access_token"), first.text("refresh_token"));
            let moved = world.change_tenant(&twins.second, |input| input.slug = "moved".to_owned());
            let moved = moved.await.expect("changed");
            assert_eq!(moved.issuer, "http://localhost:8081/t/moved");
            follow(&node).await;
            let old = twins.there.client_credentials("sip.register").await;
            old.assert_error(404, "not_found");
            for caller in [world.anonymous(), &caller] {
                let there = Service {
                    prefix: moved.path(),
                    ..twins.there.through(caller)
                };
                there
                    .userinfo(&access)
                    .await
                    .assert_error(401, "invalid_token");
                there.introspect(&access).await.assert_inactive();
                there.introspect(&refresh).await.assert_inactive();
                there
                    .refresh(&refresh)
                    .await
                    .assert_error(400, "invalid_grant");
                let again = there.sign_in(&twins.alice_there, SCOPE).await;
                let access = again.text("access_token");
                let seen = there.introspect(&access).await.json();
                assert_eq!(seen["iss"], "http://localhost:8081/t/moved");
                there
                    .refresh(&again.text("refresh_token"))
                    .await
                    .assert_ok();
            }
            // Back again is one more address, not the first one's.
            let back = world.change_tenant(&moved, |input| input.slug = "second".to_owned());
            back.await.expect("changed");
            twins
                .there
                .refresh(&refresh)
                .await
                .assert_error(400, "invalid_grant");
            twins.here.sign_in(&twins.alice_here, SCOPE).await;
        })
        .await;
    }
}

#[tokio::test]
async fn people_stay_signed_in_where_their_browser_still_comes() {
    everywhere(async |world| {
        let twins = Twins::with(&world, |metadata| metadata.first_party = true).await;
        let mut browser = Browser::new(world.anonymous());
        browser
            .authorize(&Asking::of(&twins.there, "openid"), &twins.alice_there)
            .await;
        let moved = world.change_tenant(&twins.second, |input| input.slug = "moved".to_owned());
        let there = Service {
            prefix: moved.await.expect("changed").path(),
            ..twins.there.clone()
        };
        let page = browser.ask(&Asking::of(&there, "openid")).await;
        assert!(Form::find(&page, "/sign-in").is_none(), "{page:?}");
    })
    .await;
}

#[tokio::test]
async fn other_changes_end_nothing() {
    everywhere(async |world| {
        let twins = Twins::of(&world).await;
        let first = twins.there.sign_in(&twins.alice_there, SCOPE).await;
        let changed = world.change_tenant(&twins.second, |input| {
            input.name = "Second & Sons".to_owned();
            input.description = Some("more".to_owned());
            input.domain = Some("second.test".to_owned());
        });
        changed.await.expect("changed");
        let access = first.text("access_token");
        assert!(Service::is_active(&twins.there.introspect(&access).await));
        twins
            .there
            .refresh(&first.text("refresh_token"))
            .await
            .assert_ok();
    })
    .await;
}
