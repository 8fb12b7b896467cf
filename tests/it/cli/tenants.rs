//! Tenants at the command line: made, changed in places, deleted.

use super::Place;

#[test]
fn a_tenant_goes_through_life() {
    let place = Place::new();
    let made = place.json(&[
        "tenant",
        "create",
        "acme",
        "--name",
        "Acme & Sons",
        "--domain",
        "ACME.test",
        "--issuer",
        "https://login.acme.test",
        "--setting",
        "access_token_lifetime=300",
        "--setting",
        "default_roles=moderator,user",
    ]);
    assert_eq!(made["issuer"], "https://login.acme.test");
    assert_eq!(made["domain"], "acme.test");
    assert_eq!(made["settings"]["access_token_lifetime"], 300);
    place.ok(&["user", "create", "ann", "--tenant", "acme"]);
    let ann = place.json(&["user", "show", "ann", "--tenant", "acme"]);
    assert_eq!(ann["roles"], serde_json::json!(["moderator", "user"]));
    let said = place.refused(&["tenant", "create", "other", "--domain", "acme.test"]);
    assert_eq!(
        said,
        "a tenant with the domain \"acme.test\" exists already\n"
    );
    let said = place.refused(&[
        "tenant",
        "update",
        "acme",
        "--setting",
        "session_lifetime=0",
    ]);
    assert!(said.starts_with("settings.session_lifetime: "), "{said}");
    let said = place.refused(&["tenant", "update", "acme", "--setting", "colour=1"]);
    assert!(said.contains("unknown field `colour`"), "{said}");
    let changed = place.json(&[
        "tenant",
        "update",
        "acme",
        "--issuer",
        "",
        "--setting",
        "access_token_lifetime=",
        "--setting",
        "require_verified_email=true",
    ]);
    assert_eq!(changed["issuer"], "http://localhost:8081/t/acme");
    assert_eq!(changed["name"], "Acme & Sons", "what is not named stays");
    let own = &changed["settings"];
    assert_eq!(own["access_token_lifetime"], serde_json::Value::Null);
    assert_eq!(own["require_verified_email"], true);
    let said = place.refused(&["tenant", "delete", "acme"]);
    assert!(said.contains("say --yes"), "{said}");
    assert_eq!(place.json(&["tenant", "show", "acme"])["id"], made["id"]);
    place.ok(&["tenant", "delete", "acme", "--yes"]);
    place.refused(&["tenant", "show", "acme"]);
    let again = place.json(&["tenant", "create", "acme"]);
    assert_ne!(again["id"], made["id"]);
    assert_eq!(
        place.json(&["user", "list", "--tenant", "acme"]),
        serde_json::json!([])
    );
    let said = place.refused(&["tenant", "delete", "default", "--yes"]);
    assert!(
        said.contains("the default tenant cannot be deleted"),
        "{said}"
    );
}
