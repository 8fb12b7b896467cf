//! `[[tenant]]`

use crate::config::reader::TableReader;

/// A tenant to have: an issuer of its own at `/t/{slug}`.
#[derive(Clone, Debug)]
pub struct DeclaredTenant {
    /// The line of the entry.
    pub line: usize,
    /// Its name in addresses.
    pub slug: String,
    /// Its name for people.
    pub name: Option<String>,
    /// Whether it answers (true).
    pub enabled: bool,
    /// The algorithm of its tokens (the process's).
    pub signing_alg: Option<String>,
}

impl DeclaredTenant {
    pub(super) fn read(reader: &mut TableReader<'_, '_>) -> Self {
        Self {
            line: reader.line(),
            slug: reader.required_text("slug"),
            name: reader.text("name"),
            enabled: reader.flag("enabled").unwrap_or(true),
            signing_alg: super::signing_alg(reader, "signing_alg"),
        }
    }
}
