//! Floor 4: the other side of a token. What a resource server, a SIP registrar for one, does with the
//! tokens of issuers it trusts; it needs no database and none of the rest of this program.
//!
//! A token passes through [`Parsed`], [`Verifier`](crate::keys::jws::Verifier) and the claims' rules,
//! in that order, and only what passed all of them is a [`UserContext`].

mod challenge;
mod claims;
mod context;
mod error;
mod fetch;
mod issuer;
mod keys;
mod memory;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use serde_json::{Map, Value};
use tokio::sync::Semaphore;
use url::Url;

pub use challenge::{BearerChallenge, bearer_token};
pub use context::UserContext;
pub use error::ValidationError;
pub use issuer::{TrustError, TrustedIssuer};

use crate::base::clock::Clock;
use crate::base::digest::sha256;
use crate::config::Secret;
use crate::keys::jws::{Malformed, Parsed, Typ};
use crate::model::algorithm::Algorithm;
use claims::Expected;
use fetch::Http;
use keys::{Keys, Pace};
use memory::Memory;

/// How long what is known is believed. Seconds.
#[derive(Clone, Debug)]
pub struct ValidatorSettings {
    /// An accepted token, but never past its end. Also how late a revocation or a withdrawn key may
    /// be noticed (60).
    pub accepted_for: i64,
    /// A refused token, unless it may become good (60).
    pub refused_for: i64,
    /// Tokens remembered of either kind, at most (10000).
    pub remembered: usize,
    /// A published set of keys, after which it is read again. Where that fails, it is used for as
    /// long again (3600).
    pub jwks_lifetime: i64,
    /// The least time between two readings of a set, however many unknown keys are named (10).
    pub jwks_pause: i64,
    /// How long a token is good for after its end, for issuers whose clocks are behind (0).
    pub leeway: i64,
}

impl Default for ValidatorSettings {
    fn default() -> Self {
        Self {
            accepted_for: 60,
            refused_for: 60,
            remembered: 10_000,
            jwks_lifetime: 3600,
            jwks_pause: 10,
            leeway: 0,
        }
    }
}

/// Checks access tokens of the issuers it was told to trust. Cheap to clone; clones share what they
/// know.
///
/// ```no_run
/// use users_core::{TokenValidator, TrustedIssuer};
///
/// # async fn example(token: &str) -> Result<(), Box<dyn std::error::Error>> {
/// let validator = TokenValidator::new()?;
/// validator.add_trusted_issuer(TrustedIssuer::with_jwks_uri(
///     "https://login.example.org",
///     "https://login.example.org/jwks.json",
///     ["rvoip-sip"],
/// ))?;
/// let caller = validator.validate_token(token).await?;
/// if !caller.has_scope("sip.register") {
///     // 403, `BearerChallenge::insufficient_scope`
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct TokenValidator(Arc<Inner>);

struct Inner {
    settings: ValidatorSettings,
    clock: Clock,
    http: Http,
    issuers: RwLock<HashMap<String, Arc<Known>>>,
    memory: Memory,
    asking: Semaphore,
}

/// Questions to issuers that are open at once: whoever sends tokens of their own invention makes us
/// ask, and no more than this.
const OPEN_QUESTIONS: usize = 64;

/// A trusted issuer, ready for use.
struct Known {
    issuer: TrustedIssuer,
    keys: Keys,
    introspection: Option<(Arc<Url>, Secret)>,
}

impl TokenValidator {
    /// One that trusts nobody yet.
    ///
    /// # Errors
    /// [`TrustError::Client`]: the machine has no way to check certificates.
    pub fn new() -> Result<Self, TrustError> {
        Self::with(ValidatorSettings::default(), Clock::System)
    }

    /// The same with settings, and a clock that tests may move.
    ///
    /// # Errors
    /// As [`TokenValidator::new`].
    pub fn with(settings: ValidatorSettings, clock: Clock) -> Result<Self, TrustError> {
        let http = Http::new().map_err(|error| {
            tracing::error!(%error, "no HTTP client can be made");
            TrustError::Client
        })?;
        let remembered = settings.remembered.max(1);
        let memory = Memory::new(remembered, settings.accepted_for, settings.refused_for);
        Ok(Self(Arc::new(Inner {
            settings,
            clock,
            http,
            issuers: RwLock::default(),
            memory,
            asking: Semaphore::new(OPEN_QUESTIONS),
        })))
    }

    /// Trusts an issuer from now on, in place of what was known of one with the same name. Its keys
    /// are not asked for yet.
    ///
    /// # Errors
    /// What is wrong with the description.
    pub fn add_trusted_issuer(&self, issuer: TrustedIssuer) -> Result<(), TrustError> {
        issuer.check()?;
        let known = Known {
            keys: Keys::of(&issuer)?,
            introspection: issuer.introspection()?,
            issuer,
        };
        let name = known.issuer.issuer.clone();
        let mut issuers = self
            .0
            .issuers
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        issuers.insert(name, Arc::new(known));
        drop(issuers);
        self.0.memory.clear();
        Ok(())
    }

    /// Trusts an issuer no more; its tokens are refused at once.
    pub fn remove_trusted_issuer(&self, issuer: &str) {
        let mut issuers = self
            .0
            .issuers
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        issuers.remove(issuer);
        drop(issuers);
        self.0.memory.clear();
    }

