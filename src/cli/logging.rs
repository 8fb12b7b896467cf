//! The process's own log: standard error, and a file beside it where one is set.

mod file;

use std::io::IsTerminal as _;

use tracing_subscriber::fmt::{self, MakeWriter};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{EnvFilter, Layer, Registry};

use super::error::CliError;
use crate::config::{Log, LogFormat};
use file::LogFile;

/// Logs as the settings say.
///
/// # Errors
/// The log file cannot be opened.
pub(super) fn of_server(log: &Log) -> Result<(), CliError> {
    let file = log.file.as_deref().map(|path| LogFile::open(path, log));
    start(log.format, &log.level, file.transpose()?);
    Ok(())
}

/// Logs what a command cannot say otherwise.
pub(super) fn of_command() {
    start(LogFormat::Text, "warn", None);
}

fn start(format: LogFormat, level: &str, file: Option<LogFile>) {
    let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let log = Registry::default()
        .with(EnvFilter::new(level))
        .with(lines(format, colours, std::io::stderr))
        .with(file.map(|file| lines(format, false, file)));
    // Fails only where a log was started already, which then is the one to use.
    let _ = tracing::subscriber::set_global_default(log);
}

fn lines<S, W>(format: LogFormat, colours: bool, writer: W) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let layer = fmt::layer().with_writer(writer).with_ansi(colours);
    match format {
        LogFormat::Text => layer.boxed(),
        LogFormat::Json => layer.json().flatten_event(true).boxed(),
    }
}
