//! Many at once, on one node and on two: what may happen once happens once.

mod accounts;
mod api_keys;
mod codes;
mod devices;
mod nodes;
mod refresh;
mod roles;
mod single_use;
