//! Makes a database with the published users-core 0.4.0, lets our `users-core import` move it in beside a running
//! server, signs everybody in, calls with every API key, and prints `N passed, N failed`.
//!
//! Environment: `ISSUER`, `SSL_CERT_FILE` (PEM, the authority that is trusted), `USERS_CORE` and `USERS_CORE_CONFIG` (the
//! program and its settings).

mod theirs;

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use theirs::{Key, Person, Theirs};

type Outcome = Result<(), String>;

#[derive(Default)]
struct Checks {
    passed: u32,
    failed: u32,
}

impl Checks {
    fn note(&mut self, name: &str, outcome: Outcome) {
        match outcome {
            Ok(()) => {
                self.passed += 1;
                println!("ok   users-core-import: {name}");
            }
            Err(error) => {
                self.failed += 1;
                println!("FAIL users-core-import: {name}: {error}");
            }
        }
    }
}

#[tokio::main]
async fn main() {
    let directory = std::env::temp_dir().join("users-core-import");
    let mut checks = Checks::default();
    match run(&mut checks, &directory).await {
        Ok(()) => {}
        Err(error) => checks.note("the run", Err(error)),
    }
    let _ = std::fs::remove_dir_all(&directory);
    println!("{} passed, {} failed", checks.passed, checks.failed);
    std::process::exit(i32::from(checks.failed > 0));
}

async fn run(checks: &mut Checks, directory: &Path) -> Outcome {
    std::fs::create_dir_all(directory).map_err(said)?;
    let file = directory.join("users.db");
    let theirs = theirs::make(&file).await.map_err(said)?;
    let before = std::fs::read(&file).map_err(said)?;
    let everybody = theirs.people.len();
    let counts = |created: usize, skipped: usize, trial: bool| {
        json!({ "created": created, "updated": 0, "skipped": skipped, "refused": 0, "dry_run": trial })
    };
    let trial = import(&file, &["--dry-run"])?;
    checks.note("a dry run finds nothing wrong", same(&trial, &counts(everybody, 0, true)));
    let done = import(&file, &[])?;
    checks.note("everybody moves in", same(&done, &counts(everybody, 0, false)));
    let again = import(&file, &["--on-conflict", "skip"])?;
    checks.note("nobody moves in twice", same(&again, &counts(0, everybody, false)));
    let after = std::fs::read(&file).map_err(said)?;
    let untouched = if after == before { Ok(()) } else { Err("it was written".to_owned()) };
    checks.note("the file stays as it was", untouched);
    let caller = Caller::new()?;
    for person in &theirs.people {
        checks.note(
            &format!("{} signs in, or is kept out as before", person.username),
            caller.sign_in(person).await,
        );
    }
    let keys = listed()?;
    for key in &theirs.keys {
        checks.note(
            &format!("the key {} of {} works as it did", key.name, key.owner),
            caller.call(key, &theirs, &keys).await,
        );
    }
    Ok(())
}

/// Runs `users-core import`; its summary.
fn import(file: &Path, options: &[&str]) -> Result<Value, String> {
    let file = file.to_str().ok_or("a path that is no text")?;
    let output = ours(&[&["import", file], options].concat())?;
    let summary = output.lines().last().unwrap_or_default();
    serde_json::from_str(summary).map_err(|_| format!("no summary: {output}"))
}

/// The API keys our program knows.
fn listed() -> Result<Vec<Value>, String> {
    let output = ours(&["api-key", "list"])?;
    serde_json::from_str(&output).map_err(said)
}

fn ours(arguments: &[&str]) -> Result<String, String> {
    let program = std::env::var("USERS_CORE").map_err(said)?;
    let output = Command::new(program).arg("--json").args(arguments).output();
    let output = output.map_err(said)?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        Ok(text)
    } else {
        Err(format!("{arguments:?}: {text}"))
    }
}

fn same(found: &Value, expected: &Value) -> Outcome {
    if found == expected {
        Ok(())
    } else {
        Err(format!("{found} is not {expected}"))
    }
}

fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// Somebody who calls the running server.
struct Caller {
    client: reqwest::Client,
    issuer: String,
}

impl Caller {
    fn new() -> Result<Self, String> {
        Ok(Self {
            client: reqwest::Client::builder().build().map_err(said)?,
            issuer: std::env::var("ISSUER").map_err(said)?,
        })
    }

    async fn sign_in(&self, person: &Person) -> Outcome {
        let body = json!({ "username": person.username, "password": person.password });
        let address = format!("{}/api/v1/auth/login", self.issuer);
        let reply = self.client.post(address).json(&body).send().await;
        let status = reply.map_err(said)?.status().as_u16();
        let expected = if person.active { 200 } else { 401 };
        if status == expected {
            Ok(())
        } else {
            Err(format!("{status} and not {expected}"))
        }
    }

    /// Reads its owner with a key that may read; gets a token with one that may register a phone.
    async fn call(&self, key: &Key, theirs: &Theirs, listed: &[Value]) -> Outcome {
        let owner = theirs.people.iter().find(|person| person.username == key.owner);
        let owner = owner.ok_or("a key without an owner")?;
        let request = if key.permission == "read" {
            let address = format!("{}/api/v1/users/{}", self.issuer, owner.id);
            self.client.get(address).header("x-api-key", &key.secret)
        } else {
            let is_it = |known: &&Value| known["name"] == key.name.as_str();
            let known = listed.iter().find(is_it).ok_or("our program does not list it")?;
            let form = [
                ("grant_type", "client_credentials"),
                ("client_id", known["id"].as_str().unwrap_or_default()),
                ("client_secret", key.secret.as_str()),
                ("scope", key.permission.as_str()),
            ];
            self.client.post(format!("{}/token", self.issuer)).form(&form)
        };
        let reply = request.send().await.map_err(said)?;
        let status = reply.status().as_u16();
        let accepted = status == 200;
        if accepted == key.active {
            Ok(())
        } else {
            Err(format!("{status}"))
        }
    }
}
