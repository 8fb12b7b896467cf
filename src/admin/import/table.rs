//! CSV (RFC 4180) with a line of names above it: those of our JSON form that are one text, a flag or a
//! list of words. An empty cell says nothing.

use std::io::Read;

use serde_json::{Map, Value};

use super::{Item, Refusal, json};

const TEXTS: &[&str] = &[
    "id",
    "username",
    "email",
    "name",
    "given_name",
    "family_name",
    "first_name",
    "last_name",
    "middle_name",
    "nickname",
    "profile",
    "picture",
    "website",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "phone_number",
    "password",
    "password_hash",
    "password_set_at",
    "created_at",
    "last_login_at",
    "totp_secret",
];
const FLAGS: &[&str] = &["email_verified", "phone_number_verified", "enabled"];
/// With spaces or semicolons between them.
const LISTS: &[&str] = &["roles", "groups", "required_actions"];

/// Hands every row to `take`, which says whether to go on.
pub(super) fn each(file: impl Read, mut take: impl FnMut(Item) -> bool) {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::Headers)
        // Lines are counted by their ends; a carriage return before one is cut off below.
        .terminator(csv::Terminator::Any(b'\n'))
        .from_reader(file);
    let Ok(names) = reader.headers() else {
        let broken = "its first line is no list of names".to_owned();
        take(Item::Broken(broken));
        return;
    };
    let names: Vec<String> = names
        .iter()
        .map(|name| name.trim_start_matches('\u{feff}').to_ascii_lowercase())
        .collect();
    let known = |name: &&String| {
        let all = [TEXTS, FLAGS, LISTS].concat();
        all.contains(&name.as_str())
    };
    if let Some(unknown) = names.iter().find(|name| !known(name)) {
        take(Item::Broken(format!("there is no column {unknown:?}")));
        return;
    }
    let mut row = csv::StringRecord::new();
    loop {
        let item = match reader.read_record(&mut row) {
            Ok(false) => return,
            Ok(true) => {
                let place = row.position().map_or(0, csv::Position::line);
                item(place, &names, &row)
            }
            Err(error) => {
                let place = error.position().map_or(0, csv::Position::line);
                let reason = match error.kind() {
                    csv::ErrorKind::Io(error) => {
                        take(Item::Broken(error.to_string()));
                        return;
                    }
                    csv::ErrorKind::Utf8 { .. } => "it is not UTF-8",
                    csv::ErrorKind::UnequalLengths { .. } => "it has not as many cells as names",
                    _ => "it is no row",
                };
                refused(place, reason.to_owned())
            }
        };
        if !take(item) {
            return;
        }
    }
}

fn refused(place: u64, reason: String) -> Item {
    Item::Refused(Refusal {
        place,
        username: None,
        reasons: vec![reason],
    })
}

fn item(place: u64, names: &[String], row: &csv::StringRecord) -> Item {
    let mut object = Map::new();
    for (name, cell) in names.iter().zip(row) {
        let cell = cell.strip_suffix('\r').unwrap_or(cell);
        if cell.is_empty() {
            continue;
        }
        let value = if FLAGS.contains(&name.as_str()) {
            match cell.to_ascii_lowercase().as_str() {
                "true" | "yes" | "1" => Value::Bool(true),
                "false" | "no" | "0" => Value::Bool(false),
                _ => return refused(place, format!("{name}: true or false")),
            }
        } else if LISTS.contains(&name.as_str()) {
            let words = cell.split([' ', ';']).filter(|word| !word.is_empty());
            words.map(|word| Value::from(word.to_owned())).collect()
        } else {
            Value::from(cell.to_owned())
        };
        object.insert(name.clone(), value);
    }
    let object = serde_json::to_vec(&object).unwrap_or_default();
    match json::record(place, &object) {
        Ok(record) => Item::Record(Box::new(record)),
        Err(reason) => refused(place, reason),
    }
}