    /// Accepts a token, or says why not. What was found is remembered by the token's digest, see
    /// [`ValidatorSettings`].
    ///
    /// # Errors
    /// See [`ValidationError`]; [`ValidationError::Unavailable`] says nothing of the token.
    pub async fn validate_token(&self, token: &str) -> Result<Arc<UserContext>, ValidationError> {
        let Inner { clock, memory, .. } = &*self.0;
        let (digest, now) = (sha256(&[token.as_bytes()]), clock.now().seconds());
        if let Some(outcome) = memory.recall(&digest, now) {
            return outcome;
        }
        match self.judge(token, now).await {
            Ok(context) => {
                let context = Arc::new(context);
                memory.accept(digest, &context, now);
                Ok(context)
            }
            Err(error) => {
                memory.refuse(digest, error, now);
                Err(error)
            }
        }
    }

    async fn judge(&self, token: &str, now: i64) -> Result<UserContext, ValidationError> {
        match Parsed::parse(token) {
            Ok(parsed) => self.judge_signed(token, &parsed, now).await,
            Err(Malformed::Parts) => self.judge_opaque(token, now).await,
            Err(_) => Err(ValidationError::Malformed),
        }
    }

    async fn judge_signed(
        &self,
        token: &str,
        parsed: &Parsed<'_>,
        now: i64,
    ) -> Result<UserContext, ValidationError> {
        let named = parsed.unverified_issuer();
        let known = named.and_then(|issuer| self.issuer(&issuer));
        let known = known.ok_or(ValidationError::UntrustedIssuer)?;
        if !parsed.is_typ(Typ::AccessToken.name()) {
            return Err(ValidationError::NotAnAccessToken);
        }
        let algorithm: Result<Algorithm, _> = parsed.alg().parse();
        let algorithm = algorithm
            .ok()
            .filter(|algorithm| known.issuer.algorithms.contains(algorithm))
            .ok_or(ValidationError::UnsupportedAlgorithm)?;
        let pace = Pace {
            lifetime: self.0.settings.jwks_lifetime,
            pause: self.0.settings.jwks_pause,
        };
        let header = (parsed.kid(), algorithm);
        let verifier = known.keys.verifier(&self.0.http, pace, header, now).await?;
        let payload = verifier
            .verify(parsed)
            .map_err(|_| ValidationError::BadSignature)?;
        let claims: Map<String, Value> =
            payload.claims().map_err(|_| ValidationError::Malformed)?;
        let context = self.expected(&known, now).signed(claims)?;
        if known.introspection.is_some() {
            self.introspect(&known, token).await?;
        }
        Ok(context)
    }

    /// A token that names nobody goes to the one issuer that can be asked. Where there are several,
    /// it goes to none: asking shows the token.
    async fn judge_opaque(&self, token: &str, now: i64) -> Result<UserContext, ValidationError> {
        let is_plain = token.bytes().all(|byte| byte.is_ascii_graphic());
        if token.is_empty() || !is_plain {
            return Err(ValidationError::Malformed);
        }
        let known = self.only_introspecting_issuer();
        let known = known.ok_or(ValidationError::UntrustedIssuer)?;
        let answer = self.introspect(&known, token).await?;
        self.expected(&known, now).introspected(answer)
    }

    fn expected<'a>(&self, known: &'a Known, now: i64) -> Expected<'a> {
        Expected {
            issuer: &known.issuer.issuer,
            audiences: &known.issuer.audiences,
            now,
            leeway: self.0.settings.leeway,
        }
    }

    /// Asks an issuer about a token (RFC 7662 section 2.1).
    async fn introspect(
        &self,
        known: &Known,
        token: &str,
    ) -> Result<Map<String, Value>, ValidationError> {
        let (endpoint, authorization) = known
            .introspection
            .as_ref()
            .ok_or(ValidationError::UntrustedIssuer)?;
        let form = [("token", token)];
        // Never closed, so a permit always comes.
        let _permit = self.0.asking.acquire().await;
        let asked = self.0.http.post(endpoint, authorization.expose(), &form);
        match asked.await {
            Ok(Value::Object(answer)) if answer.get("active") == Some(&Value::Bool(true)) => {
                Ok(answer)
            }
            Ok(Value::Object(answer)) if answer.get("active") == Some(&Value::Bool(false)) => {
                Err(ValidationError::Inactive)
            }
            Ok(_) => {
                tracing::warn!(%endpoint, "an issuer's answer about a token says nothing");
                Err(ValidationError::Unavailable)
            }
            Err(error) => {
                tracing::warn!(%endpoint, %error, "an issuer cannot be asked about a token");
                Err(ValidationError::Unavailable)
            }
        }
    }

    fn issuer(&self, name: &str) -> Option<Arc<Known>> {
        let issuers = self
            .0
            .issuers
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        issuers.get(name).cloned()
    }

    fn only_introspecting_issuer(&self) -> Option<Arc<Known>> {
        let issuers = self
            .0
            .issuers
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let mut asked = issuers
            .values()
            .filter(|known| known.introspection.is_some());
        let first = asked.next()?;
        asked.next().is_none().then(|| Arc::clone(first))
    }
}
