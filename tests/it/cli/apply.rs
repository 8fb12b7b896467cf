//! `plan` and `apply`.

use serde_json::{Value, json};

use super::Place;

const SECRET: &str = "Zk3-vT9.qLw0_sYb7~mXe2RhUc5JgDa8";

/// One of everything.
fn everything() -> String {
    format!(
        "[[user]]\nusername = 'root'\nroles = ['admin']\npassword = 'the first password'\n\
         [[user]]\nusername = 'bob'\ntenant = 'acme'\nemail = 'bob@acme.example'\nname = 'Bob'\n\
         [[client]]\nclient_id = 'web'\nclient_secret = '{SECRET}'\n\
         grant_types = ['refresh_token', 'password']\nscope = 'openid files.read'\n\
         [[client]]\nclient_id = 'job'\ntenant = 'acme'\nscope = 'sip.register'\n\
         [[resource]]\naudience = 'https://files.example'\nscopes = ['files.write', 'files.read']\n\
         introspection_clients = ['web', 'job']\n\
         [[resource]]\naudience = 'rvoip-sip'\nintrospection_clients = ['web']\n\
         [[tenant]]\nslug = 'acme'\nname = 'Acme'\n"
    )
}

fn changes(place: &Place) -> usize {
    let trail = place.json(&["audit", "list", "--limit", "1000"]);
    let acme = place.json(&["audit", "list", "--limit", "1000", "--tenant", "acme"]);
    trail.as_array().map_or(0, Vec::len) + acme.as_array().map_or(0, Vec::len)
}

#[test]
fn plan_names_the_differences_changes_nothing_and_exits_with_two() {
    let place = Place::new();
    place.write("users-core.toml", &everything());
    let ended = place.run(&["plan"]);
    let expected = [
        "+ tenant acme",
        "+ resource https://files.example",
        "~ resource rvoip-sip: introspection_clients",
        "+ client web",
        "+ client job in acme",
        "+ user root",
        "+ user bob in acme",
    ];
    assert_eq!(ended.code, Some(2), "{ended:?}");
    let lines: Vec<&str> = ended.stdout.lines().collect();
    assert_eq!(lines, expected);
    assert_eq!(place.json(&["user", "list"]), json!([]));
    assert_eq!(place.json(&["client", "list"]), json!([]));
    assert_eq!(
        place.json(&["tenant", "list"]).as_array().map(Vec::len),
        Some(1)
    );
}

#[test]
fn after_apply_the_plan_is_empty_and_another_apply_writes_nothing() {
    let place = Place::new();
    place.write("users-core.toml", &everything());
    let printed = place.ok(&["apply"]);
    assert_eq!(
        printed.lines().count(),
        8,
        "seven changes and one secret: {printed}"
    );
    assert!(printed.contains("+ client job in acme\n  client_secret (shown this once): uc_cs_"));
    assert!(
        !printed.contains(SECRET) && !printed.contains("the first password"),
        "{printed}"
    );
    let before = changes(&place);
    let planned = place.run(&["plan"]);
    assert_eq!(
        (planned.code, planned.stdout.as_str()),
        (Some(0), ""),
        "{planned:?}"
    );
    assert_eq!(place.json(&["plan"]), json!({ "changes": [] }));
    assert_eq!(place.ok(&["apply"]), "");
    assert_eq!(changes(&place), before, "nothing was written");
}

#[test]
fn what_apply_made_works() {
    let place = Place::new();
    place.write("users-core.toml", &everything());
    let printed = place.json(&["apply"]);
    let made = printed["changes"].as_array().expect("changes");
    let job = made
        .iter()
        .find(|change| change["name"] == "job")
        .expect("the job");
    let server = place.serve();
    let sign_in = [
        ("grant_type", "password"),
        ("username", "root"),
        ("password", "the first password"),
        ("scope", "files.read"),
    ];
    let answer = server.post("/token", &sign_in, Some(("web", SECRET)));
    assert_eq!(answer.text("scope"), "files.read");
    let own = [("grant_type", "client_credentials")];
    let secret = job["client_secret"].as_str().expect("a secret");
    let answer = server.post("/t/acme/token", &own, Some(("job", secret)));
    assert_eq!(answer.text("scope"), "sip.register");
}

#[test]
fn only_what_differs_is_changed_and_named() {
    let place = Place::new();
    place.write("users-core.toml", &everything());
    place.ok(&["apply"]);
    let changed = everything()
        .replace("name = 'Acme'", "name = 'Acme Ltd'\nsigning_alg = 'EdDSA'")
        .replace(
            "scope = 'openid files.read'",
            "scope = 'openid'\naccess_token_lifetime = 60",
        )
        .replace(
            "scopes = ['files.write', 'files.read']",
            "scopes = ['files.read']",
        )
        .replace("name = 'Bob'", "name = 'Robert'\nenabled = false");
    place.write("users-core.toml", &changed);
    let expected = "~ tenant acme: name, signing_alg\n\
                    ~ resource https://files.example: scopes\n\
                    ~ client web: access_token_lifetime, scope\n\
                    ~ user bob in acme: enabled, name\n";
    let planned = place.run(&["plan"]);
    assert_eq!((planned.code, planned.stdout.as_str()), (Some(2), expected));
    assert_eq!(place.ok(&["apply"]), expected);
    assert_eq!(place.run(&["plan"]).code, Some(0));
    let bob = place.json(&["user", "show", "bob", "--tenant", "acme"]);
    assert_eq!(
        (&bob["name"], &bob["enabled"]),
        (&"Robert".into(), &false.into())
    );
    assert_eq!(bob["email"], "bob@acme.example");
}

