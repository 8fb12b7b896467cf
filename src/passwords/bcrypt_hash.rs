//! bcrypt, as other systems stored it.
//!
//! It sees 72 bytes of a password and no more, so whoever knows those is let in, as over there; such a
//! hash stays as it is, because what was typed after them is not proved.

use std::str::FromStr as _;

use bcrypt::HashParts;

/// Bytes that count.
pub(super) const SEEN_BYTES: usize = 72;
/// The ceiling of the cost: about a second.
const MAX_COST: u32 = 14;
const MIN_COST: u32 = 4;

/// A hash in Modular Crypt Format, `$2b$12$..`.
pub(super) struct Bcrypt(String);

impl Bcrypt {
    /// `$2x$` is of a program that lost bits, and nobody's.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let known = ["$2a$", "$2b$", "$2y$"];
        if !known.iter().any(|start| text.starts_with(start)) {
            return None;
        }
        let parts = HashParts::from_str(text).ok()?;
        let within = (MIN_COST..=MAX_COST).contains(&parts.get_cost());
        within.then(|| Self(text.to_owned()))
    }

    pub(super) fn verify(&self, password: &[u8]) -> bool {
        let seen = &password[..password.len().min(SEEN_BYTES)];
        bcrypt::verify(seen, &self.0).unwrap_or(false)
    }
}
