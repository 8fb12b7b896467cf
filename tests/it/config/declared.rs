//! `[[tenant]] [[client]] [[user]] [[resource]]`

use serde_json::json;
use users_core::config::SecretOrigin;

use super::{declared, file_error, file_errors};

const SECRET: &str = "Zk3-vT9.qLw0_sYb7~mXe2RhUc5JgDa8";

#[test]
fn a_tenant_is_read_with_its_line() {
    let tenants = declared(
        "\n[[tenant]]\nslug = 'acme'\n\n[[tenant]]\nslug = 'other'\nname = 'The Other'\n\
         enabled = false\nsigning_alg = 'ES256'\n",
    )
    .tenants;
    assert_eq!((tenants[0].line, tenants[0].slug.as_str()), (2, "acme"));
    assert!(tenants[0].enabled && tenants[0].name.is_none() && tenants[0].signing_alg.is_none());
    assert_eq!((tenants[1].line, tenants[1].slug.as_str()), (5, "other"));
    assert_eq!(tenants[1].name.as_deref(), Some("The Other"));
    assert_eq!(tenants[1].signing_alg.as_deref(), Some("ES256"));
    assert!(!tenants[1].enabled);
}

#[test]
fn a_client_of_one_line_has_the_documented_defaults() {
    let client = declared("[[client]]\nclient_id = 'app'\n")
        .clients
        .remove(0);
    assert_eq!((client.line, client.client_id.as_str()), (1, "app"));
    assert!(client.tenant.is_none() && client.client_name.is_none());
    assert!(client.client_secret.is_none() && client.jwks.is_none() && client.scope.is_none());
    assert!(client.grant_types.is_none() && client.response_types.is_none());
    assert!(client.redirect_uris.is_empty());
    assert!(client.post_logout_redirect_uris.is_empty() && client.claims.is_empty());
    assert!(client.application_type.is_none() && client.default_max_age.is_none());
    assert!(client.id_token_signed_response_alg.is_none() && !client.require_auth_time);
    assert!(client.require_pkce && client.enabled);
    assert!(!client.first_party && !client.rotate && !client.refresh_without_offline_access);
}

#[test]
fn a_client_is_read_whole() {
    let file = format!(
        r#"
        [[client]]
        tenant = "acme"
        client_id = "my.app_1~x-y"
        client_name = "My App"
        client_secret = "{SECRET}"
        token_endpoint_auth_method = "client_secret_basic"
        token_endpoint_auth_signing_alg = "ES256"
        grant_types = ["authorization_code", "refresh_token"]
        response_types = ["code"]
        application_type = "native"
        redirect_uris = ["https://app.example/cb"]
        post_logout_redirect_uris = ["https://app.example/bye"]
        client_uri = "the client_uri"
        logo_uri = "the logo_uri"
        policy_uri = "the policy_uri"
        tos_uri = "the tos_uri"
        default_max_age = 0
        require_auth_time = true
        id_token_signed_response_alg = "EdDSA"
        claims = {{ team = "groups", "https://app.example/unit" = "attribute:unit" }}
        scope = ""
        access_token_format = "opaque"
        access_token_signing_alg = "PS256"
        access_token_lifetime = 60
        refresh_token_lifetime = 3600
        refresh_retry_window = 0
        refresh_without_offline_access = true
        first_party = true
        require_pkce = false
        enabled = false
        rotate = true
        [client.jwks]
        keys = [{{ kty = "EC", n = 1, x = 1.5, on = true }}]
        "#
    );
    let client = declared(&file).clients.remove(0);
    assert_eq!(client.tenant.as_deref(), Some("acme"));
    assert_eq!(client.client_id, "my.app_1~x-y");
    assert_eq!(client.client_name.as_deref(), Some("My App"));
    let secret = client.client_secret.unwrap();
    assert_eq!(
        (secret.secret.expose(), secret.origin),
        (SECRET, SecretOrigin::Inline)
    );
    let method = client.token_endpoint_auth_method.as_deref();
    assert_eq!(method, Some("client_secret_basic"));
    assert_eq!(
        client.token_endpoint_auth_signing_alg.as_deref(),
        Some("ES256")
    );
    assert_eq!(
        client.grant_types.unwrap(),
        ["authorization_code", "refresh_token"]
    );
    assert_eq!(client.response_types.unwrap(), ["code"]);
    assert_eq!(client.redirect_uris, ["https://app.example/cb"]);
    assert_eq!(client.application_type.as_deref(), Some("native"));
    assert_eq!(
        client.post_logout_redirect_uris,
        ["https://app.example/bye"]
    );
    let pages = [
        client.client_uri,
        client.logo_uri,
        client.policy_uri,
        client.tos_uri,
    ];
    let named = ["client_uri", "logo_uri", "policy_uri", "tos_uri"];
    assert_eq!(pages, named.map(|name| Some(format!("the {name}"))));
    assert_eq!(client.default_max_age, Some(0));
    assert!(client.require_auth_time);
    let algorithm = client.id_token_signed_response_alg.as_deref();
    assert_eq!(algorithm, Some("EdDSA"));
    let claims: Vec<_> = client.claims.iter().collect();
    let expected = [
        ("https://app.example/unit", "attribute:unit"),
        ("team", "groups"),
    ]
    .map(|(name, source)| (name.to_owned(), source.to_owned()));
    assert!(
        claims
            .into_iter()
            .eq(expected.iter().map(|(name, source)| (name, source)))
    );
    assert_eq!(client.scope.as_deref(), Some(""));
    assert_eq!(client.access_token_format.as_deref(), Some("opaque"));
    assert_eq!(client.access_token_signing_alg.as_deref(), Some("PS256"));
    assert_eq!(client.access_token_lifetime, Some(60));
    assert_eq!(client.refresh_token_lifetime, Some(3600));
    assert_eq!(client.refresh_retry_window, Some(0));
    assert!(client.refresh_without_offline_access && client.first_party && client.rotate);
    assert!(!client.require_pkce && !client.enabled);
    let keys = json!({"keys": [{"kty": "EC", "n": 1, "x": 1.5, "on": true}]});
    assert_eq!(client.jwks, Some(keys));
}

