//! `doctor`: whether an installation is in good order, as its operator would look at it. It reads, and
//! changes nothing.

mod database;
mod machine;
mod mail;
mod settings;
mod tls;

use std::fmt;

use serde_json::{Value, json};

use super::error::CliError;
use super::output::printable;
use super::{Outcome, Start, runtime};

/// How a check ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    Ok,
    /// It works, and is probably not meant.
    Warn,
    /// It does not work, or will not for long.
    Fail,
}

impl State {
    const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "FAIL",
        }
    }
}

/// What a check found.
struct Finding {
    state: State,
    check: &'static str,
    text: String,
}

/// What was found so far, in the order of the checks. No text ever holds a secret.
#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn ok(&mut self, check: &'static str, text: impl Into<String>) {
        self.add(State::Ok, check, text.into());
    }

    fn warn(&mut self, check: &'static str, text: impl Into<String>) {
        self.add(State::Warn, check, text.into());
    }

    fn fail(&mut self, check: &'static str, text: impl Into<String>) {
        self.add(State::Fail, check, text.into());
    }

    fn add(&mut self, state: State, check: &'static str, text: String) {
        self.0.push(Finding { state, check, text });
    }

    fn count(&self, state: State) -> usize {
        self.0.iter().filter(|found| found.state == state).count()
    }

    fn is_well(&self) -> bool {
        self.count(State::Fail) == 0
    }

    fn json(&self) -> Value {
        let checks = self.0.iter().map(|found| {
            json!({
                "check": found.check,
                "status": found.state.name().to_ascii_lowercase(),
                "text": found.text,
            })
        });
        json!({ "ok": self.is_well(), "checks": checks.collect::<Vec<_>>() })
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Finding { state, check, text } in &self.0 {
            let state = state.name();
            writeln!(formatter, "{state:<4} {check}: {}", printable(text))?;
        }
        write!(
            formatter,
            "{} checks, {} warnings, {} failures",
            self.0.len(),
            self.count(State::Warn),
            self.count(State::Fail)
        )
    }
}

pub(super) fn run(start: &Start) -> Result<Outcome, CliError> {
    let mut findings = Findings::default();
    // Without settings there is nothing else to look at.
    if let Some(config) = settings::check(&start.settings, &mut findings)? {
        machine::check(&config, &mut findings);
        tls::check(&config, &mut findings);
        runtime::block_on(async {
            database::check(&config, &mut findings).await;
            mail::check(&config, &mut findings).await;
            Ok(())
        })?;
    }
    start.output.say(&findings.to_string(), &findings.json())?;
    Ok(if findings.is_well() {
        Outcome::Done
    } else {
        Outcome::Refused
    })
}

/// A span of time for people.
fn span(seconds: i64) -> String {
    let (days, hours) = (seconds / 86_400, seconds / 3600);
    match (days, hours) {
        (2.., _) => format!("{days} days"),
        (_, 2..) => format!("{hours} hours"),
        _ => format!("{seconds} s"),
    }
}
