//! Tokens that the issuer never made, built from one that it did.

use std::fs;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk};
use jsonwebtoken::{Algorithm, EncodingKey, Header, dangerous, encode};
use rsa::pkcs8::{EncodePublicKey, LineEnding};
use rsa::{BigUint, RsaPublicKey};
use serde_json::{Value, json};

use crate::issuer::{Failure, variable};

/// Header and claims of a good token, to be changed and signed again.
pub struct Forgery {
    header: Header,
    claims: Value,
}

impl Forgery {
    pub fn of(token: &str) -> Result<Self, Failure> {
        let read = dangerous::insecure_decode::<Value>(token)?;
        Ok(Self {
            header: read.header,
            claims: read.claims,
        })
    }

    /// The key that the good token names.
    pub fn named_key(&self) -> Option<&str> {
        self.header.kid.as_deref()
    }

    pub fn key_id(mut self, key_id: Option<&str>) -> Self {
        self.header.kid = key_id.map(str::to_owned);
        self
    }

    /// Signed with RS256 by a key that the issuer never had.
    pub fn signed_by_a_stranger(&self) -> Result<String, Failure> {
        let key = EncodingKey::from_rsa_pem(&fs::read(variable("FOREIGN_KEY_FILE"))?)?;
        Ok(encode(&self.header, &self.claims, &key)?)
    }

    /// Authenticated with HS256, the secret being something that everybody knows.
    pub fn authenticated_with(mut self, secret: &str) -> Result<String, Failure> {
        self.header.alg = Algorithm::HS256;
        let key = EncodingKey::from_secret(secret.as_bytes());
        Ok(encode(&self.header, &self.claims, &key)?)
    }

    /// With the algorithm `none` and no signature.
    pub fn unsigned(&self) -> String {
        let header = json!({ "alg": "none", "typ": self.header.typ, "kid": self.header.kid });
        let encoded = |part: &Value| BASE64_URL_SAFE_NO_PAD.encode(part.to_string());
        format!("{}.{}.", encoded(&header), encoded(&self.claims))
    }
}

/// The published key as OpenSSL would write it: what a careless verifier takes for an HMAC secret.
pub fn public_key_as_pem(key: &Jwk) -> Result<String, Failure> {
    let AlgorithmParameters::RSA(rsa) = &key.algorithm else {
        return Err("not an RSA key".into());
    };
    let number = |text: &str| -> Result<BigUint, Failure> {
        Ok(BigUint::from_bytes_be(
            &BASE64_URL_SAFE_NO_PAD.decode(text)?,
        ))
    };
    let key = RsaPublicKey::new(number(&rsa.n)?, number(&rsa.e)?)?;
    Ok(key.to_public_key_pem(LineEnding::LF)?)
}
