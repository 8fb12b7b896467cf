//! `group`: what people are counted to.

use serde_json::json;

use super::Place;

#[test]
fn a_group_goes_through_life() {
    let place = Place::new();
    let made = place.json(&["group", "put", "night shift", "--description", "22 to 6"]);
    assert_eq!(made["name"], "night shift");
    assert_eq!(made["description"], "22 to 6");
    // What is not named stays; a group named on an account is there.
    let same = place.json(&["group", "put", "night shift"]);
    assert_eq!(same["description"], "22 to 6");
    place.ok(&["user", "create", "ann", "--group", "staff"]);
    place.ok(&["user", "create", "bob"]);
    let listed = place.json(&["group", "list"]);
    let listed = listed.as_array().expect("a list");
    let names: Vec<_> = listed.iter().map(|group| group["name"].as_str()).collect();
    assert_eq!(names, ["night shift", "staff"].map(Some));
    assert_eq!(
        place.ok(&["group", "add", "night shift", "ann"]),
        "user ann is in night shift\n"
    );
    place.ok(&["group", "add", "night shift", "bob"]);
    let said = place.refused(&["group", "add", "nothing", "ann"]);
    assert!(said.contains("there is no group \"nothing\""), "{said}");
    let members = place.json(&["group", "members", "night shift"]);
    let members = members.as_array().expect("a list");
    let names: Vec<_> = members
        .iter()
        .map(|user| user["username"].as_str())
        .collect();
    assert_eq!(names, ["ann", "bob"].map(Some));
    place.ok(&["group", "remove", "night shift", "bob"]);
    let shown = place.json(&["user", "show", "ann"]);
    assert_eq!(shown["groups"], json!(["staff", "night shift"]));
    assert_eq!(
        place.ok(&["group", "delete", "night shift"]),
        "group night shift deleted\n"
    );
    let shown = place.json(&["user", "show", "ann"]);
    assert_eq!(shown["groups"], json!(["staff"]));
    let said = place.refused(&["group", "members", "night shift"]);
    assert!(said.contains("there is no group"), "{said}");
}
