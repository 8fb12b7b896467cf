//! Reads a table of the settings file key by key, remembers what was asked for, and reports what
//! was not. Every error carries its line.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use toml::de::{DeTable, DeValue};

use super::error::{Errors, Place};
use super::json;
use super::kind::EMPTY;
use super::nearest::nearest;

/// The settings file: its name and where its lines begin.
pub(super) struct Document {
    name: String,
    line_ends: Vec<usize>,
}

impl Document {
    pub(super) fn new(name: &Path, text: &str) -> Self {
        Self {
            name: name.display().to_string(),
            line_ends: text.match_indices('\n').map(|(at, _)| at).collect(),
        }
    }

    /// The line of a byte, counted from 1.
    pub(super) fn line(&self, offset: usize) -> usize {
        self.line_ends.partition_point(|end| *end < offset) + 1
    }

    /// The place of a key that stands at a byte; `key` is empty for the line as a whole.
    pub(super) fn place(&self, offset: usize, key: &str) -> Place {
        Place::in_file(&self.name, self.line(offset), key)
    }
}

/// A key's value and where the key stands.
pub(super) struct Entry<'d> {
    pub(super) place: Place,
    pub(super) value: &'d DeValue<'d>,
}

/// One table being read.
pub(super) struct TableReader<'d, 'e> {
    document: &'d Document,
    path: String,
    offset: usize,
    table: &'d DeTable<'d>,
    asked: Vec<String>,
    pub(super) errors: &'e mut Errors,
}

impl<'d, 'e> TableReader<'d, 'e> {
    /// The file's top level.
    pub(super) fn root(
        document: &'d Document,
        table: &'d DeTable<'d>,
        errors: &'e mut Errors,
    ) -> Self {
        Self {
            document,
            path: String::new(),
            offset: 0,
            table,
            asked: Vec::new(),
            errors,
        }
    }

    /// The line the table begins on.
    pub(super) fn line(&self) -> usize {
        self.document.line(self.offset)
    }

