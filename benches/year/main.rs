//! A year of an installation in minutes: `cargo bench --bench year`, in short with `--quick`.
//!
//! ```text
//! cargo bench --bench year -- [--quick] [--days N] [--logins N] [--people N] [--audit-days N] [NAME]
//! ```
//!
//! A thousand logins a day go through the routes, with the clock moved by hand and passwords made
//! cheap; sealing, checkpoints, the reaper and the retention of the trail run as they do beside a
//! server. Printed is what stands in the tables at the end of each month: it must stop growing. The
//! database server that `USERS_CORE_TEST_POSTGRES` names lives through the year too; `NAME`, sqlite or
//! postgresql, picks one of the two.

#[path = "../common/mod.rs"]
#[expect(dead_code, reason = "what this one does not need, others do")]
mod common;
mod life;
mod sizes;

use std::process::ExitCode;
use std::time::Instant;

use common::database::{Database, settings};
use life::{Life, Outcome};
use sizes::Sizes;
use users_core::base::clock::{Clock, Timestamp};
use users_core::base::random::Random;
use users_core::config::Config;
use users_core::installation;

const MIB: f64 = 1_048_576.0;
/// 2026-01-01T00:00:00Z.
const START: Timestamp = Timestamp::from_millis(1_767_225_600_000);
const MONTH: usize = 30;
/// Tables that are shown; the rest is counted as well.
const SHOWN: &[&str] = &[
    "sessions",
    "grants",
    "refresh_tokens",
    "access_tokens",
    "revocations",
    "audit",
    "audit_checkpoints",
    "hourly_counters",
    "refusals",
    "decisions",
    "changes",
];
/// How much more the last month may hold than the one in the middle of the flat part.
const FLAT: f64 = 1.1;

struct Plan {
    days: usize,
    logins: usize,
    people: usize,
    audit_days: i64,
    /// In small letters; empty for every database.
    name: String,
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    // `cargo test --benches` comes without the flag that `cargo bench` gives.
    if !args.iter().any(|arg| arg == "--bench") {
        println!("not lived through: `cargo bench` does that");
        return ExitCode::SUCCESS;
    }
    match plan(args).and_then(|plan| live(&plan)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn plan(args: Vec<String>) -> Outcome<Plan> {
    let mut plan = Plan {
        days: 365,
        logins: 1000,
        people: 2000,
        // Below a year, or nothing of it would be seen to end.
        audit_days: 90,
        name: String::new(),
    };
    let mut args = args.into_iter();
    while let Some(arg) = args.next() {
        let mut number = || args.next().ok_or("a number is missing");
        match arg.as_str() {
            "--bench" => {}
            "--quick" => (plan.logins, plan.people) = (24, 50),
            "--days" => plan.days = number()?.parse()?,
            "--logins" => plan.logins = number()?.parse()?,
            "--people" => plan.people = number()?.parse()?,
            "--audit-days" => plan.audit_days = number()?.parse()?,
            flag if flag.starts_with('-') => return Err(format!("what is {flag}?").into()),
            name => name.clone_into(&mut plan.name),
        }
    }
    Ok(plan)
}

fn live(plan: &Plan) -> Outcome<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let made = |error: Box<dyn std::error::Error>| error.to_string();
        let mut databases = vec![Database::sqlite().map_err(made)?];
        databases.extend(Database::postgres().await.map_err(made)?);
        for database in databases {
            let is_meant = database.name.to_lowercase().contains(&plan.name);
            let lived = if is_meant {
                year(plan, &database).await
            } else {
                Ok(())
            };
            database.clear().await.map_err(made)?;
            lived?;
        }
        Ok(())
    })
}

fn config(plan: &Plan, database: &Database) -> Config {
    let mut config = settings(&database.url);
    "ES256".clone_into(&mut config.tokens.signing_alg);
    config.password_hash.memory_kib = 8;
    config.password_hash.iterations = 1;
    config.retention.audit_days = plan.audit_days;
    config
}

async fn year(plan: &Plan, database: &Database) -> Outcome<()> {
    let clock = Clock::manual(START);
    let config = config(plan, database);
    let app = installation::open(config, clock.clone(), Random::System).await?;
    app.store.db().feed().start(app.store.db()).await?;
    app.directory.load(clock.now()).await?;
    let mut life = Life::begin(app.clone(), clock, plan.people).await?;
    println!(
        "\n{}: {} days of {} logins, {} people, audit_days {}",
        database.name, plan.days, plan.logins, plan.people, plan.audit_days
    );
    println!("| day | {} | all rows | MiB |", SHOWN.join(" | "));
    println!("|{}", " ---: |".repeat(SHOWN.len() + 3));
    let began = Instant::now();
    let mut months = Vec::new();
    for day in 1..=plan.days {
        life.day(plan.logins).await?;
        if day % MONTH == 0 || day == plan.days {
            let sizes = Sizes::of(&database.url).await?;
            print(day, &sizes);
            months.push((day, sizes));
        }
    }
    println!("lived through in {:.0} s", began.elapsed().as_secs_f64());
    judge(plan, &months);
    app.store.db().close().await;
    Ok(())
}

fn total(sizes: &Sizes) -> i64 {
    sizes.rows.iter().map(|(_, rows)| rows).sum()
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
fn print(day: usize, sizes: &Sizes) {
    let rows: Vec<String> = SHOWN
        .iter()
        .map(|table| sizes.rows_of(table).to_string())
        .collect();
    println!(
        "| {day} | {} | {} | {:.1} |",
        rows.join(" | "),
        total(sizes),
        sizes.bytes as f64 / MIB
    );
}

/// Says which tables went on growing once everything that ends had begun to end.
#[expect(clippy::cast_precision_loss, reason = "few rows")]
fn judge(plan: &Plan, months: &[(usize, Sizes)]) {
    let settled = usize::try_from(plan.audit_days)
        .unwrap_or(usize::MAX)
        .max(90)
        + MONTH;
    let Some((from, early)) = months.iter().find(|(day, _)| *day >= settled) else {
        return println!("too short to say what stops growing");
    };
    let Some((until, late)) = months.last().filter(|(until, _)| until > from) else {
        return println!("too short to say what stops growing");
    };
    let grown: Vec<&str> = early
        .rows
        .iter()
        // Kept by number, and the number is more than a year of these days makes.
        .filter(|(table, _)| *table != "changes")
        .filter(|(table, before)| late.rows_of(table) as f64 > *before as f64 * FLAT + 50.0)
        .map(|(table, _)| *table)
        .collect();
    let verdict = if grown.is_empty() {
        "flat".to_owned()
    } else {
        format!("GROWING: {}", grown.join(", "))
    };
    println!(
        "day {from} to {until}: {verdict}; {} rows became {}, bytes x {:.2}",
        total(early),
        total(late),
        late.bytes as f64 / early.bytes as f64
    );
}
