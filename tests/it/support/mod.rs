//! Worlds to test in: a whole application on a fresh database, with a clock moved by hand.

pub mod authenticator;
pub mod bearer;
pub mod browser;
pub mod database;
pub mod forge;
pub mod http;
pub mod keys;
pub mod people;
pub mod race;
pub mod raw;
pub mod rows;
pub mod running;
pub mod smtp;
pub mod socket;
pub mod tables;
pub mod world;

pub use database::databases;
pub use http::Reply;
pub use world::{World, everywhere};
