//! Public keys as PEM: an X.509 `SubjectPublicKeyInfo` (RFC 7468 section 13), for programs that want a
//! key and no set of keys.

use data_encoding::BASE64URL_NOPAD;
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcKey};
use openssl::error::ErrorStack;
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Public};
use openssl::rsa::Rsa;
use serde_json::{Value, json};

use super::jwk::{ClientJwk, JwkError, Material, PublicJwk};
use super::key_pair::KeyError;

/// The bytes of a P-256 coordinate.
const COORDINATE: i32 = 32;

impl PublicJwk {
    /// The key between `-----BEGIN PUBLIC KEY-----` and its end.
    ///
    /// # Errors
    /// The members are no key.
    pub fn to_pem(&self) -> Result<String, KeyError> {
        let pem = key_of(&self.material).and_then(|key| key.public_key_to_pem());
        let pem = pem.map_err(|_| KeyError::InvalidPublicKey)?;
        String::from_utf8(pem).map_err(|_| KeyError::InvalidPublicKey)
    }
}

impl ClientJwk {
    /// Reads a public key of one of the types in [`Material`], with every check of [`ClientJwk::parse`].
    ///
    /// # Errors
    /// [`JwkError::Unsupported`] for what is no such key, a private key too.
    pub fn from_pem(pem: &str) -> Result<Self, JwkError> {
        let key = PKey::public_key_from_pem(pem.as_bytes()).map_err(|_| JwkError::Unsupported)?;
        let members = members_of(&key).map_err(|_| JwkError::Unsupported)?;
        Self::parse(&members.ok_or(JwkError::Unsupported)?)
    }
}

fn key_of(material: &Material) -> Result<PKey<Public>, ErrorStack> {
    let bytes = |text: &str| {
        // Canonical base64url by the time it is here.
        BASE64URL_NOPAD.decode(text.as_bytes()).unwrap_or_default()
    };
    let number = |text: &str| BigNum::from_slice(&bytes(text));
    match material {
        Material::Rsa { n, e } => {
            PKey::from_rsa(Rsa::from_public_components(number(n)?, number(e)?)?)
        }
        Material::P256 { x, y } => {
            let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
            let (x, y) = (number(x)?, number(y)?);
            PKey::from_ec_key(EcKey::from_public_key_affine_coordinates(&group, &x, &y)?)
        }
        Material::Ed25519 { x } => PKey::public_key_from_raw_bytes(&bytes(x), Id::ED25519),
    }
}

/// The key as a JWK; `None` for a type that signs nothing here.
fn members_of(key: &PKey<Public>) -> Result<Option<Value>, ErrorStack> {
    let text = |bytes: Vec<u8>| BASE64URL_NOPAD.encode(&bytes);
    Ok(match key.id() {
        Id::RSA => {
            let key = key.rsa()?;
            let (n, e) = (text(key.n().to_vec()), text(key.e().to_vec()));
            Some(json!({ "kty": "RSA", "n": n, "e": e }))
        }
        Id::EC => {
            let key = key.ec_key()?;
            if key.group().curve_name() != Some(Nid::X9_62_PRIME256V1) {
                return Ok(None);
            }
            let (mut x, mut y) = (BigNum::new()?, BigNum::new()?);
            let mut context = BigNumContext::new()?;
            let point = key.public_key();
            point.affine_coordinates(key.group(), &mut x, &mut y, &mut context)?;
            let (x, y) = (x.to_vec_padded(COORDINATE)?, y.to_vec_padded(COORDINATE)?);
            Some(json!({ "kty": "EC", "crv": "P-256", "x": text(x), "y": text(y) }))
        }
        Id::ED25519 => {
            let x = text(key.raw_public_key()?);
            Some(json!({ "kty": "OKP", "crv": "Ed25519", "x": x }))
        }
        _ => None,
    })
}
