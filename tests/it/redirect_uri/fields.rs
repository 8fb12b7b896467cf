//! The other fields of a client people sign in to.

use std::collections::BTreeMap;

use users_core::model::client_metadata::ApplicationType::Native;
use users_core::model::client_metadata::{AuthMethod, ClientMetadata, GrantType, ResponseType};

use super::client;
use crate::support::world::{REDIRECT, every_grant};

// RFC 7591 section 2.1
#[test]
fn code_goes_with_its_grant_and_with_an_address() {
    let app = |grants: &[GrantType], types: &[ResponseType], uris: &[&str]| ClientMetadata {
        grant_types: grants.to_vec(),
        response_types: types.to_vec(),
        redirect_uris: uris.iter().map(|uri| (*uri).to_owned()).collect(),
        ..ClientMetadata::default()
    };
    let (code, other) = (GrantType::AuthorizationCode, GrantType::ClientCredentials);
    let fields = |app: &ClientMetadata| -> Vec<String> {
        let field = |problem: String| problem.split(':').next().map(str::to_owned);
        app.problems().into_iter().filter_map(field).collect()
    };
    for (app, expected) in [
        (app(&[code], &[ResponseType::Code], &[REDIRECT]), &[][..]),
        (app(&[other], &[], &[]), &[]),
        (app(&[other], &[], &[REDIRECT]), &[]),
        (app(&[code], &[], &[REDIRECT]), &["response_types"]),
        (
            app(&[other], &[ResponseType::Code], &[REDIRECT]),
            &["response_types"],
        ),
        (
            app(&[code], &[ResponseType::Code; 2], &[REDIRECT]),
            &["response_types"],
        ),
        (app(&[code], &[ResponseType::Code], &[]), &["redirect_uris"]),
    ] {
        assert_eq!(fields(&app), expected, "{app:?}");
        assert_eq!(app.served_response_types().is_empty(), !app.allows(code));
    }
}

#[test]
fn a_public_client_cannot_turn_pkce_off() {
    let mut app = every_grant("openid");
    assert!(app.require_pkce, "the default");
    app.require_pkce = false;
    assert_eq!(app.problems(), [""; 0]);
    app.token_endpoint_auth_method = AuthMethod::None;
    app.grant_types = vec![GrantType::AuthorizationCode];
    assert_eq!(
        app.problems(),
        ["require_pkce: a public client cannot do without"]
    );
}

#[test]
fn the_pages_about_a_client_are_addresses_like_its_own() {
    type Page = fn(&mut ClientMetadata) -> &mut Option<String>;
    let pages: [(&str, Page); 4] = [
        ("client_uri", |app| &mut app.client_uri),
        ("logo_uri", |app| &mut app.logo_uri),
        ("policy_uri", |app| &mut app.policy_uri),
        ("tos_uri", |app| &mut app.tos_uri),
    ];
    for (name, page) in pages {
        let problems = |uri: &str| {
            let mut app = client(Native, &[REDIRECT]);
            *page(&mut app) = Some(uri.to_owned());
            app.problems()
        };
        for uri in [
            "https://app.test",
            "https://app.test/a#terms",
            "http://localhost:3000/",
        ] {
            assert_eq!(problems(uri), [""; 0], "{uri}");
        }
        for uri in [
            "",
            "javascript:alert(1)",
            "data:image/png,x",
            "com.example.app:/logo",
            "http://app.test/logo",
            "https://app.test/a#b#c",
            "https://app.test/a#\u{e9}",
            "https://user@app.test/",
            "/logo.png",
        ] {
            let found = problems(uri);
            assert!(
                found.len() == 1 && found[0].starts_with(name),
                "{uri:?}: {found:?}"
            );
        }
    }
}

#[test]
fn a_claim_of_a_clients_own_takes_no_name_that_means_something() {
    let problems = |name: &str| {
        let claims = BTreeMap::from([(name.to_owned(), "roles".parse().unwrap())]);
        let app = ClientMetadata {
            claims,
            ..every_grant("openid")
        };
        app.problems()
    };
    for name in [
        "roles",
        "groups",
        "team",
        "https://app.test/roles",
        "preferred_username",
    ] {
        assert_eq!(problems(name), [""; 0], "{name}");
    }
    for name in [
        "iss",
        "sub",
        "aud",
        "exp",
        "iat",
        "nbf",
        "jti",
        "auth_time",
        "nonce",
        "acr",
        "amr",
        "azp",
        "at_hash",
        "c_hash",
        "sid",
        "client_id",
        "scope",
        "email_verified",
        "",
        "a b",
        "\"",
        "\u{e9}",
        "a\0",
    ] {
        let found = problems(name);
        assert!(
            found.len() == 1 && found[0].starts_with("claims: "),
            "{name:?}: {found:?}"
        );
    }
    assert!(problems(&"a".repeat(129)).len() == 1 && problems(&"a".repeat(128)).is_empty());
    for source in [
        "attribute:",
        "attribute:a b",
        "Roles",
        "",
        "email",
        "attribute",
        "attribute:a:b",
    ] {
        let parsed = source.parse::<users_core::model::claim_source::ClaimSource>();
        assert!(parsed.is_err(), "{source}");
    }
}
