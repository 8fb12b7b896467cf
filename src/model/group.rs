//! Groups: what the operator counts people to. They are told to clients and decide nothing here.

use super::role::description_problem;
use crate::base::clock::Timestamp;

/// At most this many groups stand on one account.
pub const MAX_GROUPS: usize = 100;
const MAX_NAME_CHARS: usize = 64;

/// A group of a tenant. It is made by name, or comes into being with the first account that is
/// said to be in it.
#[derive(Clone, Debug)]
pub struct Group {
    pub name: String,
    pub description: String,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// What is asked for a new or changed group.
#[derive(Clone, Debug, Default)]
pub struct GroupInput {
    pub name: String,
    pub description: String,
}

/// A group's description that passed every rule; only [`GroupInput::check`] makes one.
#[derive(Clone, Debug)]
pub struct CheckedGroup(GroupInput);

impl GroupInput {
    /// # Errors
    /// Every rule that is broken, each naming its field.
    pub fn check(self) -> Result<CheckedGroup, Vec<String>> {
        let mut problems = Vec::new();
        if !is_group_name(&self.name) {
            problems.push(format!("name: {}", name_rule()));
        }
        problems.extend(description_problem(&self.description));
        if problems.is_empty() {
            Ok(CheckedGroup(self))
        } else {
            Err(problems)
        }
    }
}

impl CheckedGroup {
    pub fn name(&self) -> &str {
        &self.0.name
    }

    pub fn description(&self) -> &str {
        &self.0.description
    }
}

/// What a group may be called. Names are compared exactly.
pub fn is_group_name(name: &str) -> bool {
    (1..=MAX_NAME_CHARS).contains(&name.chars().count()) && !name.chars().any(char::is_control)
}

/// The rule of [`is_group_name`] in words.
pub fn name_rule() -> String {
    format!("1 to {MAX_NAME_CHARS} characters, no control characters")
}

/// Why an account is in no more groups.
pub fn too_many() -> String {
    format!("groups: at most {MAX_GROUPS}")
}
