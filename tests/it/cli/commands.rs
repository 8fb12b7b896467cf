//! One thing at a time: what is asked for happens, is said, and shows no more than it must.

use super::Place;

const PASSWORD: &str = "a passphrase of some length";

#[test]
fn every_command_works_on_an_empty_database() {
    for arguments in [
        &["user", "list"][..],
        &["client", "list"],
        &["resource", "list"],
        &["tenant", "list"],
        &["key", "list"],
        &["audit", "list"],
        &["audit", "verify"],
        &["migrate"],
        &["setup"],
    ] {
        let place = Place::new();
        place.json(arguments);
        assert!(place.has("data/master.key"), "{arguments:?}");
    }
}

#[test]
fn a_password_is_never_an_argument() {
    let place = Place::new();
    for arguments in [
        ["user", "create", "ann", "--password", PASSWORD],
        ["user", "set-password", "ann", "--password", PASSWORD],
        ["client", "create", "app", "--secret", PASSWORD],
    ] {
        let ended = place.run(&arguments);
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(!ended.stderr.contains(PASSWORD), "{ended:?}");
    }
}

#[test]
fn a_client_goes_through_life() {
    let place = Place::new();
    let create = [
        "client",
        "create",
        "app",
        "--scope",
        "sip.register sip.call",
    ];
    let said = place.ok(&create);
    assert!(
        said.contains("client_secret (shown this once): uc_cs_"),
        "{said}"
    );
    let again = place.refused(&create);
    assert_eq!(again, "client \"app\" exists already\n");
    place.ok(&[
        "client",
        "update",
        "app",
        "--client-name",
        "An app",
        "--access-token-lifetime",
        "60",
    ]);
    let shown = place.json(&["client", "show", "app"]);
    assert_eq!(
        (&shown["client_name"], &shown["access_token_lifetime"]),
        (&"An app".into(), &60.into())
    );
    assert_eq!(
        shown["scope"], "sip.call sip.register",
        "what is not named stays"
    );
    assert_eq!(shown["secrets"], 1);
    let text = place.ok(&["client", "show", "app"]);
    assert!(
        !text.contains("uc_cs_") && !text.contains("digest"),
        "{text}"
    );
    place.json(&["client", "rotate-secret", "app"]);
    place.json(&["client", "rotate-secret", "app"]);
    assert_eq!(
        place.json(&["client", "show", "app"])["secrets"],
        2,
        "the newest two"
    );
    place.ok(&["client", "delete", "app"]);
    assert_eq!(
        place.refused(&["client", "show", "app"]),
        "there is no client \"app\"\n"
    );
}

#[test]
fn a_client_without_a_secret_gets_none() {
    let place = Place::new();
    let arguments = [
        "client",
        "create",
        "phone",
        "--token-endpoint-auth-method",
        "none",
        "--grant-types",
        "refresh_token",
    ];
    assert_eq!(
        place.json(&arguments),
        serde_json::json!({ "client_id": "phone" })
    );
}

#[test]
fn what_strangers_named_does_not_command_the_terminal() {
    let place = Place::new();
    place.ok(&["client", "create", "app", "--client-name", "a\u{1b}[2Jb\nc"]);
    let text = place.ok(&["client", "list"]) + &place.ok(&["client", "show", "app"]);
    assert!(text.contains("a\\u{1b}[2Jb\\nc"), "{text}");
    assert!(!text.contains('\u{1b}'), "{text}");
}

#[test]
fn tenants_do_not_see_one_another() {
    let place = Place::new();
    let made = place.json(&["tenant", "create", "acme", "--signing-alg", "EdDSA"]);
    assert_eq!(made["issuer"], "http://localhost:8081/t/acme");
    place.ok(&["client", "create", "app", "--tenant", "acme"]);
    place.ok(&["user", "--tenant", "acme", "create", "ann"]);
    assert_eq!(place.json(&["client", "list"]), serde_json::json!([]));
    assert_eq!(place.json(&["user", "list"]), serde_json::json!([]));
    assert_eq!(
        place.json(&["client", "list", "--tenant", "acme"])[0]["client_id"],
        "app"
    );
    assert_eq!(
        place.json(&["key", "list", "--tenant", "acme"])[0]["alg"],
        "EdDSA"
    );
    let said = place.refused(&["user", "list", "--tenant", "nobody"]);
    assert_eq!(said, "there is no tenant \"nobody\"\n");
    let said = place.refused(&["tenant", "disable", "default"]);
    assert!(
        said.contains("the default tenant cannot be disabled"),
        "{said}"
    );
}

#[test]
fn a_resource_is_put_listed_and_deleted() {
    let place = Place::new();
    let audience = "https://files.example";
    place.ok(&[
        "resource",
        "put",
        audience,
        "--scopes",
        "files.read files.write",
    ]);
    place.ok(&["resource", "put", audience, "--name", "Files"]);
    let list = place.json(&["resource", "list"]);
    let mine = list
        .as_array()
        .expect("a list")
        .iter()
        .find(|row| row["audience"] == audience);
    let mine = mine.expect("the resource");
    assert_eq!(
        (&mine["name"], &mine["scopes"]),
        (&"Files".into(), &"files.read files.write".into())
    );
    place.ok(&["client", "create", "app", "--scope", "files.read"]);
    place.ok(&["resource", "delete", audience]);
    let said = place.refused(&["client", "create", "other", "--scope", "files.read"]);
    assert!(said.contains("no resource has \"files.read\""), "{said}");
}
