//! `service-account`: programs with roles and groups of their own.

use serde_json::json;

use super::Place;

#[test]
fn a_service_account_goes_through_life() {
    let place = Place::new();
    let create = [
        "service-account",
        "create",
        "backup",
        "--name",
        "Nightly backup",
        "--roles",
        "vendor",
        "--group",
        "jobs",
    ];
    let made = place.json(&create);
    assert_eq!(made["roles"], json!(["vendor"]));
    assert_eq!(made["groups"], json!(["jobs"]));
    let again = place.refused(&["user", "create", "Backup"]);
    assert!(again.contains("exists already"), "{again}");
    // It is nobody among people.
    assert_eq!(place.json(&["user", "list"]), json!([]));
    let said = place.refused(&["user", "set-password", "backup", "--generate-password"]);
    assert!(said.contains("there is no user"), "{said}");
    let changed = place.json(&["service-account", "update", "backup", "--name", ""]);
    let (name, roles) = (&changed["name"], &changed["roles"]);
    assert_eq!((name, roles), (&json!(null), &json!(["vendor"])));
    assert_eq!(
        place.ok(&["service-account", "disable", "backup"]),
        "service account backup disabled\n"
    );
    let listed = place.json(&["service-account", "list"]);
    assert_eq!(listed[0]["enabled"], false);
    place.ok(&["service-account", "delete", "backup"]);
    let said = place.refused(&["service-account", "show", "backup"]);
    assert!(said.contains("there is no service account"), "{said}");
}
