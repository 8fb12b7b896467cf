//! What a request costs where many are served: `cargo bench --bench scale`, in short with `--quick`.
//!
//! Two installations are filled, one with next to nobody and one with 10,000 tenants and 100,000
//! people, and a server is started on each. The same is asked of both in turns, in many short rounds
//! and on the same core: whatever else the machine does falls on both alike. The aims are that the
//! number of those who are not asking costs those who are next to nothing.
//!
//! ```text
//! cargo bench --bench scale -- [--quick] [NAME ..]
//! ```
//!
//! `NAME` picks the workloads whose names contain it. The database server that
//! `USERS_CORE_TEST_POSTGRES` names is measured too. Linux only: the figures come from `/proc`.

#[path = "../common/mod.rs"]
mod common;
mod filling;
mod measure;
mod report;
mod workloads;

use std::process::ExitCode;
use std::time::Duration;

use common::serve::serve;
use common::{Outcome, machine};
use tokio::runtime::{Builder, Runtime};

/// What to run, and how long.
pub struct Plan {
    rounds: usize,
    slot: Duration,
    /// Of each server.
    starts: usize,
    /// How long nothing is asked, to see what the servers do by themselves.
    idle: Duration,
    names: Vec<String>,
}

impl Plan {
    fn includes(&self, workload: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|name| workload.contains(name))
    }
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match args.first().map(String::as_str) {
        Some("serve") => serve(),
        // `cargo test --benches` comes without the flag that `cargo bench` gives.
        _ if !args.iter().any(|arg| arg == "--bench") => {
            println!("not measured: `cargo bench` does that");
            Ok(())
        }
        _ => plan(args).and_then(|plan| bench(&plan)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn plan(args: Vec<String>) -> Outcome<Plan> {
    let mut plan = Plan {
        rounds: 21,
        slot: Duration::from_millis(300),
        starts: 7,
        // Whatever runs by itself does so once a minute or more often.
        idle: Duration::from_secs(65),
        names: Vec::new(),
    };
    for arg in args {
        match arg.as_str() {
            "--bench" => {}
            "--quick" => {
                plan.rounds = 5;
                plan.slot = Duration::from_millis(200);
                plan.starts = 3;
                plan.idle = Duration::from_secs(5);
            }
            flag if flag.starts_with('-') => return Err(format!("what is {flag}?").into()),
            name => plan.names.push(name.to_owned()),
        }
    }
    Ok(plan)
}

fn bench(plan: &Plan) -> Outcome<()> {
    if !machine::has_scheduler_statistics() {
        println!("not measured: this system has no /proc/PID/task/TID/schedstat");
        return Ok(());
    }
    // Filled with all cores, measured with one.
    let filler = Runtime::new()?;
    let stages = filler.block_on(filling::stages())?;
    let measurer = Builder::new_current_thread().enable_all().build()?;
    let figures = measurer.block_on(measure::everything(plan, &stages));
    filler.block_on(filling::clear(stages))?;
    let figures = figures?;
    report::print(&figures);
    println!("\nwritten: {}", report::save(&figures)?.display());
    Ok(())
}
