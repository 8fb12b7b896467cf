//! `doctor`: one line for each check, nothing changed, no secret said.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use serde_json::Value;
use users_core::config::Secret;

use super::{CHEAP, Ended, Place};
use crate::support::raw::Raw;
use crate::support::smtp::{Mood, Peer};

/// What was found: `check` -> `(status, text)`, of several the last that is not ok.
fn findings(ended: &Ended) -> BTreeMap<String, (String, String)> {
    let report: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    let mut found = BTreeMap::new();
    for check in report["checks"].as_array().expect("checks") {
        let of = |member: &str| check[member].as_str().expect("text").to_owned();
        let (status, text) = (of("status"), of("text"));
        if status != "ok" || !found.contains_key(&of("check")) {
            found.insert(of("check"), (status, text));
        }
    }
    assert_eq!(report["ok"], ended.code == Some(0), "{ended:?}");
    found
}

fn diagnosed(place: &Place) -> (Ended, BTreeMap<String, (String, String)>) {
    let ended = place.run(&["doctor", "--json"]);
    let found = findings(&ended);
    (ended, found)
}

#[track_caller]
fn assert_found(place: &Place, check: &str, status: &str, part: &str) {
    let (ended, found) = diagnosed(place);
    let Some((is, text)) = found.get(check) else {
        panic!("nothing of {check} in {ended:?}");
    };
    assert_eq!(is, status, "{text}");
    assert!(text.contains(part), "{text}");
    let code = i32::from(found.values().any(|(status, _)| status == "fail"));
    assert_eq!(ended.code, Some(code), "{ended:?}");
}

/// Past the program.
fn change(place: &Place, statement: &'static str) {
    let url = format!("sqlite://{}/data/users-core.db", place.path().display());
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        Raw::open(&Secret::new(&url)).await.run(statement).await;
    });
}

/// Where somebody administers, and the issuer's port is the one that is served.
fn in_order() -> Place {
    let place = Place::new().with("USERS_CORE_BIND", "127.0.0.1:8081");
    let made = [
        "user",
        "create",
        "root",
        "--roles",
        "admin",
        "--generate-password",
    ];
    place.ok(&made);
    place
}

#[test]
fn an_installation_in_order_has_no_failure_and_is_not_changed() {
    let place = in_order();
    let before = std::fs::read(place.path().join("data/users-core.db")).expect("the file");
    let said = place.ok(&["doctor"]);
    for line in [
        "ok   configuration: no file and the environment\n",
        "ok   issuer: http://localhost:8081\n",
        "ok   profiles: none\n",
        "ok   master key: data/master.key\n",
        "ok   sealing key: ",
        "ok   clock: ",
        "ok   signing keys: ES256, signing for ",
        "ok   tenants: 1\n",
        ", 0 failures\n",
    ] {
        assert!(said.contains(line), "no {line:?} in {said}");
    }
    let key = std::fs::read_to_string(place.path().join("data/master.key"));
    assert!(!said.contains(key.expect("the key").trim()), "{said}");
    let after = std::fs::read(place.path().join("data/users-core.db")).expect("the file");
    assert!(before == after, "the database was written to");
}

#[test]
fn an_empty_place_stays_empty() {
    let place = Place::new();
    assert_found(&place, "database file", "warn", "the first start makes it");
    assert!(!place.has("data"), "looking makes nothing");
}

#[test]
fn settings_that_are_wrong_are_findings() {
    let place = Place::new().with("USERS_CORE_ISUER", "x");
    let (ended, found) = diagnosed(&place);
    assert_eq!(ended.code, Some(1));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found["configuration"].1.contains("USERS_CORE_ISUER"));
}

#[test]
fn what_ails_an_installation_is_named() {
    let place = Place::new();
    place.ok(&["migrate"]);
    assert_found(&place, "set-up", "warn", "no administrator yet");
    let place = in_order();
    place.ok(&["tenant", "create", "acme"]);
    assert_found(&place, "tenants", "warn", "without an administrator: acme");
    let key = place.path().join("data/master.key");
    let mode = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(&key, mode).expect("its mode");
    assert_found(&place, "master key", "fail", "chmod 600");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).expect("its mode");
    change(&place, "UPDATE audit SET at = at - 3600000");
    assert_found(&place, "audit trail", "warn", "are not sealed");
    change(
        &place,
        "DELETE FROM signing_keys WHERE tenant IN (SELECT id FROM tenants WHERE slug = 'acme')",
    );
    assert_found(&place, "signing keys", "fail", "none for acme");
    change(
        &place,
        "UPDATE schema_migrations SET version = 9000 WHERE version = 1",
    );
    assert_found(&place, "schema", "fail", "newer than this program");
}

