//! `audit verify` and `audit export`: the chain, for whoever wants to be sure.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::super::Outcome;
use super::super::error::CliError;
use super::super::output::line;
use super::super::session::Session;
use crate::base::clock::Timestamp;
use crate::model::tenant::Tenant;
use crate::storage::audit::AuditRow;
use crate::trail::export::{checkpoint_line, checkpoints_of, event_line};
use crate::trail::verify::{self, Report};
use crate::trail::{checkpoint, sealer};

/// Stands for every tenant; no tenant can be named so.
const ALL: &str = "all";
/// Rows read at once.
const PAGE: i64 = 500;

#[derive(Args)]
pub(super) struct Verify {
    /// Checkpoints kept elsewhere: an earlier export, or signed checkpoints, one a line
    #[arg(long, value_name = "FILE")]
    checkpoint: Option<PathBuf>,
}

#[derive(Args)]
pub(super) struct Export {
    /// The first instant, as 2026-01-31 or 2026-01-31T12:00:00Z
    #[arg(long, value_name = "TIME", value_parser = instant)]
    since: Option<Timestamp>,
    /// The first instant that is too late
    #[arg(long, value_name = "TIME", value_parser = instant)]
    until: Option<Timestamp>,
}

fn instant(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).ok_or_else(|| "neither a date nor a time of RFC 3339".to_owned())
}

pub(super) async fn verify(
    session: &Session,
    slug: &str,
    options: &Verify,
) -> Result<Outcome, CliError> {
    let app = &session.app;
    let given = match &options.checkpoint {
        Some(_) if slug == ALL => {
            return Err(CliError::refused("checkpoints are of one tenant: name it"));
        }
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .map_err(|error| CliError::refused(format!("{}: {error}", path.display())))?;
            checkpoints_of(&text)
                .filter(|found| !found.is_empty())
                .ok_or_else(|| {
                    CliError::refused(format!("{}: holds no checkpoints", path.display()))
                })?
        }
        None => Vec::new(),
    };
    let mut outcome = Outcome::Done;
    let mut check = async |tenant: &Tenant| -> Result<(), CliError> {
        let report = verify::verify(app, tenant, &given).await?;
        if report.broken.is_some() {
            outcome = Outcome::Refused;
        }
        Ok(say(session, tenant, &report)?)
    };
    if slug != ALL {
        check(&session.tenant(slug).await?).await?;
        return Ok(outcome);
    }
    let mut after = String::new();
    loop {
        let base = &app.config.issuer;
        let tenants = app.store.tenants(base, &after, PAGE).await?;
        for tenant in &tenants {
            check(tenant).await?;
        }
        match tenants.last() {
            Some(last) => after.clone_from(&last.slug),
            None => return Ok(outcome),
        }
    }
}

fn say(session: &Session, tenant: &Tenant, report: &Report) -> std::io::Result<()> {
    session.output.say(
        &format!("{}: {}", tenant.slug, in_words(report)),
        &json!({
            "tenant": tenant.slug,
            "whole": report.broken.is_none(),
            "broken": report.broken.as_ref().map(ToString::to_string),
            "begins_after": report.begins_after,
            "last": report.last,
            "events": report.events,
            "erased": report.erased,
            "unsealed": report.unsealed,
            "checkpoints": report.checkpoints,
            "too_old": report.too_old,
        }),
    )
}

fn in_words(report: &Report) -> String {
    if let Some(broken) = &report.broken {
        return format!("broken: {broken}");
    }
    let whole = format!(
        "whole: {} events up to number {}, {} checkpoints",
        report.events, report.last, report.checkpoints
    );
    let notes = [
        (report.begins_after, "cut off on purpose up to number"),
        (report.erased, "events erased on purpose:"),
        (report.unsealed, "events not sealed yet:"),
        (report.too_old, "given checkpoints of what was cut off:"),
    ];
    let notes = notes.into_iter().filter(|(number, _)| *number > 0);
    let notes = notes.map(|(number, words)| format!("{words} {number}"));
    let parts: Vec<String> = std::iter::once(whole).chain(notes).collect();
    parts.join("; ")
}

pub(super) async fn export(
    session: &Session,
    slug: &str,
    options: &Export,
) -> Result<Outcome, CliError> {
    let app = &session.app;
    let tenant = session.tenant(slug).await?;
    let rows = app.store.tenant(&tenant.id);
    // What is printed is to vouch for all of itself: its end is signed, too.
    if sealer::seal(app, &tenant.id).await? {
        checkpoint::sign(app, &tenant).await?;
    }
    let since = options.since.map_or(i64::MIN, Timestamp::millis);
    let until = options.until.map_or(i64::MAX, Timestamp::millis);
    let mut after = i64::MIN;
    loop {
        let page = rows.sealed_audit(after, PAGE).await?;
        for row in page.iter().filter(|row| (since..until).contains(&row.at)) {
            line(&event_line(&tenant.id, row))?;
        }
        match page.last().and_then(AuditRow::seq) {
            Some(last) => after = last,
            None => break,
        }
    }
    let mut after = 0;
    loop {
        let page = rows.checkpoints(after, PAGE).await?;
        for checkpoint in &page {
            line(&checkpoint_line(checkpoint))?;
        }
        match page.last() {
            Some(last) => after = last.seq,
            None => return Ok(Outcome::Done),
        }
    }
}
