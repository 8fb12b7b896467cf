//! Built-in roles and the scopes a person may be given through them.

use super::scope::{Scope, is_identity_scope};
use crate::base::clock::Timestamp;

/// A role of a tenant's own.
#[derive(Clone, Debug)]
pub struct Role {
    pub name: String,
    pub description: String,
    /// The scopes its holders may be given. What is not among them is not held, but for those that
    /// speak of the person.
    pub permissions: Scope,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

pub const ADMIN: &str = "admin";
pub const MODERATOR: &str = "moderator";
pub const USER: &str = "user";
pub const GUEST: &str = "guest";
pub const VENDOR: &str = "vendor";

/// The roles every tenant has.
pub const BUILT_IN: &[&str] = &[ADMIN, MODERATOR, USER, GUEST, VENDOR];

/// At most this many roles stand on one account.
pub const MAX_ROLES: usize = 10;

pub fn is_built_in(name: &str) -> bool {
    BUILT_IN.contains(&name)
}

/// What is said of a role nobody knows.
pub fn unknown(name: &str) -> String {
    format!("roles: no role is called {name:?}")
}

/// Whether a role may be called `name`: 1 to 64 of `a-z0-9_.-`, a letter first.
pub fn is_role_name(name: &str) -> bool {
    let plain =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_.-".contains(&byte);
    (1..=64).contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(plain)
}

/// Whether a person with these roles may be given `scope` at all.
///
/// A tenant's own scopes are open to everybody but guests: their resource decides further.
pub fn may_hold<R: AsRef<str>>(roles: &[R], scope: &str) -> bool {
    let has = |role: &str| roles.iter().any(|held| held.as_ref() == role);
    if is_identity_scope(scope) || has(ADMIN) {
        return true;
    }
    match scope {
        "users.read" => has(MODERATOR) || has(GUEST),
        "users.write" => has(MODERATOR),
        "metrics.read" => has(VENDOR),
        "audit.read" | "clients.read" | "clients.write" | "keys.write" | "roles.write"
        | "tenants.read" | "tenants.write" | "token.introspect" => false,
        "account" => has(USER) || has(MODERATOR) || has(GUEST) || has(VENDOR),
        _ => has(USER) || has(MODERATOR) || has(VENDOR),
    }
}
