//! The chain of a tenant's audit trail: what each event weighs, and what stands between two.
//!
//! `chain(n) = SHA-256(chain(n - 1) || SHA-256(payload(n)))`, where `chain(0)` is [`Link::first`] and
//! the payload is [`Payload::canonical`]. Numbers begin with 1 and have no holes.

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};

use crate::base::clock::Timestamp;
use crate::base::digest::{equal, hmac_sha256, sha256};
use crate::base::master_key::MasterKey;

/// All that an event says. The members are declared in the order of their names, which RFC 8785
/// wants, and every one is always there.
#[derive(Serialize)]
pub struct Payload<'a> {
    pub actor: Option<&'a str>,
    pub address: Option<&'a str>,
    /// Milliseconds since the epoch.
    pub at: i64,
    pub client_id: Option<&'a str>,
    /// The text as it is stored, so that no two readers of JSON can differ about it.
    pub detail: &'a str,
    pub id: &'a str,
    pub kind: &'a str,
    pub request_id: Option<&'a str>,
    pub subject: Option<&'a str>,
    pub tenant: &'a str,
}

impl Payload<'_> {
    /// The payload as canonical JSON (RFC 8785): no white space, members in order, the shortest
    /// escapes.
    pub fn canonical(&self) -> String {
        // Texts and a number: nothing here can fail to be written.
        serde_json::to_string(self).unwrap_or_default()
    }

    pub fn digest(&self) -> Link {
        Link(sha256(&[self.canonical().as_bytes()]))
    }
}

/// A SHA-256 value of the chain: of a payload, or of all that led up to it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Link([u8; 32]);

impl Link {
    /// What stands before a tenant's first event.
    pub fn first(tenant: &str) -> Self {
        Self(sha256(&[b"users-core audit chain\n", tenant.as_bytes()]))
    }

    /// The chain with one more payload.
    #[must_use]
    pub fn then(self, digest: Self) -> Self {
        Self(sha256(&[&self.0, &digest.0]))
    }

    /// As it stands in columns, checkpoints and exports: unpadded base64url.
    pub fn text(self) -> String {
        BASE64URL_NOPAD.encode(&self.0)
    }

    pub fn parse(text: &str) -> Option<Self> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        bytes.try_into().ok().map(Self)
    }
}

/// How far a tenant's chain has come.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Head {
    /// The number of the last event; 0 before the first.
    pub seq: i64,
    pub chain: Link,
    /// The number the newest checkpoint speaks of; 0 before the first.
    pub checkpoint_seq: i64,
}

/// Seals heads. Whoever can write to the database has no such key.
#[derive(Clone)]
pub struct HeadKey([u8; 32]);

impl HeadKey {
    pub fn of(master_key: &MasterKey) -> Self {
        Self(master_key.derive("audit-head"))
    }

    pub fn seal(&self, tenant: &str, head: &Head) -> String {
        let Head {
            seq,
            chain,
            checkpoint_seq,
        } = head;
        let sealed = format!("{tenant}\n{seq}\n{}\n{checkpoint_seq}", chain.text());
        BASE64URL_NOPAD.encode(&hmac_sha256(&self.0, sealed.as_bytes()))
    }

    pub fn recognises(&self, tenant: &str, head: &Head, seal: &str) -> bool {
        equal(self.seal(tenant, head).as_bytes(), seal.as_bytes())
    }
}

/// What a checkpoint signs: the issuer's word that its chain had this value.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct CheckpointClaims {
    pub iss: String,
    pub seq: i64,
    pub chain: String,
    /// Seconds since the epoch.
    pub iat: i64,
    /// Events up to this one were removed on purpose, and the trail begins after it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cut: bool,
}

/// A signed statement about a chain, as stored.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    pub seq: i64,
    pub chain: Link,
    pub at: Timestamp,
    pub cut: bool,
    pub jws: String,
}
