//! A client of one tenant, with the digests of its live secrets.

use super::client_metadata::{ClientMetadata, UnknownWord};
use super::search;
use crate::base::clock::Timestamp;
use crate::base::digest::sha256_text;

const SECRET_ID_CHARS: usize = 16;

#[derive(Clone, Debug)]
pub struct Client {
    pub client_id: String,
    pub metadata: ClientMetadata,
    pub enabled: bool,
    /// At most two at a time, so that a secret can be changed without a gap.
    pub secrets: Vec<StoredSecret>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Client {
    /// What people are told it is called.
    pub fn name(&self) -> &str {
        let name = self.metadata.client_name.as_deref();
        name.unwrap_or(&self.client_id)
    }
}

/// What a search for clients looks in: the id and the name.
pub fn search_key(client_id: &str, metadata: &ClientMetadata) -> String {
    search::key(
        [client_id]
            .into_iter()
            .chain(metadata.client_name.as_deref()),
    )
}

/// A client secret as stored.
#[derive(Clone, Eq, PartialEq)]
pub struct StoredSecret {
    pub kind: SecretKind,
    pub digest: String,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
}

impl StoredSecret {
    /// Its name among the client's secrets. It tells nothing of the secret, nor of what is stored.
    pub fn id(&self) -> String {
        let mut id = sha256_text(&self.digest);
        id.truncate(SECRET_ID_CHARS);
        id
    }
}

/// A digest is no secret of ours, but no log needs it either.
impl std::fmt::Debug for StoredSecret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("StoredSecret")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// How a client secret is digested.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SecretKind {
    /// We made it from 256 random bits: SHA-256.
    Generated,
    /// A person chose it: HMAC-SHA-256 under the master key.
    Given,
}

impl SecretKind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Generated => "sha256",
            Self::Given => "hmac-sha256",
        }
    }
}

impl std::str::FromStr for SecretKind {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        match text {
            "sha256" => Ok(Self::Generated),
            "hmac-sha256" => Ok(Self::Given),
            _ => Err(UnknownWord),
        }
    }
}
