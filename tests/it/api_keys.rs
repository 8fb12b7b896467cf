//! API keys: what a program with one gets, and when it gets nothing any more.

mod ends;
mod header;
mod hygiene;
mod permissions;
mod rotation;
mod token_endpoint;
