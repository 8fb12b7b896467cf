//! `apply` and `plan`: tenants, resources, roles, clients and users as a file declares them. Everything is
//! read, compared and judged before anything is written; `plan` stops there.

mod changes;
mod clients;
mod perform;
mod planner;
mod prune;
mod resources;
mod roles;
mod tenants;
mod users;
pub(super) mod wanted;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::error::CliError;
use super::output::failure;
use super::session::{self, Session};
use super::{Outcome, Start};
use crate::config::{Config, Declared};
use changes::Change;
use wanted::Wanted;

#[derive(Args)]
pub(super) struct Options {
    /// A file with [[tenant]], [[resource]], [[role]], [[client]] and [[user]] entries [default:
    /// the settings file]
    file: Option<PathBuf>,
    /// Removes what the file does not name in the tenants it names: of all kinds, or of those
    /// listed
    #[arg(
        long,
        value_name = "KINDS",
        num_args = 0..,
        require_equals = true,
        value_delimiter = ',',
        default_missing_values = ["resources", "roles", "clients", "users"]
    )]
    prune: Vec<Prunable>,
}

/// What can be removed for being absent.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Prunable {
    Resources,
    Roles,
    Clients,
    Users,
}

/// What to reach, and from where.
struct Goal {
    config: Config,
    wanted: Wanted,
    prune: Vec<Prunable>,
}

pub(super) fn plan(start: &Start, options: &Options) -> Result<Outcome, CliError> {
    let Goal {
        config,
        wanted,
        prune,
    } = read(start, options)?;
    session::run_with(start, config, async |session| {
        let changes = planner::plan(&session.app, &wanted, &prune).await?;
        let lines: Vec<String> = changes.iter().map(ToString::to_string).collect();
        let views: Vec<Value> = changes.iter().map(Change::view).collect();
        if session.output.is_json() || !lines.is_empty() {
            session
                .output
                .say(&lines.join("\n"), &json!({ "changes": views }))?;
        }
        Ok(if changes.is_empty() {
            Outcome::Done
        } else {
            Outcome::Different
        })
    })
}

pub(super) fn apply(start: &Start, options: &Options) -> Result<Outcome, CliError> {
    let Goal {
        config,
        wanted,
        prune,
    } = read(start, options)?;
    session::run_with(start, config, async |session| {
        let changes = planner::plan(&session.app, &wanted, &prune).await?;
        perform_all(session, &changes).await
    })
}

/// Performs the changes in their order and tells each when it is done, so that a failure on the
/// way hides neither what was done nor a secret that was made.
async fn perform_all(session: &Session, changes: &[Change]) -> Result<Outcome, CliError> {
    let output = session.output;
    let mut done = Vec::new();
    for change in changes {
        let secret = match perform::perform(session, change).await {
            Ok(secret) => secret,
            Err(error) if output.is_json() => {
                let mut json = failure(&error);
                json["changes"] = Value::Array(done);
                output.say("", &json)?;
                return Ok(Outcome::Refused);
            }
            Err(error) => return Err(error),
        };
        let mut text = change.to_string();
        let mut view = change.view();
        if let Some(secret) = &secret {
            text.push_str("\n  client_secret (shown this once): ");
            text.push_str(secret.expose());
            view["client_secret"] = secret.expose().into();
        }
        if !output.is_json() {
            output.say(&text, &Value::Null)?;
        }
        done.push(view);
    }
    if output.is_json() {
        output.say("", &json!({ "changes": done }))?;
    }
    Ok(Outcome::Done)
}

/// Reads settings and entries. A file of its own holds entries alone, unless it is all there is.
fn read(start: &Start, options: &Options) -> Result<Goal, CliError> {
    let settings = start.settings.file();
    let entries = options.file.clone().or_else(|| settings.clone());
    let Some(entries) = entries else {
        return Err(CliError::refused(
            "there is no users-core.toml here: name the file that holds the entries",
        ));
    };
    let is_settings = settings
        .as_ref()
        .is_none_or(|settings| is_same(settings, &entries));
    let (config, declared) = if is_settings {
        let loaded = start.settings.load_from(Some(&entries))?;
        (loaded.config, loaded.declared)
    } else {
        both(start, &entries)?
    };
    Ok(Goal {
        config,
        wanted: Wanted::read(&entries.display().to_string(), &declared),
        prune: options.prune.clone(),
    })
}

/// Reads two files, and says of both at once what is wrong.
fn both(start: &Start, entries: &Path) -> Result<(Config, Declared), CliError> {
    match (start.settings.load(), start.settings.load_entries(entries)) {
        (Ok(loaded), Ok(declared)) => Ok((loaded.config, declared)),
        (Err(CliError::Config(mut errors)), Err(CliError::Config(others))) => {
            errors.extend(others);
            Err(CliError::Config(errors))
        }
        (Err(error), _) | (_, Err(error)) => Err(error),
    }
}

fn is_same(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}
