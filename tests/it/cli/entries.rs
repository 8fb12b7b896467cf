//! What entries may say, and which file says it.

use serde_json::json;

use super::Place;

const SECRET: &str = "Zk3-vT9.qLw0_sYb7~mXe2RhUc5JgDa8";
const OTHER_SECRET: &str = "pQ8_dN2.xKf5~tHc1-wRz7LmYb4VjSe9";

#[test]
fn secrets_and_passwords_change_only_on_demand() {
    let place = Place::new();
    let file = |secret: &str, password: &str, rotate: bool| {
        format!(
            "[[client]]\nclient_id = 'web'\nclient_secret = '{secret}'\nrotate = {rotate}\n\
             [[user]]\nusername = 'ann'\npassword = '{password}'\nrotate = {rotate}\n"
        )
    };
    place.write(
        "users-core.toml",
        &file(SECRET, "the first password", false),
    );
    place.ok(&["apply"]);
    place.write(
        "users-core.toml",
        &file(OTHER_SECRET, "the second password", false),
    );
    assert_eq!(place.ok(&["apply"]), "", "without rotate they stay");
    place.write(
        "users-core.toml",
        &file(OTHER_SECRET, "the second password", true),
    );
    assert_eq!(
        place.ok(&["apply"]),
        "~ client web: client_secret\n~ user ann: password\n"
    );
    assert_eq!(place.ok(&["apply"]), "", "they are these now");
    let place = place.with("WEB_SECRET", SECRET);
    let by_variable =
        file("x", "the second password", true).replace("'x'", "{ env = 'WEB_SECRET' }");
    place.write("users-core.toml", &by_variable);
    assert_eq!(
        place.run(&["plan"]).code,
        Some(0),
        "the one before still is one of its two"
    );
    let generated = "[[client]]\nclient_id = 'web'\nrotate = true\n";
    place.write("users-core.toml", generated);
    let said = place.refused(&["plan"]);
    assert!(said.contains("rotate: needs a client_secret"), "{said}");
}

#[test]
fn a_client_that_comes_to_need_a_secret_gets_one() {
    let place = Place::new();
    let public = "[[client]]\nclient_id = 'web'\ngrant_types = ['refresh_token']\n\
                  token_endpoint_auth_method = 'none'\n";
    place.write("users-core.toml", public);
    assert_eq!(place.ok(&["apply"]), "+ client web\n");
    let private = public.replace("'none'", "'client_secret_post'");
    place.write("users-core.toml", &private);
    let printed = place.json(&["apply"]);
    let change = &printed["changes"][0];
    assert_eq!(
        change["fields"],
        json!(["token_endpoint_auth_method", "client_secret"])
    );
    assert!(change["client_secret"].is_string(), "{printed}");
    assert_eq!(place.json(&["apply"]), json!({ "changes": [] }));
}

#[test]
fn an_administrator_is_made_before_another_ceases_to_be_one() {
    let place = Place::new();
    place.write(
        "users-core.toml",
        "[[user]]\nusername = 'old'\nroles = ['admin']\n",
    );
    place.ok(&["apply"]);
    place.write(
        "users-core.toml",
        "[[user]]\nusername = 'old'\nroles = ['user']\n",
    );
    let said = place.refused(&["apply"]);
    assert!(
        said.contains("users-core.toml:1 user old: the tenant would be left"),
        "{said}"
    );
    place.write(
        "users-core.toml",
        "[[user]]\nusername = 'old'\nroles = ['user']\n[[user]]\nusername = 'new'\nroles = ['admin']\n",
    );
    assert_eq!(place.ok(&["apply"]), "+ user new\n~ user old: roles\n");
}

