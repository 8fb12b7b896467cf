//! The one test binary. Every test that touches rows runs on every database there is.

mod argon;
mod brute;
mod client_auth;
mod config;
mod floors;
mod http;
mod introspect;
mod jws;
mod pages;
mod password_grant;
mod proxies;
mod races;
mod refresh;
mod revoke;
mod routes;
mod setup;
mod statements;
mod support;
mod throttle;
mod token_endpoint;
mod transport;
mod userinfo;
