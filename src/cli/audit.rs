//! `audit`: who did what.

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
}

const COLUMNS: &[&str] = &["at", "kind", "actor", "subject", "detail"];

pub(super) fn run(start: &Start, options: &Options) -> Result<Outcome, CliError> {
    let Action::List { limit } = options.action;
    session::run(start, async |session| {
        let tenant = session.tenant(&options.tenant.tenant).await?;
        let rows = session.app.store.tenant(&tenant.id);
        let mut list = session.output.list(COLUMNS)?;
        for row in rows.recent_audit(limit.into()).await? {
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
    })
}
