//! Floor 2: types and pure rules. No async, no I/O, no web framework, no SQL.

pub mod access_token;
pub mod algorithm;
pub mod audit_chain;
pub mod audit_event;
pub mod claim_source;
pub mod claims_request;
pub mod client;
pub mod client_metadata;
pub mod grant;
pub mod login_name;
pub mod redirect_uri;
pub mod resource;
pub mod revocation;
pub mod role;
pub mod scope;
pub mod search;
pub mod session;
pub mod tenant;
pub mod user;
