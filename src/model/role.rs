//! Roles: what a person may be given at all. Five are every tenant's, others its own. Which scopes
//! the roles of an account give is asked of the tenant's [`super::resource::Catalog`], which knows both.

use super::resource::{API_SCOPES, Catalog};
use super::scope::{Scope, is_identity_scope};
use crate::base::clock::Timestamp;

pub const ADMIN: &str = "admin";
pub const MODERATOR: &str = "moderator";
pub const USER: &str = "user";
pub const GUEST: &str = "guest";
pub const VENDOR: &str = "vendor";

/// The roles every tenant has.
pub const BUILT_IN: &[&str] = &[ADMIN, MODERATOR, USER, GUEST, VENDOR];

/// Names that would read like more than a tenant's own role.
const RESERVED: &[&str] = &["administrator", "owner", "root", "superuser", "system"];

/// At most this many roles stand on one account.
pub const MAX_ROLES: usize = 10;
/// At most this many roles of its own has a tenant.
pub const MAX_OWN_ROLES: i64 = 100;
const MAX_DESCRIPTION_CHARS: usize = 255;

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

/// What is asked for a new or changed role.
#[derive(Clone, Debug, Default)]
pub struct RoleInput {
    pub name: String,
    pub description: String,
    pub permissions: Vec<String>,
}

/// A role's description that passed every rule; only [`RoleInput::check`] makes one.
#[derive(Clone, Debug)]
pub struct CheckedRole {
    name: String,
    description: String,
    permissions: Scope,
}

impl RoleInput {
    /// # Errors
    /// Every rule that is broken, each naming its field.
    pub fn check(self, catalog: &Catalog) -> Result<CheckedRole, Vec<String>> {
        let mut problems = Vec::new();
        if !is_role_name(&self.name) {
            problems.push("name: 1 to 64 of a-z, 0-9 and _.-, a letter first".to_owned());
        } else if is_built_in(&self.name) || RESERVED.contains(&self.name.as_str()) {
            problems.push(format!(
                "name: {:?} is not for a role of one's own",
                self.name
            ));
        }
        problems.extend(description_problem(&self.description));
        for word in &self.permissions {
            if is_identity_scope(word) {
                problems.push(format!("permissions: {word} is everybody's"));
            } else if !catalog.knows(word) {
                problems.push(format!("permissions: no resource has the scope {word:?}"));
            }
        }
        let permissions: Scope = self.permissions.iter().map(String::as_str).collect();
        if !permissions.is_readable() {
            problems.push("permissions: too many".to_owned());
        }
        if problems.is_empty() {
            Ok(CheckedRole {
                name: self.name,
                description: self.description,
                permissions,
            })
        } else {
            Err(problems)
        }
    }
}

impl CheckedRole {
    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn description(&self) -> &str {
        &self.description
    }

    pub const fn permissions(&self) -> &Scope {
        &self.permissions
    }
}

/// The rule a description for people breaks, if it does.
pub fn description_problem(description: &str) -> Option<String> {
    let is_good = description.chars().count() <= MAX_DESCRIPTION_CHARS
        && !description.chars().any(char::is_control);
    (!is_good).then(|| {
        format!("description: at most {MAX_DESCRIPTION_CHARS} characters, no control characters")
    })
}

/// What a role every tenant has is for.
pub fn built_in_description(name: &str) -> &'static str {
    match name {
        ADMIN => "Administers the tenant; holds every scope",
        MODERATOR => "Manages the tenant's people",
        USER => "Uses the tenant's services",
        GUEST => "Looks at the tenant's people",
        VENDOR => "Uses the tenant's services and reads its figures",
        _ => "",
    }
}

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

/// Whether the roles every tenant has give `scope` to whoever has these among others.
///
/// A tenant's own scopes are open to everybody but guests: their resource decides further.
pub(super) fn built_in_give<R: AsRef<str>>(roles: &[R], scope: &str) -> bool {
    let has = |role: &str| roles.iter().any(|held| held.as_ref() == role);
    if is_identity_scope(scope) || has(ADMIN) {
        return true;
    }
    match scope {
        "account" => has(USER) || has(MODERATOR) || has(GUEST) || has(VENDOR),
        "users.read" => has(MODERATOR) || has(GUEST),
        "users.write" => has(MODERATOR),
        "metrics.read" => has(VENDOR),
        // The rest of the REST API is an administrator's.
        _ if API_SCOPES.contains(&scope) => false,
        _ => has(USER) || has(MODERATOR) || has(VENDOR),
    }
}
