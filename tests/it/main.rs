//! The one test binary. Every test that touches rows runs on every database there is.

mod client_auth;
mod config;
mod feed;
mod floors;
mod introspect;
mod isolation;
mod jws;
mod password_grant;
mod races;
mod refresh;
mod revoke;
mod routes;
mod statements;
mod storage_contract;
mod support;
mod tenants;
mod token_endpoint;
mod transport;
mod userinfo;