#[test]
fn nothing_is_written_where_anything_is_wrong_and_all_of_it_is_named() {
    let place = Place::new();
    place.write(
        "entries.toml",
        &format!(
            "[[client]]\nclient_id = 'good'\n\
             [[client]]\nclient_id = 'web'\ngrant_types = ['implicit']\nscope = 'nobodys.scope'\n\
             redirect_uris = ['https://web.example/cb', 'http://web.example/cb']\n\
             [[client]]\nclient_id = 'open'\ntoken_endpoint_auth_method = 'none'\nclient_secret = '{SECRET}'\n\
             [[user]]\nusername = 'ann'\npassword = '2short'\n\
             [[user]]\nusername = 'ben'\nemail = 'x@example.test'\n\
             [[user]]\nusername = 'cat'\nemail = 'X@example.test'\n\
             [[user]]\nusername = 'dan'\ntenant = 'nowhere'\nroles = ['boss']\n\
             [[tenant]]\nslug = 'default'\nenabled = false\n\
             [[tenant]]\nslug = 'fresh'\n"
        ),
    );
    for command in ["plan", "apply"] {
        let said = place.refused(&[command, "entries.toml"]);
        for expected in [
            "entries.toml:3 client web: grant_types: \"implicit\" is not one of authorization_code, client_credentials, password, refresh_token",
            "entries.toml:3 client web: redirect_uris: entry 2: http only to",
            "entries.toml:3 client web: scope: no resource has \"nobodys.scope\"",
            "entries.toml:8 client open: client_secret: not with this token_endpoint_auth_method",
            "entries.toml:8 client open: grant_types: client_credentials is for confidential clients",
            "entries.toml:12 user ann: password: at least 12 characters",
            "entries.toml:12 user ann: password: too easy to guess",
            "entries.toml:18 user cat: email: another account has this address",
            "entries.toml:21 user dan: tenant: there is no \"nowhere\"",
            "entries.toml:21 user dan: roles: no role is called \"boss\"",
            "entries.toml:25 tenant default: enabled: ",
        ] {
            assert!(said.contains(expected), "no {expected:?} in:\n{said}");
        }
        assert_eq!(said.lines().count(), 11, "{said}");
        assert!(!said.contains("2short") && !said.contains(SECRET), "{said}");
        assert_eq!(place.json(&["client", "list"]), json!([]));
        assert_eq!(place.json(&["user", "list"]), json!([]));
        assert_eq!(
            place.json(&["tenant", "list"]).as_array().map(Vec::len),
            Some(1)
        );
    }
}

#[test]
fn a_failure_as_json_still_says_what_was_wrong() {
    let place = Place::new();
    place.write("users-core.toml", "[[user]]\nusername = 'a b'\n");
    let ended = place.run(&["apply", "--json"]);
    assert_eq!(ended.code, Some(1));
    let json: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    assert_eq!(json["errors"][0]["place"], "users-core.toml:1 user a b");
}

#[test]
fn declared_groups_and_attributes_are_written_compared_and_left_alone_where_nothing_is_said() {
    let place = Place::new();
    let file = |more: &str| {
        let text = format!("[[user]]\nusername = 'ann'\n{more}\n");
        place.write("users-core.toml", &text);
    };
    let shown = || {
        let user = place.json(&["user", "show", "ann"]);
        (user["groups"].clone(), user["attributes"].clone())
    };
    // A fraction that JSON gives back with another last digit.
    let attributes = "attributes = { unit = { id = 7 }, share = 31.245270191439438 }";
    file(&format!("groups = ['staff', 'day']\n{attributes}"));
    assert_eq!(place.ok(&["apply"]), "+ user ann\n");
    assert_eq!(shown().0, json!(["staff", "day"]));
    assert_eq!(shown().1["unit"], json!({"id": 7}));
    assert_eq!(place.ok(&["apply"]), "", "they are these now");
    file(&format!("groups = ['day', 'staff']\n{attributes}"));
    assert_eq!(place.ok(&["apply"]), "", "their order means nothing");
    file("groups = ['day']\nattributes = { unit = { id = 8 } }");
    let expected = "~ user ann: attributes, groups\n";
    let planned = place.run(&["plan"]);
    assert_eq!((planned.code, planned.stdout.as_str()), (Some(2), expected));
    assert_eq!(place.ok(&["apply"]), expected);
    assert_eq!(shown(), (json!(["day"]), json!({"unit": {"id": 8}})));
    file("");
    assert_eq!(place.ok(&["apply"]), "", "nothing is said of them");
    file("groups = []\nattributes = {}");
    assert_eq!(place.ok(&["apply"]), expected);
    assert_eq!(shown(), (json!([]), json!({})));
    file("groups = ['a', 'a']\nattributes = { 'a b' = 1 }");
    let said = place.refused(&["plan"]);
    for problem in ["groups: \"a\" stands twice", "attributes: \"a b\""] {
        let expected = format!("users-core.toml:1 user ann: {problem}");
        assert!(said.contains(&expected), "no {expected} in {said}");
    }
}
