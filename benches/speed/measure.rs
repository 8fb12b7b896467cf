//! The order of the measurements.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use users_core::model::algorithm::Algorithm;

use crate::Plan;
use crate::common::Outcome;
use crate::common::database::Database;
use crate::common::load::{self, Slot};
use crate::common::machine::{self, Cores};
use crate::common::process::{Process, Server};
use crate::stage::Stage;
use crate::workloads::{self, Title, Workload};

/// How long a started server is left alone before its memory is read.
const SETTLED: Duration = Duration::from_secs(2);

/// All there is to print. What was measured in rounds is in the order of the rounds.
pub struct Figures {
    pub pinned: bool,
    /// Microseconds of CPU for a bare signature.
    pub signatures: Vec<(Algorithm, Vec<f64>)>,
    pub rows: Vec<Row>,
    /// From the start of a process to its first answer, in seconds.
    pub starts: Vec<f64>,
    /// The memory of a server nobody has asked anything.
    pub resident_mib: f64,
}

/// A workload on one server. The first row is the bare server's.
pub struct Row {
    pub title: Title,
    pub build: Build,
    pub slots: Vec<Slot>,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Build {
    This,
    /// The one named by `--against`.
    Other,
}

/// Servers of which the same is asked.
struct Group {
    servers: Vec<(Build, Server)>,
    workloads: Vec<Workload>,
}

/// Sets the databases up, measures, and takes them away again.
pub async fn everything(plan: &Plan) -> Outcome<Figures> {
    let sqlite = Box::pin(Stage::set_up(Database::sqlite()?)).await?;
    let postgres = match Database::postgres().await? {
        Some(database) => Some(Box::pin(Stage::set_up(database)).await?),
        None => None,
    };
    let figures = on(plan, &sqlite, postgres.as_ref()).await;
    if let Some(postgres) = postgres {
        postgres.database.clear().await?;
    }
    figures
}

async fn on(plan: &Plan, sqlite: &Stage, postgres: Option<&Stage>) -> Outcome<Figures> {
    let this = std::env::current_exe()?;
    let cores = Cores::split();
    if let Some(cores) = &cores {
        cores.take_the_load();
    }
    let core = cores.as_ref().map(|cores| cores.server.as_str());
    let mut signer = Process::start(&this, "sign", core)?;
    signer.answer()?;
    let mut groups = vec![Group {
        servers: vec![(
            Build::This,
            Server::listening(Process::start(&this, "hello", core)?)?,
        )],
        workloads: vec![workloads::hello()],
    }];
    for stage in std::iter::once(sqlite).chain(postgres) {
        let mut servers = vec![(
            Build::This,
            Server::issuer(&this, &stage.database.url, core)?,
        )];
        if let Some(other) = &plan.against {
            servers.push((
                Build::Other,
                Server::issuer(other, &stage.database.url, core)?,
            ));
        }
        let address = servers[0].1.address;
        let mut workloads = Vec::new();
        if groups.len() == 1 {
            workloads = workloads::in_memory(stage, address).await?;
        }
        workloads.push(workloads::refreshing(stage, address).await?);
        workloads.extend(workloads::codes(stage));
        workloads.retain(|workload| plan.includes(&workload.title.name));
        groups.push(Group { servers, workloads });
    }
    let (signatures, rows) = rounds(plan, &mut signer, &mut groups).await?;
    drop(groups);
    let all_cores = cores.as_ref().map(|cores| cores.all.as_str());
    let (starts, resident_mib) = starts(plan, &this, sqlite, all_cores).await?;
    Ok(Figures {
        pinned: cores.is_some(),
        signatures,
        rows,
        starts,
        resident_mib,
    })
}

type Rounds = (Vec<(Algorithm, Vec<f64>)>, Vec<Row>);

async fn rounds(plan: &Plan, signer: &mut Process, groups: &mut [Group]) -> Outcome<Rounds> {
    let algorithms = [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa];
    let mut signatures = algorithms.map(|algorithm| (algorithm, Vec::new())).to_vec();
    let mut rows: Vec<Row> = groups.iter().flat_map(Group::rows).collect();
    for round in 1..=plan.rounds {
        eprint!("\rround {round} of {}", plan.rounds);
        for (algorithm, figures) in &mut signatures {
            figures.push(signature(signer, *algorithm)?);
        }
        let mut rows = rows.iter_mut();
        for Group { servers, workloads } in &mut *groups {
            for Workload { dialogues, .. } in workloads {
                let mut pairs: Vec<_> = servers.iter().zip(&mut rows).collect();
                // Nobody is always the first.
                if round % 2 == 0 {
                    pairs.reverse();
                }
                for ((_, server), row) in pairs {
                    let slot = load::slot(server, dialogues, plan.slot).await?;
                    row.slots.push(slot);
                }
            }
        }
    }
    eprintln!();
    Ok((signatures, rows))
}

impl Group {
    /// A row for each of its measurements, in the order they are made in.
    fn rows(&self) -> impl Iterator<Item = Row> {
        self.workloads.iter().flat_map(|workload| {
            self.servers.iter().map(|(build, _)| Row {
                title: workload.title.clone(),
                build: *build,
                slots: Vec::new(),
            })
        })
    }
}

/// Microseconds of CPU for one signature.
fn signature(signer: &mut Process, algorithm: Algorithm) -> Outcome<f64> {
    let before = signer.cpu()?;
    signer.order(algorithm.name())?;
    let answer = busy_until(|| signer.answer())?;
    let count: u32 = answer.parse()?;
    let spent = signer.cpu()?.since(&before);
    Ok(spent.all.as_secs_f64() * 1e6 / f64::from(count))
}

/// Waits the way the load does: cores may share what makes them fast.
fn busy_until<T>(wait: impl FnOnce() -> T) -> T {
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                std::thread::yield_now();
            }
        });
        let outcome = wait();
        over.store(true, Ordering::Relaxed);
        outcome
    })
}

/// Starts servers on a database with rows in it, one after the other: how long each took to its
/// first answer, and what memory the last one held.
async fn starts(
    plan: &Plan,
    this: &Path,
    stage: &Stage,
    cores: Option<&str>,
) -> Outcome<(Vec<f64>, f64)> {
    let mut times = Vec::new();
    for _ in 0..plan.starts {
        let (_server, seconds) = Server::answering(this, &stage.database.url, cores).await?;
        times.push(seconds);
    }
    let server = Server::issuer(this, &stage.database.url, cores)?;
    tokio::time::sleep(SETTLED).await;
    let resident = machine::resident_mib(server.id());
    Ok((times, resident.ok_or("no VmRSS")?))
}
