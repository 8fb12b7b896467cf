//! The examples: each does what `docs/examples.md` shows, word for word but for what is another one
//! in every run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

const EXAMPLES: &[&str] = &[
    "basic_usage",
    "sip_register_flow",
    "token_validation",
    "api_key_service",
    "multi_device_presence",
    "session_core_v2_integration",
    "rest_api_server",
];

fn read(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    std::fs::read_to_string(path).expect("a document")
}

/// The built examples. They are brought up to date first: `cargo test --test it` alone does not.
static BUILT: LazyLock<PathBuf> = LazyLock::new(|| {
    let test = std::env::current_exe().expect("this test's own file");
    let profile = test.parent().and_then(Path::parent).expect("its profile");
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["build", "--quiet"]);
    cargo.env(
        "CARGO_TARGET_DIR",
        profile.parent().expect("the target directory"),
    );
    if profile.ends_with("release") {
        cargo.arg("--release");
    }
    for example in EXAMPLES {
        cargo.args(["--example", example]);
    }
    let built = cargo.status().expect("cargo runs");
    assert!(built.success(), "the examples do not build");
    profile.join("examples")
});

fn run(example: &str, arguments: &[&str]) -> Output {
    let directory = tempfile::tempdir().expect("a directory");
    let output = Command::new(BUILT.join(example))
        .args(arguments)
        .current_dir(directory.path())
        .env("TMPDIR", directory.path())
        .output()
        .expect("the example runs");
    let left: Vec<_> = std::fs::read_dir(directory.path())
        .expect("readable")
        .collect();
    assert!(left.is_empty(), "{example} left {left:?}");
    output
}

/// Runs an example and compares what it prints with the document.
fn prints_what_is_documented(example: &str, arguments: &[&str]) {
    let output = run(example, arguments);
    let printed = String::from_utf8(output.stdout).expect("UTF-8");
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{example}: {printed}{complaints}");
    let documented = documented();
    let expected = documented
        .get(example)
        .expect("a block in docs/examples.md");
    assert_eq!(
        stable(&printed),
        stable(expected),
        "docs/examples.md, {example}"
    );
}

/// The block of output behind each heading with an example's name.
fn documented() -> BTreeMap<String, String> {
    let document = read("docs/examples.md");
    let sections = document.split("\n## ").skip(1).filter_map(|section| {
        let (name, rest) = section.split_once('\n')?;
        let (_, block) = rest.split_once("```text\n")?;
        let (block, _) = block.split_once("\n```")?;
        Some((name.trim().to_owned(), block.to_owned()))
    });
    sections.collect()
}

/// Output without what differs between two runs: ports, and seconds that are left.
fn stable(output: &str) -> String {
    let mut text = output.trim_end().to_owned();
    for (before, instead) in [
        ("localhost:", "PORT"),
        ("127.0.0.1:", "PORT"),
        ("expires=", "SECONDS"),
    ] {
        let mut parts = text.split(before);
        let mut replaced = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            replaced.push_str(before);
            let rest = part.trim_start_matches(|letter: char| letter.is_ascii_digit());
            if rest.len() < part.len() {
                replaced.push_str(instead);
            }
            replaced.push_str(rest);
        }
        text = replaced;
    }
    text
}

#[test]
fn basic_usage_makes_accounts_and_tokens() {
    prints_what_is_documented("basic_usage", &[]);
}

#[test]
fn sip_register_flow_registers_over_udp_whoever_brings_a_token() {
    prints_what_is_documented("sip_register_flow", &[]);
}

#[test]
fn token_validation_accepts_by_key_by_set_and_by_asking() {
    prints_what_is_documented("token_validation", &[]);
}

#[test]
fn api_key_service_exchanges_rotates_and_revokes_keys() {
    prints_what_is_documented("api_key_service", &[]);
}

#[test]
fn multi_device_presence_gives_every_device_a_token_of_one_subject() {
    prints_what_is_documented("multi_device_presence", &[]);
}

#[test]
fn session_core_v2_integration_trusts_by_public_key_and_by_jwks_uri() {
    prints_what_is_documented("session_core_v2_integration", &[]);
}

#[test]
fn rest_api_server_passes_the_eighteen_checks_of_its_client() {
    prints_what_is_documented("rest_api_server", &["--check"]);
}

#[test]
fn every_example_has_a_row_a_section_and_a_file() {
    let readme = read("README.md");
    let documented = documented();
    assert_eq!(documented.len(), EXAMPLES.len());
    for example in EXAMPLES {
        assert!(
            readme.contains(&format!("cargo run --example {example}")),
            "{example}"
        );
        assert!(documented.contains_key(*example), "{example}");
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
        let alone = root.join(format!("{example}.rs"));
        let folder = root.join(example).join("main.rs");
        assert!(alone.exists() || folder.exists(), "{example}");
    }
}

#[test]
fn what_is_the_same_in_every_run_is_compared() {
    let stays = "alice is Busy, port 8081, localhost alone";
    assert_eq!(stable(stays), stays);
    assert_ne!(stable("18 passed, 0 failed"), stable("17 passed, 1 failed"));
    assert_eq!(
        stable("http://localhost:1/x"),
        stable("http://localhost:65535/x")
    );
    assert_eq!(stable("c;expires=600"), stable("c;expires=599"));
}
