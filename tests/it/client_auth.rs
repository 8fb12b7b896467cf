//! RFC 6749 section 2.3: how a client proves who it is with a secret, or does not need to.

mod header;
mod naming;

use users_core::admin::clients;
use users_core::model::audit_event::Actor;
use users_core::model::client_metadata::{AuthMethod, ClientMetadata, GrantType};

use crate::support::http::{Reply, basic};
use crate::support::people::Service;
use crate::support::{World, everywhere};

/// Where clients authenticate, with a request that has everything else.
pub const ENDPOINTS: [(&str, &[(&str, &str)]); 3] = [
    ("/token", &[("grant_type", "client_credentials")]),
    ("/introspect", &[("token", "none")]),
    ("/revoke", &[("token", "none")]),
];

pub fn public(metadata: &mut ClientMetadata) {
    metadata.token_endpoint_auth_method = AuthMethod::None;
    metadata.grant_types = vec![GrantType::RefreshToken];
}

/// Everything that can be seen of an answer but the id of its request.
pub fn seen(reply: &Reply) -> String {
    let mut headers = reply.headers.clone();
    headers.remove("x-request-id");
    format!("{} {headers:?} {}", reply.status, reply.body)
}

/// What goes into the form beside the request itself, and the `Authorization` header.
async fn call(
    world: &World,
    endpoint: (&str, &[(&str, &str)]),
    form: &[(&str, &str)],
    header: Option<&str>,
) -> Reply {
    let form = [endpoint.1, form].concat();
    let headers: Vec<_> = header
        .into_iter()
        .map(|value| ("authorization", value))
        .collect();
    world.anonymous().post(endpoint.0, &form, &headers).await
}

