//! `api-key`.

use serde_json::json;

use super::Place;

#[test]
fn a_key_goes_through_life() {
    let place = Place::new();
    place.ok(&["user", "create", "anna", "--generate-password"]);
    let made = place.json(&[
        "api-key",
        "create",
        "anna",
        "pbx",
        "--permissions",
        "sip.call,sip.register",
        "--network",
        "192.0.2.0/24",
        "--network",
        "2001:db8::1",
        "--expires-at",
        "2100-01-01T00:00:00Z",
    ]);
    let (id, secret) = (made["id"].as_str(), made["key"].as_str());
    let (id, secret) = (id.expect("an id"), secret.expect("a secret"));
    assert!(secret.starts_with("rvoip_ak_live_") && secret.len() == 46);
    let listed = place.json(&["api-key", "list", "--user", "anna"]);
    assert!(!listed.to_string().contains(secret));
    let key = &listed[0];
    assert_eq!(key["id"], id);
    assert_eq!(key["permissions"], json!(["sip.call", "sip.register"]));
    assert_eq!(
        key["allowed_networks"],
        json!(["192.0.2.0/24", "2001:db8::1/128"])
    );
    let hint = format!("rvoip_ak_live_...{}", &secret[42..]);
    assert_eq!(key["hint"], hint);
    let rotated = place.json(&["api-key", "rotate", id, "--grace", "60"]);
    assert_ne!(rotated["key"], secret);
    let said = place.ok(&["api-key", "rotate", id]);
    assert!(
        said.contains("key (shown this once): rvoip_ak_live_"),
        "{said}"
    );
    let revoked = place.json(&["api-key", "revoke", id]);
    assert_eq!(revoked, json!({ "id": id, "revoked": true }));
    assert_eq!(place.json(&["api-key", "list"]), json!([]));
}

#[test]
fn what_cannot_be_is_said_in_words() {
    let place = Place::new();
    place.ok(&["user", "create", "anna", "--generate-password"]);
    let create = |more: &[&str]| {
        let mut line = vec!["api-key", "create", "anna", "pbx"];
        line.extend(more);
        let ended = place.run(&line);
        assert_ne!(ended.code, Some(0), "{ended:?}");
        ended.stderr
    };
    for (more, said) in [
        (
            &["--permissions", "users.write"][..],
            "does not hold users.write",
        ),
        (&["--permissions", "admin"], "does not administer"),
        (
            &["--permissions", "*", "--network", "home"],
            "\"home\" is no network",
        ),
        (
            &["--permissions", "*", "--expires-at", "2020-01-01T00:00:00Z"],
            "must be in the future",
        ),
        (&["--permissions", "*", "--expires-at", "soon"], "RFC 3339"),
        (&[], "--permissions"),
    ] {
        let stderr = create(more);
        assert!(stderr.contains(said), "{stderr}");
    }
    let ended = place.run(&["api-key", "revoke", "nothing"]);
    assert!(ended.stderr.contains("there is no API key"), "{ended:?}");
}
