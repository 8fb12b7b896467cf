//! Finds all syntax errors of the settings file, and what can be read in spite of them.
//!
//! The parser recovers from an error, but not always: after a key without a value it gives up on
//! the rest of the file. So lines with errors are blanked out and the file is parsed again, until
//! nothing new is found. What is left parses clean and keeps its line numbers.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use toml::de::DeTable;

use super::error::Errors;
use super::reader::Document;

/// Reports the syntax errors of `document` and gives back its text without the lines they spoil.
/// The messages are the parser's own, which repeat nothing of the file.
pub(super) fn repair<'d>(document: &Document, text: &'d str, errors: &mut Errors) -> Cow<'d, str> {
    let mut text = Cow::Borrowed(text);
    let mut reported = BTreeSet::new();
    let mut broken = BTreeSet::new();
    loop {
        let (table, found) = DeTable::parse_recoverable(&text);
        let before = broken.len();
        for error in &found {
            let span = error.span().unwrap_or(text.len()..text.len());
            let line = document.line(span.start);
            broken.extend(line..=document.line(span.end));
            broken.extend(orphans(&text, line));
            if reported.insert((line, error.message().to_owned())) {
                errors.add_syntax(&document.place(span.start, ""), error.message());
            }
        }
        spread(document, table.get_ref(), &mut broken);
        if broken.len() == before {
            return text;
        }
        text = Cow::Owned(blank(&text, &broken));
    }
}

/// The lines of a table whose head stands on `line`, which is broken: nobody knows whose they are.
fn orphans(text: &str, line: usize) -> RangeInclusive<usize> {
    let is_head = |line: &str| line.trim_start().starts_with('[');
    let mut lines = text.lines().skip(line - 1);
    if !lines.next().is_some_and(is_head) {
        return line..=line;
    }
    line..=line + lines.take_while(|line| !is_head(line)).count()
}

/// Where a value is broken on one of its lines, it is broken on all. A table with a head of its own
/// spans that head alone.
fn spread(document: &Document, table: &DeTable<'_>, broken: &mut BTreeSet<usize>) {
    for (key, value) in table {
        let inner = std::slice::from_ref(value);
        let inner = value.get_ref().as_array().map_or(inner, |items| items);
        let tables = inner.iter().filter_map(|item| item.get_ref().as_table());
        tables.for_each(|inner| spread(document, inner, broken));
        let lines = document.line(key.span().start)..=document.line(value.span().end);
        if broken.range(lines.clone()).next().is_some() {
            broken.extend(lines);
        }
    }
}

fn blank(text: &str, lines: &BTreeSet<usize>) -> String {
    let each = text.split_inclusive('\n').zip(1..);
    each.map(|(content, line)| {
        let end = if content.ends_with('\n') { "\n" } else { "" };
        if lines.contains(&line) {
            " ".repeat(content.len() - end.len()) + end
        } else {
            content.to_owned()
        }
    })
    .collect()
}
