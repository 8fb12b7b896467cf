//! `key`: signing keys and their rotation.

use clap::{Args, Subcommand};
use serde_json::json;

use super::error::CliError;
use super::options::{TenantOption, algorithm};
use super::session::Session;
use super::{Outcome, Start, session};
use crate::admin::keys;
use crate::keys::rotation::Rotated;
use crate::model::algorithm::Algorithm;
use crate::model::tenant::Tenant;

#[derive(Args)]
pub(super) struct Options {
    #[command(flatten)]
    tenant: TenantOption,
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Lists the tenant's keys, the oldest first
    List,
    /// Announces the next key, which signs once every copy of the old key set has run out
    Rotate {
        /// Lets the new key sign at once: verifiers must fetch the key set again
        #[arg(long)]
        now: bool,
        /// Whose key [default: the tenant's algorithm]
        #[arg(long, value_name = "ALG", value_parser = algorithm())]
        alg: Option<Algorithm>,
    },
}

const COLUMNS: &[&str] = &["kid", "alg", "state", "active_from", "retired_at"];

pub(super) fn run(start: &Start, options: &Options) -> Result<Outcome, CliError> {
    session::run(start, async |session| {
        let tenant = session.tenant(&options.tenant.tenant).await?;
        match options.action {
            Action::List => list(session, &tenant).await?,
            Action::Rotate { now, alg } => {
                let algorithm = alg.unwrap_or(tenant.signing_alg);
                rotate(session, &tenant, algorithm, now).await?;
            }
        }
        Ok(Outcome::Done)
    })
}

async fn list(session: &Session, tenant: &Tenant) -> Result<(), CliError> {
    let mut list = session.output.list(COLUMNS)?;
    for key in session.app.store.tenant(&tenant.id).signing_keys().await? {
        list.row(&json!({
            "kid": key.kid,
            "alg": key.algorithm,
            "state": key.state.name(),
            "active_from": key.active_from.to_string(),
            "retired_at": key.retired_at.map(|time| time.to_string()),
        }))?;
    }
    Ok(list.end()?)
}

async fn rotate(
    session: &Session,
    tenant: &Tenant,
    algorithm: Algorithm,
    now: bool,
) -> Result<(), CliError> {
    let rotated = keys::rotate(&session.app, &session.actor, tenant, algorithm, now).await?;
    match rotated {
        Rotated::Announced(from) => session.output.say(
            &format!("the next {algorithm} key is published and signs from {from} on"),
            &json!({ "alg": algorithm, "announced": true, "active_from": from.to_string() }),
        )?,
        Rotated::Activated => session.output.say(
            &format!("the new {algorithm} key signs; its predecessor still verifies"),
            &json!({ "alg": algorithm, "activated": true }),
        )?,
    }
    Ok(())
}
