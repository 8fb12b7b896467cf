//! Token introspection: RFC 7662, and who may see what.

mod askers;
mod garbage;
mod visibility;
