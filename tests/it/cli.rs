//! The real binary, in directories of its own, with an environment that holds nothing else.
#![cfg(unix)]

mod api_keys;
mod apply;
mod audit;
mod beside;
mod clients;
mod commands;
mod demo;
mod doctor;
mod entries;
mod groups;
mod healthcheck;
mod keys;
mod log_files;
mod prune;
mod roles;
mod running;
mod serve;
mod service_accounts;
mod settings;
mod tenants;
mod users;
mod visitor;

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use running::Server;

/// Far longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// Settings that make keys and passwords cheap.
const CHEAP: [(&str, &str); 4] = [
    ("USERS_CORE_TOKENS_SIGNING_ALG", "ES256"),
    ("USERS_CORE_PASSWORD_HASH_MEMORY_KIB", "64"),
    ("USERS_CORE_PASSWORD_HASH_ITERATIONS", "1"),
    ("USERS_CORE_BIND", "127.0.0.1:0"),
];

/// A working directory, and the variables its commands see beside [`CHEAP`].
struct Place {
    directory: TempDir,
    variables: Vec<(String, String)>,
}

/// A command that ended.
#[derive(Debug)]
struct Ended {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Place {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        Self {
            directory,
            variables: Vec::new(),
        }
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).expect("the file can be written");
    }

    fn has(&self, name: &str) -> bool {
        self.path().join(name).exists()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_users-core"));
        command
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("TMPDIR", self.path())
            .envs(CHEAP)
            .envs(self.variables.iter().cloned())
            .stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        ended(self.command(arguments).output().expect("the binary runs"))
    }

    /// Runs a command that must succeed; what it printed.
    #[track_caller]
    fn ok(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments);
        assert_eq!(ended.code, Some(0), "{arguments:?}: {ended:?}");
        ended.stdout
    }

    /// The same with `--json`.
    #[track_caller]
    fn json(&self, arguments: &[&str]) -> Value {
        let printed = self.ok(&[arguments, &["--json"]].concat());
        serde_json::from_str(&printed).unwrap_or_else(|_| panic!("not JSON: {printed}"))
    }

    /// Runs a command that must be refused; what it said.
    #[track_caller]
    fn refused(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments);
        assert_eq!(ended.code, Some(1), "{arguments:?}: {ended:?}");
        assert_eq!(
            ended.stdout, "",
            "a refusal is said on standard error: {ended:?}"
        );
        ended.stderr
    }

    /// Runs a command with this on its standard input.
    fn fed(&self, arguments: &[&str], input: &str) -> Ended {
        let mut command = self.command(arguments);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary runs");
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin
            .write_all(input.as_bytes())
            .expect("the input is read");
        drop(stdin);
        ended(child.wait_with_output().expect("it ends"))
    }

    /// Starts a server with `--json` and waits for what it says first.
    fn serve(&self) -> Server {
        self.start(&["serve", "--json"])
    }

    /// Starts a server that says where it is in its first line.
    fn start(&self, arguments: &[&str]) -> Server {
        let mut command = self.command(arguments);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary runs");
        let stdout = child.stdout.take().expect("a pipe");
        let mut line = String::new();
        BufReader::new(stdout)
            .read_line(&mut line)
            .expect("its output can be read");
        let said: Value = serde_json::from_str(&line).unwrap_or_default();
        if said["issuer"].is_null() {
            let output = child.wait_with_output();
            panic!("no server but {line:?} and {output:?}");
        }
        Server { child, said }
    }
}

fn ended(output: std::process::Output) -> Ended {
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).expect("text"),
        stderr: String::from_utf8(output.stderr).expect("text"),
    }
}

/// Waits for what must come soon.
#[track_caller]
fn eventually(within: Duration, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + within;
    while !holds() {
        assert!(Instant::now() < deadline, "not within {within:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