    /// A key's path from the top of the file.
    pub(super) fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    /// Asks for a key.
    pub(super) fn entry(&mut self, key: &str) -> Option<Entry<'d>> {
        self.asked.push(key.to_owned());
        let (written, value) = self.table.get_key_value(key)?;
        let place = self
            .document
            .place(written.span().start, &self.path_of(key));
        Some(Entry {
            place,
            value: value.get_ref(),
        })
    }

    /// Reports something about a key: on its line, or the table's where the key is missing.
    pub(super) fn fail(&mut self, key: &str, message: impl Into<String>) {
        let written = self.table.get_key_value(key);
        let offset = written.map_or(self.offset, |(key, _)| key.span().start);
        let place = self.document.place(offset, &self.path_of(key));
        self.errors.add(&place, message);
    }

    /// Asks for a key and reads its value, reporting what the reading function says.
    pub(super) fn read<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(&'d DeValue<'d>) -> Result<T, String>,
    ) -> Option<T> {
        let entry = self.entry(key)?;
        read(entry.value)
            .map_err(|message| self.errors.add(&entry.place, message))
            .ok()
    }

    /// Text, which may be empty.
    pub(super) fn any_text(&mut self, key: &str) -> Option<String> {
        self.read(key, |value| text(value).map(str::to_owned))
    }

    /// Text with something in it.
    pub(super) fn text(&mut self, key: &str) -> Option<String> {
        self.read(key, |value| filled(text(value)?).map(str::to_owned))
    }

    /// Text that must be there. What is missing is reported and stands as empty text.
    pub(super) fn required_text(&mut self, key: &str) -> String {
        if self.table.get_key_value(key).is_none() && !self.errors.has_syntax() {
            self.fail(key, "is missing");
        }
        self.text(key).unwrap_or_default()
    }

    /// A list of texts.
    pub(super) fn texts(&mut self, key: &str) -> Option<Vec<String>> {
        self.read(key, |value| {
            let items = texts(value)?.into_iter();
            items.map(|item| filled(item).map(str::to_owned)).collect()
        })
    }

    /// A table of texts.
    pub(super) fn texts_by_name(&mut self, key: &str) -> Option<BTreeMap<String, String>> {
        self.read(key, |value| {
            let members = value.as_table().map(|table| table.iter());
            members
                .and_then(|members| {
                    let member =
                        |(name, value): (&toml::Spanned<_>, &toml::Spanned<DeValue<'_>>)| {
                            let name: &Cow<'_, str> = name.get_ref();
                            Some((name.to_string(), value.get_ref().as_str()?.to_owned()))
                        };
                    members.map(member).collect()
                })
                .ok_or_else(|| mismatch("a table of texts", value))
        })
    }

    /// `true` or `false`.
    pub(super) fn flag(&mut self, key: &str) -> Option<bool> {
        self.read(key, |value| match value {
            DeValue::Boolean(flag) => Ok(*flag),
            other => Err(mismatch("true or false", other)),
        })
    }

    /// A whole number.
    pub(super) fn integer(
        &mut self,
        key: &str,
        judge: impl FnOnce(i64) -> Result<i64, String>,
    ) -> Option<i64> {
        self.read(key, |value| match value {
            DeValue::Integer(number) => json::integer(number).and_then(judge),
            other => Err(mismatch("a whole number", other)),
        })
    }

    /// A JSON object, as a table or as text.
    pub(super) fn object(&mut self, key: &str) -> Option<Value> {
        self.read(key, json::object)
    }

    /// The members of a JSON object, as a table or as text.
    pub(super) fn values(&mut self, key: &str) -> Option<BTreeMap<String, Value>> {
        self.read(key, |value| json::members(value).map(BTreeMap::from_iter))
    }

    /// The table under a key.
    pub(super) fn child(&mut self, key: &str) -> Option<TableReader<'d, '_>> {
        let entry = self.entry(key)?;
        let value = self.table.get(key)?;
        let DeValue::Table(table) = entry.value else {
            let message = mismatch("a table", entry.value);
            self.errors.add(&entry.place, message);
            return None;
        };
        Some(TableReader {
            document: self.document,
            path: self.path_of(key),
            offset: value.span().start,
            table,
            asked: Vec::new(),
            errors: self.errors,
        })
    }

    /// Reads each of the tables that stand under `[[key]]`.
    pub(super) fn each(&mut self, key: &str, mut read: impl FnMut(TableReader<'d, '_>)) {
        let Some(entry) = self.entry(key) else {
            return;
        };
        let DeValue::Array(items) = entry.value else {
            let message = format!("is a list of tables: begin each with [[{key}]]");
            return self.errors.add(&entry.place, message);
        };
        for item in items {
            let offset = item.span().start;
            let DeValue::Table(table) = item.get_ref() else {
                let place = self.document.place(offset, key);
                self.errors.add(&place, mismatch("a table", item.get_ref()));
                continue;
            };
            read(TableReader {
                document: self.document,
                path: self.path_of(key),
                offset,
                table,
                asked: Vec::new(),
                errors: self.errors,
            });
        }
    }

    /// Reports every key nobody asked for, with the one it was probably meant to be.
    pub(super) fn finish(self) {
        let known: Vec<String> = self.asked.iter().map(|key| self.path_of(key)).collect();
        self.finish_among(&known);
    }

    /// As `finish`, with suggestions from a wider choice of paths.
    pub(super) fn finish_among(self, known: &[String]) {
        for key in self.table.keys() {
            let name = key.get_ref();
            if self.asked.iter().any(|asked| asked == name) {
                continue;
            }
            let path = self.path_of(name);
            let place = self.document.place(key.span().start, &path);
            let message = match nearest(&path, known.iter().map(String::as_str)) {
                Some(meant) => format!("unknown key; did you mean `{meant}`?"),
                None => "unknown key".into(),
            };
            self.errors.add(&place, message);
        }
    }
}

/// # Errors
/// Where the value is not text.
pub(super) fn text<'d>(value: &'d DeValue<'d>) -> Result<&'d str, String> {
    value.as_str().ok_or_else(|| mismatch("text", value))
}

/// # Errors
/// Where the value is not a list of texts.
pub(super) fn texts<'d>(value: &'d DeValue<'d>) -> Result<Vec<&'d str>, String> {
    let items = value.as_array().map(|items| items.iter());
    items
        .and_then(|items| items.map(|item| item.get_ref().as_str()).collect())
        .ok_or_else(|| mismatch("a list of texts", value))
}

/// Says what was expected and what kind of value came, never the value.
pub(super) fn mismatch(expected: &str, value: &DeValue<'_>) -> String {
    let found = match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    };
    format!("must be {expected}, not {found}")
}

fn filled(text: &str) -> Result<&str, String> {
    if text.is_empty() {
        return Err(EMPTY.into());
    }
    Ok(text)
}
