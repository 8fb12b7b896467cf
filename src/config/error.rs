//! What is wrong with the settings, and where it was written.

use std::fmt;

/// One thing wrong with the settings. Neither part ever holds a secret's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// `file:line key`, or the name of the variable.
    pub place: String,
    /// What is wrong and, where it helps, what to do.
    pub message: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.place, self.message)
    }
}

impl std::error::Error for ConfigError {}

/// Where a value was written.
#[derive(Clone, Debug)]
pub(super) struct Place {
    line: Option<usize>,
    text: String,
}

impl Place {
    /// A line of the settings file; `key` is empty for the line as a whole.
    pub(super) fn in_file(file: &str, line: usize, key: &str) -> Self {
        let text = format!("{file}:{line} {key}");
        Self {
            line: Some(line),
            text: text.trim_end().to_owned(),
        }
    }

    /// A variable of the environment, or the path of a field nobody set.
    pub(super) fn named(name: impl Into<String>) -> Self {
        Self {
            line: None,
            text: name.into(),
        }
    }

    /// The file and the line, or what [`Place::named`] was given.
    pub(super) fn source(&self) -> &str {
        match (self.line, self.text.rsplit_once(' ')) {
            (Some(_), Some((place, _key))) => place,
            _ => &self.text,
        }
    }

    /// The line in the file, counted from 1.
    pub(super) fn line(&self) -> Option<usize> {
        self.line
    }
}

/// Everything found wrong so far.
#[derive(Default)]
pub(super) struct Errors {
    found: Vec<(usize, ConfigError)>,
    has_syntax: bool,
}

impl Errors {
    /// Notes an error.
    pub(super) fn add(&mut self, place: &Place, message: impl Into<String>) {
        let error = ConfigError {
            place: place.text.clone(),
            message: message.into(),
        };
        self.found.push((place.line.unwrap_or(usize::MAX), error));
    }

    /// Notes a syntax error: something in the file could not be read.
    pub(super) fn add_syntax(&mut self, place: &Place, message: &str) {
        self.add(place, message);
        self.has_syntax = true;
    }

    /// Whether part of the file could not be read, so that what seems missing may be there.
    pub(super) fn has_syntax(&self) -> bool {
        self.has_syntax
    }

    /// The file's errors by line, then the others as they were found.
    pub(super) fn into_sorted(mut self) -> Vec<ConfigError> {
        self.found.sort_by_key(|(line, _)| *line);
        self.found.into_iter().map(|(_, error)| error).collect()
    }
}
