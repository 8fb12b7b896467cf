//! Public JSON Web Keys: the ones we publish and the ones clients register (RFC 7517, RFC 7518 section 6, RFC 8037).
//!
//! Everything here is public. Whether an EC or Ed25519 point lies on its curve is checked when a verifier is built.

use data_encoding::BASE64URL_NOPAD;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::base::digest::sha256_text;
use crate::model::algorithm::Algorithm;

/// The most keys a client's set may hold.
pub const MAX_CLIENT_KEYS: usize = 100;

/// Members that hold a private or symmetric key (RFC 7518 section 6; `priv` is the AKP key type's).
const PRIVATE_MEMBERS: [&str; 9] = ["d", "p", "q", "dp", "dq", "qi", "k", "oth", "priv"];

/// Why a JWK or JWK Set is refused. Never holds any part of the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwkError {
    #[error("not a JWK Set: an object with an array named keys is needed")]
    NotASet,
    #[error("the JWK Set holds more than {MAX_CLIENT_KEYS} keys")]
    TooManyKeys,
    #[error("a JWK is not an object")]
    NotAnObject,
    #[error("a JWK holds a private or symmetric key")]
    Private,
    #[error("the JWK member {0} is missing or malformed")]
    Member(&'static str),
    #[error("an RSA key must have 2048 to 8192 bits")]
    RsaSize,
    #[error("the algorithm of a JWK does not fit its key type")]
    AlgorithmMismatch,
    #[error("the JWK is not a signature key of a supported type")]
    Unsupported,
}

/// The key itself; every text is canonical base64url of checked length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Material {
    Rsa { n: String, e: String },
    P256 { x: String, y: String },
    Ed25519 { x: String },
}

impl Material {
    fn parse(jwk: &Map<String, Value>) -> Result<Self, JwkError> {
        match (text(jwk, "kty")?, jwk.get("crv").and_then(Value::as_str)) {
            ("RSA", _) => Ok(Self::Rsa {
                n: modulus(jwk)?,
                e: exponent(jwk)?,
            }),
            ("EC", Some("P-256")) => Ok(Self::P256 {
                x: coordinate(jwk, "x")?,
                y: coordinate(jwk, "y")?,
            }),
            ("OKP", Some("Ed25519")) => Ok(Self::Ed25519 {
                x: coordinate(jwk, "x")?,
            }),
            ("EC" | "OKP", None) => Err(JwkError::Member("crv")),
            _ => Err(JwkError::Unsupported),
        }
    }

    pub(super) fn fits(&self, algorithm: Algorithm) -> bool {
        match self {
            Self::Rsa { .. } => matches!(algorithm, Algorithm::Rs256 | Algorithm::Ps256),
            Self::P256 { .. } => algorithm == Algorithm::Es256,
            Self::Ed25519 { .. } => algorithm == Algorithm::EdDsa,
        }
    }

    /// The members that define the key, in lexical order as RFC 7638 section 3.2 wants them.
    pub(super) fn members(&self) -> Vec<(&'static str, &str)> {
        match self {
            Self::Rsa { n, e } => vec![("e", e), ("kty", "RSA"), ("n", n)],
            Self::P256 { x, y } => vec![("crv", "P-256"), ("kty", "EC"), ("x", x), ("y", y)],
            Self::Ed25519 { x } => vec![("crv", "Ed25519"), ("kty", "OKP"), ("x", x)],
        }
    }

    /// RFC 7638 section 3. The values are base64url or fixed names: nothing needs escaping.
    fn thumbprint(&self) -> String {
        let member = |(name, value): (&str, &str)| format!("\"{name}\":\"{value}\"");
        let members: Vec<String> = self.members().into_iter().map(member).collect();
        sha256_text(&format!("{{{}}}", members.join(",")))
    }