async fn set(world: &World, service: &Service, enabled: bool, secret: clients::Secret<'_>) {
    let (app, tenant) = (&world.app, &world.tenant);
    let client = clients::get(app, tenant, &service.client_id).await.unwrap();
    let actor = Actor::command_line();
    let metadata = client.metadata.clone();
    clients::update(app, &actor, tenant, &client, metadata, enabled, secret)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_secret_is_good_in_the_header_and_in_the_body() {
    everywhere(async |world| {
        for method in [AuthMethod::ClientSecretBasic, AuthMethod::ClientSecretPost] {
            let service = world
                .client_with(method.name(), "sip.register", |metadata| {
                    metadata.token_endpoint_auth_method = method;
                })
                .await;
            let body = [
                ("client_id", service.client_id.as_str()),
                ("client_secret", service.secret.as_str()),
            ];
            for endpoint in ENDPOINTS {
                let header = service.authorization();
                call(&world, endpoint, &[], Some(&header)).await.assert_ok();
                call(&world, endpoint, &body[..1], Some(&header))
                    .await
                    .assert_ok();
                call(&world, endpoint, &body, None).await.assert_ok();
            }
        }
    })
    .await;
}

// A061
#[tokio::test]
async fn two_ways_of_authentication_are_refused_even_if_both_are_right() {
    everywhere(async |world| {
        let service = world
            .client("service", "sip.register token.introspect")
            .await;
        let (id, secret) = (service.client_id.as_str(), service.secret.as_str());
        let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        let assertion = [
            ("client_assertion", "a.b.c"),
            ("client_assertion_type", kind),
        ];
        let header = service.authorization();
        for endpoint in ENDPOINTS {
            let refused = async |form: &[(&str, &str)], header: Option<&str>| {
                let reply = call(&world, endpoint, form, header).await;
                reply.assert_error(400, "invalid_request");
            };
            refused(&[("client_secret", secret)], Some(&header)).await;
            refused(
                &[("client_id", id), ("client_secret", secret)],
                Some(&header),
            )
            .await;
            refused(&assertion, Some(&header)).await;
            refused(
                &[
                    &assertion[..],
                    &[("client_id", id), ("client_secret", secret)],
                ]
                .concat(),
                None,
            )
            .await;
            refused(&[&assertion[..], &assertion[..1]].concat(), None).await;
            refused(&assertion[..1], None).await;
            refused(&assertion[1..], None).await;
            let other = [assertion[0], ("client_assertion_type", "saml2-bearer")];
            refused(&other, None).await;
            refused(
                &[
                    ("client_id", id),
                    ("client_secret", secret),
                    ("client_secret", secret),
                ],
                None,
            )
            .await;
            refused(&[("client_id", "somebody-else")], Some(&header)).await;
            // What is empty was not sent (section 3.2).
            let empty = [("client_secret", ""), ("client_assertion", "")];
            call(&world, endpoint, &empty, Some(&header))
                .await
                .assert_ok();
        }
        let token = service.client_credentials("token.introspect").await;
        let bearer = format!("Bearer {}", token.text("access_token"));
        call(&world, ENDPOINTS[1], &[], Some(&bearer))
            .await
            .assert_ok();
        for form in [&[("client_id", id), ("client_secret", secret)], &assertion] {
            let reply = call(&world, ENDPOINTS[1], form, Some(&bearer)).await;
            reply.assert_error(400, "invalid_request");
        }
    })
    .await;
}

// A062
#[tokio::test]
async fn every_failed_authentication_looks_the_same() {
    everywhere(async |world| {
        let service = world.client("service", "sip.register").await;
        let disabled = world.client("disabled", "sip.register").await;
        set(&world, &disabled, false, clients::Secret::Keep).await;
        world.client_with("public", "", public).await;
        let elsewhere = world.new_tenant("elsewhere").await;
        let foreign = world
            .client_of(&elsewhere, "foreign", "sip.register", |_| {})
            .await;
        let (most, last) = service.secret.split_at(service.secret.len() - 1);
        let near = format!("{most}{}", if last == "A" { "B" } else { "A" });
        let attempts = [
            ("service", near.as_str()),
            ("service", "x"),
            ("service", &disabled.secret),
            ("Service", &service.secret),
            ("nobody", &service.secret),
            ("disabled", &disabled.secret),
            ("public", "x"),
            ("foreign", &foreign.secret),
            (" service", &service.secret),
            ("service ", &service.secret),
        ];
        for endpoint in ENDPOINTS {
            let mut answers = Vec::new();
            for (id, secret) in attempts {
                let header = basic(id, secret);
                let body = [("client_id", id), ("client_secret", secret)];
                for reply in [
                    call(&world, endpoint, &[], Some(&header)).await,
                    call(&world, endpoint, &body, None).await,
                ] {
                    reply.assert_error(401, "invalid_client");
                    let challenge = reply.header("www-authenticate").unwrap();
                    assert!(challenge.starts_with("Basic realm="), "{challenge}");
                    answers.push(seen(&reply));
                }
            }
            answers.dedup();
            assert_eq!(answers.len(), 1, "{answers:#?}");
        }
    })
    .await;
}

// A068
#[tokio::test]
async fn guessing_at_a_client_never_locks_the_client_out() {
    everywhere(async |world| {
        let service = world.client("service", "sip.register").await;
        let attacker = world.from("203.0.113.9");
        for attempt in 0..500 {
            let header = basic("service", &format!("guess-{attempt}"));
            let headers = [("authorization", header.as_str())];
            let reply = attacker.post("/token", ENDPOINTS[0].1, &headers).await;
            reply.assert_error(401, "invalid_client");
        }
        service.client_credentials("sip.register").await.assert_ok();
        let neighbour = Service {
            caller: attacker,
            ..service
        };
        neighbour
            .client_credentials("sip.register")
            .await
            .assert_ok();
        world.app.refusals.flush(&world.app.store).await.unwrap();
        let rows = world.app.store.tenant(&world.tenant.id);
        assert_eq!(rows.count_refusals("client").await.unwrap(), 500);
    })
    .await;
}

#[tokio::test]
async fn a_secret_is_changed_without_a_gap() {
    everywhere(async |world| {
        let mut service = world.client("service", "sip.register").await;
        let chosen = "chosen-by-the-operator-of-this-service";
        let mut secrets = vec![service.secret.clone()];
        for next in [chosen, "another-one-chosen-by-the-same-operator"] {
            world.advance(1);
            set(&world, &service, true, clients::Secret::Given(next)).await;
            secrets.push(next.to_owned());
        }
        for (secret, works) in secrets.iter().zip([false, true, true]) {
            service.secret.clone_from(secret);
            let reply = service.client_credentials("sip.register").await;
            assert_eq!(reply.status == 200, works);
        }
    })
    .await;
}

#[tokio::test]
async fn a_client_is_known_to_its_own_tenant_only() {
    everywhere(async |world| {
        let second = world.new_tenant("second").await;
        let here = world.client("twin", "sip.register").await;
        let there = world
            .client_of(&second, "twin", "sip.register", |_| {})
            .await;
        for (own, other) in [(&here, &there), (&there, &here)] {
            own.client_credentials("sip.register").await.assert_ok();
            let astray = Service {
                prefix: other.prefix.clone(),
                ..own.clone()
            };
            let reply = astray.client_credentials("sip.register").await;
            reply.assert_error(401, "invalid_client");
        }
    })
    .await;
}
