//! What a `[[role]]` means.

use crate::config::DeclaredRole;
use crate::model::role::{Role, RoleInput};

/// A role as it is to be.
pub(in crate::cli::apply) struct WantedRole {
    description: Option<String>,
    permissions: Vec<String>,
}

impl WantedRole {
    pub(super) fn read(declared: &DeclaredRole) -> Self {
        Self {
            description: declared.description.clone(),
            permissions: declared.permissions.clone(),
        }
    }

    /// The role as it is to be, where it is `before` now.
    pub(in crate::cli::apply) fn input(&self, before: Option<&Role>, name: &str) -> RoleInput {
        let description = self.description.clone();
        RoleInput {
            name: name.to_owned(),
            description: description
                .or_else(|| before.map(|before| before.description.clone()))
                .unwrap_or_default(),
            permissions: self.permissions.clone(),
        }
    }
}
