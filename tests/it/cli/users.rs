//! `user`: an account from its making to its end.

use serde_json::{Value, json};

use super::Place;

const PASSWORD: &str = "a passphrase of some length";

#[test]
fn a_user_goes_through_life() {
    let place = Place::new();
    place.write("password", &format!("{PASSWORD}\n"));
    let create = [
        "user",
        "create",
        "ann",
        "--email",
        "ann@example.test",
        "--email-verified",
        "--roles",
        "user,moderator",
        "--claim",
        "name=Ann Other",
        "--password-file",
        "password",
    ];
    let made = place.json(&create);
    assert_eq!(made["username"], "ann");
    assert_eq!(
        made["password"],
        Value::Null,
        "a given password is not shown"
    );
    let id = made["id"].as_str().expect("an id");
    for name in [id, "ann", "ANN", "ann@example.test"] {
        let shown = place.json(&["user", "show", name]);
        assert_eq!(
            (&shown["id"], &shown["name"]),
            (&id.into(), &"Ann Other".into())
        );
        assert_eq!(shown["roles"], serde_json::json!(["user", "moderator"]));
        assert_eq!(shown["email_verified"], true);
    }
    place.ok(&[
        "user",
        "update",
        "ann",
        "--email",
        "other@example.test",
        "--claim",
        "name=",
    ]);
    let shown = place.json(&["user", "show", "ann"]);
    assert_eq!(
        shown["email_verified"], false,
        "what was proved of one address holds for no other"
    );
    assert_eq!(shown["name"], Value::Null);
    assert_eq!(place.ok(&["user", "disable", "ann"]), "user ann disabled\n");
    assert_eq!(
        place.ok(&["user", "disable", "ann"]),
        "user ann already disabled\n"
    );
    assert_eq!(place.ok(&["user", "enable", "ann"]), "user ann enabled\n");
    let made = place.json(&["user", "set-password", "ann", "--generate-password"]);
    assert!(
        made["password"]
            .as_str()
            .is_some_and(|password| password.len() > 20)
    );
    place.ok(&["user", "delete", "ann"]);
    let said = place.refused(&["user", "show", "ann"]);
    assert_eq!(said, "there is no user \"ann\"\n");
    let kinds: Vec<Value> = place
        .json(&["audit", "list"])
        .as_array()
        .expect("a list")
        .clone();
    let kinds: Vec<&str> = kinds
        .iter()
        .filter_map(|row| row["kind"].as_str())
        .collect();
    let expected = [
        "user.deleted",
        "user.password_changed",
        "user.enabled",
        "user.disabled",
        "user.changed",
        "user.created",
        "tenant.created",
    ];
    assert_eq!(kinds, expected);
}

#[test]
fn all_that_is_wrong_with_a_user_is_said_at_once() {
    let place = Place::new();
    let arguments = [
        "user",
        "create",
        "a b",
        "--email",
        "nobody",
        "--roles",
        "boss",
        "--password-stdin",
    ];
    let ended = place.fed(&arguments, "2short");
    assert_eq!(ended.code, Some(1));
    for word in ["username:", "email:", "roles:", "password:"] {
        assert!(ended.stderr.contains(word), "no {word} in {ended:?}");
    }
    assert!(!ended.stderr.contains("2short"), "{ended:?}");
}

#[test]
fn the_last_administrator_stays() {
    let place = Place::new();
    place.ok(&[
        "user",
        "create",
        "root",
        "--roles",
        "admin",
        "--generate-password",
    ]);
    for arguments in [
        &["user", "disable", "root"][..],
        &["user", "delete", "root"],
        &["user", "update", "root", "--roles", "user"],
    ] {
        let said = place.refused(arguments);
        assert!(said.contains("last active administrator"), "{said}");
    }
}

#[test]
fn groups_and_attributes_are_set_one_by_one_and_taken_away() {
    let place = Place::new();
    place.ok(&[
        "user",
        "create",
        "ann",
        "--group",
        "staff",
        "--group",
        "night shift, north",
        "--attribute",
        "badge=007",
        "--attribute",
        "unit={\"id\": [7, 2.5]}",
        "--attribute",
        "a.b_c-D=x=y",
        "--attribute",
        "floor=3",
    ]);
    let shown = |place: &Place| {
        let user = place.json(&["user", "show", "ann"]);
        (user["groups"].clone(), user["attributes"].clone())
    };
    assert_eq!(
        shown(&place),
        (
            json!(["staff", "night shift, north"]),
            json!({"a.b_c-D": "x=y", "badge": "007", "floor": 3, "unit": {"id": [7, 2.5]}}),
        )
    );
    place.ok(&[
        "user",
        "update",
        "ann",
        "--attribute",
        "unit=",
        "--attribute",
        "floor=\"3\"",
        "--attribute",
        "a.b_c-D=true",
    ]);
    assert_eq!(
        shown(&place),
        (
            json!(["staff", "night shift, north"]),
            json!({"a.b_c-D": true, "badge": "007", "floor": "3"}),
        ),
        "what is not named stays"
    );
    place.ok(&["user", "update", "ann", "--group", "day"]);
    assert_eq!(shown(&place).0, json!(["day"]), "the groups are replaced");
    place.ok(&["user", "update", "ann", "--group", ""]);
    assert_eq!(shown(&place).0, json!([]));
    let said = place.refused(&[
        "user",
        "update",
        "ann",
        "--group",
        "day",
        "--group",
        "day",
        "--attribute",
        "a b=1",
        "--attribute",
        "gone=null",
    ]);
    for problem in ["groups: \"day\" stands twice", "\"a b\"", "gone: neither"] {
        assert!(said.contains(problem), "no {problem} in {said}");
    }
    assert_eq!(shown(&place).0, json!([]), "nothing was written");
}

