//! RFC 6749 section 2.1: a name is no proof, and a public client has none.

use users_core::admin::{AdminError, clients};
use users_core::model::audit_event::Actor;
use users_core::model::client_metadata::{AuthMethod, ClientMetadata, GrantType};

use super::{ENDPOINTS, call, public};
use crate::support::everywhere;
use crate::support::http::basic;
use crate::support::people::Service;

// A063
#[tokio::test]
async fn a_confidential_client_is_not_believed_its_name() {
    everywhere(async |world| {
        let service = world
            .client("service", "openid sip.register offline_access")
            .await;
        let person = world.person("joan").await;
        let tokens = service
            .sign_in(&person, "sip.register offline_access")
            .await;
        let (access, refresh) = (tokens.text("access_token"), tokens.text("refresh_token"));
        let password = person.password.as_str();
        for (path, form) in [
            ("/token", &[("grant_type", "client_credentials")][..]),
            (
                "/token",
                &[("grant_type", "refresh_token"), ("refresh_token", &refresh)],
            ),
            (
                "/token",
                &[
                    ("grant_type", "password"),
                    ("username", "joan"),
                    ("password", password),
                ],
            ),
            ("/introspect", &[("token", &access)]),
            ("/revoke", &[("token", &access)]),
            ("/revoke", &[("token", &refresh)]),
        ] {
            for proof in [
                &[("client_id", "service")][..],
                &[("client_id", "service"), ("client_secret", "")],
                &[],
            ] {
                let reply = call(&world, (path, form), proof, None).await;
                reply.assert_error(401, "invalid_client");
                assert!(reply.json().get("active").is_none());
            }
            let reply = call(&world, (path, form), &[], Some(&basic("service", ""))).await;
            reply.assert_error(401, "invalid_client");
        }
        assert!(Service::is_active(&service.introspect(&access).await));
        service.refresh(&refresh).await.assert_ok();
    })
    .await;
}

// A064
#[tokio::test]
async fn no_secret_makes_a_public_client_confidential() {
    everywhere(async |world| {
        world.client_with("spa", "sip.register", public).await;
        let grants = [
            (
                &[("grant_type", "client_credentials")][..],
                "unauthorized_client",
            ),
            (
                &[
                    ("grant_type", "password"),
                    ("username", "joan"),
                    ("password", "x"),
                ],
                "unauthorized_client",
            ),
            (
                &[("grant_type", "refresh_token"), ("refresh_token", "x")],
                "invalid_grant",
            ),
        ];
        for (form, error) in grants {
            let endpoint = ("/token", form);
            for named in [
                &[("client_id", "spa")][..],
                &[("client_id", "spa"), ("client_secret", "")],
            ] {
                let reply = call(&world, endpoint, named, None).await;
                reply.assert_error(400, error);
            }
            for secret in ["x", "null", "undefined", "spa", "0"] {
                let body = [("client_id", "spa"), ("client_secret", secret)];
                let reply = call(&world, endpoint, &body, None).await;
                reply.assert_error(401, "invalid_client");
                let header = basic("spa", secret);
                let reply = call(&world, endpoint, &[], Some(&header)).await;
                reply.assert_error(401, "invalid_client");
            }
            let reply = call(&world, endpoint, &[], Some(&basic("spa", ""))).await;
            reply.assert_error(401, "invalid_client");
        }
        let named = [("client_id", "spa")];
        let reply = call(&world, ENDPOINTS[1], &named, None).await;
        reply.assert_error(401, "invalid_client");
        call(&world, ENDPOINTS[2], &named, None).await.assert_ok();
    })
    .await;
}

#[tokio::test]
async fn a_public_client_cannot_be_registered_for_what_needs_a_proof() {
    everywhere(async |world| {
        for grant in [GrantType::ClientCredentials, GrantType::Password] {
            let metadata = ClientMetadata {
                token_endpoint_auth_method: AuthMethod::None,
                grant_types: vec![grant],
                ..ClientMetadata::default()
            };
            let actor = Actor::command_line();
            let made = clients::create(
                &world.app,
                &actor,
                &world.tenant,
                "spa",
                metadata,
                true,
                clients::Secret::Keep,
            );
            assert!(matches!(made.await, Err(AdminError::Invalid(_))));
        }
    })
    .await;
}
