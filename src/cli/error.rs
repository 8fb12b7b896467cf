//! Why a command is refused, in words for whoever typed it.

use std::path::PathBuf;

use crate::admin::AdminError;
use crate::config::ConfigError;
use crate::installation::OpenError;
use crate::keys::ring::RingError;
use crate::server::ServeError;
use crate::storage::DbError;
use crate::trail::TrailError;

/// Everything that ends a command with exit code 1. No message holds a secret.
#[derive(Debug, thiserror::Error)]
pub(super) enum CliError {
    /// All that is wrong with settings or entries, each with its place.
    #[error("{}", lines(.0))]
    Config(Vec<ConfigError>),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Serve(#[from] ServeError),
    #[error(transparent)]
    Admin(#[from] AdminError),
    #[error(transparent)]
    Trail(#[from] TrailError),
    #[error("log.file: {path}: {error}", path = .0.display(), error = .1)]
    LogFile(PathBuf, #[source] std::io::Error),
    #[error("{0}")]
    Refused(String),
    #[error("the process could not be set up: {0}")]
    Process(#[source] std::io::Error),
    #[error("the output could not be written: {0}")]
    Output(#[from] std::io::Error),
}

impl From<DbError> for CliError {
    fn from(error: DbError) -> Self {
        Self::Admin(error.into())
    }
}

impl From<RingError> for CliError {
    fn from(error: RingError) -> Self {
        Self::Admin(error.into())
    }
}

impl CliError {
    pub(super) fn refused(sentence: impl Into<String>) -> Self {
        Self::Refused(sentence.into())
    }

    /// Whether the reader of our output went away, which needs no words.
    pub(super) fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == std::io::ErrorKind::BrokenPipe)
    }
}

fn lines(errors: &[ConfigError]) -> String {
    let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
    lines.join("\n")
}
