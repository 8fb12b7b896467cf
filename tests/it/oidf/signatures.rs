//! What signs ID tokens where the client asks for nothing, and that nothing goes unsigned.

use serde_json::json;
use users_core::config::Config;
use users_core::model::algorithm::Algorithm;
use users_core::model::audit_event::Actor;
use users_core::model::client_metadata::ClientMetadata;

use super::scene::{NONCE, in_both_modes, in_both_modes_with};
use crate::support::everywhere;
use crate::support::forge::opened;

/// As it is shipped: other tests sign with what is cheap.
fn shipped(config: &mut Config) {
    config.tokens.signing_alg = Config::default().tokens.signing_alg;
}

#[tokio::test]
async fn an_id_token_is_signed_with_rs256_where_nobody_asked_for_anything_else() {
    in_both_modes_with(shipped, async |mut scene| {
        let answer = scene.walk(&scene.asking("openid")).await;
        let reply = scene.redeem(&answer).await;
        let nonce = Some(NONCE);
        scene.checked(&scene.app, &reply, nonce).await;
        let (header, _) = opened(&reply.text("id_token"));
        assert_eq!(header["alg"], "RS256");
        let keys = scene.world.anonymous().get("/jwks.json").await.json();
        let keys = keys["keys"].as_array().expect("keys").clone();
        let key = keys.iter().find(|key| key["kid"] == header["kid"]);
        let key = key.expect("the key is published");
        assert_eq!((&key["kty"], &key["alg"]), (&json!("RSA"), &json!("RS256")));
    })
    .await;
}

#[tokio::test]
async fn no_client_gets_an_unsigned_id_token() {
    in_both_modes(async |mut scene| {
        let path = "/.well-known/openid-configuration";
        let document = scene.world.anonymous().get(path).await.json();
        let offered = &document["id_token_signing_alg_values_supported"];
        assert_eq!(offered, &json!(["RS256", "PS256", "ES256", "EdDSA"]));
        for none in ["none", "None", "NONE", ""] {
            let wanted = json!({ "id_token_signed_response_alg": none });
            assert!(serde_json::from_value::<ClientMetadata>(wanted).is_err());
        }
        let answer = scene.walk(&scene.asking("openid")).await;
        let token = scene.redeem(&answer).await.text("id_token");
        assert!(!token.ends_with('.'));
        let algorithm = opened(&token).0["alg"].clone();
        assert!(offered.as_array().expect("a list").contains(&algorithm));
    })
    .await;
}

#[tokio::test]
async fn a_client_gets_the_signature_it_registered() {
    in_both_modes(async |mut scene| {
        let (maker, id) = (&scene.world.app.key_maker, &scene.world.tenant.id);
        for algorithm in [Algorithm::Es256, Algorithm::EdDsa] {
            let actor = Actor::command_line();
            maker.ensure(id, algorithm, &actor).await.expect("a key");
        }
        for algorithm in [Algorithm::Es256, Algorithm::EdDsa] {
            let change = |metadata: &mut ClientMetadata| {
                metadata.require_pkce = false;
                metadata.id_token_signed_response_alg = Some(algorithm);
            };
            let name = algorithm.name();
            scene.app = scene.world.client_with(name, "openid", change).await;
            let answer = scene.walk(&scene.asking("openid")).await;
            let token = scene.redeem(&answer).await.text("id_token");
            let signed = crate::jwks::signed_with(scene.world.anonymous(), &token).await;
            assert_eq!(signed.1, algorithm);
        }
    })
    .await;
}

#[tokio::test]
async fn nobody_registers_a_client_over_the_network() {
    everywhere(async |world| {
        let path = "/.well-known/openid-configuration";
        let document = world.anonymous().get(path).await.json();
        assert!(document.get("registration_endpoint").is_none());
        let wanted = json!({
            "redirect_uris": ["https://rp.example.test/callback"],
            "id_token_signed_response_alg": "none",
        });
        for path in ["/register", "/connect/register", "/clients"] {
            let caller = world.anonymous();
            let body = wanted.to_string();
            let reply = caller.post_raw(path, "application/json", body, &[]).await;
            reply.assert_error(404, "not_found");
        }
    })
    .await;
}
