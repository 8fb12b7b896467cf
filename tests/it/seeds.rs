//! What callers of the seed systems know: every route, request and rule of their documents, and the
//! table of `docs/seeds.md` that says where each is held.

mod calls;
mod table;
mod user_management_api;
mod user_management_service;
mod user_service;
mod users_core;
