//! What commands print: text for people, or JSON.

use std::io::{self, Write as _};

use serde_json::{Value, json};

use super::error::CliError;

/// Where a command's results go: standard output, in one of two forms.
#[derive(Clone, Copy)]
pub(super) struct Output {
    json: bool,
}

impl Output {
    pub(super) const fn new(json: bool) -> Self {
        Self { json }
    }

    pub(super) const fn is_json(self) -> bool {
        self.json
    }

    /// One result in both forms.
    pub(super) fn say(self, text: &str, value: &Value) -> io::Result<()> {
        if self.json {
            write(&format!("{value}\n"))
        } else {
            write(&format!("{text}\n"))
        }
    }

    /// An object: its members, one a line.
    pub(super) fn object(self, object: &Value) -> io::Result<()> {
        if self.json {
            return write(&format!("{object}\n"));
        }
        let members = object.as_object().into_iter().flatten();
        let lines = members.map(|(name, value)| format!("{name}: {}\n", cell(value)));
        write(&lines.collect::<String>())
    }

    /// Something was enabled or disabled, if it was not so already.
    pub(super) fn switched(
        self,
        kind: &str,
        name: &str,
        enabled: bool,
        changed: bool,
    ) -> io::Result<()> {
        let already = if changed { "" } else { "already " };
        let state = if enabled { "enabled" } else { "disabled" };
        self.say(
            &format!("{kind} {} {already}{state}", printable(name)),
            &json!({ kind: name, "enabled": enabled, "changed": changed }),
        )
    }

    /// Begins a list of objects; text shows these members of each.
    pub(super) fn list(self, columns: &'static [&'static str]) -> io::Result<List> {
        if !self.json {
            write(&format!("{}\n", columns.join("\t")))?;
        }
        Ok(List {
            output: self,
            columns,
            empty: true,
        })
    }

    /// Says why a command failed.
    pub(super) fn fail(self, error: &CliError) {
        if error.is_broken_pipe() {
            return;
        }
        let said = if self.json {
            write(&format!("{}\n", failure(error)))
        } else {
            let lines = error.to_string();
            let lines = lines.lines().map(|line| printable(line) + "\n");
            io::stderr().write_all(lines.collect::<String>().as_bytes())
        };
        // Whoever does not listen still sees the exit code.
        drop(said);
    }
}

/// A failure as a JSON object.
pub(super) fn failure(error: &CliError) -> Value {
    match error {
        CliError::Config(errors) => {
            let each = errors
                .iter()
                .map(|error| json!({ "place": error.place, "message": error.message }));
            json!({ "error": error.to_string(), "errors": each.collect::<Vec<_>>() })
        }
        _ => json!({ "error": error.to_string() }),
    }
}

/// A list being printed row by row, so that a long one is never held whole.
pub(super) struct List {
    output: Output,
    columns: &'static [&'static str],
    empty: bool,
}

impl List {
    pub(super) fn row(&mut self, row: &Value) -> io::Result<()> {
        let first = std::mem::replace(&mut self.empty, false);
        if self.output.json {
            return write(&format!("{}{row}", if first { "[" } else { ",\n" }));
        }
        let cells: Vec<String> = self
            .columns
            .iter()
            .map(|column| cell(&row[*column]))
            .collect();
        write(&format!("{}\n", cells.join("\t")))
    }

    pub(super) fn end(self) -> io::Result<()> {
        match (self.output.json, self.empty) {
            (true, true) => write("[]\n"),
            (true, false) => write("]\n"),
            (false, _) => Ok(()),
        }
    }
}

/// A line that is the same in both forms.
pub(super) fn line(text: &str) -> io::Result<()> {
    write(&format!("{text}\n"))
}

fn write(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => printable(text),
        Value::Array(items) if items.iter().all(Value::is_string) => {
            let items: Vec<String> = items.iter().map(cell).collect();
            items.join(",")
        }
        other => printable(&other.to_string()),
    }
}

/// Text that a terminal shows and does not obey: some of what is stored was typed by strangers.
pub(super) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_control() {
            shown.extend(letter.escape_default());
        } else {
            shown.push(letter);
        }
    }
    shown
}
