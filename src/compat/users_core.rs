//! The profile users-core: `/auth`, `/users` and what belongs to one of them. Bare objects and lists,
//! and one shape of refusals, `{"error": {"code", "message", "details"}}`.

mod people;
mod shapes;
mod tokens;

pub(super) use shapes::refuse;

use crate::api::operation::Operation;
use crate::api::users;

/// One's own account, or those of others.
const OWN_OR_READ: &[&str] = &["account", "users.read"];
const OWN_OR_WRITE: &[&str] = &["account", "users.write"];
const OWN: &[&str] = &["account"];
const READ: &[&str] = &["users.read"];
const WRITE: &[&str] = &["users.write"];
const ROLES: &[&str] = &["roles.write"];

#[rustfmt::skip]
pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::post("/auth/login", "users_core.login", "Signs a person in", &[], tokens::login),
        Operation::post("/auth/refresh", "users_core.refresh", "Gives new tokens for a refresh token", &[], tokens::refresh),
        Operation::post("/auth/logout", "users_core.logout", "Ends every session of the account", OWN, tokens::logout),
        Operation::post("/users", "users_core.create", "Makes an account", WRITE, people::create),
        Operation::get("/users", "users_core.list", "Lists people", READ, people::list),
        Operation::get("/users/{id}", "users_core.read", "Shows an account", OWN_OR_READ, people::read),
        Operation::put("/users/{id}", "users_core.update", "Changes what is named of an account", OWN_OR_WRITE, people::update),
        Operation::delete("/users/{id}", "users_core.delete", "Removes an account", WRITE, users::delete),
        Operation::post("/users/{id}/password", "users_core.change_password", "Changes one's own password", OWN, people::change_password),
        Operation::post("/users/{id}/roles", "users_core.set_roles", "Sets an account's roles", ROLES, people::set_roles),
    ]
}
