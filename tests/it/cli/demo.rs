//! `demo`: what it prints works, and nothing of it stays.

mod relying_party;

use std::process::{Command, Stdio};

use super::Place;
use super::running::{Answer, Server};

fn demo(place: &Place) -> Server {
    let mut server = place.start(&["demo", "--port", "0", "--bind", "127.0.0.1", "--json"]);
    let issuer = server.said["issuer"].as_str().expect("an issuer");
    let port = issuer.rsplit(':').next().expect("a port");
    server.said["listening"] = serde_json::json!([format!("http://127.0.0.1:{port}")]);
    server
}

fn temporary(place: &Place) -> Vec<String> {
    let entries = std::fs::read_dir(place.path()).expect("the directory is there");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    names
        .map(|name| name.to_string_lossy().into_owned())
        .collect()
}

#[test]
fn the_commands_it_prints_work_one_after_the_other() {
    let has_curl = Command::new("curl")
        .arg("--version")
        .stdout(Stdio::null())
        .status();
    if !has_curl.is_ok_and(|status| status.success()) {
        println!("no curl here: the commands are not run");
        return;
    }
    let place = Place::new();
    let server = demo(&place);
    let commands = server.said["commands"].as_array().expect("commands");
    let script: Vec<&str> = commands
        .iter()
        .map(|step| step["command"].as_str().expect("a command"))
        .collect();
    // As pasted: into one shell, one after the other.
    let output = Command::new("sh")
        .args(["-eu", "-c", &script.join("\n")])
        .output();
    let output = output.expect("a shell");
    assert!(output.status.success(), "{output:?}");
    let printed = String::from_utf8(output.stdout).expect("text");
    let answers: Vec<serde_json::Value> = printed
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line:?}")))
        .collect();
    let [service, alice, seen, userinfo, refreshed, dead] = &answers[..] else {
        panic!("{printed}");
    };
    assert_eq!(service["scope"], "sip.register");
    assert!(alice["refresh_token"].is_string(), "{alice}");
    assert_eq!(
        (&seen["active"], &seen["username"]),
        (&true.into(), &"alice".into())
    );
    assert_eq!(userinfo["email"], "alice@example.test");
    assert_ne!(refreshed["refresh_token"], alice["refresh_token"]);
    assert_eq!(dead, &serde_json::json!({ "active": false }));
}

#[test]
fn it_says_the_same_to_programs() {
    let place = Place::new();
    let server = demo(&place);
    let text =
        |member: &str, name: &str| server.said[member][name].as_str().expect("text").to_owned();
    let app = (text("app", "client_id"), text("app", "client_secret"));
    let service = (
        text("service", "client_id"),
        text("service", "client_secret"),
    );
    let password = text("user", "password");
    let token = |form: &[(&str, &str)], (id, secret): &(String, String)| -> Answer {
        server.post("/token", form, Some((id, secret)))
    };
    let own = token(&[("grant_type", "client_credentials")], &service);
    assert_eq!(own.text("scope"), "sip.register token.introspect");
    let alice = [
        ("grant_type", "password"),
        ("username", "alice"),
        ("password", &password),
        ("scope", "openid offline_access sip.call"),
    ];
    let refresh = token(&alice, &app).text("refresh_token");
    let again = token(
        &[("grant_type", "refresh_token"), ("refresh_token", &refresh)],
        &app,
    );
    assert_ne!(again.text("refresh_token"), refresh);
}

#[test]
fn nothing_of_it_stays_and_every_run_has_its_own_secrets() {
    let place = Place::new();
    let server = demo(&place);
    let first = server.said.clone();
    assert!(
        temporary(&place)
            .iter()
            .any(|name| name.starts_with("users-core-demo-"))
    );
    server.signal("INT");
    let ended = server.end();
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    assert_eq!(temporary(&place), Vec::<String>::new());
    let second = demo(&place);
    for (member, name) in [
        ("user", "password"),
        ("app", "client_secret"),
        ("service", "client_secret"),
    ] {
        assert!(first[member][name].is_string());
        assert_ne!(first[member][name], second.said[member][name]);
    }
    second.stop();
}

#[test]
fn it_refuses_every_address_but_loopback() {
    let place = Place::new();
    for address in [
        "0.0.0.0",
        "::",
        "192.0.2.1",
        "127.0.0.1,10.0.0.1",
        "::ffff:10.0.0.1",
    ] {
        let said = place.refused(&["demo", "--port", "0", "--bind", address]);
        assert!(said.contains("loopback"), "{said}");
    }
    assert_eq!(temporary(&place), Vec::<String>::new());
}

#[test]
fn it_takes_nothing_from_settings() {
    // An environment meant for a server: another database, another address.
    let place = Place::new()
        .with("USERS_CORE_DATABASE_URL", "sqlite://precious.db")
        .with("USERS_CORE_BIND", "0.0.0.0:8081");
    let server = demo(&place);
    assert!(!place.has("precious.db"));
    server.stop();
    place.write("users-core.toml", "");
    let said = place.refused(&["demo", "--config", "users-core.toml"]);
    assert!(said.contains("demo reads no settings"), "{said}");
}
