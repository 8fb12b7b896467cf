//! OpenID Connect Discovery section 3 and RFC 8414: what an issuer says of itself is true, and all of
//! it is said.

mod promises;

use std::collections::HashSet;

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use users_core::admin::resources;
use users_core::model::audit_event::Actor;
use users_core::model::resource::Resource;
use users_core::model::tenant::Tenant;
use users_core::server::routes::{Access, Place, ROUTES};

use crate::support::http::Caller;
use crate::support::world::{ISSUER, follow};
use crate::support::{World, everywhere};

/// Where a tenant's document is: both names, each in both forms.
fn addresses(tenant: &Tenant) -> Vec<String> {
    let path = tenant.issuer.strip_prefix(ISSUER).unwrap();
    let names = ["openid-configuration", "oauth-authorization-server"];
    names
        .iter()
        .flat_map(|name| {
            [
                format!("{path}/.well-known/{name}"),
                format!("/.well-known/{name}{path}"),
            ]
        })
        .collect()
}

async fn document(caller: &Caller, tenant: &Tenant) -> Value {
    caller.get(&addresses(tenant)[0]).await.assert_ok().json()
}

/// The words of a list in the document.
fn words<'a>(document: &'a Value, member: &str) -> Vec<&'a str> {
    let list = document[member].as_array().unwrap();
    list.iter().map(|word| word.as_str().unwrap()).collect()
}

#[tokio::test]
async fn every_tenant_has_one_document_under_both_names_in_both_forms() {
    everywhere(async |world| {
        let second = world.new_tenant("second").await;
        let third = world.new_tenant("3").await;
        let mut seen = HashSet::new();
        for tenant in [&world.tenant, &second, &third] {
            let first = document(world.anonymous(), tenant).await;
            assert_eq!(first["issuer"], tenant.issuer.as_str());
            assert!(!tenant.issuer.ends_with('/'));
            for address in addresses(tenant) {
                let reply = world.anonymous().get(&address).await;
                assert_eq!(reply.assert_ok().json(), first, "{address}");
                assert_eq!(reply.header("content-type"), Some("application/json"));
                assert_eq!(reply.header("set-cookie"), None);
            }
            assert!(seen.insert(first.to_string()), "a document of its own");
        }
        assert_eq!(second.issuer, format!("{ISSUER}/t/second"));
    })
    .await;
}

#[tokio::test]
async fn a_document_has_these_members_and_no_others() {
    everywhere(async |world| {
        let document = document(world.anonymous(), &world.tenant).await;
        let mut names: Vec<_> = document.as_object().unwrap().keys().collect();
        names.sort();
        let expected = [
            "acr_values_supported",
            "authorization_endpoint",
            "authorization_response_iss_parameter_supported",
            "claim_types_supported",
            "claims_parameter_supported",
            "claims_supported",
            "code_challenge_methods_supported",
            "display_values_supported",
            "end_session_endpoint",
            "grant_types_supported",
            "id_token_signing_alg_values_supported",
            "introspection_endpoint",
            "introspection_endpoint_auth_methods_supported",
            "introspection_endpoint_auth_signing_alg_values_supported",
            "issuer",
            "jwks_uri",
            "prompt_values_supported",
            "request_parameter_supported",
            "request_uri_parameter_supported",
            "response_modes_supported",
            "response_types_supported",
            "revocation_endpoint",
            "revocation_endpoint_auth_methods_supported",
            "revocation_endpoint_auth_signing_alg_values_supported",
            "scopes_supported",
            "subject_types_supported",
            "token_endpoint",
            "token_endpoint_auth_methods_supported",
            "token_endpoint_auth_signing_alg_values_supported",
            "ui_locales_supported",
            "userinfo_endpoint",
        ];
        assert_eq!(
            names, expected,
            "a new member needs a line here and a proof"
        );
        // What the defaults of the standards would claim in silence is denied.
        for denied in [
            "request_parameter_supported",
            "request_uri_parameter_supported",
        ] {
            assert_eq!(document[denied], false);
        }
        assert_eq!(document["response_types_supported"], json!(["code"]));
    })
    .await;
}

#[tokio::test]
async fn every_endpoint_is_advertised_and_every_advertised_endpoint_is_there() {
    everywhere(async |world| {
        let second = world.new_tenant("second").await;
        for tenant in [&world.tenant, &second] {
            let document = document(world.anonymous(), tenant).await;
            let mut advertised = Vec::new();
            for (name, value) in document.as_object().unwrap() {
                if name.ends_with("_endpoint") || name.ends_with("_uri") {
                    let address = value.as_str().unwrap();
                    let path = address.strip_prefix(&tenant.issuer).expect("at the issuer");
                    advertised.push(path.to_owned());
                    let path = address.strip_prefix(ISSUER).unwrap();
                    let expected = match name.as_str() {
                        "jwks_uri" | "end_session_endpoint" => 200,
                        "authorization_endpoint" => 400,
                        _ => 401,
                    };
                    let replies = [
                        world.anonymous().get(path).await,
                        world.anonymous().post(path, &[], &[]).await,
                    ];
                    assert!(
                        replies.iter().any(|reply| reply.status == expected),
                        "{name}"
                    );
                }
            }
            advertised.sort();
            // Pages post their forms where only they know, and links lead to pages.
            let routes = ROUTES.iter().filter(|route| {
                let is_page = matches!(route.access, Access::Form | Access::Link);
                route.place == Place::Issuer && !is_page
            });
            let mut routes: Vec<_> = routes.map(|route| route.path.to_owned()).collect();
            routes.sort();
            assert_eq!(advertised, routes);
        }
        for path in [
            "/par",
            "/device_authorization",
            "/register",
            "/check_session",
            "/bc-authorize",
        ] {
            for path in [path.to_owned(), format!("/t/second{path}")] {
                let unknown = world.anonymous().get(&path).await;
                unknown.assert_error(404, "not_found");
                let reply = world.anonymous().post(&path, &[], &[]).await;
                reply.assert_error(404, "not_found");
            }
        }
    })
    .await;
}

