//! The one 256-bit key of an installation. Every use of it has a key of its own, by HKDF label.

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit, Nonce};
use data_encoding::BASE64URL_NOPAD;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use super::digest::{equal, hkdf_sha256, hmac_sha256};
use super::random::Random;

/// The master key. No `Debug`, wiped when dropped.
#[derive(Clone, ZeroizeOnDrop)]
pub struct MasterKey {
    key: [u8; 32],
    /// Derived once: every request with a secret needs it.
    client_secrets: [u8; 32],
}

/// A sealed value that does not open: wrong key, wrong place, or edited.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("a sealed value does not open with this master key")]
pub struct Unsealable;

impl MasterKey {
    pub fn generate(random: &Random) -> Self {
        Self::from_bytes(random.bytes())
    }

    pub fn from_bytes(key: [u8; 32]) -> Self {
        Self {
            client_secrets: hkdf_sha256(&key, "client-secret"),
            key,
        }
    }

    /// The text form, for the file made at first start.
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE64URL_NOPAD.encode(&self.key))
    }

    /// What the database keeps to recognise a wrong key before anything is written.
    pub fn check_value(&self) -> String {
        BASE64URL_NOPAD.encode(&hmac_sha256(&self.derive("check"), b"users-core"))
    }

    pub fn recognises(&self, check_value: &str) -> bool {
        equal(self.check_value().as_bytes(), check_value.as_bytes())
    }

    /// The key for one purpose.
    pub fn derive(&self, label: &str) -> [u8; 32] {
        hkdf_sha256(&self.key, label)
    }

    /// The keyed digest of a secret a person chose (a client secret they typed).
    pub fn keyed_digest(&self, value: &str) -> String {
        BASE64URL_NOPAD.encode(&hmac_sha256(&self.client_secrets, value.as_bytes()))
    }

    /// Seals `plain` for one place (`context` names table, row and column) with AES-256-GCM.
    pub fn seal(&self, context: &str, plain: &[u8], random: &Random) -> String {
        seal(&self.derive("column"), context, plain, random)
    }

    /// Opens what [`MasterKey::seal`] made for the same `context`.
    ///
    /// # Errors
    /// [`Unsealable`] for a foreign key or context and for edited text.
    pub fn open(&self, context: &str, sealed: &str) -> Result<Zeroizing<Vec<u8>>, Unsealable> {
        open(&self.derive("column"), context, sealed)
    }
}

/// Seals under a key that is not the master key's: a refresh token seals its own successor.
pub fn seal(key: &[u8; 32], context: &str, plain: &[u8], random: &Random) -> String {
    let nonce: [u8; 12] = random.bytes();
    let payload = Payload {
        msg: plain,
        aad: context.as_bytes(),
    };
    let sealed = Aes256Gcm::new(key.into())
        .encrypt(&Nonce::from(nonce), payload)
        .expect("AES-GCM seals anything shorter than 64 GiB");
    BASE64URL_NOPAD.encode(&[nonce.as_slice(), &sealed].concat())
}

/// # Errors
/// [`Unsealable`] for a foreign key or context and for edited text.
pub fn open(key: &[u8; 32], context: &str, sealed: &str) -> Result<Zeroizing<Vec<u8>>, Unsealable> {
    let bytes = BASE64URL_NOPAD
        .decode(sealed.as_bytes())
        .map_err(|_| Unsealable)?;
    let (nonce, sealed) = bytes.split_first_chunk::<12>().ok_or(Unsealable)?;
    let payload = Payload {
        msg: sealed,
        aad: context.as_bytes(),
    };
    Aes256Gcm::new(key.into())
        .decrypt(&Nonce::from(*nonce), payload)
        .map(Zeroizing::new)
        .map_err(|_| Unsealable)
}
