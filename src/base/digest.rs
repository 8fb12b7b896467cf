//! SHA-256, HMAC and HKDF, the hashes of HTTP Digest, and comparison in constant time.

use data_encoding::BASE64URL_NOPAD;
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use sha2::{Digest, Sha256, Sha512, Sha512_256};
use subtle::ConstantTimeEq;

/// SHA-256 of the parts, one after the other.
pub fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// SHA-256 as unpadded base64url: how digests stand in text columns.
pub fn sha256_text(value: &str) -> String {
    digest_text(&sha256(&[value.as_bytes()]))
}

/// A digest as [`sha256_text`] writes it.
pub fn digest_text(digest: &[u8; 32]) -> String {
    BASE64URL_NOPAD.encode(digest)
}

pub fn sha512(value: &[u8]) -> [u8; 64] {
    Sha512::digest(value).into()
}

/// SHA-512/256 (FIPS 180-4 section 6.7), which is not the front of SHA-512.
pub fn sha512_256(value: &[u8]) -> [u8; 32] {
    Sha512_256::digest(value).into()
}

/// MD5, for phones that know nothing else, and for nothing else.
pub fn md5(value: &[u8]) -> [u8; 16] {
    Md5::digest(value).into()
}

pub fn hmac_sha256(key: &[u8; 32], value: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(value);
    mac.finalize().into_bytes().into()
}

/// HKDF-SHA-256 (RFC 5869) without salt: `secret` is already uniform.
pub fn hkdf_sha256(secret: &[u8], label: &str) -> [u8; 32] {
    let mut out = [0; 32];
    Hkdf::<Sha256>::new(None, secret)
        .expand(label.as_bytes(), &mut out)
        .expect("32 bytes are within HKDF's limit");
    out
}

/// Equality whose time does not depend on where the values differ.
pub fn equal(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}