// A133
#[tokio::test]
async fn no_header_of_a_caller_gets_into_a_document() {
    everywhere(async |world| {
        let second = world.new_tenant("second").await;
        let hosts = [
            ("host", "evil.test"),
            ("x-forwarded-host", "evil.test"),
            ("x-forwarded-proto", "http"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-port", "666"),
            ("x-forwarded-prefix", "/evil"),
            ("forwarded", "for=127.0.0.1;host=evil.test;proto=https"),
            ("x-host", "evil.test"),
            ("x-original-url", "https://evil.test/"),
            ("x-rewrite-url", "/evil"),
            ("x-tenant-id", "second"),
            ("origin", "https://evil.test"),
            ("referer", "https://evil.test/"),
        ];
        for tenant in [&world.tenant, &second] {
            for address in addresses(tenant) {
                let plain = world.anonymous().get(&address).await;
                for header in hosts {
                    let reply = world.anonymous().get_with(&address, &[header]).await;
                    assert_eq!(reply.assert_ok().body, plain.body, "{header:?}");
                    assert!(!format!("{reply:?}").contains("evil"));
                }
                let reply = world.anonymous().get_with(&address, &hosts[1..]).await;
                assert_eq!(reply.assert_ok().body, plain.body);
                let absolute = format!("http://evil.test{address}");
                let request = Request::get(absolute).body(Body::empty()).unwrap();
                let reply = world.anonymous().send(request).await;
                assert_eq!(reply.assert_ok().body, plain.body);
                // Nor does it stay for the next one.
                let again = world.anonymous().get(&address).await;
                assert_eq!(again.body, plain.body);
            }
        }
    })
    .await;
}

// A134
#[tokio::test]
async fn a_tenant_nobody_has_looks_like_an_address_nobody_has() {
    everywhere(async |world| {
        let second = world.new_tenant("second").await;
        let disabled = world.new_tenant("disabled").await;
        let disabled = world.change_tenant(&disabled, |input| input.enabled = false);
        disabled.await.expect("disabled");
        let unknown = world.anonymous().get("/nothing/here").await;
        unknown.assert_error(404, "not_found");
        let addresses = addresses(&second);
        for slug in [
            "third",
            "disabled",
            "Second",
            "SECOND",
            "second%00",
            "second%20",
            "%73econd",
            "sec%6fnd",
            "%2e%2e",
            "..",
            ".",
            "second.",
            "second;x=1",
            "second%2f",
            "default",
            "null",
            "second'--",
            "%ff",
            "\u{455}econd",
            &"a".repeat(63),
            &"a".repeat(64),
            &"a".repeat(10_000),
            &second.id,
            "",
        ] {
            for address in &addresses {
                let address = address.replace("second", slug);
                let request = Request::get(&address).body(Body::empty());
                let Ok(request) = request else { continue };
                let reply = world.anonymous().send(request).await;
                assert_eq!(
                    (reply.status, &reply.body),
                    (unknown.status, &unknown.body),
                    "{address}"
                );
            }
        }
        for listing in ["/t", "/t/", "/tenants", "/.well-known", "/.well-known/"] {
            let reply = world.anonymous().get(listing).await;
            assert_eq!(
                (reply.status, reply.body),
                (unknown.status, unknown.body.clone())
            );
        }
    })
    .await;
}

fn files() -> Resource {
    Resource {
        audience: "https://files.test".to_owned(),
        scopes: "files.read files.write".parse().unwrap(),
        ..Resource::default()
    }
}

#[tokio::test]
async fn a_document_follows_what_any_node_changes() {
    everywhere(async |world| {
        let second = world.new_tenant("second").await;
        let (node, elsewhere) = world.second_node().await;
        let both = [world.anonymous(), &elsewhere];
        let knows = async |world: &World, tenant: &Tenant| {
            follow(&world.app).await;
            follow(&node).await;
            let mut answers = Vec::new();
            for caller in both {
                let document = document(caller, tenant).await;
                let scopes = words(&document, "scopes_supported");
                answers.push(scopes.contains(&"files.read"));
            }
            assert_eq!(answers[0], answers[1]);
            answers[0]
        };
        let etag = world.anonymous().get(&addresses(&world.tenant)[0]).await;
        assert!(!knows(&world, &world.tenant).await);
        let actor = Actor::command_line();
        resources::put(&node, &actor, &world.tenant, &files())
            .await
            .unwrap();
        assert!(knows(&world, &world.tenant).await);
        assert!(!knows(&world, &second).await, "another tenant's resource");
        let headers = [("if-none-match", etag.header("etag").unwrap())];
        let changed = world
            .anonymous()
            .get_with(&addresses(&world.tenant)[0], &headers)
            .await;
        changed.assert_ok();
        resources::delete(&world.app, &actor, &world.tenant, "https://files.test")
            .await
            .unwrap();
        assert!(!knows(&world, &world.tenant).await);
    })
    .await;
}
