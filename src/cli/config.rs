//! `config`: the settings checked, shown and explained.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::apply::wanted::Wanted;
use super::error::CliError;
use super::output::{Output, printable};
use super::{Outcome, Start};
use crate::config::{self, Loaded, Shown};

#[derive(Args)]
pub(super) struct Options {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Names every mistake in the settings and the entries, with line and key
    Check {
        /// The settings file
        file: Option<PathBuf>,
    },
    /// Prints the settings in force and where each comes from, secrets masked
    Show,
    /// Prints every setting there is
    Reference,
}

pub(super) fn run(start: &Start, options: Options) -> Result<Outcome, CliError> {
    match options.action {
        Action::Check { file } => check(start, file),
        Action::Show => show(start),
        Action::Reference => reference(start.output),
    }
}

fn check(start: &Start, file: Option<PathBuf>) -> Result<Outcome, CliError> {
    let file = file.or_else(|| start.settings.file());
    let loaded = start.settings.load_from(file.as_deref())?;
    let name = file.map_or_else(String::new, |file| file.display().to_string());
    let errors = Wanted::read(&name, &loaded.declared).check();
    if !errors.is_empty() {
        return Err(CliError::Config(errors));
    }
    let output = start.output;
    output.say("configuration is valid", &json!({ "valid": true }))?;
    Ok(Outcome::Done)
}

fn show(start: &Start) -> Result<Outcome, CliError> {
    let Loaded {
        config, sources, ..
    } = start.settings.load()?;
    let mut lines = Vec::new();
    let mut members = Map::new();
    for Shown { path, value } in config::show(&config) {
        let source = sources.get(path).map_or("default", String::as_str);
        lines.push(printable(&format!("{path}: {value}  ({source})")));
        members.insert(path.to_owned(), json!({ "value": value, "source": source }));
    }
    start
        .output
        .say(&lines.join("\n"), &Value::Object(members))?;
    Ok(Outcome::Done)
}

fn reference(output: Output) -> Result<Outcome, CliError> {
    let settings = config::reference();
    let text = settings.iter().map(|setting| {
        let variables = match &setting.file_variable {
            Some(file) => format!("{}, {file}", setting.variable),
            None => setting.variable.clone(),
        };
        format!(
            "{}\n  {}\n  value:    {}\n  default:  {}\n  variable: {variables}\n",
            setting.path, setting.doc, setting.kind, setting.default
        )
    });
    let json = settings.iter().map(|setting| {
        json!({
            "path": setting.path,
            "variable": setting.variable,
            "file_variable": setting.file_variable,
            "kind": setting.kind,
            "default": setting.default,
            "doc": setting.doc,
        })
    });
    let text = text.collect::<Vec<_>>().join("\n");
    output.say(text.trim_end(), &json.collect())?;
    Ok(Outcome::Done)
}
