//! The validating side: which tokens of whom are accepted, and what that costs the issuer.

mod addresses;
mod claims;
mod introspection;
mod key_sets;
mod memory;
mod provider;
mod signatures;
mod stand_in;
