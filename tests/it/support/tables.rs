//! Tables in our documents, and the tests they name.

use std::fs;
use std::path::{Path, PathBuf};

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

/// The cells of each row of `document` whose first cell starts with `start`.
pub fn rows(document: &str, start: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(project().join(document)).expect("the document");
    let start = format!("| {start}");
    text.lines()
        .filter(|line| line.starts_with(&start))
        .map(|line| {
            let cells = line.trim_matches('|').split(" | ");
            cells.map(|cell| cell.trim().to_owned()).collect()
        })
        .collect()
}

/// The names in a cell of tests.
pub fn tests(cell: &str) -> impl Iterator<Item = &str> {
    cell.split(", ").map(|test| test.trim_matches('`'))
}

/// The text of the test `module::path::name` of this suite; `None`: there is no such test.
pub fn source_of(test: &str) -> Option<String> {
    let (module, name) = test.rsplit_once("::").expect("a module and a name");
    let file = project().join("tests/it").join(module.replace("::", "/"));
    let source = fs::read_to_string(file.with_extension("rs")).unwrap_or_default();
    let lines: Vec<&str> = source.lines().collect();
    let at = lines.windows(2).position(|pair| {
        let function = pair[1].trim_start().trim_start_matches("async ");
        function
            .strip_prefix("fn ")
            .is_some_and(|rest| rest.starts_with(&format!("{name}(")))
            && pair[0].contains("test")
    })?;
    let end = lines[at..].iter().position(|line| *line == "}")?;
    Some(lines[at..at + end].join("\n"))
}
