//! Token revocation: RFC 7009.

mod effect;
mod failure;
mod ownership;
