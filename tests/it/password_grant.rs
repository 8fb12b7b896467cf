//! RFC 6749 section 4.3: names and passwords by way of a client.

mod parameters;

use serde_json::{Value, json};
use users_core::admin::{AdminError, clients};
use users_core::model::audit_event::{Actor, AuditKind};
use users_core::model::client_metadata::{AuthMethod, ClientMetadata, GrantType};
use users_core::storage::clients::ClientWrite;

use crate::support::people::Service;
use crate::support::{Reply, World, everywhere};

const WRONG: &str = "certainly not this one";

/// What introspection says of the answer's access token.
async fn seen(service: &Service, reply: &Reply) -> Value {
    reply.assert_ok();
    let token = reply.text("access_token");
    service.introspect(&token).await.json()
}

/// Without what differs from answer to answer by design.
fn plain(reply: Reply) -> (u16, Vec<(String, String)>, String) {
    let mut headers = Vec::new();
    for (name, value) in &reply.headers {
        if name != "x-request-id" {
            headers.push((name.to_string(), format!("{value:?}")));
        }
    }
    (reply.status.as_u16(), headers, reply.body)
}

#[tokio::test]
async fn a_right_password_gives_tokens_of_that_person() {
    everywhere(async |world| {
        let service = world
            .client("web", "openid sip.call sip.register offline_access")
            .await;
        let alice = world.person("alice").await;
        let reply = service.sign_in(&alice, "openid sip.call").await;
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        let body = reply.json();
        assert_eq!(body["token_type"], "Bearer");
        assert_eq!(body["expires_in"], 900);
        assert_eq!(body["scope"], "openid sip.call");
        // Not asked for offline access.
        assert!(body.get("refresh_token").is_none(), "{body}");
        let claims = seen(&service, &reply).await;
        assert_eq!(claims["active"], true);
        assert_eq!(claims["sub"], alice.id.as_str());
        assert_eq!(claims["username"], "alice");
        assert_eq!(claims["client_id"], "web");
        assert_eq!(claims["aud"], json!(["rvoip-sip", "http://localhost:8081"]));
        let other = service.sign_in(&alice, "openid sip.call").await;
        let other = seen(&service, &other).await;
        assert!(claims["sid"].is_string());
        assert_ne!(claims["sid"], other["sid"], "each login is its own session");
        let kept = service.sign_in(&alice, "sip.call offline_access").await;
        assert!(kept.json()["refresh_token"].is_string());
        let rows = world.app.store.tenant(&world.tenant.id);
        let trail = rows.recent_audit(100).await.expect("the trail");
        let logins = trail.iter().filter(|row| {
            row.kind == AuditKind::Login.name() && row.subject.as_ref() == Some(&alice.id)
        });
        assert_eq!(logins.count(), 3);
    })
    .await;
}

// A081
#[tokio::test]
async fn a_client_needs_the_grant_and_a_proof_of_its_own() {
    everywhere(async |world| {
        let alice = world.person("alice").await;
        let without = world
            .client_with("without", "sip.call", |metadata| {
                metadata.grant_types = vec![GrantType::ClientCredentials, GrantType::RefreshToken];
            })
            .await;
        let before = world.app.passwords.computed();
        for password in [&alice.password, WRONG] {
            let reply = without.password("alice", password, "sip.call").await;
            reply.assert_error(400, "unauthorized_client");
        }
        world
            .client_with("spa", "sip.call", |metadata| {
                metadata.token_endpoint_auth_method = AuthMethod::None;
                metadata.grant_types = vec![GrantType::RefreshToken];
            })
            .await;
        let form = |secret: &'static str| {
            [
                ("grant_type", "password"),
                ("username", "alice"),
                ("password", "the passphrase of alice"),
                ("client_id", "spa"),
                ("client_secret", secret),
            ]
        };
        let reply = world.anonymous().post("/token", &form("")[..4], &[]).await;
        reply.assert_error(400, "unauthorized_client");
        let reply = world
            .anonymous()
            .post("/token", &form("a guess"), &[])
            .await;
        reply.assert_error(401, "invalid_client");
        let reply = world.anonymous().post("/token", &form("")[..3], &[]).await;
        reply.assert_error(401, "invalid_client");
        assert_eq!(world.app.passwords.computed(), before);
        assert_eq!(world.app.throttle.size(), 0);
    })
    .await;
}

