//! The processes that are measured: this binary again, in another role.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use users_core::config::Secret;

use super::Outcome;
use super::http::{self, Connection};
use super::machine::Cpu;

/// A process in a role; it ends when this handle does, and with this process in any case.
pub struct Process {
    child: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

/// A process that listens.
pub struct Server {
    process: Process,
    pub address: SocketAddr,
}

impl Process {
    /// Starts `binary` in a role, on the given cores.
    pub fn start(binary: &Path, role: &str, cores: Option<&str>) -> Outcome<Self> {
        let mut command = match cores {
            Some(cores) => {
                let mut command = Command::new("taskset");
                command.args(["-c", cores]).arg(binary);
                command
            }
            None => Command::new(binary),
        };
        let mut child = command
            .arg(role)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let orders = child.stdin.take();
        let answers = child.stdout.take().ok_or("no pipe")?;
        Ok(Self {
            child,
            orders,
            answers: BufReader::new(answers),
        })
    }

    /// Writes a line.
    pub fn order(&mut self, line: &str) -> Outcome<()> {
        let orders = self.orders.as_mut().ok_or("no pipe")?;
        writeln!(orders, "{line}")?;
        Ok(orders.flush()?)
    }

    /// Reads a line.
    pub fn answer(&mut self) -> Outcome<String> {
        let mut line = String::new();
        if self.answers.read_line(&mut line)? == 0 {
            return Err("a measured process ended".into());
        }
        Ok(line.trim_end().to_owned())
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn cpu(&self) -> Outcome<Cpu> {
        Ok(Cpu::of(self.id())?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.orders = None;
        let _ = self.child.wait();
    }
}

impl Server {
    /// The server on a database that is set up.
    pub fn issuer(binary: &Path, database: &Secret, cores: Option<&str>) -> Outcome<Self> {
        let mut process = Process::start(binary, "serve", cores)?;
        process.order(database.expose())?;
        Self::listening(process)
    }

    /// The same, asked one thing; how long that took from the start of the process, in seconds.
    pub async fn answering(
        binary: &Path,
        database: &Secret,
        cores: Option<&str>,
    ) -> Outcome<(Self, f64)> {
        let started = Instant::now();
        let server = Self::issuer(binary, database, cores)?;
        let mut connection = Connection::open(server.address).await?;
        connection.exchange(&http::get("/health/ready")).await?;
        Ok((server, started.elapsed().as_secs_f64()))
    }

    /// A process that says where it listens as soon as it does.
    pub fn listening(mut process: Process) -> Outcome<Self> {
        let address = process.answer()?.parse()?;
        Ok(Self { process, address })
    }

    pub fn id(&self) -> u32 {
        self.process.id()
    }

    pub fn cpu(&self) -> Outcome<Cpu> {
        self.process.cpu()
    }
}
