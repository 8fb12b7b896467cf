//! What is wrong with the settings, said before anything begins.

use super::Place;

const SECRET: &str = "hunter2-hunter2-hunter2";

#[test]
fn every_mistake_is_named_at_once_and_nothing_is_started() {
    let place = Place::new().with("USERS_CORE_LIMITS_WINDOW", "soon");
    place.write(
        "users-core.toml",
        &format!(
            "isuer = 'https://a.example'\nmaster_key = '{SECRET}'\nbind = ['0.0.0.0:0']\n\
             [log]\nlevel = 'a=b=c'\n[[client]]\nclient_id = 'web'\nclient_secret = '{SECRET}'\n"
        ),
    );
    for arguments in [
        &["serve"][..],
        &[],
        &["user", "list"],
        &["apply"],
        &["setup"],
    ] {
        let said = Place::refused(&place, arguments);
        let lines: Vec<&str> = said.lines().collect();
        let starts = [
            "users-core.toml:1 isuer: ",
            "users-core.toml:2 master_key: ",
            "users-core.toml:5 log.level: ",
            "users-core.toml:8 client.client_secret: ",
            "USERS_CORE_LIMITS_WINDOW: ",
        ];
        assert_eq!(lines.len(), starts.len(), "{arguments:?}: {said}");
        for (line, start) in lines.iter().zip(starts) {
            assert!(line.starts_with(start), "{line} is not about {start}");
        }
        assert!(!said.contains(SECRET), "{said}");
        assert!(!place.has("data"), "{arguments:?} made something");
    }
}

#[test]
fn mistakes_come_as_json_on_demand() {
    let place = Place::new();
    place.write("users-core.toml", "isuer = 'x'\n\n[log]\nformat = 'xml'\n");
    let ended = place.run(&["serve", "--json"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(1), ""));
    let json: serde_json::Value = serde_json::from_str(&ended.stdout).expect("JSON");
    assert_eq!(json["errors"][0]["place"], "users-core.toml:1 isuer");
    assert_eq!(json["errors"][1]["place"], "users-core.toml:4 log.format");
    assert!(
        json["error"]
            .as_str()
            .is_some_and(|text| text.contains("xml"))
    );
}

#[test]
fn a_settings_file_that_is_named_must_be_there() {
    let place = Place::new();
    let said = place.refused(&["serve", "--config", "elsewhere.toml"]);
    assert!(said.starts_with("elsewhere.toml: cannot be read"), "{said}");
    let place = place.with("USERS_CORE_CONFIG", "other.toml");
    let said = place.refused(&["serve"]);
    assert!(said.starts_with("other.toml: cannot be read"), "{said}");
}

#[test]
fn the_option_wins_over_the_variable_and_the_variable_over_the_default_file() {
    let place = Place::new();
    place.write("users-core.toml", "issuer = 'http://localhost:1'\n");
    place.write("second.toml", "issuer = 'http://localhost:2'\n");
    place.write("third.toml", "issuer = 'http://localhost:3'\n");
    let issuer = |place: &Place, arguments: &[&str]| {
        place.json(&[&["config", "show"], arguments].concat())["issuer"]["value"].clone()
    };
    assert_eq!(issuer(&place, &[]), "http://localhost:1");
    let place = place.with("USERS_CORE_CONFIG", "second.toml");
    assert_eq!(issuer(&place, &[]), "http://localhost:2");
    let option = ["--config", "third.toml"];
    assert_eq!(issuer(&place, &option), "http://localhost:3");
}

#[test]
fn config_show_masks_secrets() {
    let key = "7f0c59d1b8a3462ee4917a05cd3f68b2419e0d7c85fa263b1e94d07c5ab86f13";
    let url = "postgres://someone:word-of-passage@db.example/x";
    let place = Place::new()
        .with("USERS_CORE_MASTER_KEY", key)
        .with("USERS_CORE_DATABASE_URL", url);
    let shown = place.ok(&["config", "show"]);
    assert!(shown.contains("master_key: [secret]"), "{shown}");
    assert!(shown.contains("issuer: http://localhost:8081"), "{shown}");
    assert!(
        !shown.contains(key) && !shown.contains("word-of-passage"),
        "{shown}"
    );
    assert_eq!(
        place.json(&["config", "show"])["master_key"]["value"],
        "[secret]"
    );
}

#[test]
fn config_show_says_where_each_value_comes_from() {
    let place = Place::new().with("USERS_CORE_LIMITS_WINDOW", "7200");
    place.write(
        "users-core.toml",
        "issuer = 'http://localhost:1'\ncompat = ['user-service']\n[limits]\nwindow = 60\n",
    );
    let shown = place.json(&["config", "show"]);
    for (path, value, source) in [
        ("issuer", "http://localhost:1", "users-core.toml:1"),
        ("limits.window", "7200", "USERS_CORE_LIMITS_WINDOW"),
        ("log.file", "logs/user_service.log", "profile user-service"),
        ("registration", "open", "profile user-service"),
        ("log.level", "info", "default"),
    ] {
        assert_eq!(shown[path]["value"], value, "{path}");
        assert_eq!(shown[path]["source"], source, "{path}");
    }
    let text = place.ok(&["config", "show"]);
    let line = "limits.window: 7200  (USERS_CORE_LIMITS_WINDOW)\n";
    assert!(text.contains(line), "{text}");
    assert!(!place.has("logs"), "showing makes nothing");
}

#[test]
fn config_check_judges_settings_and_entries() {
    let place = Place::new();
    assert_eq!(place.ok(&["config", "check"]), "configuration is valid\n");
    place.write(
        "entries.toml",
        "[[client]]\nclient_id = 'web'\ngrant_types = ['implicit']\n\
         [[user]]\nusername = 'a b'\nroles = ['Boss']\n[[tenant]]\nslug = 'Not Good'\n\
         [[resource]]\naudience = 'a#b'\nscopes = ['openid', 'a b']\n",
    );
    let said = place.refused(&["config", "check", "entries.toml"]);
    for expected in [
        "entries.toml:1 client web: grant_types: \"implicit\" is not one of",
        "entries.toml:4 user a b: username: ",
        "entries.toml:4 user a b: roles: no role is called \"Boss\"",
        "entries.toml:7 tenant Not Good: slug: ",
        "entries.toml:9 resource a#b: audience: ",
        "entries.toml:9 resource a#b: scopes: \"a b\" is not one scope",
        "entries.toml:9 resource a#b: scopes: openid belongs to the issuer",
    ] {
        assert!(said.contains(expected), "no {expected:?} in {said}");
    }
    assert!(!place.has("data"));
}

#[test]
fn config_reference_knows_every_setting() {
    let place = Place::new();
    let json = place.json(&["config", "reference"]);
    let known = json.as_array().expect("a list");
    let shown = place.json(&["config", "show"]);
    assert_eq!(known.len(), shown.as_object().expect("an object").len());
    assert!(
        known
            .iter()
            .any(|setting| setting["variable"] == "USERS_CORE_TLS_CERT_FILE")
    );
}
