//! `audit`: who did what, whether that is still what was written, and why somebody was refused.

mod chain;
mod why;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::error::CliError;
use super::options::TenantOption;
use super::{Outcome, Start, session};
use crate::base::clock::Timestamp;

#[derive(Args)]
pub(super) struct Options {
    #[command(flatten)]
    tenant: TenantOption,
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Lists the newest events, the newest first
    List {
        /// How many
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
    },
    /// Checks that the trail is the one that was written; `--tenant all` checks every tenant's
    Verify(chain::Verify),
    /// Prints the trail and its checkpoints as JSON lines, the oldest first
    Export(chain::Export),
    /// Says why a request was refused: the id stands in the answer's X-Request-Id
    Why { request_id: String },
}

const COLUMNS: &[&str] = &["at", "kind", "actor", "subject", "detail"];

pub(super) fn run(start: &Start, options: &Options) -> Result<Outcome, CliError> {
    let slug = &options.tenant.tenant;
    session::run(start, async |session| match &options.action {
        Action::List { limit } => {
            let tenant = session.tenant(slug).await?;
            let rows = session.app.store.tenant(&tenant.id);
            let mut list = session.output.list(COLUMNS)?;
            for row in rows.recent_audit((*limit).into()).await? {
                let detail: Value = serde_json::from_str(&row.detail).unwrap_or_default();
                list.row(&json!({
                    "at": Timestamp::from_millis(row.at).to_string(),
                    "kind": row.kind,
                    "actor": row.actor,
                    "subject": row.subject,
                    "detail": detail,
                }))?;
            }
            list.end()?;
            Ok(Outcome::Done)
        }
        Action::Verify(options) => chain::verify(session, slug, options).await,
        Action::Export(options) => chain::export(session, slug, options).await,
        Action::Why { request_id } => why::run(session, slug, request_id).await,
    })
}
