//! The audit trail at the command line: whether it is whole, a copy to keep, and why.

use std::time::Duration;

use serde_json::Value;
use users_core::config::Secret;

use super::{Place, eventually};
use crate::support::raw::Raw;

/// Far longer than a server takes to write what it refused.
const SOON: Duration = Duration::from_secs(10);

/// Changes the database past the program.
fn tamper(place: &Place, change: &'static str) {
    let url = format!("sqlite://{}/data/users-core.db", place.path().display());
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let mut raw = Raw::open(&Secret::new(&url)).await;
        raw.run(change).await;
    });
}

/// A place where three things happened, and the export that was made of them.
fn exported() -> (Place, Vec<Value>) {
    let place = Place::new();
    place.ok(&["tenant", "create", "acme"]);
    place.ok(&["client", "create", "app", "--scope", "sip.call"]);
    let printed = place.ok(&["audit", "export"]);
    place.write("kept.jsonl", &printed);
    let lines = printed.lines().map(serde_json::from_str);
    let lines = lines.collect::<Result<_, _>>().expect("JSON lines");
    (place, lines)
}

#[test]
fn an_export_is_lines_that_vouch_for_themselves() {
    let (place, lines) = exported();
    let kinds: Vec<_> = lines.iter().map(|line| &line["type"]).collect();
    assert_eq!(kinds, ["event", "event", "checkpoint"]);
    let (last, checkpoint) = (&lines[1], &lines[2]);
    assert_eq!(last["payload"]["subject"], "app");
    assert_eq!(checkpoint["seq"], last["seq"]);
    assert_eq!(checkpoint["chain"], last["chain"]);
    let none = place.ok(&["audit", "export", "--until", "2000-01-01"]);
    assert_eq!(none.lines().count(), 1, "the checkpoint alone: {none}");
    let all = place.ok(&["audit", "export", "--since", "2000-01-01T00:00:00Z"]);
    assert_eq!(all.lines().count(), 3);
    let wrong = place.run(&["audit", "export", "--since", "yesterday"]);
    assert_eq!(wrong.code, Some(2), "{wrong:?}");
}

#[test]
fn an_edited_trail_is_named_and_not_whole() {
    let (place, _) = exported();
    let whole = place.ok(&["audit", "verify", "--checkpoint", "kept.jsonl"]);
    assert!(whole.starts_with("default: whole: 2 events"), "{whole}");
    tamper(&place, "UPDATE audit SET subject = 'another' WHERE seq = 2");
    let broken = place.run(&["audit", "verify"]);
    assert_eq!(broken.code, Some(1), "{broken:?}");
    let said = "default: broken: event 2 does not say what it said\n";
    assert_eq!(broken.stdout, said);
    let all = place.run(&["audit", "verify", "--tenant", "all", "--json"]);
    assert_eq!(all.code, Some(1), "{all:?}");
    let reports: Vec<Value> = all
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let whole: Vec<_> = reports.iter().map(|report| &report["whole"]).collect();
    assert_eq!(whole, [true, false], "acme is whole");
}

#[test]
fn a_trail_begun_anew_is_not_the_one_that_was_kept() {
    let (place, _) = exported();
    tamper(
        &place,
        "DELETE FROM audit; DELETE FROM audit_heads; DELETE FROM audit_checkpoints",
    );
    place.ok(&["audit", "verify"]);
    let broken = place.run(&["audit", "verify", "--checkpoint", "kept.jsonl"]);
    assert_eq!(broken.code, Some(1), "{broken:?}");
    place.write("nothing.txt", "\n");
    let refused = place.refused(&["audit", "verify", "--checkpoint", "nothing.txt"]);
    assert_eq!(refused, "nothing.txt: holds no checkpoints\n");
    let of_all = ["audit", "verify", "--tenant", "all", "--checkpoint", "x"];
    place.refused(&of_all);
}

#[test]
fn a_refusal_is_explained_by_its_request_id() {
    let place = Place::new();
    let server = place.serve();
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", "nobody"),
    ];
    let answer = server.post("/token", &form, None);
    let id = answer.header("x-request-id");
    let why = || place.run(&["audit", "why", id]);
    eventually(SOON, || why().code == Some(0));
    let said = why().stdout;
    assert!(
        said.contains("/token answered 401 invalid_client"),
        "{said}"
    );
    assert!(said.contains("the reason: the client is unknown"), "{said}");
    assert!(!said.contains("nobody"), "{said}");
    let json = place.json(&["audit", "why", id]);
    assert_eq!(json["status"], 401);
    let refused = place.refused(&["audit", "why", "never-heard-of"]);
    assert!(refused.starts_with("no request with this id"), "{refused}");
    server.stop();
}
