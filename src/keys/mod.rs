//! Floor 3: signing keys and signatures. The only place that knows josekit.

pub mod jwk;
pub mod jws;
pub mod key_pair;
pub mod pem;
pub mod ring;
pub mod rotation;
