//! A tenant's keys, ready for use: signers built once, verifiers by `kid`, the published set.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;

use super::jwk::PublicJwk;
use super::jws::{Parsed, Signer, VerifiedPayload, Verifier};
use super::key_pair::{KeyError, KeyPair};
use crate::base::clock::{Clock, Timestamp};
use crate::base::master_key::{MasterKey, Unsealable};
use crate::model::algorithm::Algorithm;
use crate::model::tenant::Tenant;
use crate::storage::cache::Cache;
use crate::storage::feed::Change;
use crate::storage::signing_keys::{KeyState, SealedKey, SigningKeyRow};
use crate::storage::{DbError, LONGEST_ACCESS_TOKEN, Store};

/// Tenants whose keys are held at once: as many as are remembered otherwise. Keys cost more to make
/// ready than all else that is read for a tenant.
const TENANTS: usize = 4096;

/// The keys of every tenant, loaded when first used.
pub struct KeyRing {
    store: Store,
    master_key: MasterKey,
    clock: Clock,
    sets: Cache<String, Arc<KeySet>>,
}

/// The keys of one tenant.
pub struct KeySet {
    signers: HashMap<Algorithm, Arc<Signer>>,
    verifiers: HashMap<String, Verifier>,
    /// Of keys whose tokens are over.
    retired: HashMap<String, Verifier>,
    jwks: Bytes,
}

/// Why a tenant's keys are not at hand.
#[derive(Debug, thiserror::Error)]
pub enum RingError {
    #[error(transparent)]
    Db(#[from] DbError),
    #[error(transparent)]
    Unsealable(#[from] Unsealable),
    #[error("a stored key cannot be used: {0}")]
    Key(#[from] KeyError),
    #[error("the tenant has no {0} key")]
    Missing(Algorithm),
}

impl KeyRing {
    pub fn new(store: Store, master_key: MasterKey, clock: Clock) -> Arc<Self> {
        let db = store.db().clone();
        let ring = Arc::new(Self {
            store,
            master_key,
            clock,
            sets: Cache::new(db.clone(), TENANTS),
        });
        let listener = Arc::downgrade(&ring);
        db.feed().subscribe(move |change| {
            let Some(ring) = listener.upgrade() else {
                return;
            };
            match change {
                Change::SigningKeys { tenant } => ring.sets.forget(tenant),
                Change::Everything => ring.sets.forget_all(),
                _ => {}
            }
        });
        ring
    }

    /// The keys of a tenant.
    pub async fn of(&self, tenant: &Tenant) -> Result<Arc<KeySet>, RingError> {
        let load = async {
            let rows = self.store.tenant(&tenant.id).signing_keys().await?;
            KeySet::build(rows, &self.master_key, self.clock.now()).map(Arc::new)
        };
        self.sets.get(tenant.id.clone(), load).await
    }
}

impl KeySet {
    fn build(
        rows: Vec<SigningKeyRow>,
        master_key: &MasterKey,
        now: Timestamp,
    ) -> Result<Self, RingError> {
        let mut signers = HashMap::new();
        let mut verifiers = HashMap::new();
        let mut retired = HashMap::new();
        let mut published = Vec::new();
        for row in rows {
            let is_published = is_published(&row, now);
            let public: serde_json::Value = serde_json::from_str(&row.public_jwk)
                .map_err(|_| DbError::Corrupt("signing_keys.public_jwk"))?;
            let public = PublicJwk::parse(&public)
                .map_err(|_| DbError::Corrupt("signing_keys.public_jwk"))?;
            if let (KeyState::Active, Some(sealed)) = (row.state, &row.private_sealed) {
                let private = master_key.open(&seal_context(&row.kid), sealed)?;
                let pair = KeyPair::from_private_bytes(row.algorithm, &private)?;
                signers.insert(row.algorithm, Arc::new(Signer::new(&pair)?));
            }
            let verifier = Verifier::new(&public)?;
            if is_published {
                verifiers.insert(row.kid, verifier);
                published.push(public);
            } else {
                retired.insert(row.kid, verifier);
            }
        }
        let jwks = serde_json::json!({ "keys": published }).to_string().into();
        Ok(Self {
            signers,
            verifiers,
            retired,
            jwks,
        })
    }

    pub fn signer(&self, algorithm: Algorithm) -> Result<&Arc<Signer>, RingError> {
        self.signers
            .get(&algorithm)
            .ok_or(RingError::Missing(algorithm))
    }

    /// The algorithms the tenant signs with, in a fixed order.
    pub fn algorithms(&self) -> impl Iterator<Item = Algorithm> {
        Algorithm::ALL
            .into_iter()
            .filter(|algorithm| self.signers.contains_key(algorithm))
    }

    /// The published JWK Set (RFC 7517 section 5): next, active, and retired keys whose tokens may
    /// still live.
    pub fn jwks(&self) -> Bytes {
        self.jwks.clone()
    }

    /// Checks a token of ours: the key is found by `kid`, and the header's `alg` must be that key's.
    pub fn verify<'t>(&self, token: &'t Parsed<'_>) -> Option<VerifiedPayload<'t>> {
        self.verifiers.get(token.kid()?)?.verify(token).ok()
    }
}

impl KeySet {
    /// The same for what only reminds of something that was once so: an ID token comes back as a hint
    /// long after its key was retired. Nothing may be granted on the strength of it.
    pub fn verify_hint<'t>(&self, token: &'t Parsed<'_>) -> Option<VerifiedPayload<'t>> {
        let kid = token.kid()?;
        let key = self.verifiers.get(kid).or_else(|| self.retired.get(kid))?;
        key.verify(token).ok()
    }
}

/// A retired key stays published until its last token and every cached copy of the set is gone.
fn is_published(row: &SigningKeyRow, now: Timestamp) -> bool {
    row.retired_at
        .is_none_or(|retired| retired.plus_seconds(LONGEST_ACCESS_TOKEN + 3600) > now)
}

/// Where a private key is sealed to.
fn seal_context(kid: &str) -> String {
    format!("signing_key:{kid}")
}

/// Seals a fresh pair for its row.
pub(super) fn sealed(
    pair: &KeyPair,
    master_key: &MasterKey,
    random: &crate::base::random::Random,
) -> Result<SealedKey, KeyError> {
    let kid = pair.public().kid().to_owned();
    Ok(SealedKey {
        private_sealed: master_key.seal(&seal_context(&kid), pair.private_bytes(), random),
        public_jwk: serde_json::to_string(pair.public()).map_err(|_| KeyError::InvalidPublicKey)?,
        algorithm: pair.algorithm(),
        kid,
    })
}
