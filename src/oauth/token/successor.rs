//! The successor of a refresh token, kept for the retry of a lost answer.

use crate::app::App;
use crate::base::digest::hkdf_sha256;
use crate::base::master_key;
use crate::base::token::{Kind, OpaqueToken};

const SUCCESSOR: &str = "refresh-successor";

/// Only who holds the old token can read its successor: the key is derived from the token, and
/// the database has its digest alone.
pub(super) fn seal(app: &App, old: &OpaqueToken, successor: &OpaqueToken) -> String {
    let key = hkdf_sha256(old.expose().as_bytes(), SUCCESSOR);
    master_key::seal(&key, SUCCESSOR, successor.expose().as_bytes(), &app.random)
}

pub(super) fn open(old: &OpaqueToken, sealed: &str) -> Option<OpaqueToken> {
    let key = hkdf_sha256(old.expose().as_bytes(), SUCCESSOR);
    let plain = master_key::open(&key, SUCCESSOR, sealed).ok()?;
    OpaqueToken::parse(Kind::RefreshToken, std::str::from_utf8(&plain).ok()?)
}
