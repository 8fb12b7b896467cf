//! The profile user-management-api: `/api/users/register`, `/api/users/login`, `/api/users/me`, and
//! what `/` says to programs. Every answer is an envelope, `{"success", "message", "data"}`, and so is
//! every refusal, `{"success": false, "message", "errors"}`.

mod people;
mod shapes;

pub(super) use shapes::{refuse, status};

use crate::api::operation::Operation;

const OWN: &[&str] = &["account"];

#[rustfmt::skip]
pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::post("/api/users/register", "user_management_api.register", "Makes an account of one's own", &[], people::register),
        Operation::post("/api/users/login", "user_management_api.login", "Signs a person in", &[], people::login),
        Operation::get("/api/users/me", "user_management_api.me", "Shows one's own account", OWN, people::me),
    ]
}
