//! `docs/seeds.md` has a row for every statement of the seed documents, and every test it names is
//! there.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use users_core::compat::DIALECTS;
use users_core::config::Profile;

use crate::support::tables::{source_of, tests};

/// The documents, and how many statements each of them makes.
const DOCUMENTS: &[(&str, usize)] = &[
    ("000", 57),
    ("001", 38),
    ("002", 55),
    ("003", 60),
    ("004", 42),
    ("rvoip:", 47),
];

/// The profiles that have routes of their own, and their documents.
const PROFILES: &[(Profile, &str)] = &[
    (Profile::UsersCore, "000"),
    (Profile::UserManagementApi, "002"),
    (Profile::UserService, "004"),
];

/// What is held by a whole program and not by a test of this suite is named by its path.
const PROGRAMS: &[&str] = &["conformance/", "examples/", "scripts/", "benches/"];

/// What a row may wait for.
const LATER: &[&str] = &[];

fn text() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/seeds.md");
    fs::read_to_string(path).expect("the document")
}

/// The rows of every section: the first word of its title, and the cells of each row but the header.
fn sections() -> Vec<(String, Vec<Vec<String>>)> {
    let text = text();
    let parts = text.split("\n## ").skip(1);
    parts
        .map(|part| {
            let rows = part.lines().filter(|line| line.starts_with("| "));
            let cells = |row: &str| -> Vec<String> {
                let cells = row.trim_matches('|').split(" | ");
                cells.map(|cell| cell.trim().to_owned()).collect()
            };
            let rows = rows
                .map(cells)
                .filter(|cells| !cells[0].starts_with("statement"));
            let title = part.split_whitespace().next().unwrap_or_default();
            (title.to_owned(), rows.collect())
        })
        .collect()
}

#[test]
fn every_statement_has_a_row_and_every_row_is_true() {
    let sections = sections();
    for (document, statements) in DOCUMENTS {
        let rows = sections.iter().find(|(number, _)| number == document);
        let count = rows.map(|(_, rows)| rows.len());
        assert_eq!(count, Some(*statements), "{document}");
    }
    for (document, rows) in &sections {
        let mut seen = BTreeSet::new();
        for cells in rows {
            let [statement, route, held_by] = &cells[..] else {
                panic!("{document}: three cells: {cells:?}");
            };
            assert!(seen.insert(statement), "{document}: twice: {statement}");
            assert!(!route.is_empty(), "{document}: {statement}");
            if let Some(feature) = held_by.strip_prefix("later: ") {
                assert!(
                    LATER.contains(&feature),
                    "{document}: {statement}: {feature}"
                );
                continue;
            }
            for holder in tests(held_by) {
                let is_program = PROGRAMS.iter().any(|start| holder.starts_with(start));
                let found = if is_program {
                    Path::new(env!("CARGO_MANIFEST_DIR")).join(holder).exists()
                } else {
                    holder.contains("::") && source_of(holder).is_some()
                };
                assert!(found, "{document}: {statement}: there is no {holder}");
            }
        }
    }
}

#[test]
fn every_route_of_a_profile_is_in_the_table_of_its_document() {
    let sections = sections();
    for (profile, document) in PROFILES {
        let Some((_, rows)) = sections.iter().find(|(title, _)| title == document) else {
            assert!(!DOCUMENTS.iter().any(|(known, _)| known == document));
            continue;
        };
        let dialect = DIALECTS.iter().find(|dialect| dialect.profile == *profile);
        for operation in &dialect.expect("a profile with routes").operations {
            let route = format!("`{} {}`", operation.method, operation.path);
            let known = rows.iter().any(|cells| cells[1].contains(&route));
            assert!(known, "{document}: {route}");
        }
    }
}