#[test]
fn what_a_terminal_would_obey_is_shown_as_text() {
    let place = Place::new();
    place.ok(&["user", "create", "ann", "--attribute", "note=\u{9b}31m"]);
    let shown = place.ok(&["user", "show", "ann"]);
    assert!(
        shown.contains("31m") && !shown.contains('\u{9b}'),
        "{shown:?}"
    );
}

#[test]
fn links_are_printed_where_no_mail_is_sent() {
    let place = Place::new();
    place.ok(&["user", "create", "ann", "--email", "ann@example.test"]);
    for (command, page) in [
        ("reset-password", "/reset-password"),
        ("invite", "/sign-up"),
        ("verify-link", "/verify-email"),
    ] {
        let made = place.json(&["user", command, "ann"]);
        let link = made["link"].as_str().expect("a link");
        let start = format!("http://localhost:8081{page}?link=uc_ml_");
        assert!(link.starts_with(&start), "{link}");
        let refused = place.refused(&["user", command, "ann", "--mail"]);
        assert!(refused.contains("no mail is sent here"), "{refused}");
    }
    place.refused(&["user", "reset-password", "nobody"]);
    place.ok(&["user", "create", "bob"]);
    let refused = place.refused(&["user", "verify-link", "bob"]);
    assert!(refused.contains("no address to verify"), "{refused}");
}

#[test]
fn a_lost_second_factor_is_taken_away() {
    let place = Place::new();
    let ann = json!({ "username": "ann", "totp_secret": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" });
    place.write("people.json", &ann.to_string());
    place.ok(&["import", "people.json"]);
    let shown = place.json(&["user", "show", "ann"]);
    assert!(shown["second_factors"]["totp"].is_string(), "{shown}");
    let removed = place.json(&["user", "remove-factor", "ann"]);
    assert_eq!(removed["removed"], true);
    let shown = place.json(&["user", "show", "ann"]);
    assert_eq!(
        shown["second_factors"],
        json!({ "totp": null, "recovery_codes": 0 })
    );
    let refused = place.refused(&["user", "remove-factor", "ann"]);
    assert!(refused.contains("there is no second factor"), "{refused}");
}

#[test]
fn a_phones_password_is_made_listed_and_ended() {
    let place = Place::new();
    place.ok(&["user", "create", "ann"]);
    place.ok(&["user", "create", "bob"]);
    let add = [
        "user",
        "add-sip-digest",
        "ann",
        "--realm",
        "sip.example.org",
    ];
    let made = place.json(&add);
    assert_eq!(made["sip_username"], "ann");
    let password = made["password"].as_str().expect("a password").to_owned();
    assert_eq!(password.len(), 34, "{password}");
    let said = place.ok(&add);
    assert!(said.contains("its password (shown this once): "), "{said}");
    let listed = place.json(&["user", "list-sip-digests", "ann"]);
    let algorithms: Vec<_> = listed.as_array().expect("a list").iter().collect();
    assert_eq!(algorithms.len(), 2, "{listed}");
    assert_eq!(algorithms[0]["algorithm"], "MD5");
    assert_eq!(algorithms[1]["algorithm"], "SHA-256");
    assert!(!listed.to_string().contains(&password));
    let named = [
        "--sip-username",
        "1001",
        "--algorithm",
        "SHA-512-256",
        "MD5",
    ];
    let made = place.json(&[&add[..], &named].concat());
    assert_eq!(made["sip_digests"].as_array().map(Vec::len), Some(2));
    let theirs = [
        "user",
        "add-sip-digest",
        "bob",
        "--realm",
        "sip.example.org",
    ];
    let refused = place.refused(&[&theirs[..], &named].concat());
    assert!(refused.contains("exists already"), "{refused}");
    let id = listed[0]["id"].as_str().expect("an id");
    let refused = place.refused(&["user", "remove-sip-digest", "bob", id]);
    assert!(refused.contains("there is no SIP digest"), "{refused}");
    let removed = place.json(&["user", "remove-sip-digest", "ann", id]);
    assert_eq!(removed["removed"], true);
    let listed = place.json(&["user", "list-sip-digests", "ann"]);
    assert_eq!(listed.as_array().map(Vec::len), Some(3));
}
