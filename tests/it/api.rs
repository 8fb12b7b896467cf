//! The REST API.

mod authority;
mod clients;
mod consents;
mod document;
mod idempotency;
mod matrix;
mod me;
mod own_password;
mod own_sessions;
mod pages;
mod sessions;
mod tenants;
mod trail;
mod users;
