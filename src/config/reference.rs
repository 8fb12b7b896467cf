//! What people are shown of the settings: the reference, and the values in force.

use super::Config;
use super::settings::SETTINGS;

/// One setting, as the generated reference describes it.
#[derive(Clone, Debug)]
pub struct SettingDoc {
    /// The key in the file, with its table: `tls.cert_file`.
    pub path: &'static str,
    /// The variable: `USERS_CORE_TLS_CERT_FILE`.
    pub variable: String,
    /// For a secret, the variable that names a file with the value. Its key in the file is the
    /// path with `_file` at the end.
    pub file_variable: Option<String>,
    /// What values it takes.
    pub kind: String,
    /// The value of an empty environment, `(none)` where there is none.
    pub default: String,
    /// What it is for.
    pub doc: &'static str,
}

/// Describes every setting, in the table's order.
pub fn reference() -> Vec<SettingDoc> {
    let defaults = Config::default();
    SETTINGS
        .iter()
        .map(|setting| SettingDoc {
            path: setting.path,
            variable: setting.variable(),
            file_variable: setting.file_variable(),
            kind: setting.kind.describe(),
            default: (setting.get)(&defaults).show_default(),
            doc: setting.doc,
        })
        .collect()
}

/// One setting's value, fit to be printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The key in the file, with its table.
    pub path: &'static str,
    /// The value as its variable would spell it; `[secret]` for a secret, `(none)` for no value.
    pub value: String,
}

/// Shows every value, secrets masked.
pub fn show(config: &Config) -> Vec<Shown> {
    SETTINGS
        .iter()
        .map(|setting| Shown {
            path: setting.path,
            value: (setting.get)(config).show(),
        })
        .collect()
}
