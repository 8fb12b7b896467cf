//! The REST API.

mod authority;
mod clients;
mod document;
mod idempotency;
mod matrix;
mod me;
mod pages;
mod tenants;
mod users;
