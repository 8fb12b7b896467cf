//! Who is trusted to issue tokens, and on what grounds.

use std::fmt;
use std::sync::Arc;

use data_encoding::BASE64;
use url::Url;
use url::form_urlencoded::byte_serialize;

use super::fetch;
use crate::config::Secret;
use crate::keys::jwk::{ClientJwk, JwkError};
use crate::model::algorithm::Algorithm;

/// An issuer whose tokens are accepted where they are for one of `audiences`.
///
/// Its keys are one that is given, or those it publishes. With
/// [`introspected_at`](TrustedIssuer::introspected_at) it is asked about every token as well, which is
/// the only way to learn of a revocation before a token ends, and the only way to opaque tokens.
#[derive(Clone, Debug)]
pub struct TrustedIssuer {
    pub(super) issuer: String,
    pub(super) keys: KeySource,
    pub(super) audiences: Vec<String>,
    pub(super) algorithms: Vec<Algorithm>,
    pub(super) introspection: Option<(String, Credentials)>,
}

/// Where an issuer's keys come from.
#[derive(Clone, Debug)]
pub(super) enum KeySource {
    PublicKeyPem(String),
    JwksUri(String),
}

/// What an introspection endpoint is asked with.
#[derive(Clone)]
pub(super) struct Credentials {
    client_id: String,
    client_secret: Secret,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Credentials");
        shown.field("client_id", &self.client_id);
        shown.finish_non_exhaustive()
    }
}

/// Why an issuer cannot be trusted as described.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// Without an audience, tokens for anybody would be accepted (RFC 9068 section 4).
    #[error("audiences: at least one")]
    NoAudience,
    #[error("algorithms: at least one")]
    NoAlgorithm,
    #[error("issuer: must not be empty")]
    NoIssuer,
    #[error("public_key_pem: {0}")]
    Key(JwkError),
    /// The key is of another type than every accepted algorithm.
    #[error("public_key_pem: no accepted algorithm goes with this key")]
    KeyWithoutAlgorithm,
    #[error("{0}: must be https, or http on this machine, without a user name or fragment")]
    Address(&'static str),
    #[error("no HTTP client can be made")]
    Client,
}

impl TrustedIssuer {
    /// An issuer with one key, as `-----BEGIN PUBLIC KEY-----`. When it turns to another key, its
    /// tokens are refused until this is replaced: prefer [`with_jwks_uri`](Self::with_jwks_uri).
    pub fn with_public_key_pem(
        issuer: impl Into<String>,
        public_key_pem: impl Into<String>,
        audiences: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        let keys = KeySource::PublicKeyPem(public_key_pem.into());
        Self::new(issuer.into(), keys, audiences)
    }

    /// An issuer that publishes its keys as a JWK Set (RFC 7517 section 5), read when first needed.
    pub fn with_jwks_uri(
        issuer: impl Into<String>,
        jwks_uri: impl Into<String>,
        audiences: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        Self::new(
            issuer.into(),
            KeySource::JwksUri(jwks_uri.into()),
            audiences,
        )
    }

    fn new(
        issuer: String,
        keys: KeySource,
        audiences: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        Self {
            issuer,
            keys,
            audiences: audiences.into_iter().map(Into::into).collect(),
            algorithms: Algorithm::ALL.to_vec(),
            introspection: None,
        }
    }

    /// Accepts signatures of these algorithms alone, instead of RS256, PS256, ES256 and `EdDSA`.
    #[must_use]
    pub fn with_algorithms(mut self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        self.algorithms = algorithms.into_iter().collect();
        self
    }

    /// Asks the issuer about every token as well (RFC 7662), as this client (`client_secret_basic`).
    /// Its answers are remembered as long as those about signatures are.
    #[must_use]
    pub fn introspected_at(
        mut self,
        introspection_endpoint: impl Into<String>,
        client_id: impl Into<String>,
        client_secret: impl Into<String>,
    ) -> Self {
        let credentials = Credentials {
            client_id: client_id.into(),
            client_secret: Secret::new(client_secret),
        };
        self.introspection = Some((introspection_endpoint.into(), credentials));
        self
    }

    /// The rules that need no look at the keys.
    pub(super) fn check(&self) -> Result<(), TrustError> {
        if self.issuer.is_empty() {
            return Err(TrustError::NoIssuer);
        }
        if self.audiences.is_empty() {
            return Err(TrustError::NoAudience);
        }
        if self.algorithms.is_empty() {
            return Err(TrustError::NoAlgorithm);
        }
        Ok(())
    }

    /// The key that was given, if one was.
    pub(super) fn key(&self) -> Result<Option<ClientJwk>, TrustError> {
        match &self.keys {
            KeySource::PublicKeyPem(pem) => {
                ClientJwk::from_pem(pem).map(Some).map_err(TrustError::Key)
            }
            KeySource::JwksUri(_) => Ok(None),
        }
    }

    /// Where the keys are published, if they are.
    pub(super) fn jwks_uri(&self) -> Result<Option<Arc<Url>>, TrustError> {
        match &self.keys {
            KeySource::PublicKeyPem(_) => Ok(None),
            KeySource::JwksUri(uri) => {
                let uri = fetch::address(uri).ok_or(TrustError::Address("jwks_uri"))?;
                Ok(Some(uri))
            }
        }
    }

    /// Where and with which `Authorization` the issuer is asked about tokens, if it is.
    pub(super) fn introspection(&self) -> Result<Option<(Arc<Url>, Secret)>, TrustError> {
        let Some((endpoint, credentials)) = &self.introspection else {
            return Ok(None);
        };
        let endpoint = fetch::address(endpoint);
        let endpoint = endpoint.ok_or(TrustError::Address("introspection_endpoint"))?;
        Ok(Some((endpoint, credentials.basic())))
    }
}

impl Credentials {
    /// RFC 6749 section 2.3.1: form-encoded, then base64.
    fn basic(&self) -> Secret {
        let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
        let secret = encoded(self.client_secret.expose());
        let pair = format!("{}:{secret}", encoded(&self.client_id));
        Secret::new(format!("Basic {}", BASE64.encode(pair.as_bytes())))
    }
}
