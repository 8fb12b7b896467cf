//! The REST API.

mod api_keys;
mod auth;
mod authority;
mod clients;
mod consents;
mod document;
mod groups;
mod idempotency;
mod inputs;
mod matrix;
mod me;
mod own_password;
mod own_sessions;
mod pages;
mod roles;
mod service_accounts;
mod sessions;
mod tenants;
mod trail;
mod users;