    /// The length of every signature by this key, in bytes.
    pub(super) fn signature_len(&self) -> usize {
        match self {
            Self::Rsa { n, .. } => n.len() * 3 / 4,
            Self::P256 { .. } | Self::Ed25519 { .. } => 64,
        }
    }
}

/// One of our own public keys, as published in the JWK Set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicJwk {
    pub(super) material: Material,
    algorithm: Algorithm,
    kid: String,
}

impl PublicJwk {
    /// From the members of a public key; `kid` becomes the thumbprint.
    pub(super) fn new(algorithm: Algorithm, jwk: &Map<String, Value>) -> Result<Self, JwkError> {
        Self::of(algorithm, Material::parse(jwk)?)
    }

    /// Reads back what [`Serialize`] wrote.
    pub fn parse(jwk: &Value) -> Result<Self, JwkError> {
        let read = ClientJwk::parse(jwk)?;
        let algorithm = read.algorithm.ok_or(JwkError::Member("alg"))?;
        let key = Self::of(algorithm, read.material)?;
        match read.kid {
            Some(kid) if kid == key.kid => Ok(key),
            _ => Err(JwkError::Member("kid")),
        }
    }

    fn of(algorithm: Algorithm, material: Material) -> Result<Self, JwkError> {
        if !material.fits(algorithm) {
            return Err(JwkError::AlgorithmMismatch);
        }
        let kid = material.thumbprint();
        Ok(Self {
            material,
            algorithm,
            kid,
        })
    }

    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The key id: the key's RFC 7638 SHA-256 thumbprint in base64url.
    pub fn kid(&self) -> &str {
        &self.kid
    }
}

/// Exactly `kty`, `kid`, `use`, `alg` and the members of the public key.
impl Serialize for PublicJwk {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("kid", &self.kid)?;
        map.serialize_entry("use", "sig")?;
        map.serialize_entry("alg", self.algorithm.name())?;
        for (name, value) in self.material.members() {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// A public signature key of somebody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientJwk {
    pub(super) material: Material,
    kid: Option<String>,
    algorithm: Option<Algorithm>,
}

impl ClientJwk {
    /// Checks one JWK. [`JwkError::Unsupported`] says that it is no signature key of ours to use (another key type,
    /// curve, `alg`, `use` or `key_ops`); any other error that it is wrong.
    pub fn parse(jwk: &Value) -> Result<Self, JwkError> {
        let jwk = jwk.as_object().ok_or(JwkError::NotAnObject)?;
        let private = PRIVATE_MEMBERS.iter().any(|name| jwk.contains_key(*name));
        if private || text(jwk, "kty")? == "oct" {
            return Err(JwkError::Private);
        }
        if optional_text(jwk, "use")?.unwrap_or("sig") != "sig" || !may_verify(jwk) {
            return Err(JwkError::Unsupported);
        }
        let algorithm = optional_text(jwk, "alg")?
            .map(|name| name.parse().map_err(|_| JwkError::Unsupported))
            .transpose()?;
        let material = Material::parse(jwk)?;
        if algorithm.is_some_and(|algorithm| !material.fits(algorithm)) {
            return Err(JwkError::AlgorithmMismatch);
        }
        Ok(Self {
            kid: optional_text(jwk, "kid")?.map(str::to_owned),
            material,
            algorithm,
        })
    }

    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The key's RFC 7638 SHA-256 thumbprint in base64url.
    pub fn thumbprint(&self) -> String {
        self.material.thumbprint()
    }

