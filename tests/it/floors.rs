//! One crate has no crate walls, so this test is the wall: it reads the `use` lines and names the
//! one that breaks the table of floors.

use std::fs;
use std::path::{Path, PathBuf};

const FLOORS: &[(u8, &[&str])] = &[
    (1, &["base", "config"]),
    (2, &["model"]),
    (
        3,
        &[
            "storage",
            "directory",
            "keys",
            "passwords",
            "pages",
            "web",
            "telemetry",
            "mail",
        ],
    ),
    (
        4,
        &[
            "oauth",
            "oidc",
            "login",
            "admin",
            "api",
            "compat",
            "validate",
            "trail",
            "letters",
            "app",
            "context",
            "installation",
        ],
    ),
    (5, &["cli", "server", "library", "main", "lib"]),
];

/// Crates with one home.
const HOMES: &[(&str, &[&str])] = &[
    ("sqlx::", &["storage"]),
    ("josekit::", &["keys"]),
    ("openssl::", &["keys"]),
    (
        "reqwest::",
        &["validate", "web/client.rs", "cli/healthcheck.rs"],
    ),
    ("argon2::", &["passwords"]),
    ("minijinja::", &["pages", "mail"]),
    ("lettre::", &["mail"]),
    ("SystemTime::now", &["base/clock.rs"]),
    ("Instant::now", &["base/clock.rs", "server/"]),
    ("getrandom::", &["base/random.rs"]),
    ("now_v7", &[]),
    ("Utc::now", &[]),
    ("Local::now", &[]),
    (
        "axum::",
        &[
            "web",
            "pages",
            "context.rs",
            "oauth",
            "oidc",
            "login",
            "admin",
            "api",
            "compat",
            "app.rs",
            "server",
            "library",
            "cli",
        ],
    ),
    ("clap::", &["cli", "main.rs"]),
    ("file_rotate::", &["cli/logging"]),
    ("x509_parser::", &["cli/doctor"]),
    ("rustix::", &["cli/doctor"]),
];

fn sources() -> Vec<(PathBuf, String)> {
    fn walk(directory: &Path, found: &mut Vec<(PathBuf, String)>) {
        for entry in fs::read_dir(directory).expect("src is readable") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).expect("a source file");
                found.push((path, text));
            }
        }
    }
    let mut found = Vec::new();
    walk(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut found,
    );
    assert!(found.len() > 50, "the walk found the sources");
    found
}

/// A path below `src/`, with forward slashes.
fn place(path: &Path) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    path.strip_prefix(root)
        .expect("below src")
        .to_string_lossy()
        .replace('\\', "/")
}

fn floor(module: &str) -> Option<u8> {
    FLOORS
        .iter()
        .find(|(_, modules)| modules.contains(&module))
        .map(|(floor, _)| *floor)
}

/// Code lines: neither comments nor documentation.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

#[test]
fn a_module_imports_from_its_own_floor_and_below() {
    let mut broken = Vec::new();
    for (path, text) in sources() {
        let place = place(&path);
        let module = place.split(['/', '.']).next().expect("a module").to_owned();
        let own = floor(&module).unwrap_or_else(|| panic!("{place} stands on no floor"));
        for (number, line) in code(&text) {
            for after in line.split("crate::").skip(1) {
                let imported: String = after
                    .chars()
                    .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
                    .collect();
                if floor(&imported).is_some_and(|floor| floor > own) {
                    broken.push(format!("src/{place}:{}: {}", number + 1, line.trim()));
                }
            }
        }
    }
    assert!(
        broken.is_empty(),
        "imports from a higher floor:\n{}",
        broken.join("\n")
    );
}

#[test]
fn a_dependency_stays_in_its_home() {
    let mut broken = Vec::new();
    for (path, text) in sources() {
        let place = place(&path);
        for (number, line) in code(&text) {
            for (name, homes) in HOMES {
                if line.contains(name) && !homes.iter().any(|home| place.starts_with(home)) {
                    broken.push(format!("src/{place}:{}: {}", number + 1, line.trim()));
                }
            }
        }
    }
    assert!(
        broken.is_empty(),
        "a dependency away from home:\n{}",
        broken.join("\n")
    );
}

#[test]
fn the_map_names_every_module() {
    let map = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs"))
        .expect("lib.rs");
    let (documentation, modules) = map.split_once("\npub mod").expect("modules");
    for line in format!("pub mod{modules}").lines() {
        let Some(module) = line
            .strip_prefix("pub mod ")
            .and_then(|rest| rest.strip_suffix(';'))
        else {
            continue;
        };
        assert!(
            documentation.contains(module),
            "the map does not mention {module}"
        );
        assert!(floor(module).is_some(), "{module} stands on no floor");
    }
}
