//! The order of the measurements: always the two servers in turns.

use std::path::Path;
use std::time::Duration;

use crate::Plan;
use crate::common::Outcome;
use crate::common::load::{self, Slot};
use crate::common::machine::{self, Cores};
use crate::common::process::Server;
use crate::filling::Stage;
use crate::workloads::{self, Workload};

/// How long a started server is left alone before its memory is read.
const SETTLED: Duration = Duration::from_secs(2);

/// The same of the empty installation and of the full one.
pub struct Both<T> {
    pub empty: T,
    pub full: T,
}

/// All there is to print of one database. What was measured in rounds is in the order of the rounds.
pub struct Figures {
    pub database: &'static str,
    pub pinned: bool,
    pub rows: Vec<Row>,
    /// From the start of a process to its first answer, in milliseconds.
    pub starts: Both<Vec<f64>>,
    /// The memory of servers nobody has asked anything, in MiB.
    pub idle_memory: Both<Vec<f64>>,
    /// The memory of the servers of which everything was asked, in MiB.
    pub busy_memory: Both<Vec<f64>>,
    /// What the servers spend in a second in which nothing is asked, in microseconds of CPU.
    pub idle_micros: Both<Vec<f64>>,
}

/// A workload on both servers.
pub struct Row {
    pub name: &'static str,
    pub slots: Both<Vec<Slot>>,
}

/// A server with what is asked of it.
struct Asked {
    server: Server,
    workloads: Vec<Workload>,
}

pub async fn everything(plan: &Plan, stages: &[Stage]) -> Outcome<Vec<Figures>> {
    let this = std::env::current_exe()?;
    let cores = Cores::split();
    if let Some(cores) = &cores {
        cores.take_the_load();
    }
    let mut all = Vec::new();
    for stage in stages {
        all.push(Box::pin(one(plan, &this, stage, cores.as_ref())).await?);
    }
    Ok(all)
}

async fn one(plan: &Plan, this: &Path, stage: &Stage, cores: Option<&Cores>) -> Outcome<Figures> {
    let core = cores.map(|cores| cores.server.as_str());
    let mut asked = Both {
        empty: asked(plan, this, &stage.empty, core).await?,
        full: asked(plan, this, &stage.full, core).await?,
    };
    let rows = rounds(plan, stage.full.database.name, &mut asked).await?;
    let busy_memory = Both {
        empty: vec![resident(&asked.empty.server)?],
        full: vec![resident(&asked.full.server)?],
    };
    let idle_micros = idle(plan, &asked).await?;
    drop(asked);
    let (starts, idle_memory) = starts(plan, this, stage, cores).await?;
    Ok(Figures {
        database: stage.full.database.name,
        pinned: cores.is_some(),
        rows,
        starts,
        idle_memory,
        busy_memory,
        idle_micros,
    })
}

async fn asked(
    plan: &Plan,
    this: &Path,
    installation: &crate::filling::Installation,
    core: Option<&str>,
) -> Outcome<Asked> {
    let server = Server::issuer(this, &installation.database.url, core)?;
    let mut workloads = workloads::all(installation, server.address).await?;
    workloads.retain(|workload| plan.includes(workload.name));
    Ok(Asked { server, workloads })
}

async fn rounds(plan: &Plan, database: &str, asked: &mut Both<Asked>) -> Outcome<Vec<Row>> {
    let names = asked.full.workloads.iter().map(|workload| workload.name);
    let rows = names.map(|name| Row {
        name,
        slots: Both {
            empty: Vec::new(),
            full: Vec::new(),
        },
    });
    let mut rows: Vec<Row> = rows.collect();
    for round in 1..=plan.rounds {
        eprint!("\r{database}: round {round} of {}", plan.rounds);
        for (at, Row { slots, .. }) in rows.iter_mut().enumerate() {
            let mut turns = [
                (&mut asked.empty, &mut slots.empty),
                (&mut asked.full, &mut slots.full),
            ];
            // Nobody is always the first.
            if round % 2 == 0 {
                turns.reverse();
            }
            for (Asked { server, workloads }, slots) in turns {
                slots.push(load::slot(server, &mut workloads[at].turns, plan.slot).await?);
            }
        }
    }
    eprintln!();
    Ok(rows)
}

/// Leaves both servers alone at the same time; what they spend in a second.
async fn idle(plan: &Plan, asked: &Both<Asked>) -> Outcome<Both<Vec<f64>>> {
    let before = (asked.empty.server.cpu()?, asked.full.server.cpu()?);
    tokio::time::sleep(plan.idle).await;
    let empty = asked.empty.server.cpu()?.since(&before.0);
    let full = asked.full.server.cpu()?.since(&before.1);
    let a_second = |spent: Duration| spent.as_secs_f64() * 1e6 / plan.idle.as_secs_f64();
    Ok(Both {
        empty: vec![a_second(empty.all)],
        full: vec![a_second(full.all)],
    })
}

/// Starts servers in turns: how long each took to its first answer, and what memory it held then.
async fn starts(
    plan: &Plan,
    this: &Path,
    stage: &Stage,
    cores: Option<&Cores>,
) -> Outcome<(Both<Vec<f64>>, Both<Vec<f64>>)> {
    let cores = cores.map(|cores| cores.all.as_str());
    let nothing = || Both {
        empty: Vec::new(),
        full: Vec::new(),
    };
    let (mut times, mut memory) = (nothing(), nothing());
    for _ in 0..plan.starts {
        for (installation, times, memory) in [
            (&stage.empty, &mut times.empty, &mut memory.empty),
            (&stage.full, &mut times.full, &mut memory.full),
        ] {
            let url = &installation.database.url;
            let (server, seconds) = Server::answering(this, url, cores).await?;
            times.push(seconds * 1e3);
            tokio::time::sleep(SETTLED).await;
            memory.push(resident(&server)?);
        }
    }
    Ok((times, memory))
}

fn resident(server: &Server) -> Outcome<f64> {
    Ok(machine::resident_mib(server.id()).ok_or("no VmRSS")?)
}
