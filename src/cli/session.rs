//! A command at work on an open installation.

use super::error::CliError;
use super::output::Output;
use super::{Outcome, Start, logging, runtime};
use crate::admin::tenants;
use crate::app::App;
use crate::base::clock::Clock;
use crate::base::random::Random;
use crate::config::Config;
use crate::installation;
use crate::model::audit_event::Actor;
use crate::model::tenant::Tenant;

/// What a command works with.
pub(super) struct Session {
    pub(super) app: App,
    pub(super) actor: Actor,
    pub(super) output: Output,
}

impl Session {
    pub(super) async fn tenant(&self, slug: &str) -> Result<Tenant, CliError> {
        Ok(tenants::get(&self.app, slug).await?)
    }
}

/// Opens the installation of the settings, works, and closes it.
pub(super) fn run(
    start: &Start,
    work: impl AsyncFnOnce(&Session) -> Result<Outcome, CliError>,
) -> Result<Outcome, CliError> {
    run_with(start, start.settings.load()?.config, work)
}

/// Opens an installation, works, and closes it.
pub(super) fn run_with(
    start: &Start,
    config: Config,
    work: impl AsyncFnOnce(&Session) -> Result<Outcome, CliError>,
) -> Result<Outcome, CliError> {
    logging::of_command();
    runtime::block_on(async {
        let session = Session {
            app: installation::open(config, Clock::System, Random::System).await?,
            actor: Actor::command_line(),
            output: start.output,
        };
        let outcome = work(&session).await;
        session.app.store.db().close().await;
        outcome
    })
}
