//! The one test binary. Every test that touches rows runs on every database there is.

mod client_auth;
mod config;
mod crash;
mod floors;
mod introspect;
mod jws;
mod jwt;
mod password_grant;
mod private_key_jwt;
mod proxies;
mod races;
mod refresh;
mod revoke;
mod routes;
mod statements;
mod support;
mod token_endpoint;
mod transport;
mod userinfo;
