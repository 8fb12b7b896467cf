//! The REST API.

mod authority;
mod consents;
mod document;
mod idempotency;
mod matrix;
mod me;
mod own_password;
mod own_sessions;
mod pages;
mod sessions;
mod trail;
mod users;
