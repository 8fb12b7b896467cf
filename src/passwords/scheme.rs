//! The one table of schemes a stored password may be hashed with. New ones are Argon2id's; the others
//! came from elsewhere, and give way at the first right login.

use super::argon::{self, Cost, Memory};
use super::bcrypt_hash::{Bcrypt, SEEN_BYTES};
use super::kdf::Derived;

/// A stored hash, taken apart; one of no known form, or above the ceilings, is nobody's.
pub(super) enum Scheme {
    Argon2(argon::Stored),
    Bcrypt(Bcrypt),
    Derived(Derived),
}

impl Scheme {
    pub(super) fn parse(stored: &str) -> Option<Self> {
        let argon = argon::Stored::parse(stored).map(Self::Argon2);
        let bcrypt = || Bcrypt::parse(stored).map(Self::Bcrypt);
        let derived = || Derived::parse(stored).map(Self::Derived);
        argon.or_else(bcrypt).or_else(derived)
    }

    /// Whether it is the hash of `password`.
    pub(super) fn verify(&self, password: &[u8], memory: &mut Memory) -> bool {
        match self {
            Self::Argon2(stored) => stored.verify(password, memory),
            Self::Bcrypt(stored) => stored.verify(password),
            Self::Derived(stored) => stored.verify(password),
        }
    }

    /// Whether a hash of `cost` should take its place now that `password` is proved: it is stronger,
    /// and nothing about it weaker.
    pub(super) fn gives_way(&self, cost: Cost, password: &[u8]) -> bool {
        match self {
            Self::Argon2(stored) => cost.is_stronger_than(stored),
            // What follows those bytes was not compared.
            Self::Bcrypt(_) => password.len() <= SEEN_BYTES,
            // Neither of the two is weaker than scrypt unless it needs less memory.
            Self::Derived(stored) => stored.memory() <= u64::from(cost.memory_kib) << 10,
        }
    }
}
