//! The discovery document, read as the suite reads it.

use std::collections::HashSet;

use serde_json::Value;
use users_core::config::Config;
use users_core::keys::jwk::ClientJwk;

use crate::support::World;
use crate::support::world::everywhere_with;

const ISSUER: &str = "https://id.example.test";

pub fn certified(config: &mut Config) {
    ISSUER.clone_into(&mut config.issuer);
    config.tokens.signing_alg = Config::default().tokens.signing_alg;
}

async fn document(world: &World) -> Value {
    let path = "/.well-known/openid-configuration";
    let reply = world.anonymous().get(path).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("content-type"), Some("application/json"));
    reply.json()
}

fn words<'a>(document: &'a Value, member: &str) -> Vec<&'a str> {
    let list = document[member].as_array();
    let list = list.unwrap_or_else(|| panic!("{member} is a list"));
    assert!(!list.is_empty(), "{member}");
    let words = list.iter().map(|word| word.as_str().expect("a text"));
    words.collect()
}

#[tokio::test]
async fn the_document_says_what_a_client_has_to_know_in_the_right_types() {
    everywhere_with(certified, async |world| {
        let document = document(&world).await;
        assert_eq!(document["issuer"], ISSUER);
        for (name, value) in document.as_object().expect("an object") {
            if name.ends_with("_endpoint") || name.ends_with("_uri") {
                let address = value.as_str().expect("a text");
                assert!(address.starts_with("https://"), "{name}");
                assert!(!address.contains(['#', '?']), "{name}");
            } else if name.ends_with("_supported") {
                assert!(value.is_boolean() || !words(&document, name).is_empty());
            } else {
                assert_eq!(name, "issuer");
            }
        }
        for name in [
            "authorization_endpoint",
            "token_endpoint",
            "userinfo_endpoint",
            "jwks_uri",
        ] {
            assert!(document[name].is_string(), "{name}");
        }
        for (name, word) in [
            ("scopes_supported", "openid"),
            ("response_types_supported", "code"),
            ("response_modes_supported", "query"),
            ("response_modes_supported", "form_post"),
            ("grant_types_supported", "authorization_code"),
            ("subject_types_supported", "public"),
            ("id_token_signing_alg_values_supported", "RS256"),
            (
                "token_endpoint_auth_methods_supported",
                "client_secret_basic",
            ),
            (
                "token_endpoint_auth_methods_supported",
                "client_secret_post",
            ),
            ("code_challenge_methods_supported", "S256"),
            ("claims_supported", "sub"),
        ] {
            assert!(words(&document, name).contains(&word), "{name}: {word}");
        }
        for name in [
            "claims_parameter_supported",
            "request_parameter_supported",
            "request_uri_parameter_supported",
        ] {
            assert!(document[name].is_boolean(), "{name}");
        }
        for word in words(&document, "scopes_supported") {
            let token = |byte: u8| matches!(byte, b'!'..=b'~') && byte != b'"' && byte != b'\\';
            assert!(!word.is_empty() && word.bytes().all(token), "{word}");
        }
        // Language tags of one part, in the case they are written in (RFC 5646 section 2.1.1).
        for tag in words(&document, "ui_locales_supported") {
            let letters = tag.bytes().all(|byte| byte.is_ascii_lowercase());
            assert!(letters && matches!(tag.len(), 2 | 3), "{tag}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_key_set_it_points_at_holds_public_keys_with_names_of_their_own() {
    everywhere_with(certified, async |world| {
        let document = document(&world).await;
        let address = document["jwks_uri"].as_str().expect("a text");
        let path = address.strip_prefix(ISSUER).expect("at the issuer");
        let keys = world.anonymous().get(path).await.assert_ok().json();
        let keys = keys["keys"].as_array().expect("a list").clone();
        let mut names = HashSet::new();
        for key in &keys {
            ClientJwk::parse(key).expect("a public key");
            for private in ["d", "p", "q", "dp", "dq", "qi", "k", "oth"] {
                assert!(key.get(private).is_none(), "{private}");
            }
            assert_eq!(key["use"], "sig");
            let name = key["kid"].as_str().expect("a name");
            assert!(names.insert(name.to_owned()), "{name}");
        }
        assert!(keys.iter().any(|key| key["alg"] == "RS256"));
    })
    .await;
}
