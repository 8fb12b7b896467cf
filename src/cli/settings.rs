//! Finding and reading the settings: `--config`, `USERS_CORE_CONFIG`, `users-core.toml`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::error::CliError;
use crate::config::{self, ConfigError, Declared, Loaded};

/// The settings file when none is named.
const DEFAULT_FILE: &str = "users-core.toml";
/// Names the settings file.
const VARIABLE: &str = "USERS_CORE_CONFIG";
const PREFIX: &str = "USERS_CORE_";

/// Where the settings come from.
pub(super) struct Settings {
    /// What `--config` named.
    option: Option<PathBuf>,
    environment: Vec<(OsString, OsString)>,
}

impl Settings {
    /// `option` is what `--config` says.
    pub(super) fn new(option: Option<PathBuf>) -> Self {
        Self {
            option,
            environment: std::env::vars_os().collect(),
        }
    }

    /// Whether `--config` was given.
    pub(super) const fn is_named(&self) -> bool {
        self.option.is_some()
    }

    /// The settings file, if there is one.
    pub(super) fn file(&self) -> Option<PathBuf> {
        let named = self
            .environment
            .iter()
            .find(|(name, value)| name == VARIABLE && !value.is_empty());
        self.option
            .clone()
            .or_else(|| named.map(|(_, value)| PathBuf::from(value)))
            .or_else(|| Some(PathBuf::from(DEFAULT_FILE)).filter(|file| file.is_file()))
    }

    /// Reads the settings.
    ///
    /// # Errors
    /// All that is wrong with them, at once.
    pub(super) fn load(&self) -> Result<Loaded, CliError> {
        self.load_from(self.file().as_deref())
    }

    /// Reads the settings from this file and the environment.
    pub(super) fn load_from(&self, file: Option<&Path>) -> Result<Loaded, CliError> {
        let text = file.map(read).transpose()?;
        let text = text.as_ref().map(|text| text.as_str());
        let (environment, mut errors) = self.environment();
        match config::load(file.zip(text), &environment) {
            Ok(loaded) => refuse(errors).map(|()| loaded),
            Err(found) => {
                errors.splice(0..0, found);
                Err(CliError::Config(errors))
            }
        }
    }

    /// Reads a file of entries that is not the settings file.
    pub(super) fn load_entries(&self, file: &Path) -> Result<Declared, CliError> {
        let text = read(file)?;
        let (environment, errors) = self.environment();
        refuse(errors)?;
        config::load_declared((file, &text), &environment).map_err(CliError::Config)
    }

    /// The variables that are text, and those of ours that are not.
    fn environment(&self) -> (Vec<(String, String)>, Vec<ConfigError>) {
        let mut variables = Vec::new();
        let mut errors = Vec::new();
        for (name, value) in &self.environment {
            let Some(name) = name.to_str() else { continue };
            if name == VARIABLE {
                continue;
            }
            match value.to_str() {
                Some(value) => variables.push((name.to_owned(), value.to_owned())),
                None if name.starts_with(PREFIX) => {
                    errors.push(wrong(name, "is not UTF-8 text"));
                }
                None => {}
            }
        }
        (variables, errors)
    }
}

fn refuse(errors: Vec<ConfigError>) -> Result<(), CliError> {
    if errors.is_empty() {
        Ok(())
    } else {
        Err(CliError::Config(errors))
    }
}

fn read(file: &Path) -> Result<Zeroizing<String>, CliError> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        let place = file.display().to_string();
        CliError::Config(vec![wrong(
            &place,
            &format!("cannot be read: {}", error.kind()),
        )])
    })?;
    Ok(Zeroizing::new(text))
}

fn wrong(place: &str, message: &str) -> ConfigError {
    ConfigError {
        place: place.to_owned(),
        message: message.to_owned(),
    }
}
