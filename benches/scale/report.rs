//! The figures for people, and for programs.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::common::Outcome;
use crate::common::figures::{self, median, range, ratios, verdict};
use crate::common::load::{CONNECTIONS, Slot};
use crate::measure::{Both, Figures, Row};

/// The most the full installation may cost of what the empty one does.
const MOST_CPU: f64 = 1.10;
const MOST_START: f64 = 1.5;
const MOST_MORE_MIB: f64 = 16.0;

/// How a row is judged.
#[derive(Clone, Copy)]
enum Aim {
    Times(f64),
    More(f64),
    None,
}

/// A row as it is shown.
struct Line<'a> {
    name: &'static str,
    unit: &'static str,
    figures: Both<Vec<f64>>,
    /// Where something was asked.
    slots: Option<&'a Both<Vec<Slot>>>,
    aim: Aim,
}

pub fn print(all: &[Figures]) {
    for figures in all {
        let rounds = figures.rows.first().map_or(0, |row| row.slots.full.len());
        let place = if figures.pinned {
            "servers on one core, load on the others"
        } else {
            "not pinned: the figures are rougher"
        };
        println!(
            "\n{}: {rounds} rounds, {CONNECTIONS} connections, {place}; medians and [ranges].",
            figures.database
        );
        println!(
            "{:<42} {:>4} {:>9} {:<20} {:>9} {:<20} {:>15} {:>12}  aim",
            "", "", "empty", "", "full", "", "p50 ms", "full/empty"
        );
        for line in lines(figures) {
            let p50 = line.of_slots(|slot| slot.p50);
            println!(
                "{:<42} {:>4} {:>9.1} {:<20} {:>9.1} {:<20} {:>15} {:>12}  {}",
                line.name,
                line.unit,
                median(&line.figures.empty),
                range(&line.figures.empty),
                median(&line.figures.full),
                range(&line.figures.full),
                p50.map_or_else(String::new, |[empty, full]| format!(
                    "{empty:.2} / {full:.2}"
                )),
                line.beside(),
                line.judged(),
            );
        }
    }
}

/// Writes the same into the build directory.
pub fn save(all: &[Figures]) -> Outcome<PathBuf> {
    let databases = all.iter().map(|figures| {
        let rows: Vec<Value> = lines(figures).map(|line| line.json()).collect();
        json!({ "database": figures.database, "pinned": figures.pinned, "rows": rows })
    });
    let document = json!({
        "connections": CONNECTIONS,
        "databases": databases.collect::<Vec<_>>(),
    });
    figures::save("scale.json", &document)
}

fn lines(figures: &Figures) -> impl Iterator<Item = Line<'_>> {
    let of_servers = [
        (
            "start to the first answer",
            "ms",
            &figures.starts,
            Aim::Times(MOST_START),
        ),
        (
            "memory, idle",
            "MiB",
            &figures.idle_memory,
            Aim::More(MOST_MORE_MIB),
        ),
        (
            "memory, after all that",
            "MiB",
            &figures.busy_memory,
            Aim::More(MOST_MORE_MIB),
        ),
        (
            "CPU for a second in which nothing is asked",
            "us",
            &figures.idle_micros,
            Aim::None,
        ),
    ];
    let of_servers = of_servers.map(|(name, unit, figures, aim)| Line {
        name,
        unit,
        figures: Both {
            empty: figures.empty.clone(),
            full: figures.full.clone(),
        },
        slots: None,
        aim,
    });
    figures.rows.iter().map(of_row).chain(of_servers)
}

fn of_row(row: &Row) -> Line<'_> {
    let micros = |slots: &[Slot]| slots.iter().map(|slot| slot.micros).collect();
    Line {
        name: row.name,
        unit: "us",
        figures: Both {
            empty: micros(&row.slots.empty),
            full: micros(&row.slots.full),
        },
        slots: Some(&row.slots),
        aim: Aim::Times(MOST_CPU),
    }
}

impl Line<'_> {
    /// The medians of another figure of the slots: of the empty installation and of the full one.
    fn of_slots(&self, figure: fn(&Slot) -> f64) -> Option<[f64; 2]> {
        let slots = self.slots?;
        let of = |slots: &[Slot]| median(&slots.iter().map(figure).collect::<Vec<_>>());
        Some([of(&slots.empty), of(&slots.full)])
    }

    fn times(&self) -> f64 {
        median(&ratios(&self.figures.full, &self.figures.empty))
    }

    fn more(&self) -> f64 {
        median(&self.figures.full) - median(&self.figures.empty)
    }

    fn beside(&self) -> String {
        match self.aim {
            Aim::More(_) => format!("{:+.1} {}", self.more(), self.unit),
            Aim::Times(_) | Aim::None => format!("{:.2} x", self.times()),
        }
    }

    fn met(&self) -> Option<bool> {
        match self.aim {
            Aim::Times(most) => Some(self.times() <= most),
            Aim::More(most) => Some(self.more() <= most),
            Aim::None => None,
        }
    }

    fn judged(&self) -> String {
        let aim = match self.aim {
            Aim::Times(most) => format!("<= {most:.2} x"),
            Aim::More(most) => format!("<= +{most} {}", self.unit),
            Aim::None => String::new(),
        };
        let met = self.met().map(verdict);
        met.map_or(String::new(), |met| format!("{aim}: {met}"))
    }

    fn json(&self) -> Value {
        json!({
            "name": self.name,
            "unit": self.unit,
            "empty": median(&self.figures.empty),
            "full": median(&self.figures.full),
            "empty_rounds": self.figures.empty,
            "full_rounds": self.figures.full,
            "sqlite_us": self.of_slots(|slot| slot.sqlite_micros),
            "requests_per_s": self.of_slots(|slot| slot.per_second),
            "p50_ms": self.of_slots(|slot| slot.p50),
            "p99_ms": self.of_slots(|slot| slot.p99),
            "ratio": self.times(),
            "aim": self.judged(),
            "met": self.met(),
        })
    }
}
