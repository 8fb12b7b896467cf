//! Floor 4: the OAuth 2.0 endpoints.
//!
//! To add a grant: a file in `token/grants/`, a variant of `model::client_metadata::GrantType`; the
//! compiler lists the rest. To add a client authentication method: a file in `client_auth/`, a
//! variant of `AuthMethod`.

pub mod access_token;
pub mod authorize;
pub mod client_auth;
pub mod error;
pub mod introspect;
pub mod jwks;
pub mod metadata;
pub mod revoke;
pub mod scope_policy;
pub mod token;
