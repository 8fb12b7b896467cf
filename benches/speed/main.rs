//! What a request costs: `cargo bench --bench speed`, in short with `--quick`.
//!
//! The figure that counts is the CPU time the server spends on a request. Beside it, in the same
//! run and on the same core, stand what cannot be avoided: a bare signature, and a bare axum server
//! that says hello. Everything is measured in rounds, one after the other in each round, and the
//! median over the rounds is shown: whatever else the machine does falls on all of them alike.
//!
//! ```text
//! cargo bench --bench speed -- [--quick] [--against BINARY] [NAME ..]
//! ```
//!
//! `NAME` picks the workloads whose names contain it. `--against` names this benchmark's binary of
//! another build: its server is measured in the same rounds. The database server that
//! `USERS_CORE_TEST_POSTGRES` names is measured too. Linux only: the figures come from `/proc`.

#[path = "../common/mod.rs"]
mod common;
mod measure;
mod report;
mod roles;
mod stage;
mod workloads;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use common::{Outcome, machine};

/// What to run, and how long.
pub struct Plan {
    rounds: usize,
    slot: Duration,
    starts: usize,
    against: Option<PathBuf>,
    names: Vec<String>,
}

impl Plan {
    fn includes(&self, workload: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|name| workload.contains(name))
    }
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match args.first().and_then(|name| roles::role(name)) {
        Some(role) => role(),
        // `cargo test --benches` comes without the flag that `cargo bench` gives.
        None if !args.iter().any(|arg| arg == "--bench") => {
            println!("not measured: `cargo bench` does that");
            Ok(())
        }
        None => bench(&plan(args)),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn plan(args: Vec<String>) -> Plan {
    let mut plan = Plan {
        // Many short rounds: what disturbs a slot shall be over by the next.
        rounds: 31,
        slot: Duration::from_millis(300),
        starts: 5,
        against: None,
        names: Vec::new(),
    };
    let mut args = args.into_iter();
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--bench" => {}
            "--quick" => {
                plan.rounds = 5;
                plan.slot = Duration::from_millis(200);
            }
            "--against" => plan.against = args.next().map(PathBuf::from),
            name => plan.names.push(name.to_owned()),
        }
    }
    plan
}

fn bench(plan: &Plan) -> Outcome<()> {
    if !machine::has_scheduler_statistics() {
        println!("not measured: this system has no /proc/PID/task/TID/schedstat");
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let figures = runtime.block_on(measure::everything(plan))?;
    report::print(&figures);
    println!("\nwritten: {}", report::save(&figures)?.display());
    Ok(())
}
