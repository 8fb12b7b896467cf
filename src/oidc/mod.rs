//! Floor 4: what OpenID Connect adds: who the person is.

pub mod acr;
pub mod claims;
pub mod hint;
pub mod id_token;
pub mod logout;
pub mod userinfo;
