//! What the rows, and the files they lie in, give away.

use std::fs;
use std::path::Path;

use data_encoding::BASE64URL_NOPAD;
use serde_json::json;
use users_core::keys::key_pair::{KeyPair, Signer, Typ};
use users_core::model::algorithm::Algorithm;
use users_core::model::client_metadata::AuthMethod;

use super::{dump, every_flow};
use crate::support::everywhere;
use crate::support::raw::Raw;
use crate::support::world::{MASTER_KEY, START};

// A357
#[tokio::test]
async fn a_private_key_is_sealed_wherever_it_lies() {
    everywhere(async |world| {
        let spare = world.app.key_maker.fresh(Algorithm::Es256).await;
        let spare = spare.expect("a key");
        world.app.store.add_spare_key(spare).await.expect("stored");
        let mut raw = Raw::open(&world.database.url).await;
        let sealed = "SELECT private_sealed FROM signing_keys WHERE private_sealed IS NOT NULL \
                      UNION ALL SELECT private_sealed FROM spare_keys";
        let sealed = raw.texts(sealed).await;
        assert!(sealed.len() >= 2);
        for text in &sealed {
            let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).expect("base64url");
            // The object identifier of an EC key, which stands in every unsealed one.
            let oid = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
            assert!(!bytes.windows(oid.len()).any(|window| window == oid));
        }
        let dump = dump(&world).await;
        assert!(!dump.contains(MASTER_KEY));
        assert!(!dump.contains(&*world.app.master_key.to_text()));
    })
    .await;
}

// A357
#[tokio::test]
async fn a_password_in_the_wrong_field_is_not_kept() {
    everywhere(async |world| {
        let service = world.client("web", "sip.call").await;
        let typed = "My Secret Passphrase";
        for name in [typed, "Secret.Passphrase.2", "passphrase@example.test"] {
            for _ in 0..10 {
                service.password(name, "x", "sip.call").await;
            }
        }
        let flushed = world.app.refusals.flush(&world.app.store).await;
        flushed.expect("flushed");
        let rows = world.app.store.tenant(&world.tenant.id);
        assert_eq!(rows.count_refusals("login").await.unwrap(), 15);
        let dump = dump(&world).await.to_lowercase();
        assert!(!dump.contains("passphrase"));
    })
    .await;
}

// A357
#[tokio::test]
async fn of_an_assertion_a_digest_is_remembered() {
    everywhere(async |world| {
        let keys = KeyPair::generate(Algorithm::Es256).expect("a key");
        let jwks = json!({ "keys": [keys.public()] });
        world
            .client_with("keyed", "sip.call", |metadata| {
                metadata.token_endpoint_auth_method = AuthMethod::PrivateKeyJwt;
                metadata.jwks = Some(jwks);
            })
            .await;
        let claims = json!({
            "iss": "keyed", "sub": "keyed", "aud": world.tenant.issuer,
            "jti": "canary-of-an-assertion", "exp": START.seconds() + 60,
        });
        let signer = Signer::new(&keys).expect("a signer");
        let assertion = signer.sign(Typ::Jwt, &claims).expect("signed");
        let form = [
            ("grant_type", "client_credentials"),
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
            ("client_assertion", &assertion),
        ];
        let reply = world.anonymous().post("/token", &form, &[]).await;
        reply.assert_ok();
        let dump = dump(&world).await;
        for secret in [
            assertion.as_str(),
            "canary-of-an-assertion",
            &reply.text("access_token"),
        ] {
            assert!(!dump.contains(secret), "{secret}");
        }
    })
    .await;
}

// A357
#[tokio::test]
async fn no_file_of_the_database_holds_what_no_row_does() {
    everywhere(async |world| {
        if world.database.name != "sqlite" {
            return;
        }
        let secrets = every_flow(&world).await;
        let url = world.database.url.expose();
        let file = Path::new(url.strip_prefix("sqlite://").expect("a file"));
        let mut seen = 0;
        for entry in fs::read_dir(file.parent().expect("a folder")).expect("readable") {
            let bytes = fs::read(entry.expect("an entry").path()).expect("readable");
            let holds = |text: &str| {
                let text = text.as_bytes();
                bytes.windows(text.len()).any(|window| window == text)
            };
            seen += usize::from(holds("alice"));
            for secret in &secrets {
                assert!(!holds(secret), "{secret}");
            }
        }
        assert!(seen > 0, "the rows lie in these files");
    })
    .await;
}