    /// Whether signatures of this algorithm may be checked with this key.
    pub fn allows(&self, algorithm: Algorithm) -> bool {
        self.material.fits(algorithm) && self.algorithm.is_none_or(|own| own == algorithm)
    }
}

/// A client's JWK Set, reduced to the signature keys we can use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientJwks(Vec<ClientJwk>);

impl ClientJwks {
    /// RFC 7517 section 5: keys of unknown type or for another use are skipped. One private, symmetric, weak or
    /// malformed key makes the whole set an error: its owner must learn of it.
    pub fn parse(set: &Value) -> Result<Self, JwkError> {
        let keys = set.get("keys").and_then(Value::as_array);
        let keys = keys.ok_or(JwkError::NotASet)?;
        if keys.len() > MAX_CLIENT_KEYS {
            return Err(JwkError::TooManyKeys);
        }
        let keys = keys.iter().map(ClientJwk::parse);
        let usable = keys.filter(|key| *key != Err(JwkError::Unsupported));
        usable.collect::<Result<_, _>>().map(Self)
    }

    pub fn keys(&self) -> &[ClientJwk] {
        &self.0
    }

    /// The one key a token with this `kid` and algorithm may be checked with. Without a `kid` the algorithm alone must
    /// tell the keys apart (`OpenID` Connect Core section 10.1); among several candidates none is chosen.
    pub fn select(&self, kid: Option<&str>, algorithm: Algorithm) -> Option<&ClientJwk> {
        let mut candidates = self.0.iter().filter(|key| {
            key.allows(algorithm) && kid.is_none_or(|kid| key.kid.as_deref() == Some(kid))
        });
        let first = candidates.next()?;
        candidates.next().is_none().then_some(first)
    }
}

fn optional_text<'a>(
    jwk: &'a Map<String, Value>,
    name: &'static str,
) -> Result<Option<&'a str>, JwkError> {
    match jwk.get(name) {
        None => Ok(None),
        Some(value) => value.as_str().map(Some).ok_or(JwkError::Member(name)),
    }
}

fn text<'a>(jwk: &'a Map<String, Value>, name: &'static str) -> Result<&'a str, JwkError> {
    optional_text(jwk, name)?.ok_or(JwkError::Member(name))
}

/// RFC 7517 section 4.3: a key whose operations are listed verifies only if that is among them.
fn may_verify(jwk: &Map<String, Value>) -> bool {
    let lists = |all: &Vec<Value>| all.iter().any(|operation| operation == "verify");
    jwk.get("key_ops")
        .is_none_or(|operations| operations.as_array().is_some_and(lists))
}

fn bytes(jwk: &Map<String, Value>, name: &'static str) -> Result<Vec<u8>, JwkError> {
    let decoded = BASE64URL_NOPAD.decode(text(jwk, name)?.as_bytes());
    decoded.map_err(|_| JwkError::Member(name))
}

/// An RSA modulus without leading zero octets (RFC 7518 section 6.3.1.1): one key must have one thumbprint.
fn modulus(jwk: &Map<String, Value>) -> Result<String, JwkError> {
    let n = bytes(jwk, "n")?;
    let Some(first @ 1..) = n.first() else {
        return Err(JwkError::Member("n"));
    };
    let bits = n.len() * 8 - first.leading_zeros() as usize;
    if !(2048..=8192).contains(&bits) {
        return Err(JwkError::RsaSize);
    }
    text(jwk, "n").map(str::to_owned)
}

/// An odd RSA exponent from 3 up to 64 bits: a longer one only makes verifying slow.
fn exponent(jwk: &Map<String, Value>) -> Result<String, JwkError> {
    let e = bytes(jwk, "e")?;
    match (e.first(), e.last()) {
        (Some(1..), Some(last)) if last % 2 == 1 && e != [1] && e.len() <= 8 => {
            text(jwk, "e").map(str::to_owned)
        }
        _ => Err(JwkError::Member("e")),
    }
}

/// A P-256 coordinate or an Ed25519 public key: 32 bytes, never shortened (RFC 7518 section 6.2.1.2, RFC 8037).
fn coordinate(jwk: &Map<String, Value>, name: &'static str) -> Result<String, JwkError> {
    if bytes(jwk, name)?.len() != 32 {
        return Err(JwkError::Member(name));
    }
    text(jwk, name).map(str::to_owned)
}