#[test]
fn another_master_key_is_found_out() {
    let place = in_order();
    let key = "7f0c59d1b8a3462ee4917a05cd3f68b2419e0d7c85fa263b1e94d07c5ab86f13";
    let place = place.with("USERS_CORE_MASTER_KEY", key);
    assert_found(
        &place,
        "sealing key",
        "fail",
        "not made with this master key",
    );
    let (ended, _) = diagnosed(&place);
    assert!(!ended.stdout.contains(key), "{ended:?}");
}

#[test]
fn a_database_that_does_not_answer_is_named_without_its_password() {
    let place = Place::new()
        .with(
            "USERS_CORE_DATABASE_URL",
            "postgres://me:word-of-passage@127.0.0.1:9/x",
        )
        .with(
            "USERS_CORE_MASTER_KEY",
            "7f0c59d1b8a3462ee4917a05cd3f68b2419e0d7c85fa263b1e94d07c5ab86f13",
        );
    assert_found(&place, "database", "fail", "postgres://127.0.0.1:9/x");
    let (ended, _) = diagnosed(&place);
    assert!(!ended.stdout.contains("word-of-passage"), "{ended:?}");
}

#[test]
fn what_others_expect_is_warned_of() {
    let place = Place::new()
        .with("USERS_CORE_COMPAT", "user-service")
        .with("SECRET_KEY", "word-of-passage");
    assert_found(&place, "profiles", "warn", "user-service");
    assert_found(&place, "variables", "warn", "SECRET_KEY");
    let (ended, _) = diagnosed(&place);
    assert!(!ended.stdout.contains("word-of-passage"), "{ended:?}");
    let place = Place::new();
    assert_found(
        &place,
        "issuer",
        "warn",
        "nothing here listens on port 8081",
    );
}

/// A place that serves https by a certificate for `name`.
fn certified(name: &str, change: impl Fn(&mut CertificateParams)) -> Place {
    let place = Place::new();
    let mut params = CertificateParams::new([name.to_owned()]).expect("a name");
    params.not_before = date_time_ymd(2020, 1, 1);
    change(&mut params);
    let key = KeyPair::generate().expect("a key");
    let certificate = params.self_signed(&key).expect("a certificate");
    place.write("chain.pem", &certificate.pem());
    place.write("key.pem", &key.serialize_pem());
    let mut place = place
        .with("USERS_CORE_ISSUER", "https://localhost:8081")
        .with("USERS_CORE_TLS_CERT_FILE", "chain.pem")
        .with("USERS_CORE_TLS_KEY_FILE", "key.pem");
    let cheap = CHEAP.map(|(name, value)| (name.to_owned(), value.to_owned()));
    place.variables.extend(cheap);
    place
}

#[test]
fn a_certificate_is_judged_by_its_dates_and_names() {
    let place = certified("localhost", |_| ());
    assert_found(&place, "certificate", "ok", "ends in ");
    assert_found(&place, "certificate key", "warn", "chmod 600");
    let place = certified("localhost", |params| {
        params.not_after = date_time_ymd(2021, 1, 1);
    });
    assert_found(&place, "certificate", "fail", "ended ");
    let place = certified("localhost", |params| {
        params.not_before = date_time_ymd(4000, 1, 1);
        params.not_after = date_time_ymd(4001, 1, 1);
    });
    assert_found(&place, "certificate", "fail", "begins only in ");
    let place = certified("elsewhere.example", |_| ());
    assert_found(
        &place,
        "certificate names",
        "fail",
        "does not name localhost",
    );
}

#[test]
fn the_mail_server_is_asked_as_for_a_mail_and_gets_none() {
    assert_found(&in_order(), "mail", "ok", "the command line prints links");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let peer = runtime.block_on(Peer::start());
    let mailing = |port: u16| {
        in_order()
            .with("USERS_CORE_MAIL_HOST", "127.0.0.1")
            .with("USERS_CORE_MAIL_PORT", &port.to_string())
            .with("USERS_CORE_MAIL_TLS", "none")
            .with("USERS_CORE_MAIL_FROM", "no-reply@id.example.test")
            .with("USERS_CORE_MAIL_TIMEOUT", "1")
    };
    let place = format!("127.0.0.1:{}", peer.port);
    assert_found(&mailing(peer.port), "mail", "ok", &place);
    assert!(peer.connections() > 0 && peer.take().is_empty());
    peer.is(Mood::Busy);
    assert_found(&mailing(peer.port), "mail", "fail", "cannot be used");
    drop(runtime);
    assert_found(&mailing(peer.port), "mail", "fail", &place);
}