#[test]
fn a_file_of_entries_beside_the_settings_holds_no_settings() {
    let place = Place::new();
    place.write("users-core.toml", "issuer = 'http://localhost:9999'\n");
    place.write(
        "entries.toml",
        "database_url = 'sqlite://other.db'\n[[tenant]]\nslug = 'acme'\n",
    );
    let said = place.refused(&["apply", "entries.toml"]);
    assert!(
        said.starts_with("entries.toml:1 database_url: belongs into the settings file"),
        "{said}"
    );
    assert!(!place.has("other.db"));
    place.write("entries.toml", "[[tenant]]\nslug = 'acme'\n");
    place.ok(&["apply", "entries.toml"]);
    let tenants = place.json(&["tenant", "list"]);
    assert_eq!(
        tenants[0]["issuer"], "http://localhost:9999/t/acme",
        "the settings count: {tenants}"
    );
}

#[test]
fn a_file_that_is_all_there_is_may_hold_both() {
    let place = Place::new();
    place.write(
        "all.toml",
        "database_url = 'sqlite://other.db'\n[[tenant]]\nslug = 'acme'\n",
    );
    place.ok(&["apply", "all.toml"]);
    assert!(place.has("other.db") && !place.has("data"));
    let nothing = Place::new();
    let said = nothing.refused(&["apply"]);
    assert!(said.contains("there is no users-core.toml here"), "{said}");
}

#[test]
fn a_role_is_there_before_whoever_has_it_and_gone_after() {
    let place = Place::new();
    let whole = "[[tenant]]\nslug = 'acme'\n\
                 [[user]]\nusername = 'ann'\ntenant = 'acme'\nroles = ['caller', 'user']\n\
                 [[role]]\nname = 'caller'\ntenant = 'acme'\npermissions = ['files.read', 'sip.call']\n\
                 [[resource]]\naudience = 'https://files.example'\ntenant = 'acme'\nscopes = ['files.read']\n";
    place.write("users-core.toml", whole);
    let made = "+ tenant acme\n+ resource https://files.example in acme\n+ role caller in acme\n\
                + user ann in acme\n";
    assert_eq!(place.run(&["plan"]).stdout, made);
    assert_eq!(place.ok(&["apply"]), made);
    assert_eq!(
        place.ok(&["apply"]),
        "",
        "the order of words is no difference"
    );

    let other = whole.replace("'files.read', 'sip.call'", "'sip.call'");
    place.write("users-core.toml", &other);
    assert_eq!(place.ok(&["apply"]), "~ role caller in acme: permissions\n");

    // Somebody has it: it stays, whatever the file says.
    let without =
        |text: &str| text.replace("[[role]]\nname = 'caller'", "[[role]]\nname = 'dialler'");
    place.write("users-core.toml", &without(&other));
    let planned = place.run(&["apply", "--prune"]);
    assert_eq!(planned.stdout, "+ role dialler in acme\n");
    assert!(
        planned.stderr.contains("role caller of acme stays"),
        "{planned:?}"
    );

    // It goes with the last who has it.
    let given = without(&other).replace("'caller', 'user'", "'dialler'");
    place.write("users-core.toml", &given);
    let changed = "~ user ann in acme: roles\n- role caller in acme\n";
    assert_eq!(place.ok(&["apply", "--prune=roles"]), changed);
}

#[test]
fn a_role_that_cannot_be_is_refused_with_its_line() {
    let place = Place::new();
    for (entry, message) in [
        ("name = 'admin'", "is not for a role of one's own"),
        ("name = 'Caller'", "name: 1 to 64 of a-z"),
        (
            "name = 'caller'\npermissions = ['fly']",
            "no resource has the scope \"fly\"",
        ),
        (
            "name = 'caller'\npermissions = ['openid']",
            "openid is everybody's",
        ),
        (
            "name = 'caller'\ntenant = 'nowhere'",
            "there is no \"nowhere\"",
        ),
        ("name = 'caller'\ncolour = 'red'", "colour"),
        (
            "name = 'caller'\n[[role]]\nname = 'caller'",
            "declared twice",
        ),
        ("description = 'nameless'", "name"),
    ] {
        place.write("users-core.toml", &format!("[[role]]\n{entry}\n"));
        let said = place.refused(&["apply"]);
        assert!(said.contains(message), "{entry}: {said}");
        assert!(said.contains("users-core.toml:"), "{said}");
    }
}
