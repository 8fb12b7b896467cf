//! An issuer's keys: one that was given, or the published set, kept for a while and read again when
//! it is old or a token names a key that is not in it.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::{Mutex, MutexGuard};
use url::Url;

use super::error::ValidationError;
use super::fetch::Http;
use super::issuer::{TrustError, TrustedIssuer};
use crate::keys::jwk::{ClientJwk, ClientJwks};
use crate::keys::jws::Verifier;
use crate::model::algorithm::Algorithm;

/// How long a set is kept and how often it may be read.
#[derive(Clone, Copy)]
pub(super) struct Pace {
    /// Seconds after which a set is read again. It is used for as long again where that fails.
    pub(super) lifetime: i64,
    /// Seconds between two readings: tokens with a `kid` of somebody's invention cost no more.
    pub(super) pause: i64,
}

/// The keys of one issuer.
pub(super) enum Keys {
    /// The only key: a token's `kid` is not looked at.
    Given(HashMap<Algorithm, Arc<Verifier>>),
    Published(Published),
}

/// A published set.
pub(super) struct Published {
    address: Arc<Url>,
    algorithms: Vec<Algorithm>,
    known: RwLock<Option<Arc<Set>>>,
    /// When the set may be read next. Held while it is read: one reading at a time.
    next: Mutex<i64>,
}

struct Set {
    verifiers: HashMap<(String, Algorithm), Arc<Verifier>>,
    read_at: i64,
}

impl Keys {
    pub(super) fn of(issuer: &TrustedIssuer) -> Result<Self, TrustError> {
        if let Some(address) = issuer.jwks_uri()? {
            return Ok(Self::Published(Published {
                address,
                algorithms: issuer.algorithms.clone(),
                known: RwLock::new(None),
                next: Mutex::new(i64::MIN),
            }));
        }
        let key = issuer.key()?.ok_or(TrustError::KeyWithoutAlgorithm)?;
        let verifiers = issuer.algorithms.iter().filter_map(|algorithm| {
            let verifier = verifier(&key, *algorithm)?;
            Some((*algorithm, verifier))
        });
        let verifiers: HashMap<_, _> = verifiers.collect();
        if verifiers.is_empty() {
            return Err(TrustError::KeyWithoutAlgorithm);
        }
        Ok(Self::Given(verifiers))
    }

    /// What a token with this header is checked with.
    pub(super) async fn verifier(
        &self,
        http: &Http,
        pace: Pace,
        (kid, algorithm): (Option<&str>, Algorithm),
        now: i64,
    ) -> Result<Arc<Verifier>, ValidationError> {
        match self {
            Self::Given(verifiers) => {
                let verifier = verifiers.get(&algorithm).cloned();
                verifier.ok_or(ValidationError::UnsupportedAlgorithm)
            }
            Self::Published(published) => {
                // RFC 7515 section 4.1.4 leaves it out where there is one key; there rarely is.
                let kid = kid.ok_or(ValidationError::UnknownKey)?;
                published.verifier(http, pace, kid, algorithm, now).await
            }
        }
    }
}

impl Published {
    async fn verifier(
        &self,
        http: &Http,
        pace: Pace,
        kid: &str,
        algorithm: Algorithm,
        now: i64,
    ) -> Result<Arc<Verifier>, ValidationError> {
        let wanted = (kid.to_owned(), algorithm);
        let known = self.known();
        let usable = known.as_ref().filter(|set| set.is_usable(pace, now));
        let at_hand = usable.and_then(|set| set.verifiers.get(&wanted)).cloned();
        let is_fresh = usable.is_some_and(|set| set.is_fresh(pace, now));
        let next = match (at_hand, is_fresh) {
            (Some(verifier), true) => return Ok(verifier),
            // One of those who come with a known key reads the set again; the others go on.
            (Some(verifier), false) => match self.next.try_lock() {
                Ok(next) => next,
                Err(_) => return Ok(verifier),
            },
            (None, _) => self.next.lock().await,
        };
        let seen = known.map(|set| set.read_at);
        self.read(http, pace, next, seen, now).await;
        let set = self.known().filter(|set| set.is_usable(pace, now));
        let set = set.ok_or(ValidationError::Unavailable)?;
        let verifier = set.verifiers.get(&wanted).cloned();
        verifier.ok_or(ValidationError::UnknownKey)
    }

    /// Reads the set, unless somebody did since it was `seen`, or too little time has passed.
    async fn read(
        &self,
        http: &Http,
        pace: Pace,
        mut next: MutexGuard<'_, i64>,
        seen: Option<i64>,
        now: i64,
    ) {
        let newer = self.known().map(|set| set.read_at) > seen;
        if newer || now < *next {
            return;
        }
        *next = now.saturating_add(pace.pause);
        let set = match http.get(&self.address).await {
            Ok(set) => set,
            Err(error) => {
                return tracing::warn!(jwks_uri = %self.address, %error, "an issuer's keys cannot be read");
            }
        };
        match ClientJwks::parse(&set) {
            Ok(keys) => {
                let set = Set::of(&keys, &self.algorithms, now);
                let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
                *known = Some(Arc::new(set));
            }
            Err(error) => {
                tracing::warn!(jwks_uri = %self.address, %error, "an issuer's keys cannot be used");
            }
        }
    }

    fn known(&self) -> Option<Arc<Set>> {
        self.known
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Set {
    fn of(keys: &ClientJwks, algorithms: &[Algorithm], read_at: i64) -> Self {
        let mut verifiers = HashMap::new();
        for kid in keys.keys().iter().filter_map(ClientJwk::kid) {
            for algorithm in algorithms {
                // Of two keys with one name and algorithm, none is chosen.
                let key = keys.select(Some(kid), *algorithm);
                if let Some(verifier) = key.and_then(|key| verifier(key, *algorithm)) {
                    verifiers.insert((kid.to_owned(), *algorithm), verifier);
                }
            }
        }
        Self { verifiers, read_at }
    }

    fn is_fresh(&self, pace: Pace, now: i64) -> bool {
        now < self.read_at.saturating_add(pace.lifetime)
    }

    fn is_usable(&self, pace: Pace, now: i64) -> bool {
        now < self.read_at.saturating_add(pace.lifetime.saturating_mul(2))
    }
}

fn verifier(key: &ClientJwk, algorithm: Algorithm) -> Option<Arc<Verifier>> {
    Verifier::for_client(key, algorithm).ok().map(Arc::new)
}
