//! Each kind of change, made on one node and seen on the others.

use users_core::admin::clients;
use users_core::model::algorithm::Algorithm;
use users_core::model::audit_event::Actor;
use users_core::model::resource::Resource;

use super::Others;
use crate::support::people::Service;
use crate::support::{World, everywhere};

const SCOPE: &str = "openid offline_access sip.register files.read";

async fn files(world: &World, change: impl FnOnce(&mut Resource)) {
    let mut resource = Resource {
        audience: "https://files.test".to_owned(),
        name: "Files".to_owned(),
        scopes: "files.read".parse().expect("a scope"),
        ..Resource::default()
    };
    change(&mut resource);
    world.resource(resource).await;
}

#[tokio::test]
async fn a_new_a_changed_and_a_deleted_client() {
    everywhere(async |world| {
        let others = Others::of(&world).await;
        let ghost = Service {
            caller: world.anonymous().clone(),
            prefix: String::new(),
            client_id: "app".to_owned(),
            secret: "no secret".to_owned(),
        };
        // The absence is remembered too.
        for there in others.serve(&ghost).await {
            let reply = there.client_credentials("sip.register").await;
            reply.assert_error(401, "invalid_client");
        }
        let app = world.client("app", "sip.register").await;
        for there in others.serve(&app).await {
            there.client_credentials("sip.register").await.assert_ok();
            let reply = there.client_credentials("sip.call").await;
            reply.assert_error(400, "invalid_scope");
        }
        let wider = |metadata: &mut users_core::model::client_metadata::ClientMetadata| {
            metadata.scope = "sip.call".parse().expect("a scope");
        };
        world.change_client(&world.tenant, "app", true, wider).await;
        for there in others.serve(&app).await {
            there.client_credentials("sip.call").await.assert_ok();
            let reply = there.client_credentials("sip.register").await;
            reply.assert_error(400, "invalid_scope");
        }
        world.delete_client("app").await;
        for there in others.serve(&app).await {
            let reply = there.client_credentials("sip.call").await;
            reply.assert_error(401, "invalid_client");
        }
    })
    .await;
}

