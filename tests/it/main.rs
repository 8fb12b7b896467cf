//! The one test binary. Every test that touches rows runs on every database there is.

mod client_auth;
mod config;
mod cors;
mod errors;
mod floors;
mod fuzz;
mod introspect;
mod jwks;
mod jws;
mod jwt;
mod metadata;
mod password_grant;
mod private_key_jwt;
mod races;
mod refresh;
mod revoke;
mod routes;
mod scopes;
mod statements;
mod support;
mod token_endpoint;
mod transport;
mod userinfo;
