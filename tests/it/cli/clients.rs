//! `client` and `apply` for applications people sign in to.

use serde_json::{Value, json};

use super::Place;

#[test]
fn an_application_people_sign_in_to_goes_through_life() {
    let place = Place::new();
    place.ok(&[
        "client",
        "create",
        "web",
        "--grant-types",
        "refresh_token,authorization_code",
        "--redirect-uri",
        "https://web.example/cb?a,b",
        "--redirect-uri",
        "http://localhost:3000/cb",
        "--post-logout-redirect-uri",
        "https://web.example/bye",
        "--tos-uri",
        "https://web.example/terms",
        "--claim",
        "team=groups",
        "--claim",
        "https://web.example/?x=unit=attribute:unit",
        "--default-max-age",
        "3600",
        "--require-auth-time",
        "--id-token-signed-response-alg",
        "ES256",
        "--scope",
        "openid",
    ]);
    let shown = place.json(&["client", "show", "web"]);
    for (field, expected) in [
        (
            "grant_types",
            json!(["authorization_code", "refresh_token"]),
        ),
        ("response_types", json!(["code"])),
        ("application_type", json!("web")),
        (
            "redirect_uris",
            json!(["https://web.example/cb?a,b", "http://localhost:3000/cb"]),
        ),
        (
            "post_logout_redirect_uris",
            json!(["https://web.example/bye"]),
        ),
        ("tos_uri", json!("https://web.example/terms")),
        (
            "claims",
            json!({"https://web.example/?x=unit": "attribute:unit", "team": "groups"}),
        ),
        ("default_max_age", json!(3600)),
        ("require_auth_time", json!(true)),
        ("require_pkce", json!(true)),
        ("id_token_signed_response_alg", json!("ES256")),
    ] {
        assert_eq!(shown[field], expected, "{field}");
    }
    place.ok(&[
        "client",
        "update",
        "web",
        "--redirect-uri",
        "https://web.example/new",
        "--post-logout-redirect-uri",
        "",
        "--tos-uri",
        "",
        "--claim",
        "team=",
        "--require-pkce=false",
        "--application-type",
        "native",
    ]);
    let shown = place.json(&["client", "show", "web"]);
    assert_eq!(shown["redirect_uris"], json!(["https://web.example/new"]));
    assert_eq!(shown["post_logout_redirect_uris"], json!([]));
    assert_eq!(
        (&shown["tos_uri"], &shown["require_pkce"]),
        (&Value::Null, &json!(false))
    );
    assert_eq!(
        shown["claims"].as_object().map(serde_json::Map::len),
        Some(1)
    );
    assert_eq!(shown["application_type"], "native");
    assert_eq!(shown["default_max_age"], 3600, "what is not named stays");
    place.ok(&[
        "client",
        "update",
        "web",
        "--grant-types",
        "client_credentials",
    ]);
    assert_eq!(
        place.json(&["client", "show", "web"])["response_types"],
        json!([])
    );
}

#[test]
fn an_address_that_may_not_be_registered_is_refused_by_its_field() {
    let place = Place::new();
    let create = |arguments: &[&str]| {
        let grants = [
            "client",
            "create",
            "web",
            "--grant-types",
            "authorization_code",
        ];
        place.refused(&[&grants, arguments].concat())
    };
    for (arguments, expected) in [
        (&[][..], "redirect_uris: needed for authorization_code"),
        (
            &["--redirect-uri", "javascript:alert(1)"],
            "redirect_uris: entry 1: ",
        ),
        (
            &["--redirect-uri", "http://web.example/cb"],
            "redirect_uris: entry 1: http only to",
        ),
        (
            &[
                "--redirect-uri",
                "https://web.example/cb",
                "--logo-uri",
                "data:,x",
            ],
            "logo_uri: ",
        ),
        (
            &[
                "--redirect-uri",
                "https://web.example/cb",
                "--claim",
                "sub=username",
            ],
            "claims: \"sub\"",
        ),
        (
            &[
                "--redirect-uri",
                "https://web.example/cb",
                "--claim",
                "team=teams",
            ],
            "--claim team: ",
        ),
    ] {
        let said = create(arguments);
        assert!(said.contains(expected), "no {expected:?} in: {said}");
    }
    assert_eq!(place.json(&["client", "list"]), json!([]));
}

#[test]
fn a_declared_application_is_made_as_declared_and_then_left_alone() {
    let place = Place::new();
    let file = "[[client]]\nclient_id = 'phone'\ntoken_endpoint_auth_method = 'none'\n\
                grant_types = ['refresh_token', 'authorization_code']\napplication_type = 'native'\n\
                redirect_uris = ['com.example.phone:/cb', 'http://127.0.0.1/cb']\n\
                post_logout_redirect_uris = ['com.example.phone:/bye']\n\
                client_uri = 'https://phone.example'\nscope = 'openid roles groups'\n\
                claims = { unit = 'attribute:unit' }\n";
    place.write("users-core.toml", file);
    place.ok(&["apply"]);
    let shown = place.json(&["client", "show", "phone"]);
    assert_eq!(shown["response_types"], json!(["code"]));
    assert_eq!(shown["application_type"], "native");
    assert_eq!(shown["claims"], json!({"unit": "attribute:unit"}));
    assert_eq!(shown["client_uri"], "https://phone.example");
    assert_eq!(place.run(&["plan"]).code, Some(0), "the plan is empty");
    place.write(
        "users-core.toml",
        &file.replace("'http://127.0.0.1/cb'", "'http://[::1]/cb'"),
    );
    assert_eq!(place.ok(&["apply"]), "~ client phone: redirect_uris\n");
    let shown = place.json(&["client", "show", "phone"]);
    assert_eq!(
        shown["redirect_uris"],
        json!(["com.example.phone:/cb", "http://[::1]/cb"])
    );
}

#[test]
fn a_declared_application_is_judged_like_any_other() {
    let place = Place::new();
    place.write(
        "users-core.toml",
        "[[client]]\nclient_id = 'one'\ngrant_types = ['authorization_code']\n\
         response_types = ['token']\nredirect_uris = ['https://one.example/cb#f']\n\
         [[client]]\nclient_id = 'two'\nresponse_types = ['code']\nclaims = { a = 'email', sub = 'username' }\n\
         [[client]]\nclient_id = 'three'\ntoken_endpoint_auth_method = 'none'\nrequire_pkce = false\n\
         grant_types = ['authorization_code']\nredirect_uris = ['myapp:/cb']\napplication_type = 'desktop'\n",
    );
    let said = place.refused(&["plan"]);
    let expected = [
        "users-core.toml:1 client one: response_types: \"token\" is not one of code",
        "users-core.toml:1 client one: redirect_uris: entry 1: no fragment",
        "users-core.toml:6 client two: claims: \"a\": a claim comes from ",
        "users-core.toml:6 client two: response_types: code with the grant authorization_code",
        "users-core.toml:6 client two: claims: \"sub\" is no name",
        "users-core.toml:10 client three: application_type: \"desktop\" is not one of web, native",
        "users-core.toml:10 client three: require_pkce: a public client cannot do without",
        "users-core.toml:10 client three: redirect_uris: entry 1: a scheme other than https",
    ];
    for expected in expected {
        assert!(said.contains(expected), "no {expected:?} in:\n{said}");
    }
    assert_eq!(said.lines().count(), expected.len(), "{said}");
}