// A081
#[tokio::test]
async fn a_public_client_is_refused_even_where_its_row_allows_the_grant() {
    everywhere(async |world| {
        let alice = world.person("alice").await;
        let metadata = ClientMetadata {
            token_endpoint_auth_method: AuthMethod::None,
            grant_types: GrantType::ALL.to_vec(),
            scope: "sip.call".parse().expect("a scope"),
            ..ClientMetadata::default()
        };
        let (app, tenant) = (&world.app, &world.tenant);
        let actor = Actor::command_line();
        let keep = clients::Secret::Keep;
        let refused =
            clients::create(app, &actor, tenant, "spa", metadata.clone(), true, keep).await;
        assert!(matches!(refused, Err(AdminError::Invalid(_))));
        // An older version, or a hand in the database, may have written it.
        let now = app.clock.now();
        let write = ClientWrite {
            client_id: "spa".to_owned(),
            metadata,
            enabled: true,
            secret: None,
            if_unchanged: None,
            now,
            event: actor.did(AuditKind::ClientCreated, "spa", app.row_id(), now),
        };
        let rows = app.store.tenant(&tenant.id);
        rows.create_client(write).await.expect("written");
        for grant in ["password", "client_credentials"] {
            let form = [
                ("grant_type", grant),
                ("client_id", "spa"),
                ("username", "alice"),
                ("password", &alice.password),
            ];
            let reply = world.anonymous().post("/token", &form, &[]).await;
            reply.assert_error(400, "unauthorized_client");
        }
    })
    .await;
}

// A229, at this door
#[tokio::test]
async fn every_reason_to_refuse_looks_the_same() {
    everywhere(async |world| {
        let service = world.client("web", "sip.call openid").await;
        world.person("alice").await;
        let disabled = world.person("disabled").await;
        world.set_enabled(&disabled, false).await;
        let second = world.new_tenant("second").await;
        let elsewhere = world.person_of(&second, "elsewhere", &["user"]).await;
        let mut answers = Vec::new();
        for (name, password) in [
            ("alice", WRONG),
            ("nobody", WRONG),
            ("disabled", disabled.password.as_str()),
            ("elsewhere", &elsewhere.password),
            ("alice@example.test", WRONG),
            ("a b\u{1b}c", WRONG),
            (&disabled.id, &disabled.password),
            (&"long".repeat(100), WRONG),
        ] {
            let reply = service.password(name, password, "sip.call").await;
            reply.assert_error(400, "invalid_grant");
            answers.push(plain(reply));
        }
        assert!(answers.iter().all(|answer| *answer == answers[0]));
    })
    .await;
}

#[tokio::test]
async fn a_name_may_be_typed_in_any_case_and_composition() {
    everywhere(async |world| {
        let service = world.client("web", "sip.call").await;
        let zoe = world.person("Zoë.Müller").await;
        for name in [
            "Zoë.Müller",
            "zoë.müller",
            "ZOË.MÜLLER",
            " zoë.müller ",
            "Zoe\u{308}.Mu\u{308}ller",
            "zoë.müller@example.test",
            "ZOË.MÜLLER@EXAMPLE.TEST",
        ] {
            let reply = service.password(name, &zoe.password, "sip.call").await;
            assert_eq!(seen(&service, &reply).await["sub"], zoe.id.as_str());
        }
        for name in [
            "zoe.muller",
            "zoë",
            &zoe.id,
            "zoë.müller@example.test.",
            "%",
        ] {
            let reply = service.password(name, &zoe.password, "sip.call").await;
            reply.assert_error(400, "invalid_grant");
        }
    })
    .await;
}

// A249, A256
// A247
#[tokio::test]
async fn an_account_that_is_disabled_or_gone_signs_in_no_more() {
    everywhere(async |world: World| {
        let service = world.client("web", "sip.call").await;
        let alice = world.person("alice").await;
        let token = service.sign_in(&alice, "sip.call").await;
        let token = token.text("access_token");
        world.set_enabled(&alice, false).await;
        let reply = service.password("alice", &alice.password, "sip.call").await;
        reply.assert_error(400, "invalid_grant");
        service.introspect(&token).await.assert_inactive();
        world.set_enabled(&alice, true).await;
        service.sign_in(&alice, "sip.call").await;
        let (app, tenant) = (&world.app, &world.tenant);
        let user = users_core::admin::users::get(app, tenant, &alice.id).await;
        let user = user.expect("alice");
        users_core::admin::users::delete(app, &Actor::command_line(), tenant, &user)
            .await
            .expect("deleted");
        let reply = service.password("alice", &alice.password, "sip.call").await;
        reply.assert_error(400, "invalid_grant");
        // The name can be had again, by somebody who is not the first.
        let namesake = world.person("alice").await;
        assert_ne!(namesake.id, alice.id);
        let reply = service.sign_in(&namesake, "sip.call").await;
        assert_eq!(seen(&service, &reply).await["sub"], namesake.id.as_str());
    })
    .await;
}
