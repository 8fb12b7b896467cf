//! `[[role]]`

use crate::config::reader::TableReader;

/// A role to have, of a tenant's own.
#[derive(Clone, Debug)]
pub struct DeclaredRole {
    /// The line of the entry.
    pub line: usize,
    /// The slug of its tenant (the default tenant).
    pub tenant: Option<String>,
    /// Its name.
    pub name: String,
    /// What it is for, in words.
    pub description: Option<String>,
    /// The scopes whoever has it may be given (none).
    pub permissions: Vec<String>,
}

impl DeclaredRole {
    pub(super) fn read(reader: &mut TableReader<'_, '_>) -> Self {
        Self {
            line: reader.line(),
            tenant: reader.text("tenant"),
            name: reader.required_text("name"),
            description: reader.text("description"),
            permissions: reader.texts("permissions").unwrap_or_default(),
        }
    }
}
