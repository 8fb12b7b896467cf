//! `import`: accounts from elsewhere.

use std::fs::File;
use std::io::{BufWriter, IsTerminal as _, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::error::CliError;
use super::options::TenantOption;
use super::output::{Output, line, printable};
use super::session::{self, Session};
use super::{Outcome, Start};
use crate::admin::import::source::{self, Format, Progress};
use crate::admin::import::{self, Event, Plan, Refusal, Summary};
use crate::storage::import::OnConflict;

#[derive(Args)]
pub(super) struct Options {
    #[command(flatten)]
    tenant: TenantOption,
    /// Where the accounts are
    file: PathBuf,
    /// Its form; without it, what its name and its first bytes say
    #[arg(long, value_enum)]
    format: Option<FileFormat>,
    /// What becomes of an account that is there already
    #[arg(long, value_enum, default_value = "fail")]
    on_conflict: Conflict,
    /// Leaves out roles the tenant does not have, instead of refusing the account
    #[arg(long)]
    drop_unknown_roles: bool,
    /// Does everything and keeps nothing
    #[arg(long)]
    dry_run: bool,
    /// Writes what is refused into a file, one JSON object a line, instead of printing it
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum FileFormat {
    /// Objects with the members docs/moving-in.md lists, in an array or one a line
    Json,
    /// A line of names, and one line for each account
    Csv,
    /// A Keycloak realm export
    Keycloak,
    /// Auth0's exports
    Auth0,
    /// The SQLite file of users-core
    UsersCore,
}

#[derive(Clone, Copy, ValueEnum)]
enum Conflict {
    /// It stays as it is
    Skip,
    /// It becomes what the file says
    Update,
    /// It is refused and named
    Fail,
}

impl From<FileFormat> for Format {
    fn from(format: FileFormat) -> Self {
        match format {
            FileFormat::Json => Self::Json,
            FileFormat::Csv => Self::Csv,
            FileFormat::Keycloak => Self::Keycloak,
            FileFormat::Auth0 => Self::Auth0,
            FileFormat::UsersCore => Self::UsersCore,
        }
    }
}

impl From<Conflict> for OnConflict {
    fn from(conflict: Conflict) -> Self {
        match conflict {
            Conflict::Skip => Self::Skip,
            Conflict::Update => Self::Update,
            Conflict::Fail => Self::Fail,
        }
    }
}

pub(super) fn run(start: &Start, options: &Options) -> Result<Outcome, CliError> {
    session::run(start, async |session| import(session, options).await)
}

async fn import(session: &Session, options: &Options) -> Result<Outcome, CliError> {
    let named = |error: source::SourceError| {
        CliError::refused(format!("{}: {error}", options.file.display()))
    };
    let tenant = session.tenant(&options.tenant.tenant).await?;
    let format = match options.format {
        Some(format) => format.into(),
        None => source::format_of(&options.file).map_err(named)?,
    };
    let source = source::open(&options.file, format).await.map_err(named)?;
    let mut teller = Teller {
        output: session.output,
        bar: bar(&source.progress, session.output),
        progress: source.progress,
        report: match &options.report {
            Some(path) => Some(BufWriter::new(File::create(path)?)),
            None => None,
        },
        failed: None,
    };
    let plan = Plan {
        on_conflict: options.on_conflict.into(),
        trial: options.dry_run,
        drop_unknown_roles: options.drop_unknown_roles,
    };
    let (app, actor) = (&session.app, &session.actor);
    let summary = import::run(app, actor, &tenant, source.items, plan, |event| {
        teller.hear(event);
    })
    .await;
    teller.end()?;
    let summary = summary?;
    say(session.output, &summary, options.dry_run)?;
    Ok(if summary.refused == 0 {
        Outcome::Done
    } else {
        Outcome::Refused
    })
}

fn say(output: Output, summary: &Summary, trial: bool) -> Result<(), CliError> {
    let Summary {
        created,
        updated,
        skipped,
        refused,
    } = summary;
    let end = if trial { "; nothing was kept" } else { "" };
    let text =
        format!("{created} created, {updated} updated, {skipped} skipped, {refused} refused{end}");
    let json = json!({
        "created": created, "updated": updated, "skipped": skipped, "refused": refused,
        "dry_run": trial,
    });
    Ok(output.say(&text, &json)?)
}

/// A bar for people who watch; nothing for a file or a program.
fn bar(progress: &Progress, output: Output) -> ProgressBar {
    if output.is_json() || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(progress.all);
    let style = if progress.in_bytes {
        "{bar:40} {bytes}/{total_bytes} {msg} {eta}"
    } else {
        "{bar:40} {pos}/{len} {msg} {eta}"
    };
    bar.set_style(
        ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    bar
}

/// Says what happens, where it is wanted.
struct Teller {
    output: Output,
    bar: ProgressBar,
    progress: Progress,
    report: Option<BufWriter<File>>,
    /// The first thing that could not be said; the import goes on.
    failed: Option<std::io::Error>,
}

impl Teller {
    fn hear(&mut self, event: Event) {
        match event {
            Event::Done(accounts) => {
                if self.progress.in_bytes {
                    self.bar.set_position(self.progress.bytes());
                    self.bar.set_message(format!("{accounts} accounts"));
                } else {
                    self.bar.set_position(accounts);
                }
            }
            Event::Refused(refusal) => {
                let said = self.refused(&refusal);
                if self.failed.is_none() {
                    self.failed = said.err();
                }
            }
        }
    }

    fn refused(&mut self, refusal: &Refusal) -> std::io::Result<()> {
        let object = view(refusal);
        if let Some(report) = &mut self.report {
            return writeln!(report, "{object}");
        }
        if self.output.is_json() {
            return line(&object.to_string());
        }
        let name = refusal.username.as_deref().unwrap_or("-");
        let reasons = refusal.reasons.join("; ");
        let text = format!("{}: {name}: {reasons}", refusal.place);
        self.bar.suspend(|| line(&printable(&text)))
    }

    fn end(&mut self) -> Result<(), CliError> {
        self.bar.finish_and_clear();
        if let Some(report) = &mut self.report {
            report.flush()?;
        }
        self.failed.take().map_or(Ok(()), |error| Err(error.into()))
    }
}

fn view(refusal: &Refusal) -> Value {
    json!({
        "place": refusal.place, "username": refusal.username, "reasons": refusal.reasons,
    })
}
