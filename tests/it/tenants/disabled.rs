//! A tenant that does not serve.

use users_core::admin::AdminError;
use users_core::model::tenant::Tenant;

use super::{FORMATS, SCOPE, Twins};
use crate::support::people::Service;
use crate::support::world::follow;
use crate::support::{World, everywhere};

async fn set_enabled(world: &World, tenant: &Tenant, enabled: bool) -> Result<(), AdminError> {
    let changed = world.change_tenant(tenant, |input| input.enabled = enabled);
    changed.await.map(drop)
}

#[tokio::test]
async fn a_disabled_tenant_is_not_there_and_its_tokens_live_again_with_it() {
    for format in FORMATS {
        everywhere(async |world| {
            let twins = Twins::with(&world, format).await;
            let (node, caller) = world.second_node().await;
            let nodes = [twins.there.clone(), twins.there.through(&caller)];
            let first = twins.there.sign_in(&twins.alice_there, SCOPE).await;
            let (access, refresh) = (first.text("access_token"), first.text("refresh_token"));
            for there in &nodes {
                there.userinfo(&access).await.assert_ok();
            }
            let unknown = world.anonymous().get("/t/unknown/jwks.json").await;
            set_enabled(&world, &twins.second, false)
                .await
                .expect("disabled");
            follow(&node).await;
            for there in &nodes {
                for reply in [
                    there.userinfo(&access).await,
                    there.introspect(&access).await,
                    there.revoke(&access).await,
                    there.refresh(&refresh).await,
                    there.client_credentials("sip.register").await,
                    there.password("alice", "whatever it is", "openid").await,
                    there.caller.get(&there.at("/jwks.json")).await,
                    there
                        .caller
                        .get(&there.at("/.well-known/openid-configuration"))
                        .await,
                ] {
                    // Disabled and never there are one.
                    assert_eq!((reply.status, &reply.body), (unknown.status, &unknown.body));
                }
            }
            twins.here.introspect(&access).await.assert_inactive();
            twins.here.sign_in(&twins.alice_here, "openid").await;
            set_enabled(&world, &twins.second, true)
                .await
                .expect("enabled");
            follow(&node).await;
            for there in &nodes {
                there.userinfo(&access).await.assert_ok();
                assert!(Service::is_active(&there.introspect(&access).await));
            }
            nodes[1].refresh(&refresh).await.assert_ok();
        })
        .await;
    }
}

#[tokio::test]
async fn what_was_revoked_stays_revoked_when_the_tenant_comes_back() {
    everywhere(async |world| {
        let twins = Twins::of(&world).await;
        let first = twins.there.sign_in(&twins.alice_there, SCOPE).await;
        twins
            .there
            .revoke(&first.text("refresh_token"))
            .await
            .assert_ok();
        set_enabled(&world, &twins.second, false)
            .await
            .expect("disabled");
        set_enabled(&world, &twins.second, true)
            .await
            .expect("enabled");
        let access = first.text("access_token");
        twins.there.introspect(&access).await.assert_inactive();
        let reply = twins.there.refresh(&first.text("refresh_token")).await;
        reply.assert_error(400, "invalid_grant");
    })
    .await;
}

#[tokio::test]
async fn the_default_tenant_cannot_be_disabled() {
    everywhere(async |world| {
        let refused = set_enabled(&world, &world.tenant, false).await;
        assert!(matches!(refused, Err(AdminError::Invalid(_))));
        world.anonymous().get("/jwks.json").await.assert_ok();
    })
    .await;
}
