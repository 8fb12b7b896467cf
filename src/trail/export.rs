//! The trail as JSON lines, for keeping elsewhere and for others to check.
//!
//! The text of `payload` in a line is, byte for byte, what its `digest` was made of.

use serde_json::json;

use crate::model::audit_chain::Checkpoint;
use crate::storage::audit::AuditRow;

/// An event as a line, without its end. What was erased has no payload, and names the event that says
/// so.
pub fn event_line(tenant: &str, row: &AuditRow) -> String {
    let (seq, digest, chain) = match &row.sealed {
        Some(seal) => (json!(seal.seq), json!(seal.digest), json!(seal.chain)),
        None => (json!(null), json!(null), json!(null)),
    };
    let content = match &row.erased_by {
        Some(event) => format!(r#""erased_by":{}"#, json!(event)),
        None => format!(r#""payload":{}"#, row.payload(tenant).canonical()),
    };
    format!(r#"{{"type":"event","seq":{seq},"digest":{digest},"chain":{chain},{content}}}"#)
}

/// A checkpoint as a line, without its end.
pub fn checkpoint_line(checkpoint: &Checkpoint) -> String {
    json!({
        "type": "checkpoint",
        "seq": checkpoint.seq,
        "chain": checkpoint.chain.text(),
        "at": checkpoint.at.to_string(),
        "cut": checkpoint.cut,
        "jws": checkpoint.jws,
    })
    .to_string()
}

/// The checkpoints in a text: lines of an export, or bare signed ones. `None`: a line is neither.
pub fn checkpoints_of(text: &str) -> Option<Vec<String>> {
    let mut found = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if !line.starts_with('{') {
            found.push(line.to_owned());
            continue;
        }
        let line: serde_json::Value = serde_json::from_str(line).ok()?;
        match line["type"].as_str()? {
            "checkpoint" => found.push(line["jws"].as_str()?.to_owned()),
            "event" => {}
            _ => return None,
        }
    }
    Some(found)
}
