//! Floor 5: the command line. Every command works on the database directly, with or without a
//! running server, on an empty one too; servers follow through the change feed.

mod api_key;
mod apply;
mod audit;
mod client;
mod config;
mod demo;
mod doctor;
mod error;
mod group;
mod healthcheck;
mod import;
mod key;
mod logging;
mod migrate;
mod options;
mod output;
mod resource;
mod role;
mod runtime;
mod secrets;
mod serve;
mod service_account;
mod session;
mod settings;
mod setup;
mod signals;
mod tenant;
mod user;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use error::CliError;
use output::Output;
use settings::Settings;

/// What every command needs to begin.
struct Start {
    settings: Settings,
    output: Output,
}

/// How a command ended that did not fail.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Outcome {
    Done,
    /// The plan is not empty.
    Different,
    /// Refused, and everything about it is said already.
    Refused,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => Self::SUCCESS,
            Outcome::Refused => Self::FAILURE,
            Outcome::Different => Self::from(2),
        }
    }
}

/// An OAuth 2.0 / OpenID Connect provider. Without a command: serve.
#[derive(Parser)]
#[command(name = "users-core", version)]
struct CommandLine {
    /// The settings file [env: USERS_CORE_CONFIG] [default: users-core.toml, if it is there]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Prints JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serves until told to stop
    Serve,
    /// Serves throw-away data on loopback, and prints commands to try
    Demo(demo::Options),
    /// Prints a new link that makes the first administrator
    Setup,
    /// Checks, shows and explains the settings
    Config(config::Options),
    /// Makes tenants, resources, clients and users be as a file declares them
    Apply(apply::Options),
    /// Prints what `apply` would change; exits with 2 if that is anything
    Plan(apply::Options),
    /// Tenants: each an issuer of its own
    Tenant(tenant::Options),
    /// People
    User(user::Options),
    /// Applications and services
    Client(client::Options),
    /// Roles: which scopes people may be given
    Role(role::Options),
    /// Groups: what people are counted to
    Group(group::Options),
    /// Programs with roles and groups of their own, which nobody signs in as
    ServiceAccount(service_account::Options),
    /// Keys by which programs act for people
    ApiKey(api_key::Options),
    /// Accounts from elsewhere: users-core, Keycloak, Auth0, JSON, CSV
    Import(import::Options),
    /// Resource servers, whose scopes clients ask for
    Resource(resource::Options),
    /// Signing keys
    Key(key::Options),
    /// The audit trail
    Audit(audit::Options),
    /// Brings the database to this program's schema
    Migrate,
    /// Looks whether the installation is in good order; changes nothing
    Doctor,
    /// Asks the running server of these settings whether it is well
    Healthcheck(healthcheck::Options),
}

/// Runs the process's command line.
pub fn main() -> ExitCode {
    let line = CommandLine::parse();
    let output = Output::new(line.json);
    // Fails only where a library that embeds us has chosen a provider already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let start = Start {
        settings: Settings::new(line.config),
        output,
    };
    match run(line.command.unwrap_or(Command::Serve), &start) {
        Ok(outcome) => outcome.into(),
        Err(error) => {
            output.fail(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command, start: &Start) -> Result<Outcome, CliError> {
    match command {
        Command::Serve => serve::run(start),
        Command::Demo(options) => demo::run(start, &options),
        Command::Setup => setup::run(start),
        Command::Config(options) => config::run(start, options),
        Command::Apply(options) => apply::apply(start, &options),
        Command::Plan(options) => apply::plan(start, &options),
        Command::Tenant(options) => tenant::run(start, options),
        Command::User(options) => user::run(start, options),
        Command::Client(options) => client::run(start, options),
        Command::Role(options) => role::run(start, options),
        Command::Group(options) => group::run(start, options),
        Command::ServiceAccount(options) => service_account::run(start, options),
        Command::ApiKey(options) => api_key::run(start, options),
        Command::Import(options) => import::run(start, &options),
        Command::Resource(options) => resource::run(start, options),
        Command::Key(options) => key::run(start, &options),
        Command::Audit(options) => audit::run(start, &options),
        Command::Migrate => migrate::run(start),
        Command::Doctor => doctor::run(start),
        Command::Healthcheck(options) => healthcheck::run(start, &options),
    }
}
