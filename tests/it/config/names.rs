//! The names of fields and variables, and the table they come from.

use std::collections::BTreeSet;

use users_core::config::{Config, Shown, reference, show};

use super::{env_errors, file_errors, from_env};

#[test]
fn every_field_is_a_variable_named_after_its_path() {
    let mut names = BTreeSet::new();
    for row in reference() {
        let expected = format!("USERS_CORE_{}", row.path.replace('.', "_").to_uppercase());
        assert_eq!(row.variable, expected);
        assert!(!row.doc.is_empty() && !row.kind.is_empty() && !row.default.is_empty());
        assert!(names.insert(row.variable), "{} is taken", row.path);
        if let Some(name) = row.file_variable {
            assert!(names.insert(name), "the file of {} is taken", row.path);
        }
    }
    for name in [
        "TLS_CERT_FILE",
        "MASTER_KEY_FILE",
        "DATABASE_URL_FILE",
        "LIMITS_WINDOW",
        "API_KEYS_PREFIX",
    ] {
        assert!(names.contains(&format!("USERS_CORE_{name}")), "{name}");
    }
}

#[test]
fn every_row_of_the_table_sets_and_shows_its_own_field_alone() {
    let before = show(&Config::default());
    for row in reference() {
        let value = match row.kind.as_str() {
            "secret text" | "path of a file" => continue,
            "text" if row.path == "issuer" => "https://other.example".to_owned(),
            "text" if row.path == "api_keys.prefix" => "key_".to_owned(),
            // They stand with another one: see `config::mail`.
            "text" if matches!(row.path, "mail.host" | "mail.username") => continue,
            "text" if row.path.starts_with("mail.") => "a@example.test".to_owned(),
            "text" => "debug".into(),
            // Others of them open the registration.
            list if list.starts_with("list of users-core") => "users-core".into(),
            list if list.starts_with("list of lower") => "lower".into(),
            "true or false" => "true".into(),
            "list of networks" => "10.0.0.0/8,fd00::/8".into(),
            "list of origins" => "https://app.example.com,http://localhost:3000".into(),
            "list of IP addresses with ports" => "127.0.0.2:1,[::1]:2".into(),
            choice if choice.starts_with("one of") => choice.rsplit(' ').next().unwrap().into(),
            // Its default is the most there may be.
            _ if row.path == "api_keys.token_lifetime" => "299".to_owned(),
            _ => (row.default.parse::<i64>().unwrap() + 1).to_string(),
        };
        let after = show(&from_env(&[(&row.variable, &value)]));
        let changed: Vec<&Shown> = after.iter().filter(|row| !before.contains(row)).collect();
        let path = row.path;
        assert_eq!(changed, [&Shown { path, value }]);
    }
}

#[test]
fn the_reference_describes_kind_default_and_file_variable() {
    let rows = reference();
    let row = |path| rows.iter().find(|row| row.path == path).unwrap();
    assert_eq!(row("tokens.access_token_lifetime").default, "900");
    assert_eq!(
        row("tokens.access_token_lifetime").kind,
        "seconds from 1 to 86400"
    );
    assert_eq!(row("database_url").default, "sqlite://data/users-core.db");
    assert_eq!(row("tls.cert_file").default, "(none)");
    assert_eq!(row("tls.cert_file").file_variable, None);
    let file = row("master_key").file_variable.as_deref();
    assert_eq!(file, Some("USERS_CORE_MASTER_KEY_FILE"));
}

#[test]
fn an_unknown_key_is_an_error_with_the_nearest_known_one() {
    let errors = file_errors(
        "isuer = 'x'\nsigning_alg = 'RS256'\nfrobnicate = 1\nmaster_key_fil = 'x'\n[tokns]\n\
         a = 1\n[tls]\ncertfile = 'x'\n[limits]\nfrobnicate = 1\n",
    );
    assert_eq!(
        errors,
        [
            "app.toml:1 isuer: unknown key; did you mean `issuer`?",
            "app.toml:2 signing_alg: unknown key; did you mean `tokens.signing_alg`?",
            "app.toml:3 frobnicate: unknown key",
            "app.toml:4 master_key_fil: unknown key; did you mean `master_key_file`?",
            "app.toml:5 tokns: unknown key; did you mean `tokens`?",
            "app.toml:8 tls.certfile: unknown key; did you mean `tls.cert_file`?",
            "app.toml:10 limits.frobnicate: unknown key",
        ]
    );
}

#[test]
fn an_unknown_variable_is_an_error_with_the_nearest_known_one() {
    let errors = env_errors(&[
        ("USERS_CORE_ISUER", "x"),
        ("USERS_CORE_TLS_CERT", "x"),
        ("USERS_CORE_TOKEN_SIGNING_ALG", "x"),
        ("USERS_CORE_FROBNICATE", "x"),
    ]);
    assert_eq!(
        errors,
        [
            "USERS_CORE_ISUER: unknown variable; did you mean USERS_CORE_ISSUER?",
            "USERS_CORE_TLS_CERT: unknown variable; did you mean USERS_CORE_TLS_CERT_FILE?",
            "USERS_CORE_TOKEN_SIGNING_ALG: unknown variable; \
             did you mean USERS_CORE_TOKENS_SIGNING_ALG?",
            "USERS_CORE_FROBNICATE: unknown variable",
        ]
    );
}

#[test]
fn variables_of_others_and_of_the_tests_are_left_alone() {
    from_env(&[
        ("PATH", "/bin"),
        ("ISSUER", ""),
        ("users_core_issuer", ""),
        ("USERS_CORE_TEST_POSTGRES", "postgres://localhost/test"),
    ]);
}
