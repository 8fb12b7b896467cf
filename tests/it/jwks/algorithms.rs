//! Which algorithm signs: the resource decides, then the client, then the tenant.

use users_core::admin::{clients, resources};
use users_core::app::App;
use users_core::model::algorithm::Algorithm;
use users_core::model::audit_event::Actor;
use users_core::model::resource::Resource;

use super::signed_with;
use crate::support::people::Service;
use crate::support::world::{change_tenant, everywhere_with, follow};
use crate::support::{World, everywhere};

async fn alg(world: &World, service: &Service, scope: &str) -> Algorithm {
    let reply = service.client_credentials(scope).await;
    let token = reply.assert_ok().text("access_token");
    assert!(Service::is_active(&service.introspect(&token).await));
    signed_with(world.anonymous(), &token).await.1
}

fn resource(name: &str, signing_alg: Option<Algorithm>) -> Resource {
    Resource {
        audience: format!("https://{name}.test"),
        scopes: format!("{name}.read").parse().unwrap(),
        signing_alg,
        ..Resource::default()
    }
}

/// What an operator changes from this node.
async fn set_client(app: &App, world: &World, service: &Service, alg: Option<Algorithm>) {
    let (tenant, id) = (&world.tenant, service.client_id.as_str());
    let before = clients::get(app, tenant, id).await.unwrap();
    let mut metadata = before.metadata.clone();
    metadata.access_token_signing_alg = alg;
    let (actor, keep) = (Actor::command_line(), clients::Secret::Keep);
    clients::update(app, &actor, tenant, &before, metadata, true, keep)
        .await
        .unwrap();
}

#[tokio::test]
async fn the_settings_choose_the_algorithm_of_new_tenants() {
    for algorithm in Algorithm::ALL {
        everywhere_with(
            |config| config.tokens.signing_alg = algorithm.name().to_owned(),
            async |world| {
                let service = world.client("service", "sip.call").await;
                assert_eq!(alg(&world, &service, "sip.call").await, algorithm);
                assert_eq!(world.new_tenant("second").await.signing_alg, algorithm);
            },
        )
        .await;
    }
}

#[tokio::test]
async fn every_algorithm_signs_for_a_client_and_for_a_resource() {
    everywhere(async |world| {
        let names = ["rs", "ps", "es", "ed"];
        let scope = "sip.call plain.read rs.read ps.read es.read ed.read";
        world.resource(resource("plain", None)).await;
        for (name, algorithm) in names.iter().zip(Algorithm::ALL) {
            world.resource(resource(name, Some(algorithm))).await;
        }
        let plain = world.client("plain", scope).await;
        assert_eq!(alg(&world, &plain, "sip.call").await, Algorithm::Es256);
        for own in Algorithm::ALL {
            let client = world
                .client_with(&format!("by-{own}"), scope, |metadata| {
                    metadata.access_token_signing_alg = Some(own);
                })
                .await;
            assert_eq!(alg(&world, &client, "sip.call").await, own);
            assert_eq!(alg(&world, &client, "plain.read").await, own);
            for (name, of_resource) in names.iter().zip(Algorithm::ALL) {
                for scope in [format!("{name}.read"), format!("{name}.read sip.call")] {
                    assert_eq!(alg(&world, &client, &scope).await, of_resource, "{scope}");
                    assert_eq!(alg(&world, &plain, &scope).await, of_resource, "{scope}");
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn an_algorithm_changed_on_one_node_is_changed_on_all() {
    everywhere(async |world| {
        world.resource(resource("files", None)).await;
        let service = world.client("service", "sip.call files.read").await;
        let (second, _) = world.second_node().await;
        let actor = Actor::command_line();
        assert_eq!(alg(&world, &service, "sip.call").await, Algorithm::Es256);

        set_client(&second, &world, &service, Some(Algorithm::EdDsa)).await;
        follow(&world.app).await;
        assert_eq!(alg(&world, &service, "sip.call").await, Algorithm::EdDsa);
        assert_eq!(alg(&world, &service, "files.read").await, Algorithm::EdDsa);

        let files = resource("files", Some(Algorithm::Ps256));
        resources::put(&second, &actor, &world.tenant, &files)
            .await
            .unwrap();
        follow(&world.app).await;
        assert_eq!(alg(&world, &service, "sip.call").await, Algorithm::EdDsa);
        assert_eq!(alg(&world, &service, "files.read").await, Algorithm::Ps256);

        set_client(&second, &world, &service, None).await;
        change_tenant(&second, &world.tenant, |input| {
            input.signing_alg = Algorithm::Rs256;
        })
        .await
        .unwrap();
        follow(&world.app).await;
        assert_eq!(alg(&world, &service, "sip.call").await, Algorithm::Rs256);
        assert_eq!(alg(&world, &service, "files.read").await, Algorithm::Ps256);
    })
    .await;
}
