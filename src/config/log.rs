//! Where the process's own log goes.

use std::path::PathBuf;

/// What is logged and how.
#[derive(Clone, Debug)]
pub struct Log {
    /// The form of a line (text).
    pub format: LogFormat,
    /// A tracing filter, such as `info` or `warn,users_core=debug` (`info`).
    pub level: String,
    /// A file that gets every line as well (none; [`USER_SERVICE_FILE`] where the profile
    /// `user-service` is on and nothing is said).
    pub file: Option<PathBuf>,
    /// What sets the file aside and begins a new one (size).
    pub rotation: LogRotation,
    /// The size at which the file is set aside, in bytes (10485760, 10 MiB).
    pub file_bytes: usize,
    /// How many files that were set aside are kept (10).
    pub kept_files: usize,
}

/// Where the system of the profile `user-service` logs.
pub const USER_SERVICE_FILE: &str = "logs/user_service.log";

/// The form of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

/// What sets a log file aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogRotation {
    /// Its size.
    Size,
    /// The first line of a day (UTC), and its size.
    Daily,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            format: LogFormat::Text,
            level: "info".into(),
            file: None,
            rotation: LogRotation::Size,
            file_bytes: 10 << 20,
            kept_files: 10,
        }
    }
}
