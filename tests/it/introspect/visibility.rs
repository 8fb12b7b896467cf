//! To whom a live token shows itself (RFC 7662 section 2.2), and what it shows.

use users_core::model::client_metadata::TokenFormat;
use users_core::model::resource::Resource;

use crate::support::people::Service;
use crate::support::{World, everywhere};

const SCOPE: &str = "openid offline_access sip.register files.read";
const SIP: &str = "sip.register";

async fn files(world: &World, change: impl FnOnce(&mut Resource)) {
    let mut resource = Resource {
        audience: "https://files.test".to_owned(),
        name: "Files".to_owned(),
        scopes: "files.read".parse().expect("a scope"),
        introspection_clients: vec!["files".to_owned()],
        ..Resource::default()
    };
    change(&mut resource);
    world.resource(resource).await;
}

// A102
#[tokio::test]
async fn a_token_shows_itself_to_its_client_its_resource_and_the_trusted() {
    for format in [TokenFormat::Jwt, TokenFormat::Opaque] {
        everywhere(async |world| {
            files(&world, |_| {}).await;
            let app = world
                .client_with("app", SCOPE, |metadata| {
                    metadata.access_token_format = Some(format);
                })
                .await;
            let other = world.client("other", SCOPE).await;
            let resource = world.client("files", "files.read").await;
            let trusted = world.client("trusted", "token.introspect").await;
            let person = world.person("alice").await;
            for (scope, for_files) in [("files.read sip.register", true), ("sip.register", false)] {
                let own = app.client_credentials(scope).await;
                let persons = app.sign_in(&person, scope).await;
                for token in [own.text("access_token"), persons.text("access_token")] {
                    assert!(Service::is_active(&app.introspect(&token).await));
                    assert!(Service::is_active(&trusted.introspect(&token).await));
                    let shown = Service::is_active(&resource.introspect(&token).await);
                    assert_eq!(shown, for_files, "{scope}");
                    other.introspect(&token).await.assert_inactive();
                }
            }
        })
        .await;
    }
}

#[tokio::test]
async fn a_resource_sees_nothing_more_once_its_client_is_struck_off() {
    everywhere(async |world| {
        files(&world, |_| {}).await;
        let app = world.client("app", SCOPE).await;
        let resource = world.client("files", "files.read").await;
        let token = app
            .client_credentials("files.read")
            .await
            .text("access_token");
        assert!(Service::is_active(&resource.introspect(&token).await));
        files(&world, |resource| resource.introspection_clients.clear()).await;
        resource.introspect(&token).await.assert_inactive();
        assert!(Service::is_active(&app.introspect(&token).await));
    })
    .await;
}

#[tokio::test]
async fn a_refresh_token_shows_itself_to_its_own_client_only() {
    everywhere(async |world| {
        files(&world, |_| {}).await;
        let app = world.client("app", SCOPE).await;
        let person = world.person("alice").await;
        let first = app.sign_in(&person, SCOPE).await.text("refresh_token");
        for client_id in ["other", "files"] {
            let client = world.client(client_id, "files.read token.introspect").await;
            client.introspect(&first).await.assert_inactive();
            let bearer = client.client_credentials("token.introspect").await;
            let bearer = format!("Bearer {}", bearer.text("access_token"));
            let headers = [("authorization", bearer.as_str())];
            let form = [("token", first.as_str())];
            let reply = world.anonymous().post("/introspect", &form, &headers).await;
            reply.assert_inactive();
        }
        let seen = app.introspect(&first).await.json();
        assert_eq!(seen["active"], true);
        assert_eq!(seen["token_type"], "refresh_token");
        assert_eq!(seen["client_id"], "app");
        assert_eq!(seen["sub"], person.id.as_str());
        assert_eq!(seen["username"], "alice");
        // A hint that is wrong or unknown changes nothing (section 2.1).
        for hint in ["refresh_token", "access_token", "no_such_type", ""] {
            let form = [("token", first.as_str()), ("token_type_hint", hint)];
            let reply = app.post("/introspect", &form).await;
            assert!(Service::is_active(&reply), "{hint}");
        }
        // Spent, it is over.
        app.refresh(&first).await.assert_ok();
        app.introspect(&first).await.assert_inactive();
    })
    .await;
}

#[tokio::test]
async fn what_is_shown_is_what_the_token_says() {
    for format in [TokenFormat::Jwt, TokenFormat::Opaque] {
        everywhere(async |world| {
            files(&world, |_| {}).await;
            let app = world
                .client_with("app", SCOPE, |metadata| {
                    metadata.access_token_format = Some(format);
                })
                .await;
            let person = world.person("alice").await;
            let token = app
                .sign_in(&person, "files.read")
                .await
                .text("access_token");
            let reply = app.introspect(&token).await;
            assert_eq!(reply.header("cache-control"), Some("no-store"));
            let seen = reply.json();
            let now = world.clock.now().seconds();
            let mut members: Vec<&str> = seen
                .as_object()
                .expect("an object")
                .keys()
                .map(String::as_str)
                .collect();
            members.sort_unstable();
            assert_eq!(
                members,
                [
                    "active",
                    "aud",
                    "client_id",
                    "exp",
                    "iat",
                    "iss",
                    "jti",
                    "scope",
                    "sid",
                    "sub",
                    "token_type",
                    "username",
                ]
            );
            assert_eq!(seen["aud"], serde_json::json!(["https://files.test"]));
            assert_eq!(seen["exp"], now + 900);
            assert_eq!(seen["iat"], now);
            assert_eq!(seen["iss"], world.tenant.issuer.as_str());
            assert_eq!(seen["scope"], "files.read");
            assert_eq!(seen["sub"], person.id.as_str());
            assert_eq!(seen["username"], "alice");
        })
        .await;
    }
}

#[tokio::test]
async fn a_token_is_active_until_the_second_it_expires() {
    for format in [TokenFormat::Jwt, TokenFormat::Opaque] {
        everywhere(async |world| {
            let app = world
                .client_with("app", SIP, |metadata| {
                    metadata.access_token_format = Some(format);
                    metadata.access_token_lifetime = Some(60);
                })
                .await;
            let token = app.client_credentials(SIP).await.text("access_token");
            world.advance(59);
            assert!(Service::is_active(&app.introspect(&token).await));
            world.advance(1);
            app.introspect(&token).await.assert_inactive();
        })
        .await;
    }
}
