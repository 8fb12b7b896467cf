//! Signed tokens in JWS compact form (RFC 7515 section 7.1): anybody's, read strictly.
//!
//! A token passes through three types: [`Parsed`] is well-formed and believed in nothing, [`Verifier::verify`] checks
//! it against one key of one algorithm, and only the [`VerifiedPayload`] it gives hands out claims.

use data_encoding::BASE64URL_NOPAD;
use josekit::jws::JwsVerifier;
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};

use super::jwk::{ClientJwk, Material, PublicJwk};
use super::key_pair::{KeyError, verifier};
pub use super::key_pair::{Signer, Typ};
use crate::base::strict_json;
use crate::model::algorithm::Algorithm;

/// The longest token that is looked at, in bytes.
pub const MAX_TOKEN_BYTES: usize = 8192;

/// The deepest nesting of JSON in a header or payload.
const MAX_DEPTH: u8 = 20;

/// The signature is not one by this key with its algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature of the token is not valid")]
pub struct BadSignature;

/// Checks signatures of one algorithm by one public key. Built once per key and shared by all tasks.
pub struct Verifier {
    algorithm: Algorithm,
    signature_len: usize,
    key: Box<dyn JwsVerifier>,
}

impl Verifier {
    /// For tokens of our own.
    pub fn new(key: &PublicJwk) -> Result<Self, KeyError> {
        Self::build(&key.material, key.algorithm())
    }

    /// For what a client signs, with the algorithm it is registered for: the token's header never chooses.
    pub fn for_client(key: &ClientJwk, algorithm: Algorithm) -> Result<Self, KeyError> {
        if !key.allows(algorithm) {
            return Err(KeyError::InvalidPublicKey);
        }
        Self::build(&key.material, algorithm)
    }

    fn build(key: &Material, algorithm: Algorithm) -> Result<Self, KeyError> {
        Ok(Self {
            algorithm,
            signature_len: key.signature_len(),
            key: verifier(key, algorithm)?,
        })
    }

    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The one way to a token's claims.
    pub fn verify<'p>(&self, token: &'p Parsed<'_>) -> Result<VerifiedPayload<'p>, BadSignature> {
        if token.alg() != self.algorithm.name() || token.signature.len() != self.signature_len {
            return Err(BadSignature);
        }
        let message = token.signing_input.as_bytes();
        let checked = self.key.verify(message, &token.signature);
        checked.map_err(|_| BadSignature)?;
        Ok(VerifiedPayload(&token.payload))
    }
}

/// The payload of a token whose signature was good. Made by [`Verifier::verify`] alone.
pub struct VerifiedPayload<'p>(&'p str);

impl<'p> VerifiedPayload<'p> {
    /// The claims. Dates in `T` are to be `i64`: a fraction or an exponent is then [`Malformed::Claims`].
    pub fn claims<T: Deserialize<'p>>(&self) -> Result<T, Malformed> {
        serde_json::from_str(self.0).map_err(|_| Malformed::Claims)
    }
}

/// Why a text is no token. Holds nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    #[error("the token is longer than {MAX_TOKEN_BYTES} bytes")]
    TooLong,
    #[error("the token does not have three parts and a signature")]
    Parts,
    #[error("a part of the token is not canonical base64url")]
    Encoding,
    #[error("a part of the token is not a plain JSON object with unique members")]
    Json,
    #[error("the header of the token is not one of a signed JWT")]
    Header,
    #[error("the token demands an extension that is not supported")]
    Critical,
    #[error("the claims of the token are missing or of the wrong type")]
    Claims,
}

/// What is read of a protected header. Keys and addresses of keys in it (`jwk`, `jku`, `x5u`, `x5c`) are not.
#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default, deserialize_with = "some_text")]
    kid: Option<String>,
    #[serde(default, deserialize_with = "some_text")]
    typ: Option<String>,
    #[serde(default, deserialize_with = "present")]
    crit: bool,
    #[serde(default, deserialize_with = "present")]
    b64: bool,
}

/// `null` is not a text.
fn some_text<'de, D: Deserializer<'de>>(value: D) -> Result<Option<String>, D::Error> {
    String::deserialize(value).map(Some)
}

/// A member counts as present with any value, `null` too.
fn present<'de, D: Deserializer<'de>>(value: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(value).map(|_| true)
}

/// A well-formed token nobody has vouched for yet.
pub struct Parsed<'a> {
    signing_input: &'a str,
    header: Header,
    payload: String,
    signature: Vec<u8>,
}

impl<'a> Parsed<'a> {
    /// Reads the compact form strictly: canonical base64url, JSON objects whose members are unique at every depth, no
    /// `crit` (RFC 7515 section 4.1.11) and no `b64` (RFC 7797).
    pub fn parse(token: &'a str) -> Result<Self, Malformed> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(Malformed::TooLong);
        }
        let (signing_input, signature) = token.rsplit_once('.').ok_or(Malformed::Parts)?;
        let (header, payload) = signing_input.split_once('.').ok_or(Malformed::Parts)?;
        if payload.contains('.') || signature.is_empty() {
            return Err(Malformed::Parts);
        }
        let header: Header =
            serde_json::from_str(&object(header)?).map_err(|_| Malformed::Header)?;
        if header.crit || header.b64 {
            return Err(Malformed::Critical);
        }
        Ok(Self {
            signing_input,
            header,
            payload: object(payload)?,
            signature: decode(signature)?,
        })
    }

    /// The algorithm the header names, for finding a key; a [`Verifier`] accepts its own alone.
    pub fn alg(&self) -> &str {
        &self.header.alg
    }

    pub fn kid(&self) -> Option<&str> {
        self.header.kid.as_deref()
    }

    pub fn typ(&self) -> Option<&str> {
        self.header.typ.as_deref()
    }

    /// Whether the header's `typ` is this media type, with or without `application/` (RFC 7515 section 4.1.9).
    pub fn is_typ(&self, expected: &str) -> bool {
        self.typ().is_some_and(|typ| {
            let bare = match typ.split_at_checked("application/".len()) {
                Some((prefix, rest)) if prefix.eq_ignore_ascii_case("application/") => rest,
                _ => typ,
            };
            bare.eq_ignore_ascii_case(expected)
        })
    }

    /// Who the token says issued it: good for looking up a key, for nothing else.
    pub fn unverified_issuer(&self) -> Option<String> {
        self.unverified().iss
    }

    /// Whom the token says it is about: good for looking up a key, for nothing else.
    pub fn unverified_subject(&self) -> Option<String> {
        self.unverified().sub
    }

    fn unverified(&self) -> Unverified {
        serde_json::from_str(&self.payload).unwrap_or_default()
    }
}

/// All that may be read of a payload before its signature is checked.
#[derive(Default, Deserialize)]
struct Unverified {
    iss: Option<String>,
    sub: Option<String>,
}

fn decode(part: &str) -> Result<Vec<u8>, Malformed> {
    let decoded = BASE64URL_NOPAD.decode(part.as_bytes());
    decoded.map_err(|_| Malformed::Encoding)
}

/// A part that holds one JSON object with unique members and bounded nesting.
fn object(part: &str) -> Result<String, Malformed> {
    let json = String::from_utf8(decode(part)?).map_err(|_| Malformed::Encoding)?;
    strict_json::check_object(&json, MAX_DEPTH).map_err(|_| Malformed::Json)?;
    Ok(json)
}
