//! Signed tokens made by hand: well signed with any header and payload, or forged in every way.

use data_encoding::{BASE64, BASE64URL_NOPAD};
use hmac::{Hmac, KeyInit, Mac};
use rcgen::{PublicKeyData, SigningKey};
use serde_json::{Value, json};
use sha2::{Sha256, Sha384, Sha512};
use users_core::keys::jwk::ClientJwk;
use users_core::keys::key_pair::KeyPair;
use users_core::model::algorithm::Algorithm;
use users_core::model::audit_event::{Actor, AuditKind};
use users_core::model::tenant::Tenant;
use users_core::storage::signing_keys::{KeyState, SealedKey};

use super::World;

pub fn b64(bytes: impl AsRef<[u8]>) -> String {
    BASE64URL_NOPAD.encode(bytes.as_ref())
}

/// The header and the payload of a token, unchecked.
pub fn opened(token: &str) -> (Value, Value) {
    let mut parts = token.split('.').map(|part| {
        let bytes = BASE64URL_NOPAD.decode(part.as_bytes()).expect("base64url");
        serde_json::from_slice(&bytes)
    });
    let mut next = || parts.next().expect("a part").expect("JSON");
    (next(), next())
}

/// `value` with some members replaced, or removed where the new value is `null`.
pub fn with(value: &Value, changes: Value) -> Value {
    let mut copy = value.clone();
    let members = copy.as_object_mut().expect("an object");
    let Value::Object(changes) = changes else {
        panic!("the changes are an object");
    };
    for (name, value) in changes {
        if value.is_null() {
            members.remove(&name);
        } else {
            members.insert(name, value);
        }
    }
    copy
}

/// The compact form around a signature of its first two parts.
pub fn compact(header: &str, payload: &str, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let input = format!("{}.{}", b64(header), b64(payload));
    let signature = sign(input.as_bytes());
    format!("{input}.{}", b64(signature))
}

/// A symmetric signature of the JWS algorithm `HS{bits}`.
pub fn hmac(bits: u16, secret: &[u8], message: &[u8]) -> Vec<u8> {
    macro_rules! mac {
        ($hash:ty) => {{
            let mut mac = Hmac::<$hash>::new_from_slice(secret).expect("any length");
            mac.update(message);
            mac.finalize().into_bytes().to_vec()
        }};
    }
    match bits {
        256 => mac!(Sha256),
        384 => mac!(Sha384),
        _ => mac!(Sha512),
    }
}

/// Every form in which a public key is a text that could be mistaken for a shared secret.
pub fn public_forms(jwk: &Value) -> Vec<Vec<u8>> {
    let der = spki(jwk);
    let text = BASE64.encode(&der);
    let lines: Vec<&str> = (0..text.len())
        .step_by(64)
        .map(|at| &text[at..text.len().min(at + 64)])
        .collect();
    let pem = format!(
        "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----",
        lines.join("\n")
    );
    vec![
        pem.clone().into_bytes(),
        format!("{pem}\n").into_bytes(),
        text.into_bytes(),
        der,
        jwk.to_string().into_bytes(),
        jwk["kid"].as_str().unwrap_or_default().into(),
        Vec::new(),
    ]
}

/// The public key as X.509 has it: every field before the key is fixed for these three kinds.
pub fn spki(key: &Value) -> Vec<u8> {
    let part = |name: &str| {
        BASE64URL_NOPAD
            .decode(key[name].as_str().unwrap().as_bytes())
            .unwrap()
    };
    let (head, tail): (&[u8], _) = match key["kty"].as_str().unwrap() {
        "RSA" => (
            b"MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA",
            [part("n"), vec![2, 3, 1, 0, 1]].concat(),
        ),
        "EC" => (
            b"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE",
            [part("x"), part("y")].concat(),
        ),
        _ => (b"MCowBQYDK2VwAyEA", part("x")),
    };
    [BASE64.decode(head).unwrap(), tail].concat()
}

/// An Ed25519 key in somebody's hands, who signs any header and any payload with it.
pub struct HandKey {
    pair: rcgen::KeyPair,
    kid: String,
}

impl HandKey {
    pub fn new() -> Self {
        let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).expect("a key");
        let jwk = bare_jwk(&pair);
        let kid = ClientJwk::parse(&jwk).expect("a JWK").thumbprint();
        Self { pair, kid }
    }

    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public half, as a client registers it.
    pub fn jwk(&self) -> Value {
        with(
            &bare_jwk(&self.pair),
            json!({ "kid": self.kid, "alg": "EdDSA", "use": "sig" }),
        )
    }

    /// The header of an honest token.
    pub fn header(&self, typ: &str) -> Value {
        json!({ "typ": typ, "alg": "EdDSA", "kid": self.kid })
    }

    /// A token of these very texts.
    pub fn compact(&self, header: &str, payload: &str) -> String {
        compact(header, payload, |input| self.signature(input))
    }

    pub fn sign(&self, header: &Value, payload: &Value) -> String {
        self.compact(&header.to_string(), &payload.to_string())
    }

    pub fn signature(&self, input: &[u8]) -> Vec<u8> {
        self.pair.sign(input).expect("a signature")
    }

    /// Makes this the tenant's own EdDSA key: whatever it signs, the tenant has signed.
    pub async fn install(&self, world: &World, tenant: &Tenant) {
        let app = &world.app;
        let pair = KeyPair::from_private_bytes(Algorithm::EdDsa, &self.pkcs8()).expect("a key");
        assert_eq!(pair.public().kid(), self.kid);
        let context = format!("signing_key:{}", self.kid);
        let key = SealedKey {
            kid: self.kid.clone(),
            algorithm: Algorithm::EdDsa,
            private_sealed: app
                .master_key
                .seal(&context, pair.private_bytes(), &app.random),
            public_jwk: serde_json::to_string(pair.public()).expect("JSON"),
        };
        let now = app.clock.now();
        let kind = AuditKind::KeyActivated;
        let event = Actor::system().did(kind, &self.kid, app.row_id(), now);
        let rows = app.store.tenant(&tenant.id);
        rows.add_signing_key(key, KeyState::Active, now, now, event)
            .await
            .expect("the tenant has no EdDSA key yet");
    }

    /// The plain form of RFC 8410 section 7; the library's own also holds the public key.
    fn pkcs8(&self) -> Vec<u8> {
        let seed = &self.pair.serialize_der()[16..48];
        let head = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";
        [head, seed].concat()
    }
}

fn bare_jwk(pair: &rcgen::KeyPair) -> Value {
    json!({ "kty": "OKP", "crv": "Ed25519", "x": b64(pair.der_bytes()) })
}
