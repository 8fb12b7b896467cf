//! Floor 1: time, randomness, digests, identifiers, sealing. Knows nothing of the protocol.

pub mod api_key_secret;
pub mod clock;
pub mod digest;
pub mod id;
pub mod master_key;
pub mod random;
pub mod sorted_hashes;
pub mod strict_json;
pub mod token;
