//! Secrets: two spellings, files that hold them, and never a value in sight.

use std::fs;

use tempfile::TempDir;
use users_core::config::{Config, Secret, show};

use super::{KEY, env_error, env_errors, file_errors, from_env, lines, load_both};

const HIDDEN: &str = "hunter2-hunter2-hunter2";

/// A folder with one file in it, and the file's path.
fn file_with(content: &[u8]) -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    fs::write(&path, content).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}

fn master_key(config: &Config) -> Option<&str> {
    config.master_key.as_ref().map(Secret::expose)
}

#[test]
fn a_secret_may_stand_in_a_file_of_its_own_less_one_line_end() {
    let url = "sqlite://a.db";
    for end in ["", "\n", "\r\n"] {
        let (_folder, path) = file_with(format!("{url}{end}").as_bytes());
        let config = from_env(&[("USERS_CORE_DATABASE_URL_FILE", &path)]);
        assert_eq!(config.database_url.expose(), url);
        let file = format!("database_url_file = '{path}'");
        let config = load_both(&file, &[]).unwrap().config;
        assert_eq!(config.database_url.expose(), url);
    }
    let (_folder, path) = file_with(format!("{url}\n\n").as_bytes());
    let config = from_env(&[("USERS_CORE_DATABASE_URL_FILE", &path)]);
    assert_eq!(config.database_url.expose(), format!("{url}\n"));
}

#[test]
fn a_file_that_holds_no_secret_is_an_error() {
    let name = "USERS_CORE_MASTER_KEY_FILE";
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("nowhere");
    let cases: [(&[u8], &str); 4] = [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"\xff\xfe", "is not UTF-8 text"),
        (&b"a".repeat(20_000), "is longer than 16384 bytes"),
    ];
    for (content, message) in cases {
        let (_folder, path) = file_with(content);
        let error = env_error(&[(name, &path)]);
        assert_eq!(error, format!("{name}: the file it names {message}"));
    }
    for path in [nowhere.to_str().unwrap(), folder.path().to_str().unwrap()] {
        let error = env_error(&[(name, path)]);
        assert!(error.starts_with(&format!("{name}: the file it names cannot be read: ")));
    }
}

#[test]
fn two_spellings_of_one_field_in_one_layer_are_an_error() {
    let (_folder, path) = file_with(KEY.as_bytes());
    let env = [
        ("USERS_CORE_MASTER_KEY", KEY),
        ("USERS_CORE_MASTER_KEY_FILE", &path),
    ];
    assert_eq!(
        env_error(&env),
        "USERS_CORE_MASTER_KEY_FILE: two spellings of one field: USERS_CORE_MASTER_KEY is set as well"
    );
    let file = format!("master_key = '{KEY}'\n\nmaster_key_file = '{path}'");
    assert_eq!(
        file_errors(&file),
        ["app.toml:3 master_key_file: two spellings of one field: `master_key` stands on line 1"]
    );
}

#[test]
fn a_variable_in_either_spelling_replaces_the_files_value_in_either_spelling() {
    let other = KEY.replace('c', "d");
    let (_folder, path) = file_with(other.as_bytes());
    let by_path = [("USERS_CORE_MASTER_KEY_FILE", path.as_str())];
    let by_value = [("USERS_CORE_MASTER_KEY", other.as_str())];
    let values = format!("master_key = '{KEY}'");
    let paths = "master_key_file = '/nowhere/at/all'".to_owned();
    for (file, env) in [(&values, by_path), (&paths, by_value), (&paths, by_path)] {
        let config = load_both(file, &env).unwrap().config;
        assert_eq!(master_key(&config), Some(other.as_str()));
    }
}

#[test]
fn show_and_debug_mask_secrets() {
    let env = [
        ("USERS_CORE_MASTER_KEY", KEY),
        ("USERS_CORE_DATABASE_URL", "postgres://app:hunter2@db/users"),
    ];
    let config = from_env(&env);
    let rows = show(&config);
    let value = |path| &rows.iter().find(|row| row.path == path).unwrap().value;
    assert_eq!(value("master_key"), "[secret]");
    assert_eq!(value("database_url"), "[secret]");
    assert_eq!(format!("{:?}", config.database_url), "[secret]");
    let printed = format!("{config:?} {rows:?}");
    assert!(
        !printed.contains("hunter2") && !printed.contains(KEY),
        "{printed}"
    );
}

#[test]
fn no_message_holds_a_secrets_value_wherever_it_was_typed() {
    let own_line = format!("master_key =\n{HIDDEN}\n");
    let unclosed = format!("master_key = \"{HIDDEN}\n");
    let fields = format!(
        "database_url = \"{HIDDEN}\"\nmaster_key_file = \"{HIDDEN}\"\nissuer = \"https://a:{HIDDEN}@b\"\n\
         [tls]\nkey_file = \"{HIDDEN}\"\ncert_file = \"{HIDDEN}\"\n\
         [[client]]\nclient_id = \"a\"\nclient_secret = \"{HIDDEN}\"\n\
         [[client]]\nclient_id = \"b\"\nclient_secret = {{ env = \"{HIDDEN}\" }}\n\
         [[client]]\nclient_id = \"c\"\nclient_secret = {{ file = \"{HIDDEN}\" }}\n\
         [[client]]\nclient_id = \"d\"\nsecret = \"{HIDDEN}\"\njwks = '{HIDDEN}'\n\
         [[user]]\nusername = \"a\"\npassword = [\"{HIDDEN}\"]\n"
    );
    for (file, count) in [(own_line, 2), (unclosed, 1), (fields, 11)] {
        let errors = file_errors(&file);
        assert_eq!(errors.len(), count, "{errors:#?}");
        assert!(
            errors.iter().all(|line| !line.contains("hunter2")),
            "{errors:?}"
        );
    }
    for name in [
        "MASTER_KEY",
        "MASTER_KEY_FILE",
        "DATABASE_URL",
        "DATABASE_URL_FILE",
        "SECRET",
    ] {
        let errors = env_errors(&[(&format!("USERS_CORE_{name}"), HIDDEN)]);
        assert!(
            errors.iter().all(|line| !line.contains("hunter2")),
            "{errors:?}"
        );
    }
}

#[test]
fn the_value_of_a_wrong_secret_is_judged_where_it_was_given() {
    let (_folder, path) = file_with(b"tooshort");
    let errors = lines(load_both(&format!("\nmaster_key_file = '{path}'"), &[]));
    assert_eq!(errors.len(), 1);
    assert!(
        errors[0].starts_with("app.toml:2 master_key_file: is too short"),
        "{errors:?}"
    );
}
