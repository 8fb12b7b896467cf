//! Where a declared secret comes from: the file itself, a variable, or another file.

use std::path::{Path, PathBuf};

use toml::de::DeValue;

use crate::config::environment::Environment;
use crate::config::reader::{TableReader, mismatch};
use crate::config::secret::Secret;
use crate::config::secret_file;

/// A secret and where it was found.
#[derive(Clone, Debug)]
pub struct SecretSource {
    /// Where it was found.
    pub origin: SecretOrigin,
    /// The secret itself.
    pub secret: Secret,
}

/// Where a secret was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretOrigin {
    /// In the entry itself, as plain text.
    Inline,
    /// `{ env = "NAME" }`: in a variable.
    Variable(String),
    /// `{ file = "path" }`: in a file of its own.
    File(PathBuf),
}

/// Reads a secret in any of its three forms. No message repeats a value, not even the name of a
/// variable or file, which may be a secret in the wrong place.
pub(super) fn read(
    reader: &mut TableReader<'_, '_>,
    key: &str,
    env: Environment<'_>,
) -> Option<SecretSource> {
    let entry = reader.entry(key)?;
    match entry.value {
        DeValue::Table(_) => reader.child(key).and_then(|table| from_table(table, env)),
        DeValue::String(text) if !text.is_empty() => Some(SecretSource {
            origin: SecretOrigin::Inline,
            secret: Secret::new(text.as_ref()),
        }),
        DeValue::String(_) => {
            reader.fail(key, "must not be empty");
            None
        }
        other => {
            reader.fail(key, mismatch("text, { env = .. } or { file = .. }", other));
            None
        }
    }
}

fn from_table(mut table: TableReader<'_, '_>, env: Environment<'_>) -> Option<SecretSource> {
    let has_both = table.entry("env").is_some() && table.entry("file").is_some();
    let is_bare = table.entry("env").is_none() && table.entry("file").is_none();
    let variable = table.text("env");
    let file = table.text("file");
    let source = if has_both {
        table.fail("file", "two spellings of one field: keep `env` or `file`");
        None
    } else if is_bare {
        table.fail(
            "env",
            "is missing, and so is `file`: one of them says where the secret is",
        );
        None
    } else if let Some(name) = variable {
        from_variable(&mut table, name, env)
    } else {
        file.and_then(|path| from_file(&mut table, path))
    };
    table.finish();
    source
}

fn from_variable(
    table: &mut TableReader<'_, '_>,
    name: String,
    env: Environment<'_>,
) -> Option<SecretSource> {
    match env.get(&name) {
        Some(text) if !text.is_empty() => Some(SecretSource {
            origin: SecretOrigin::Variable(name),
            secret: Secret::new(text),
        }),
        Some(_) => {
            table.fail("env", "the variable it names is empty");
            None
        }
        None => {
            table.fail("env", "the variable it names is not set");
            None
        }
    }
}

fn from_file(table: &mut TableReader<'_, '_>, path: String) -> Option<SecretSource> {
    match secret_file::read(Path::new(&path)) {
        Ok(secret) => Some(SecretSource {
            origin: SecretOrigin::File(path.into()),
            secret,
        }),
        Err(message) => {
            table.fail("file", message);
            None
        }
    }
}
