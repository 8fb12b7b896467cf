//! What callers of the systems that were before this one know: their requests as they send them.

mod calls;
mod user_management_api;
mod user_service;
