//! Built-in roles and the scopes a person may be given through them.

use super::scope::is_identity_scope;

pub const ADMIN: &str = "admin";
pub const MODERATOR: &str = "moderator";
pub const USER: &str = "user";
pub const GUEST: &str = "guest";
pub const VENDOR: &str = "vendor";

/// The roles every tenant has.
pub const BUILT_IN: &[&str] = &[ADMIN, MODERATOR, USER, GUEST, VENDOR];

/// At most this many roles stand on one account.
pub const MAX_ROLES: usize = 10;

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
