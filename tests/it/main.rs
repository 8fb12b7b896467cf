//! The one test binary. Every test that touches rows runs on every database there is.

mod brute;
mod cli;
mod client_auth;
mod config;
mod floors;
mod introspect;
mod jwks;
mod jws;
mod jwt;
mod leaks;
mod password_grant;
mod private_key_jwt;
mod proxies;
mod races;
mod refresh;
mod revoke;
mod routes;
mod scopes;
mod setup;
mod statements;
mod support;
mod tenants;
mod throttle;
mod token_endpoint;
mod transport;
mod userinfo;
