//! The figures for people, and for programs.

use std::path::PathBuf;

use serde_json::{Value, json};
use users_core::model::algorithm::Algorithm;

use crate::common::Outcome;
use crate::common::figures::{self, median, range, ratios, verdict};
use crate::common::load::{CONNECTIONS, Slot};
use crate::measure::{Build, Figures, Row};
use crate::workloads::{Beside, Limit};

const MOST_RESIDENT_MIB: f64 = 30.0;
const LONGEST_START: f64 = 0.3;
/// Beyond this a request does ask the database: what is below is the change feed, read twice a
/// second.
const NO_DATABASE_MICROS: f64 = 1.0;

const SCALE: &str = "\
For scale, the CPU others spent when they were measured elsewhere, in microseconds a request:
node-oidc-provider  client_credentials RS256 1158, ES256 393, EdDSA 396; refresh 1125; code flow 2107
Rauthy              client_credentials RS256 2914, EdDSA 578; introspection 641; refresh 6899; code flow 7026
a Django server     code flow 37868";

/// A row as it is shown: medians over the rounds.
struct Line {
    name: String,
    per_second: f64,
    p50: f64,
    p99: f64,
    micros: f64,
    range: String,
    sqlite_micros: f64,
    ratio: Option<(f64, String)>,
    limit: Option<(String, bool)>,
}

pub fn print(figures: &Figures) {
    let rounds = figures.rows.first().map_or(0, |row| row.slots.len());
    let place = if figures.pinned {
        "servers on one core, load on the others"
    } else {
        "not pinned: the figures are rougher"
    };
    println!("{rounds} rounds, {CONNECTIONS} connections, {place}; medians and [ranges].");
    println!("CPU is the server's for a request, and SQLite's share of it, in microseconds.\n");
    for (algorithm, micros) in &figures.signatures {
        let name = format!("raw signature {algorithm}");
        println!("{name:<36} {:>8.1}  {}", median(micros), range(micros));
    }
    println!(
        "\n{:<36} {:>8}  {:<20} {:>7} {:>8} {:>8} {:>8}  {:<13} target",
        "", "CPU", "", "SQLite", "req/s", "p50 ms", "p99 ms", "ratio"
    );
    for line in figures.rows.iter().map(|row| line(figures, row)) {
        println!(
            "{:<36} {:>8.1}  {:<20} {:>7.1} {:>8.0} {:>8.2} {:>8.2}  {:<13} {}",
            line.name,
            line.micros,
            line.range,
            line.sqlite_micros,
            line.per_second,
            line.p50,
            line.p99,
            line.ratio
                .map_or_else(String::new, |(times, of)| format!("{times:.2} x {of}")),
            line.limit.map_or_else(String::new, |(limit, met)| format!(
                "{limit}: {}",
                verdict(met)
            )),
        );
    }
    let (start, resident) = (median(&figures.starts), figures.resident_mib);
    let fast = verdict(start <= LONGEST_START);
    let small = verdict(resident <= MOST_RESIDENT_MIB);
    println!("\nstart to the first answer: {start:.3} s (<= {LONGEST_START} s: {fast})");
    println!("memory of an idle server: {resident:.1} MiB (<= {MOST_RESIDENT_MIB} MiB: {small})");
    println!("\n{SCALE}");
}

/// Writes the same into the build directory.
pub fn save(figures: &Figures) -> Outcome<PathBuf> {
    let signatures = figures.signatures.iter();
    let signatures = signatures.map(|(algorithm, micros)| {
        (
            algorithm.name().to_owned(),
            json!({ "cpu_us": median(micros), "rounds": micros }),
        )
    });
    let rows: Vec<Value> = figures
        .rows
        .iter()
        .map(|row| row_json(figures, row))
        .collect();
    let start = median(&figures.starts);
    let resident = figures.resident_mib;
    let document = json!({
        "connections": CONNECTIONS,
        "pinned": figures.pinned,
        "signatures": signatures.collect::<serde_json::Map<_, _>>(),
        "workloads": rows,
        "start_s": { "median": start, "all": figures.starts, "met": start <= LONGEST_START },
        "idle_rss_mib": { "value": resident, "met": resident <= MOST_RESIDENT_MIB },
    });
    figures::save("speed.json", &document)
}

fn row_json(figures: &Figures, row: &Row) -> Value {
    let line = line(figures, row);
    let (ratio, beside) = line.ratio.unzip();
    let (target, met) = line.limit.unzip();
    json!({
        "name": line.name,
        "cpu_us": line.micros,
        "sqlite_cpu_us": line.sqlite_micros,
        "cpu_us_rounds": of(row, |slot| slot.micros),
        "requests_per_s": line.per_second,
        "p50_ms": line.p50,
        "p99_ms": line.p99,
        "ratio": ratio,
        "ratio_to": beside,
        "target": target,
        "met": met,
    })
}

fn line(figures: &Figures, row: &Row) -> Line {
    let micros = of(row, |slot| slot.micros);
    let sqlite_micros = median(&of(row, |slot| slot.sqlite_micros));
    let ratio = beside(figures, row);
    let ratio = ratio.map(|(beside, name)| (median(&ratios(&micros, &beside)), name));
    let cost = median(&micros);
    let limit = match (row.title.limit, &ratio) {
        _ if row.build == Build::Other => None,
        (Limit::Times(most), Some((times, _))) => Some((format!("<= {most} x"), *times <= most)),
        (Limit::Micros(most), _) => Some((format!("<= {most}"), cost <= most)),
        (Limit::MicrosInMemory(most), _) => Some((
            format!("<= {most}, no read"),
            cost <= most && sqlite_micros < NO_DATABASE_MICROS,
        )),
        (Limit::TimesAndMicros(times, micros), Some((ratio, _))) => {
            let most = times * cost / ratio + micros;
            Some((format!("<= {times} x + {micros} = {most:.0}"), cost <= most))
        }
        (Limit::None | Limit::Times(_) | Limit::TimesAndMicros(..), _) => None,
    };
    let mark = match row.build {
        Build::This => "",
        Build::Other => " (other)",
    };
    Line {
        name: format!("{}{mark}", row.title.name),
        per_second: median(&of(row, |slot| slot.per_second)),
        p50: median(&of(row, |slot| slot.p50)),
        p99: median(&of(row, |slot| slot.p99)),
        micros: cost,
        range: range(&micros),
        sqlite_micros,
        ratio,
        limit,
    }
}

/// What a row's figures are set beside, round by round, and its name.
fn beside(figures: &Figures, row: &Row) -> Option<(Vec<f64>, String)> {
    if row.build == Build::Other {
        let mut rows = figures.rows.iter();
        let this = rows.find(|this| this.title.name == row.title.name)?;
        return Some((of(this, |slot| slot.micros), "this".to_owned()));
    }
    match row.title.beside {
        Beside::Nothing => None,
        Beside::Hello => {
            let hello = of(figures.rows.first()?, |slot| slot.micros);
            Some((hello, "hello".to_owned()))
        }
        Beside::Signature(algorithm) => Some((signature(figures, algorithm)?, "raw".to_owned())),
    }
}

fn signature(figures: &Figures, algorithm: Algorithm) -> Option<Vec<f64>> {
    let mut all = figures.signatures.iter();
    all.find(|(name, _)| *name == algorithm)
        .map(|(_, micros)| micros.clone())
}

fn of(row: &Row, figure: impl Fn(&Slot) -> f64) -> Vec<f64> {
    row.slots.iter().map(figure).collect()
}
