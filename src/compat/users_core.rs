//! The profile users-core: `/auth`, `/users`, `/api-keys` and what belongs to one of them. Bare objects
//! and lists, and one shape of refusals, `{"error": {"code", "message", "details"}}`.

mod keys;
mod people;
mod shapes;
mod tokens;

pub(super) use shapes::refuse;

use crate::api::operation::Operation;
use crate::api::{api_keys, users};

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
        Operation::post("/users/{id}/api-keys", "users_core.create_key", "Makes an API key; its secret is shown this once", OWN_OR_WRITE, keys::create),
        Operation::get("/users/{id}/api-keys", "users_core.list_keys", "Lists an account's API keys", OWN_OR_WRITE, keys::list),
        Operation::delete("/api-keys/{id}", "users_core.revoke_key", "Removes an API key; its tokens are dead", OWN_OR_WRITE, api_keys::revoke),
    ]
}
