//! Who is signed in to the application: kept in memory, gone with the demo.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::{HeaderMap, HeaderValue};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Map, Value};

use crate::base::digest::sha256;
use crate::base::random::Random;
use crate::web::cookies;

const COOKIE: &str = "__Host-demo-session";
/// The most there are at once; the oldest makes room.
const MAX_SESSIONS: usize = 50;

/// What the application was told of somebody.
pub(super) struct Told {
    /// At userinfo.
    pub(super) claims: Map<String, Value>,
    /// As it came, for signing out.
    pub(super) id_token: String,
    /// Of the ID token, to be read by people.
    pub(super) header: String,
    pub(super) payload: String,
}

/// The sessions by the digest of what the browser holds, oldest first.
#[derive(Default)]
pub(super) struct Sessions(Mutex<VecDeque<([u8; 32], Arc<Told>)>>);

impl Sessions {
    /// Begins a session; its cookie.
    pub(super) fn begin(&self, told: Told, random: &Random) -> HeaderValue {
        let secret = BASE64URL_NOPAD.encode(&random.bytes::<32>());
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() == MAX_SESSIONS {
            all.pop_front();
        }
        all.push_back((sha256(&[secret.as_bytes()]), Arc::new(told)));
        cookies::set(COOKIE, &secret, None)
    }

    pub(super) fn of(&self, headers: &HeaderMap) -> Option<Arc<Told>> {
        let digest = digest(headers)?;
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = all.iter().find(|(known, _)| *known == digest);
        found.map(|(_, told)| Arc::clone(told))
    }

    /// Ends the browser's session; what was known.
    pub(super) fn end(&self, headers: &HeaderMap) -> Option<Arc<Told>> {
        let digest = digest(headers)?;
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let position = all.iter().position(|(known, _)| *known == digest)?;
        all.remove(position).map(|(_, told)| told)
    }

    /// Makes the browser forget.
    pub(super) fn no_cookie() -> HeaderValue {
        cookies::clear(COOKIE)
    }
}

fn digest(headers: &HeaderMap) -> Option<[u8; 32]> {
    let secret = cookies::get(headers, COOKIE)?;
    Some(sha256(&[secret.as_bytes()]))
}
