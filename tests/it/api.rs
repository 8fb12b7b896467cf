//! The REST API.

mod auth;
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
mod users;
