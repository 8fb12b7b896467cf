//! The REST API.

mod document;
mod idempotency;
mod me;
mod pages;
mod users;
