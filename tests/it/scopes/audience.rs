//! The audience of a token follows from its scopes.

use serde_json::{Value, json};
use users_core::admin::resources;
use users_core::model::audit_event::Actor;
use users_core::model::resource::Resource;

use super::{ALL, claims, first_party};
use crate::support::everywhere;
use crate::support::world::{ISSUER, follow};

pub(super) fn resource(audience: &str, scopes: &str) -> Resource {
    Resource {
        audience: audience.to_owned(),
        name: audience.to_owned(),
        scopes: scopes.parse().unwrap(),
        ..Resource::default()
    }
}

#[tokio::test]
async fn a_token_is_for_the_resources_whose_scopes_were_granted() {
    everywhere(async |world| {
        world
            .resource(resource(
                "https://files.test",
                "files.read files.write shared.read",
            ))
            .await;
        world
            .resource(resource("https://mail.test", "mail.read shared.read"))
            .await;
        let more = format!("{ALL} files.read files.write mail.read shared.read");
        let service = world.client_with("service", &more, first_party).await;
        let person = world.person_of(&world.tenant, "root", &["admin"]).await;
        let (files, mail) = ("https://files.test", "https://mail.test");
        for (scope, for_client, audience) in [
            ("sip.register", true, json!(["rvoip-sip"])),
            ("sip.register sip.call", true, json!(["rvoip-sip"])),
            ("users.read", true, json!(["rvoip-api"])),
            ("account", false, json!(["rvoip-api"])),
            ("token.introspect", true, json!(["rvoip-api"])),
            (
                "sip.call users.read",
                true,
                json!(["rvoip-api", "rvoip-sip"]),
            ),
            ("files.read", true, json!([files])),
            ("shared.read", true, json!([files, mail])),
            ("mail.read sip.call", true, json!([mail, "rvoip-sip"])),
            ("openid", false, json!([ISSUER])),
            ("openid profile", false, json!([ISSUER])),
            ("profile", false, json!([ISSUER])),
            ("offline_access", false, json!([ISSUER])),
            ("openid sip.register", false, json!(["rvoip-sip", ISSUER])),
            ("profile sip.register", false, json!(["rvoip-sip"])),
            (
                "openid files.write account",
                false,
                json!([files, "rvoip-api", ISSUER]),
            ),
        ] {
            let reply = service.sign_in(&person, scope).await;
            assert_eq!(claims(&reply)["aud"], audience, "{scope}");
            let seen = service.introspect(&reply.text("access_token")).await;
            assert_eq!(seen.json()["aud"], audience, "{scope}");
            if for_client {
                let reply = service.client_credentials(scope).await;
                assert_eq!(claims(&reply)["aud"], audience, "{scope}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_token_without_any_scope_is_for_the_issuer() {
    everywhere(async |world| {
        let bare = world.client("bare", "").await;
        let guest = world.person_of(&world.tenant, "gus", &["guest"]).await;
        let phone = world.client("phone", "sip.register").await;
        for reply in [
            bare.client_credentials("").await,
            bare.sign_in(&guest, "").await,
            phone.sign_in(&guest, "sip.register").await,
        ] {
            assert_eq!(claims(&reply)["aud"], json!([ISSUER]));
            assert_eq!(reply.text("scope"), "");
        }
    })
    .await;
}

#[tokio::test]
async fn only_the_api_learns_who_a_person_is() {
    everywhere(async |world| {
        let service = world.client_with("service", ALL, first_party).await;
        let person = world.person("joan").await;
        for (scope, told) in [
            ("sip.register", false),
            ("openid email profile", false),
            ("account", true),
            ("sip.register account", true),
        ] {
            let claims = claims(&service.sign_in(&person, scope).await);
            assert_eq!(claims["username"], "joan");
            assert_eq!(claims.get("email").is_some(), told, "{scope}");
            assert_eq!(claims.get("roles").is_some(), told, "{scope}");
            assert_eq!(claims.get("tenant_id"), None);
        }
        let claims = claims(&service.client_credentials("users.read").await);
        for name in ["username", "email", "roles", "sid"] {
            assert_eq!(claims.get(name), None, "{name}");
        }
    })
    .await;
}

#[tokio::test]
async fn scopes_and_resources_of_one_tenant_are_unknown_to_another() {
    everywhere(async |world| {
        world
            .resource(resource("https://files.test", "files.read"))
            .await;
        let second = world.new_tenant("second").await;
        let there = world
            .client_of(&second, "service", "sip.register", |_| {})
            .await;
        let reply = there.client_credentials("files.read").await;
        reply.assert_error(400, "invalid_scope");
        let form = [
            ("grant_type", "client_credentials"),
            ("resource", "https://files.test"),
        ];
        let reply = there.post("/token", &form).await;
        reply.assert_error(400, "invalid_target");
        let claims = claims(&there.client_credentials("sip.register").await);
        assert_eq!(claims["aud"], json!(["rvoip-sip"]));
        assert_eq!(claims["iss"], second.issuer.as_str());
        assert_eq!(claims["tenant_id"], second.id.as_str());
    })
    .await;
}

#[tokio::test]
async fn a_resource_changed_elsewhere_is_changed_here() {
    everywhere(async |world| {
        world
            .resource(resource("https://files.test", "files.read files.write"))
            .await;
        let service = world.client("service", "files.read files.write").await;
        let (second, _) = world.second_node().await;
        let (actor, tenant) = (Actor::command_line(), &world.tenant);
        let audience = async |scope: &str| -> Value {
            let reply = service.client_credentials(scope).await;
            if reply.status == 200 {
                claims(&reply)["aud"].clone()
            } else {
                json!(reply.error())
            }
        };
        assert_eq!(audience("files.write").await, json!(["https://files.test"]));
        let moved = [
            resource("https://files.test", "files.read"),
            resource("https://new.test", "files.write"),
        ];
        for resource in &moved {
            resources::put(&second, &actor, tenant, resource)
                .await
                .unwrap();
        }
        follow(&world.app).await;
        assert_eq!(audience("files.write").await, json!(["https://new.test"]));
        resources::delete(&second, &actor, tenant, "https://new.test")
            .await
            .unwrap();
        follow(&world.app).await;
        assert_eq!(audience("files.write").await, json!("invalid_scope"));
        assert_eq!(audience("files.read").await, json!(["https://files.test"]));
        // Nobody asks for what is gone: it is not granted by silence either.
        assert_eq!(audience("").await, json!(["https://files.test"]));
    })
    .await;
}
