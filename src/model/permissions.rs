//! What an API key may do: scopes by name, and the words older programs have for sets of them.
//!
//! | word | stands for |
//! |---|---|
//! | `read` | `users.read` |
//! | `write` | `users.write`, but for removing accounts |
//! | `delete` | `users.write`, for removing accounts only |
//! | `admin` | every scope of the REST API but `account` |
//! | `*` | every scope |
//!
//! But for `sip.digest`, which has to be named.
//!
//! All of it as far as the owner holds it at the moment: rights shrink with the owner. Scopes that
//! speak of a person are never among them, for a key is nobody's sign-in.

use super::resource::{API_SCOPES, Catalog, is_for_programs};
use super::scope::{Scope, is_identity_scope};

const READ: &str = "read";
const WRITE: &str = "write";
const DELETE: &str = "delete";
const ADMIN: &str = "admin";
const ALL: &str = "*";

/// The most words of one key.
pub const MAX_PERMISSIONS: usize = 50;

/// The words a key was given.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Permissions(Scope);

impl Permissions {
    pub const fn new(words: Scope) -> Self {
        Self(words)
    }

    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.0.words()
    }

    /// Whether `scope` is among what these words stand for.
    pub fn give(&self, scope: &str) -> bool {
        !is_identity_scope(scope)
            && (self.give_whole(scope)
                || (scope == "users.read" && self.has(READ))
                || (scope == "users.write" && (self.has(WRITE) || self.has(DELETE))))
    }

    /// Whether `scope` may be used for a call that removes something, or for one that does not.
    pub fn allow(&self, scope: &str, removes: bool) -> bool {
        let word = if removes { DELETE } else { WRITE };
        self.give(scope) && (scope != "users.write" || self.give_whole(scope) || self.has(word))
    }

    /// What they come to in a tenant with this catalog, for an owner with these roles.
    pub fn within(&self, catalog: &Catalog, roles: &[String]) -> Scope {
        let scopes = catalog.scopes();
        scopes.filtered(|word| self.give(word) && catalog.may_hold(roles, word))
    }

    /// Every rule they break in a tenant with this catalog, for an owner with these roles, each naming
    /// its field.
    pub fn problems(&self, catalog: &Catalog, roles: &[String]) -> Vec<String> {
        let holds = |scope: &str| catalog.may_hold(roles, scope);
        let mut problems = Vec::new();
        let count = self.words().count();
        if !(1..=MAX_PERMISSIONS).contains(&count) {
            problems.push(format!("permissions: 1 to {MAX_PERMISSIONS}"));
            return problems;
        }
        for word in self.words() {
            let problem = match word {
                // As much of it as the owner holds, be it nothing.
                READ | WRITE | DELETE | ALL => continue,
                ADMIN if administration().all(holds) => continue,
                ADMIN => "the owner does not administer the tenant".to_owned(),
                _ if is_identity_scope(word) => format!("{word} is for people who sign in"),
                _ if !catalog.knows(word) => format!("no resource has {word:?}"),
                _ if !holds(word) => format!("the owner does not hold {word}"),
                _ => continue,
            };
            problems.push(format!("permissions: {problem}"));
        }
        problems
    }

    /// Whether `scope` is given by its name, or by a word for everything of its kind.
    fn give_whole(&self, scope: &str) -> bool {
        self.has(scope)
            || (self.has(ALL) && !is_for_programs(scope))
            || (self.has(ADMIN) && administration().any(|known| known == scope))
    }

    fn has(&self, word: &str) -> bool {
        self.0.contains(word)
    }
}

/// The scopes of the REST API that reach further than one's own account, but for those that are named.
fn administration() -> impl Iterator<Item = &'static str> {
    API_SCOPES
        .iter()
        .copied()
        .filter(|scope| *scope != "account" && !is_for_programs(scope))
}
