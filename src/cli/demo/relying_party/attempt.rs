//! Attempts to sign in: what must come back, and from whom. The browser keeps its own, sealed.

use axum::http::{HeaderMap, HeaderValue};
use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};

use crate::base::clock::Timestamp;
use crate::base::digest::{equal, sha256_text};
use crate::base::master_key;
use crate::base::random::Random;
use crate::web::cookies;

const COOKIE: &str = "__Host-demo-attempts";
/// How many a browser keeps: windows that are open side by side.
const MAX_ATTEMPTS: usize = 4;
/// How long one may take, in seconds.
const LIFETIME: i64 = 600;

/// One attempt, from the request to the answer.
#[derive(Deserialize, Serialize)]
pub(super) struct Attempt {
    pub(super) state: String,
    pub(super) nonce: String,
    /// Of PKCE (RFC 7636 section 4.1).
    pub(super) verifier: String,
    started_at: i64,
}

impl Attempt {
    pub(super) fn begin(random: &Random, now: Timestamp) -> Self {
        let secret = || BASE64URL_NOPAD.encode(&random.bytes::<32>());
        Self {
            state: secret(),
            nonce: secret(),
            verifier: secret(),
            started_at: now.seconds(),
        }
    }

    /// RFC 7636 section 4.2, S256.
    pub(super) fn challenge(&self) -> String {
        sha256_text(&self.verifier)
    }
}

/// The attempts of one browser, oldest first.
pub(super) struct Attempts(Vec<Attempt>);

impl Attempts {
    /// Those that are not too old. A cookie that is not ours holds none.
    pub(super) fn of(headers: &HeaderMap, key: &[u8; 32], now: Timestamp) -> Self {
        let opened = cookies::get(headers, COOKIE)
            .and_then(|sealed| master_key::open(key, COOKIE, &sealed).ok());
        let attempts: Option<Vec<Attempt>> =
            opened.and_then(|plain| serde_json::from_slice(&plain).ok());
        let mut attempts = attempts.unwrap_or_default();
        attempts.retain(|attempt| attempt.started_at.saturating_add(LIFETIME) > now.seconds());
        Self(attempts)
    }

    /// Adds one; the oldest makes room.
    pub(super) fn add(&mut self, attempt: Attempt) {
        self.0.push(attempt);
        let surplus = self.0.len().saturating_sub(MAX_ATTEMPTS);
        self.0.drain(..surplus);
    }

    /// Takes out the one with this `state`: an answer counts once.
    pub(super) fn take(&mut self, state: &str) -> Option<Attempt> {
        let is_it = |attempt: &Attempt| equal(attempt.state.as_bytes(), state.as_bytes());
        let position = self.0.iter().position(is_it)?;
        Some(self.0.remove(position))
    }

    /// What the browser is to keep.
    pub(super) fn cookie(&self, key: &[u8; 32], random: &Random) -> HeaderValue {
        if self.0.is_empty() {
            return cookies::clear(COOKIE);
        }
        let plain = serde_json::to_vec(&self.0).unwrap_or_default();
        let sealed = master_key::seal(key, COOKIE, &plain, random);
        cookies::set(COOKIE, &sealed, Some(LIFETIME))
    }
}
