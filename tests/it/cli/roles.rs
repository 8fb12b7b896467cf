//! `role`: what people may be given.

use serde_json::json;

use super::Place;

#[test]
fn a_role_goes_through_life() {
    let place = Place::new();
    let made = place.json(&[
        "role",
        "put",
        "helpdesk",
        "--description",
        "Answers the phone",
        "--permissions",
        "users.read,sip.call",
    ]);
    let expected = json!({
        "name": "helpdesk",
        "description": "Answers the phone",
        "permissions": ["sip.call", "users.read"],
        "built_in": false,
    });
    assert_eq!(made, expected);
    // What is not named stays.
    let changed = place.json(&["role", "put", "helpdesk", "--permissions", "sip.call"]);
    assert_eq!(changed["description"], "Answers the phone");
    assert_eq!(changed["permissions"], json!(["sip.call"]));
    place.ok(&["user", "create", "ann", "--roles", "user,helpdesk"]);
    let said = place.refused(&["role", "delete", "helpdesk"]);
    assert!(said.contains("1 account has the role helpdesk"), "{said}");
    place.ok(&["user", "update", "ann", "--roles", "user"]);
    assert_eq!(
        place.ok(&["role", "delete", "helpdesk"]),
        "role helpdesk deleted\n"
    );
    let said = place.refused(&["user", "update", "ann", "--roles", "helpdesk"]);
    assert!(said.contains("no role is called \"helpdesk\""), "{said}");
    let said = place.refused(&["role", "delete", "admin"]);
    assert!(said.contains("there is no role \"admin\""), "{said}");
}

#[test]
fn every_role_is_listed_with_what_it_permits() {
    let place = Place::new();
    place.ok(&["role", "put", "dialler", "--permissions", "sip.call"]);
    let listed = place.json(&["role", "list"]);
    let listed = listed.as_array().expect("a list");
    let names: Vec<_> = listed.iter().map(|role| role["name"].as_str()).collect();
    let expected = ["admin", "moderator", "user", "guest", "vendor", "dialler"];
    assert_eq!(names, expected.map(Some));
    assert_eq!(listed[3]["permissions"], json!(["account", "users.read"]));
    assert_eq!(listed[3]["built_in"], true);
    assert_eq!(listed[5]["permissions"], json!(["sip.call"]));
}
