//! The REST API.

mod authority;
mod document;
mod idempotency;
mod matrix;
mod me;
mod pages;
mod users;