#[test]
fn a_user_is_read_whole() {
    let texts = [
        "email",
        "phone_number",
        "name",
        "given_name",
        "family_name",
        "middle_name",
        "nickname",
        "profile",
        "picture",
        "website",
        "gender",
        "birthdate",
        "zoneinfo",
        "locale",
    ];
    let rest = texts.map(|key| format!("{key} = 'the {key}'\n")).concat();
    let file = "[[user]]\nusername = 'ann'\ntenant = 'acme'\npassword = 'short'\n\
                    email_verified = true\nphone_number_verified = false\nroles = ['admin']\n\
                    rotate = true\naddress = '{\"country\": \"NZ\"}'\n\
                    groups = ['staff', 'night shift']\n\
                    attributes = { unit = 7, \"a.b\" = { share = 0.5, on = [true, 'x'] } }\n"
        .to_owned()
        + &rest;
    let user = declared(&file).users.remove(0);
    assert_eq!((user.line, user.username.as_str()), (1, "ann"));
    assert_eq!(user.tenant.as_deref(), Some("acme"));
    assert_eq!(user.password.unwrap().secret.expose(), "short");
    assert_eq!(
        (user.email_verified, user.phone_number_verified),
        (Some(true), Some(false))
    );
    assert_eq!(user.roles.unwrap(), ["admin"]);
    assert_eq!(user.groups.unwrap(), ["staff", "night shift"]);
    assert_eq!(
        json!(user.attributes),
        json!({"unit": 7, "a.b": {"share": 0.5, "on": [true, "x"]}})
    );
    assert!(user.enabled && user.rotate);
    assert_eq!(user.address, Some(json!({"country": "NZ"})));
    let read = [
        user.email,
        user.phone_number,
        user.name,
        user.given_name,
        user.family_name,
        user.middle_name,
        user.nickname,
        user.profile,
        user.picture,
        user.website,
        user.gender,
        user.birthdate,
        user.zoneinfo,
        user.locale,
    ];
    assert_eq!(read, texts.map(|key| Some(format!("the {key}"))));
}

#[test]
fn what_is_not_said_of_a_users_groups_and_attributes_is_nothing_and_empty_is_empty() {
    let user = |more: &str| {
        let file = format!("[[user]]\nusername = 'ann'\n{more}");
        declared(&file).users.remove(0)
    };
    let silent = user("");
    assert!(silent.groups.is_none() && silent.attributes.is_none());
    let empty = user("groups = []\n[user.attributes]\n");
    assert_eq!(empty.groups, Some(Vec::new()));
    assert!(
        empty
            .attributes
            .is_some_and(|attributes| attributes.is_empty())
    );
    let text = user("attributes = '{\"unit\": [1]}'\n");
    assert_eq!(json!(text.attributes), json!({"unit": [1]}));
}

#[test]
fn a_resource_is_read_whole() {
    let resource = declared(
        "[[resource]]\ntenant = 'acme'\naudience = 'https://api.example'\nname = 'API'\n\
         scopes = ['a.read', 'a.write']\nintrospection_clients = ['api']\nsigning_alg = 'RS256'\n\
         token_format = 'jwt'\ntoken_lifetime = 300\n",
    )
    .resources
    .remove(0);
    assert_eq!(
        (resource.line, resource.audience.as_str()),
        (1, "https://api.example")
    );
    assert_eq!(resource.tenant.as_deref(), Some("acme"));
    assert_eq!(resource.name.as_deref(), Some("API"));
    assert_eq!(resource.scopes, ["a.read", "a.write"]);
    assert_eq!(resource.introspection_clients, ["api"]);
    assert_eq!(resource.signing_alg.as_deref(), Some("RS256"));
    assert_eq!(resource.token_format.as_deref(), Some("jwt"));
    assert_eq!(resource.token_lifetime, Some(300));
}

