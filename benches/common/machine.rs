//! What the system says of processes and cores.

use std::collections::HashMap;
use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

/// CPU time of each thread of a process.
pub struct Cpu(HashMap<String, (bool, u64)>);

/// CPU time between two readings.
#[derive(Clone, Copy)]
pub struct Spent {
    pub all: Duration,
    /// Of it on the threads that work on SQLite.
    pub sqlite: Duration,
}

pub fn has_scheduler_statistics() -> bool {
    fs::read_to_string("/proc/thread-self/schedstat").is_ok()
}

impl Cpu {
    /// Exact for threads that sleep; a running one is behind by up to a tick.
    pub fn of(pid: u32) -> std::io::Result<Self> {
        let mut threads = HashMap::new();
        for task in fs::read_dir(format!("/proc/{pid}/task"))? {
            let task = task?;
            let path = task.path();
            // A thread may end between the listing and the reading.
            let (Ok(name), Ok(times)) = (
                fs::read_to_string(path.join("comm")),
                fs::read_to_string(path.join("schedstat")),
            ) else {
                continue;
            };
            let nanos = times.split(' ').next().and_then(|on| on.parse().ok());
            let is_sqlite = name.starts_with("sqlx-sqlite");
            threads.insert(
                task.file_name().to_string_lossy().into_owned(),
                (is_sqlite, nanos.unwrap_or(0)),
            );
        }
        Ok(Self(threads))
    }

    pub fn since(&self, before: &Self) -> Spent {
        let sum = |sqlite_only: bool| {
            let threads = self
                .0
                .iter()
                .filter(|(_, (is_sqlite, _))| *is_sqlite || !sqlite_only);
            let spent = threads.map(|(id, (_, now))| {
                let before = before.0.get(id).map_or(0, |(_, nanos)| *nanos);
                now.saturating_sub(before)
            });
            Duration::from_nanos(spent.sum())
        };
        Spent {
            all: sum(false),
            sqlite: sum(true),
        }
    }
}

/// The memory of a process that is in use now (`VmRSS`).
pub fn resident_mib(pid: u32) -> Option<f64> {
    let kib = status_line(&pid.to_string(), "VmRSS:")?;
    let kib: f64 = kib.split(' ').next()?.parse().ok()?;
    Some(kib / 1024.0)
}

fn status_line(process: &str, name: &str) -> Option<String> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.map(|rest| rest.trim().to_owned())
}

/// Which cores measure and which are measured, as `taskset -c` takes them.
pub struct Cores {
    pub all: String,
    pub server: String,
    pub load: String,
}

impl Cores {
    /// `None` where there is one core only, or no `taskset`.
    pub fn split() -> Option<Self> {
        let all = status_line("self", "Cpus_allowed_list:")?;
        let cores: Vec<u32> = all
            .split(',')
            .filter_map(|range| {
                let (first, last) = range.split_once('-').unwrap_or((range, range));
                Some(first.parse().ok()?..=last.parse().ok()?)
            })
            .flatten()
            .collect();
        let (server, load) = cores.split_first()?;
        let load: Vec<String> = load.iter().map(ToString::to_string).collect();
        let has_taskset = Command::new("taskset")
            .arg("--version")
            .stdout(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
        (has_taskset && !load.is_empty()).then(|| Self {
            server: server.to_string(),
            load: load.join(","),
            all: all.clone(),
        })
    }

    /// Moves this process away from the server's core.
    pub fn take_the_load(&self) {
        let pid = std::process::id().to_string();
        let _ = Command::new("taskset")
            .args(["-a", "-c", "-p", &self.load, &pid])
            .stdout(Stdio::null())
            .status();
    }
}
