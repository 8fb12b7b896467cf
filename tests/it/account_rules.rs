//! What an account may hold beside its claims: groups and attributes, and their bounds.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use users_core::model::user::{Preferences, UserInput};

/// What is wrong with an account that is otherwise good.
fn problems(groups: Vec<String>, attributes: BTreeMap<String, Value>) -> Vec<String> {
    let input = UserInput {
        username: "ann".to_owned(),
        groups,
        attributes,
        ..UserInput::default()
    };
    input.check().err().unwrap_or_default()
}

fn of_groups(groups: impl IntoIterator<Item = String>) -> Vec<String> {
    problems(groups.into_iter().collect(), BTreeMap::new())
}

fn of_attribute(name: &str, value: Value) -> Vec<String> {
    problems(Vec::new(), [(name.to_owned(), value)].into())
}

fn numbered(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(|number| number.to_string())
}

/// Lists in each other, this many.
fn nested(depth: usize) -> Value {
    (0..depth).fold(json!(1), |inner, _| json!([inner]))
}

#[test]
fn a_hundred_groups_of_one_to_64_characters_are_the_most() {
    assert_eq!(of_groups(numbered(100)), [""; 0]);
    assert_eq!(of_groups(numbered(101)), ["groups: at most 100"]);
    assert_eq!(
        of_groups(["\u{1f600}".repeat(64), "night shift".to_owned()]),
        [""; 0]
    );
    for bad in [
        String::new(),
        "\u{1f600}".repeat(65),
        "a\0b".to_owned(),
        "a\nb".to_owned(),
    ] {
        assert_eq!(
            of_groups(["good".to_owned(), bad]),
            ["groups: entry 2: 1 to 64 characters, no control characters"]
        );
    }
    assert_eq!(
        of_groups(["staff", "Staff", "staff"].map(str::to_owned)),
        ["groups: \"staff\" stands twice"]
    );
}

#[test]
fn an_attributes_name_is_of_64_plain_characters_at_most() {
    for good in ["a", "A-Z.a_z-0.9", "x".repeat(64).as_str()] {
        assert_eq!(of_attribute(good, json!(1)), [""; 0], "{good}");
    }
    for bad in ["", "a b", "a:b", "a/b", "\u{e9}", "a\0", &"x".repeat(65)] {
        let said = of_attribute(bad, json!(1));
        assert_eq!(said.len(), 1, "{bad:?}: {said:?}");
        assert!(said[0].starts_with("attributes: ") && said[0].contains("is no name"));
    }
}

#[test]
fn sixty_four_attributes_of_sixteen_kibibytes_together_are_the_most() {
    let some = |count| {
        let attributes = numbered(count).map(|name| (name, json!(1)));
        problems(Vec::new(), attributes.collect())
    };
    assert_eq!(some(64), [""; 0]);
    assert_eq!(some(65), ["attributes: at most 64"]);
    // {"a":"..."}
    let text = |bytes: usize| json!("x".repeat(bytes - 8));
    assert_eq!(of_attribute("a", text(16 * 1024)), [""; 0]);
    assert_eq!(
        of_attribute("a", text(16 * 1024 + 1)),
        ["attributes: at most 16384 bytes of JSON together"]
    );
}

#[test]
fn an_attribute_is_any_json_but_null_nul_and_what_is_nested_too_deep() {
    for good in [
        json!(""),
        json!(false),
        json!(-1.5e300),
        json!([]),
        json!({"a": null, "\u{1f600} ": [{}]}),
        nested(16),
    ] {
        assert_eq!(of_attribute("a", good.clone()), [""; 0], "{good}");
    }
    for bad in [
        Value::Null,
        json!("a\0b"),
        json!([["\0"]]),
        json!({"a": {"\0": 1}}),
    ] {
        let said = of_attribute("a", bad.clone());
        assert_eq!(said, ["attributes: a: neither null nor U+0000"], "{bad}");
    }
    for deep in [nested(17), json!({"a": nested(16)})] {
        let said = of_attribute("a", deep);
        let expected = "attributes: a: at most 16 lists and objects in each other";
        assert_eq!(said, [expected]);
    }
}

fn of_preferences(preferences: Value) -> Vec<String> {
    let preferences: Preferences = serde_json::from_value(preferences).expect("an object");
    let input = UserInput {
        username: "ann".to_owned(),
        preferences,
        ..UserInput::default()
    };
    input.check().err().unwrap_or_default()
}

#[test]
fn preferences_are_any_json_object_of_sixteen_kibibytes_and_sixteen_levels() {
    for good in [
        json!({}),
        json!({"": null, "\u{1f600}": [1.5, {"a b": false}]}),
        json!({ "deep": nested(15) }),
        // {"a":"..."}
        json!({ "a": "x".repeat(16 * 1024 - 8) }),
    ] {
        assert_eq!(of_preferences(good), [""; 0]);
    }
    for (bad, said) in [
        (json!({ "a": [{"b": "\0"}] }), "preferences: no U+0000"),
        (json!({ "a\0": 1 }), "preferences: no U+0000"),
        (
            json!({ "deep": nested(16) }),
            "preferences: at most 16 lists and objects in each other",
        ),
        (
            json!({ "a": "x".repeat(16 * 1024 - 7) }),
            "preferences: at most 16384 bytes of JSON",
        ),
    ] {
        assert_eq!(of_preferences(bad), [said]);
    }
}

/// What is wrong with an account of this name and address.
fn of_names(username: &str, email: Option<&str>) -> Vec<String> {
    let input = UserInput {
        username: username.to_owned(),
        email: email.map(str::to_owned),
        ..UserInput::default()
    };
    input.check().err().unwrap_or_default()
}

#[test]
fn ones_own_address_is_a_username_however_long_and_no_other_address_is() {
    let long = format!("{}@{}.example", "a".repeat(64), "b".repeat(180));
    for own in ["ann@a.example", "o!brien/x=y@a.example", &long] {
        assert_eq!(of_names(own, Some(own)), [""; 0]);
        assert_eq!(of_names(&own.to_uppercase(), Some(own)), [""; 0]);
        assert!(!of_names(own, None).is_empty(), "{own}");
        assert!(!of_names(own, Some("other@a.example")).is_empty(), "{own}");
    }
    assert_eq!(of_names("no@", Some("no@")), ["email: not an address"]);
    assert_eq!(
        of_names("\u{1}@b", Some("\u{1}@b")),
        ["email: not an address"]
    );
}
