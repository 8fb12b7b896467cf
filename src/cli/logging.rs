//! The process's own log, on standard error.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

use crate::config::{Log, LogFormat};

/// Logs as the settings say.
pub(super) fn of_server(log: &Log) {
    start(log.format, &log.level);
}

/// Logs what a command cannot say otherwise.
pub(super) fn of_command() {
    start(LogFormat::Text, "warn");
}

fn start(format: LogFormat, level: &str) {
    let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let log = fmt::Subscriber::builder()
        .with_env_filter(EnvFilter::new(level))
        .with_writer(std::io::stderr)
        .with_ansi(colours);
    // Fails only where a log was started already, which then is the one to use.
    let _ = match format {
        LogFormat::Text => tracing::subscriber::set_global_default(log.finish()),
        LogFormat::Json => {
            tracing::subscriber::set_global_default(log.json().flatten_event(true).finish())
        }
    };
}
