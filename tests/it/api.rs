//! The REST API.

mod document;
mod idempotency;
mod matrix;
mod me;
mod pages;
mod users;