#[test]
fn unknown_keys_of_all_entries_are_errors_with_line_and_key() {
    let errors = file_errors(
        "[[tenant]]\nslug = 'a'\nslog = 'a'\n[[client]]\nclient_id = 'a'\nredirect_uri = 'x'\n\
         [[user]]\nusername = 'a'\npreferred_username = 'b'\n[[resource]]\naudience = 'a'\n\
         frobnicate = 1\n[[clint]]\n",
    );
    assert_eq!(
        errors,
        [
            "app.toml:3 tenant.slog: unknown key; did you mean `tenant.slug`?",
            "app.toml:6 client.redirect_uri: unknown key; did you mean `client.redirect_uris`?",
            "app.toml:9 user.preferred_username: unknown key",
            "app.toml:12 resource.frobnicate: unknown key",
            "app.toml:13 clint: unknown key; did you mean `client`?",
        ]
    );
}

#[test]
fn what_is_missing_or_of_the_wrong_form_is_an_error_on_its_line() {
    let errors = file_errors(
        "\n[[tenant]]\nsigning_alg = 'HS256'\n[[client]]\nfirst_party = 'yes'\n\
         redirect_uris = 'x'\ngrant_types = [1]\naccess_token_lifetime = 0\n\
         access_token_signing_alg = 'none'\njwks = '[]'\nrefresh_retry_window = 301\n\
         claims = { a = 1 }\nid_token_signed_response_alg = 'HS256'\n\
         [[user]]\nusername = ''\nemail = ''\nroles = ['']\naddress = 1\n\
         groups = ['']\nattributes = 1\n\
         [[user]]\nusername = 'b'\ngroups = 'staff'\nattributes = { at = 1979-05-27 }\n\
         [[resource]]\ntoken_lifetime = 1.5\n",
    );
    assert_eq!(
        errors,
        [
            "app.toml:2 tenant.slug: is missing",
            "app.toml:3 tenant.signing_alg: `HS256` is not one of RS256, ES256, PS256, EdDSA",
            "app.toml:4 client.client_id: is missing",
            "app.toml:5 client.first_party: must be true or false, not text",
            "app.toml:6 client.redirect_uris: must be a list of texts, not text",
            "app.toml:7 client.grant_types: must be a list of texts, not a list",
            "app.toml:8 client.access_token_lifetime: must be from 1 to 86400, not 0",
            "app.toml:9 client.access_token_signing_alg: `none` is not one of RS256, ES256, \
             PS256, EdDSA",
            "app.toml:10 client.jwks: must be a table, or text that holds a JSON object",
            "app.toml:11 client.refresh_retry_window: must be from 0 to 300, not 301",
            "app.toml:12 client.claims: must be a table of texts, not a table",
            "app.toml:13 client.id_token_signed_response_alg: `HS256` is not one of RS256, ES256, \
             PS256, EdDSA",
            "app.toml:15 user.username: must not be empty",
            "app.toml:16 user.email: must not be empty",
            "app.toml:17 user.roles: must not be empty",
            "app.toml:18 user.address: must be a table, or text that holds a JSON object",
            "app.toml:19 user.groups: must not be empty",
            "app.toml:20 user.attributes: must be a table, or text that holds a JSON object",
            "app.toml:23 user.groups: must be a list of texts, not text",
            "app.toml:24 user.attributes: holds a date, which JSON does not know",
            "app.toml:25 resource.audience: is missing",
            "app.toml:26 resource.token_lifetime: must be a whole number, not a fraction",
        ]
    );
    let error = file_error("[client]\nclient_id = 'a'\n");
    assert_eq!(
        error,
        "app.toml:1 client: is a list of tables: begin each with [[client]]"
    );
}

#[test]
fn json_inside_toml_must_be_sayable_in_json() {
    let jwks = |value: &str| file_error(&format!("[[client]]\nclient_id = 'a'\njwks = {value}\n"));
    assert!(jwks("{ at = 1979-05-27 }").contains("holds a date"));
    assert!(jwks("{ at = inf }").contains("holds a number JSON does not know"));
    assert!(jwks("'{'").contains("is not JSON"));
}

#[test]
fn an_entry_that_stands_twice_is_an_error_that_names_both_lines() {
    let errors = file_errors(
        "[[tenant]]\nslug = 'a'\n[[tenant]]\nslug = 'a'\n\
         [[client]]\nclient_id = 'a'\n[[client]]\nclient_id = 'a'\ntenant = 't'\n\
         [[client]]\ntenant = 't'\nclient_id = 'a'\n[[client]]\nclient_id = 'A'\n\
         [[user]]\nusername = 'ann'\n[[user]]\nusername = 'Ann'\n\
         [[resource]]\naudience = 'a'\n[[resource]]\naudience = 'a'\n",
    );
    assert_eq!(
        errors,
        [
            "app.toml:4 tenant.slug: `a` is declared twice: on line 1 and on line 3",
            "app.toml:12 client.client_id: `a` is declared twice: on line 7 and on line 10",
            "app.toml:18 user.username: `ann` is declared twice: on line 15 and on line 17",
            "app.toml:22 resource.audience: `a` is declared twice: on line 19 and on line 21",
        ]
    );
}
