//! Floor 4: what OpenID Connect adds: who the person is.

pub mod claims;
pub mod userinfo;