#[tokio::test]
async fn a_changed_secret() {
    everywhere(async |world| {
        let others = Others::of(&world).await;
        let app = world.client("app", "sip.register").await;
        for there in others.serve(&app).await {
            there.client_credentials("sip.register").await.assert_ok();
        }
        let mut secrets = vec![app.secret.clone()];
        for _ in 0..2 {
            world.advance(1);
            let client = clients::get(&world.app, &world.tenant, "app").await;
            let client = client.expect("the client");
            let metadata = client.metadata.clone();
            let (actor, made) = (Actor::command_line(), clients::Secret::Generate);
            let (node, tenant) = (&world.app, &world.tenant);
            let made = clients::update(node, &actor, tenant, &client, metadata, true, made).await;
            let made = made.expect("changed").expect("a secret");
            secrets.push(made.expose().to_owned());
        }
        // Two live at a time: the first of the three is gone.
        for (secret, good) in secrets.into_iter().zip([false, true, true]) {
            let app = Service {
                secret,
                ..app.clone()
            };
            for there in others.serve(&app).await {
                let reply = there.client_credentials("sip.register").await;
                assert_eq!(reply.status.as_u16(), if good { 200 } else { 401 });
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_disabled_client_and_a_disabled_account() {
    everywhere(async |world| {
        let others = Others::of(&world).await;
        let app = world
            .client("app", SCOPE.replace(" files.read", "").as_str())
            .await;
        let checker = world.client("checker", "token.introspect").await;
        let person = world.person("alice").await;
        let own = app
            .client_credentials("sip.register")
            .await
            .text("access_token");
        let hers = app
            .sign_in(&person, "openid sip.register")
            .await
            .text("access_token");
        for there in others.serve(&checker).await {
            for token in [&own, &hers] {
                assert!(Service::is_active(&there.introspect(token).await));
            }
        }
        world.set_enabled(&person, false).await;
        for there in others.serve(&checker).await {
            there.introspect(&hers).await.assert_inactive();
            assert!(Service::is_active(&there.introspect(&own).await));
        }
        world
            .change_client(&world.tenant, "app", false, |_| {})
            .await;
        for there in others.serve(&checker).await {
            there.introspect(&own).await.assert_inactive();
        }
        for there in others.serve(&app).await {
            let reply = there.client_credentials("sip.register").await;
            reply.assert_error(401, "invalid_client");
        }
        // And back: a client's own tokens live again, the person signs in again.
        world
            .change_client(&world.tenant, "app", true, |_| {})
            .await;
        world.set_enabled(&person, true).await;
        for there in others.serve(&app).await {
            assert!(Service::is_active(&there.introspect(&own).await));
            there.introspect(&hers).await.assert_inactive();
            let again = there.sign_in(&person, "openid").await.text("access_token");
            assert!(Service::is_active(&there.introspect(&again).await));
        }
    })
    .await;
}

#[tokio::test]
async fn a_new_a_changed_and_a_deleted_resource() {
    everywhere(async |world| {
        let others = Others::of(&world).await;
        let app = world.client("app", "sip.register").await;
        let checker = world.client("checker", "sip.call").await;
        for there in others.serve(&app).await {
            let reply = there.client_credentials("files.read").await;
            reply.assert_error(400, "invalid_scope");
        }
        files(&world, |_| {}).await;
        let with_files = |metadata: &mut users_core::model::client_metadata::ClientMetadata| {
            metadata.scope = "sip.register files.read".parse().expect("a scope");
        };
        world
            .change_client(&world.tenant, "app", true, with_files)
            .await;
        let mut tokens = Vec::new();
        for there in others.serve(&app).await {
            let reply = there.client_credentials("files.read").await;
            assert_eq!(reply.assert_ok().json()["expires_in"], 900);
            tokens.push(reply.text("access_token"));
        }
        for (there, token) in others.serve(&checker).await.iter().zip(&tokens) {
            there.introspect(token).await.assert_inactive();
        }
        files(&world, |resource| {
            resource.token_lifetime = Some(60);
            resource.introspection_clients = vec!["checker".to_owned()];
        })
        .await;
        for (there, token) in others.serve(&checker).await.iter().zip(&tokens) {
            assert!(Service::is_active(&there.introspect(token).await));
        }
        for there in others.serve(&app).await {
            let reply = there.client_credentials("files.read").await;
            assert_eq!(reply.assert_ok().json()["expires_in"], 60);
        }
        let (actor, audience) = (Actor::command_line(), "https://files.test");
        users_core::admin::resources::delete(&world.app, &actor, &world.tenant, audience)
            .await
            .expect("deleted");
        for there in others.serve(&app).await {
            let reply = there.client_credentials("files.read").await;
            reply.assert_error(400, "invalid_scope");
        }
    })
    .await;
}

#[tokio::test]
async fn an_announced_and_an_activated_key() {
    everywhere(async |world| {
        let others = Others::of(&world).await;
        let app = world.client("app", "sip.register").await;
        let (maker, id) = (&world.app.key_maker, &world.tenant.id);
        let algorithm = world.tenant.signing_alg;
        let old = app
            .client_credentials("sip.register")
            .await
            .text("access_token");
        let mut sets = vec![world.anonymous().get("/jwks.json").await.body];
        for there in others.serve(&app).await {
            assert_eq!(there.caller.get("/jwks.json").await.body, sets[0]);
        }
        let due = world.clock.now().plus_seconds(7200);
        let actor = Actor::command_line();
        maker
            .announce(id, algorithm, due, &actor)
            .await
            .expect("announced");
        maker
            .rotate_now(id, algorithm, &actor)
            .await
            .expect("rotated");
        maker
            .ensure(id, Algorithm::EdDsa, &actor)
            .await
            .expect("another");
        sets.push(world.anonymous().get("/jwks.json").await.body);
        assert_ne!(sets[0], sets[1]);
        for there in others.serve(&app).await {
            assert_eq!(there.caller.get("/jwks.json").await.body, sets[1]);
            // Signed by either, accepted by both, before and after.
            assert!(Service::is_active(&there.introspect(&old).await));
            let new = there
                .client_credentials("sip.register")
                .await
                .text("access_token");
            assert!(Service::is_active(&app.introspect(&new).await));
            assert_ne!(new.split('.').next(), old.split('.').next(), "another kid");
        }
    })
    .await;
}

#[tokio::test]
async fn a_new_a_disabled_and_a_changed_tenant() {
    everywhere(async |world| {
        let others = Others::of(&world).await;
        for caller in &others.callers {
            let reply = caller.get("/t/second/jwks.json").await;
            reply.assert_error(404, "not_found");
        }
        let second = world.new_tenant("second").await;
        let app = world
            .client_of(&second, "app", "sip.register", |_| {})
            .await;
        let token = app
            .client_credentials("sip.register")
            .await
            .text("access_token");
        for there in others.serve(&app).await {
            assert!(Service::is_active(&there.introspect(&token).await));
        }
        let set = async |enabled, signing_alg| {
            let changed = world.change_tenant(&second, |input| {
                input.enabled = enabled;
                input.signing_alg = signing_alg;
            });
            changed.await.expect("changed");
        };
        set(false, Algorithm::Es256).await;
        for there in others.serve(&app).await {
            there
                .introspect(&token)
                .await
                .assert_error(404, "not_found");
        }
        set(true, Algorithm::EdDsa).await;
        for there in others.serve(&app).await {
            assert!(Service::is_active(&there.introspect(&token).await));
            let new = there
                .client_credentials("sip.register")
                .await
                .text("access_token");
            let header = new.split('.').next().expect("a header").as_bytes();
            let header = data_encoding::BASE64URL_NOPAD
                .decode(header)
                .expect("base64url");
            assert!(String::from_utf8_lossy(&header).contains("EdDSA"));
        }
    })
    .await;
}
