//! The variables and the file of users-core and of the user management service, and which of several
//! wins.

use super::foreign::{loaded, refused, said};
use super::{load_both, variables};
use users_core::config::{Config, Registration, load, reference, show};

const KEY: (&str, &str) = ("USERS_CORE_MASTER_KEY", super::KEY);

/// A field as it is shown.
fn shown(config: &Config, path: &str) -> String {
    let fields = show(config);
    let field = fields.into_iter().find(|field| field.path == path);
    field.expect("a field").value
}

#[test]
fn the_variables_of_users_core_are_read_while_it_is_on() {
    let env = [
        ("RVOIP_USERS_DATABASE_URL", "sqlite://users.db?mode=rwc"),
        ("RVOIP_USERS_API_BIND_ADDRESS", "127.0.0.1:8082"),
        ("RVOIP_USERS_JWT_ISSUER", "https://users.rvoip.local"),
        ("RVOIP_USERS_JWT_ACCESS_TTL_SECONDS", "600"),
        ("RVOIP_USERS_JWT_REFRESH_TTL_SECONDS", "7776000"),
        ("RVOIP_USERS_JWT_ALGORITHM", "ES256"),
        ("RVOIP_USERS_PASSWORD_MIN_LENGTH", "14"),
    ];
    let on = loaded("users-core", &env);
    let config = &on.config;
    assert_eq!(config.database_url.expose(), "sqlite://users.db?mode=rwc");
    assert_eq!(config.bind[0].to_string(), "127.0.0.1:8082");
    assert_eq!(config.issuer, "https://users.rvoip.local");
    assert_eq!(config.tokens.access_token_lifetime, 600);
    assert_eq!(config.tokens.refresh_token_lifetime, 7_776_000);
    assert_eq!(config.tokens.refresh_token_idle_lifetime, 7_776_000);
    assert_eq!(config.tokens.signing_alg, "ES256");
    assert_eq!(shown(config, "passwords.min_length"), "14");
    for (name, value) in env {
        assert!(
            said(&on).contains(&format!("{name} sets ")),
            "{}",
            said(&on)
        );
        assert!(
            !said(&on).contains(value) || value == "600",
            "{}",
            said(&on)
        );
    }
    assert_eq!(config.registration, Registration::Off);
    let off = loaded("user-service", &env);
    assert_eq!(off.config.issuer, "http://localhost:8081");
}

#[test]
fn what_users_core_has_no_use_for_here_is_named_and_warned_of() {
    let env = [
        ("RVOIP_USERS_JWT_AUDIENCE", "rvoip-api,rvoip-sip"),
        ("RVOIP_USERS_JWT_TENANT_ID", "t1"),
        (
            "RVOIP_USERS_JWT_SIGNING_KEY",
            "hunter2-hunter2-hunter2-hunter2-hunter2",
        ),
        ("RVOIP_USERS_JWT_ALGORITHM", "HS256"),
        ("RVOIP_USERS_TLS_REQUIRE", "true"),
        ("RVOIP_USERS_POSTGRES_URL", "postgres://x"),
        ("RVOIP_USERS_NO_SUCH_THING", "1"),
        ("RVOIP_USERS_TLS_CERT_PATH", "nowhere.crt"),
    ];
    let on = loaded("users-core", &env);
    for (name, _) in env {
        let mut notes = on.notes.iter();
        let start = format!("{name} is set and not read: ");
        let note = notes.find(|note| note.text.starts_with(&start));
        assert!(note.is_some_and(|note| note.warns), "{name}: {}", said(&on));
    }
    assert_eq!(on.notes.len(), env.len());
    assert_eq!(on.config.tokens.signing_alg, "RS256");
    assert!(on.config.tls.cert_file.is_none());
}

#[test]
fn what_users_core_wants_in_a_password_is_wanted_here() {
    let special = ("RVOIP_USERS_REQUIRE_SPECIAL", "true");
    let on = loaded("users-core", &[special]);
    assert_eq!(shown(&on.config, "passwords.classes"), "symbol");
    let said = said(&on);
    assert!(
        said.contains("RVOIP_USERS_REQUIRE_SPECIAL sets passwords.classes"),
        "{said}"
    );
    let off = loaded("users-core", &[("RVOIP_USERS_REQUIRE_SPECIAL", "false")]);
    assert_eq!(shown(&off.config, "passwords.classes"), "(none)");
    // A variable wins over the file, and each says its own.
    let file = "compat = [\"users-core\"]\n[users_core.password]\nrequire_special = false\n\
                require_uppercase = true\nrequire_numbers = true\n";
    let on = load_both(file, &[special]).expect("good");
    let classes = shown(&on.config, "passwords.classes");
    assert_eq!(classes, "symbol,upper,digit");
    let errors = refused("users-core", &[("RVOIP_USERS_REQUIRE_SPECIAL", "perhaps")]);
    assert!(
        errors.starts_with("RVOIP_USERS_REQUIRE_SPECIAL: must be true or false"),
        "{errors}"
    );
}

#[test]
fn the_certificate_of_users_core_is_ours_where_it_is_switched_on() {
    let directory = tempfile::tempdir().expect("a directory");
    let (cert, key) = (
        directory.path().join("c.pem"),
        directory.path().join("k.pem"),
    );
    std::fs::write(&cert, "c").expect("written");
    std::fs::write(&key, "k").expect("written");
    let path = |path: &std::path::Path| path.display().to_string();
    let (cert, key) = (path(&cert), path(&key));
    let env = [
        ("RVOIP_USERS_TLS_ENABLED", "true"),
        ("RVOIP_USERS_TLS_CERT_PATH", cert.as_str()),
        ("RVOIP_USERS_TLS_KEY_PATH", key.as_str()),
    ];
    let on = loaded("users-core", &env);
    let file = |file: &Option<std::path::PathBuf>| file.as_deref().map(path);
    assert_eq!(file(&on.config.tls.cert_file), Some(cert.clone()));
    assert_eq!(file(&on.config.tls.key_file), Some(key.clone()));
    let errors = refused("users-core", &env[..1]);
    assert!(
        errors.contains("RVOIP_USERS_TLS_ENABLED: "),
        "its own files: {errors}"
    );
    let errors = refused("users-core", &[("RVOIP_USERS_TLS_ENABLED", "perhaps")]);
    assert!(
        errors.starts_with("RVOIP_USERS_TLS_ENABLED: must be true or false"),
        "{errors}"
    );
}

#[test]
fn the_parts_of_a_postgres_server_make_its_address() {
    let none = loaded("user-management-service", &[]);
    assert_eq!(
        none.config.database_url.expose(),
        "sqlite://data/users-core.db"
    );
    for (env, expected) in [
        (
            &[("POSTGRES_HOST", "db.internal")][..],
            "postgres://postgres:postgres@db.internal:5432/multimodal",
        ),
        (
            &[("POSTGRES_PASSWORD", "p@ss/w:rd"), ("POSTGRES_DB", "a b")],
            "postgres://postgres:p%40ss%2Fw%3Ard@localhost:5432/a%20b",
        ),
        (
            &[
                ("POSTGRES_HOST", "::1"),
                ("POSTGRES_PORT", "6000"),
                ("POSTGRES_USER", "svc"),
            ],
            "postgres://svc:postgres@[::1]:6000/multimodal",
        ),
    ] {
        let with_key: Vec<_> = env.iter().copied().chain([KEY]).collect();
        let on = loaded("user-management-service", &with_key);
        assert_eq!(on.config.database_url.expose(), expected);
        for (name, value) in env {
            assert!(said(&on).contains(name), "{}", said(&on));
            assert!(!said(&on).contains(value), "{}", said(&on));
        }
        let unkeyed = refused("user-management-service", env);
        assert!(
            unkeyed.starts_with(env[0].0) || unkeyed.contains("master_key"),
            "{unkeyed}"
        );
    }
    for (name, value) in [
        ("POSTGRES_PORT", "many"),
        ("POSTGRES_PORT", "70000"),
        ("POSTGRES_HOST", "a@b"),
        ("POSTGRES_HOST", ""),
    ] {
        let errors = refused("user-management-service", &[(name, value), KEY]);
        assert!(errors.starts_with(&format!("{name}: ")), "{errors}");
    }
    assert_eq!(said(&loaded("users-core", &[("POSTGRES_HOST", "x")])), "");
}

#[test]
fn lifetimes_come_in_minutes_and_days() {
    let usual = loaded("user-management-service", &[])
        .config
        .user_management_service;
    assert_eq!(usual.access_token_lifetime, 30 * 60);
    assert_eq!(usual.refresh_token_lifetime, 7 * 86_400);
    let env = [
        ("JWT_ACCESS_TOKEN_EXPIRE_MINUTES", "15"),
        ("JWT_REFRESH_TOKEN_EXPIRE_DAYS", "30"),
        ("DEBUG", "true"),
        ("REDIS_HOST", "localhost"),
        ("REDIS_PORT", "6379"),
        ("REDIS_DB", "5"),
    ];
    let on = loaded("user-management-service", &env);
    assert_eq!(on.config.user_management_service.access_token_lifetime, 900);
    assert_eq!(
        on.config.user_management_service.refresh_token_lifetime,
        2_592_000
    );
    assert_eq!(on.config.log.level, "debug");
    for name in ["REDIS_HOST", "REDIS_PORT", "REDIS_DB"] {
        let start = format!("{name} is set and not read: ");
        assert!(said(&on).contains(&start), "{}", said(&on));
    }
    for (name, value) in [
        ("JWT_ACCESS_TOKEN_EXPIRE_MINUTES", "soon"),
        ("JWT_ACCESS_TOKEN_EXPIRE_MINUTES", "0"),
        ("JWT_ACCESS_TOKEN_EXPIRE_MINUTES", "1441"),
        ("JWT_REFRESH_TOKEN_EXPIRE_DAYS", "9223372036854775807"),
    ] {
        let errors = refused("user-management-service", &[(name, value)]);
        assert!(errors.starts_with(&format!("{name}: ")), "{errors}");
    }
}

#[test]
fn the_secret_of_the_documentation_is_refused() {
    let example = [("JWT_SECRET_KEY", "your-secret-key-change-in-production")];
    let errors = refused("user-management-service", &example);
    assert!(errors.starts_with("JWT_SECRET_KEY: "), "{errors}");
    let other = [("JWT_SECRET_KEY", "hunter2-hunter2-hunter2-hunter2-hunter2")];
    let on = loaded("user-management-service", &other);
    assert!(
        said(&on).contains("JWT_SECRET_KEY is set and not read: "),
        "{}",
        said(&on)
    );
}

#[test]
fn of_several_that_give_a_field_one_wins_and_the_others_are_named() {
    let all = "users-core,user-management-api,user-service,user-management-service";
    let order = [
        ("USERS_CORE_DATABASE_URL", "sqlite://ours.db"),
        ("RVOIP_USERS_DATABASE_URL", "sqlite://rvoip.db"),
        ("DATABASE_URL", "sqlite://shared.db"),
        ("POSTGRES_HOST", "localhost"),
    ];
    for first in 0..order.len() - 1 {
        let mut env = order[first..].to_vec();
        // However they come.
        env.reverse();
        let on = loaded(all, &env);
        assert_eq!(on.config.database_url.expose(), order[first].1);
        for (name, _) in &order[first + 1..] {
            let loses = format!(
                "{name} is set and not read: {} is set as well",
                order[first].0
            );
            assert!(said(&on).contains(&loses), "{}", said(&on));
        }
    }
    // And where we listen.
    let env = [
        ("API_HOST", "127.0.0.1"),
        ("RVOIP_USERS_API_BIND_ADDRESS", "127.0.0.1:8082"),
    ];
    let on = loaded(all, &env);
    assert_eq!(on.config.bind[0].to_string(), "127.0.0.1:8082");
}

#[test]
fn people_make_their_own_accounts_where_they_do_over_there() {
    for (profiles, expected) in [
        ("", Registration::Off),
        ("users-core", Registration::Off),
        ("user-management-service", Registration::Open),
        ("users-core,user-service", Registration::Open),
        ("user-management-api", Registration::Open),
    ] {
        let on = loaded(profiles, &[]);
        assert_eq!(on.config.registration, expected, "{profiles}");
        let is_said = said(&on).contains("registration is open");
        assert_eq!(is_said, expected == Registration::Open, "{profiles}");
        let off = loaded(profiles, &[("USERS_CORE_REGISTRATION", "off")]);
        assert_eq!(off.config.registration, Registration::Off);
    }
}

const FILE: &str = r#"
compat = ["users-core"]

[users_core]
database_url = "sqlite://users.db?mode=rwc"
api_bind_address = "127.0.0.1:8082"

[users_core.jwt]
issuer = "https://users.rvoip.local"
audience = ["rvoip-api", "rvoip-sip"]
access_ttl_seconds = 600
refresh_ttl_seconds = 86400

[users_core.password]
min_length = 14
require_uppercase = true
argon2_memory_cost = 65536

[users_core.tls]
enabled = false
cert_path = "certs/server.crt"

[users_core.api]
rate_limit_requests = 50
max_request_size_mb = 10

[users_core.security]
session_idle_timeout_minutes = 60
max_failed_login_attempts = 7
lockout_duration_minutes = 20

[users_core.defaults]
default_user_roles = ["user"]
"#;

#[test]
fn the_file_of_users_core_is_read_as_a_table_of_ours() {
    let on = load_both(FILE, &[]).expect("good");
    let config = &on.config;
    assert_eq!(config.database_url.expose(), "sqlite://users.db?mode=rwc");
    assert_eq!(config.bind[0].to_string(), "127.0.0.1:8082");
    assert_eq!(config.issuer, "https://users.rvoip.local");
    assert_eq!(config.tokens.access_token_lifetime, 600);
    assert_eq!(config.tokens.refresh_token_lifetime, 86_400);
    assert_eq!(shown(config, "passwords.min_length"), "14");
    assert_eq!(shown(config, "passwords.classes"), "upper");
    assert_eq!(config.limits.calls_per_minute, 50);
    assert_eq!(config.limits.max_body_bytes, 10 << 20);
    assert_eq!(config.limits.login_failures_per_account, 7);
    assert_eq!(config.limits.lock_duration, 1200);
    assert_eq!(config.sessions.idle_lifetime, 3600);
    assert!(
        said(&on).contains("users_core.jwt.issuer sets issuer"),
        "{}",
        said(&on)
    );
    // Our own keys, our variables and its variables win.
    let ours = format!("issuer = \"https://ours.example.test\"\n{FILE}");
    let env = [
        ("RVOIP_USERS_JWT_ACCESS_TTL_SECONDS", "700"),
        ("USERS_CORE_LIMITS_CALLS_PER_MINUTE", "60"),
    ];
    let on = load_both(&ours, &env).expect("good");
    assert_eq!(on.config.issuer, "https://ours.example.test");
    assert_eq!(on.config.tokens.access_token_lifetime, 700);
    assert_eq!(on.config.limits.calls_per_minute, 60);
}

#[test]
fn what_is_wrong_in_the_file_of_users_core_is_named_by_its_line() {
    let off = FILE.replace("compat = [\"users-core\"]", "compat = []");
    let errors = super::file_errors(&off);
    let expected = "app.toml:5 users_core.database_url: is read while compat names users-core";
    assert_eq!(errors, [expected]);
    for (good, bad, expected) in [
        (
            "min_length = 14",
            "min_length = 1.5",
            "app.toml:15 users_core.password.min_length",
        ),
        (
            "min_length = 14",
            "min_len = 14",
            "app.toml:15 users_core.password.min_len: unknown key",
        ),
        (
            "600",
            "\"soon\"",
            "app.toml:11 users_core.jwt.access_ttl_seconds",
        ),
        (
            "[users_core.tls]",
            "[users_core.tsl]",
            "app.toml:19 users_core.tsl: unknown key",
        ),
        (
            "enabled = false",
            "enabled = 7",
            "app.toml:20 users_core.tls.enabled: must be true",
        ),
    ] {
        let errors = super::file_errors(&FILE.replacen(good, bad, 1));
        assert!(errors[0].starts_with(expected), "{errors:?}");
    }
}

#[test]
fn every_field_that_others_name_is_one_of_ours() {
    let known: Vec<&str> = reference().iter().map(|setting| setting.path).collect();
    let sources = [
        include_str!("../../../src/config/foreign.rs"),
        include_str!("../../../src/config/foreign/parts.rs"),
        include_str!("../../../src/config/foreign/users_core.rs"),
    ];
    let mut named = 0;
    for source in sources {
        let texts = source.split('"').skip(1).step_by(2);
        for path in texts.filter(|text| {
            let table = text.split_once('.').map(|(table, _)| table);
            table.is_some_and(|table| {
                known
                    .iter()
                    .any(|path| path.starts_with(&format!("{table}.")))
            }) && text
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || b"_.".contains(&byte))
        }) {
            // Keys of the other file's tables of the same name are theirs.
            if path.starts_with("tls.") && !path.ends_with("_file") {
                continue;
            }
            assert!(known.contains(&path), "{path}");
            named += 1;
        }
    }
    assert!(named > 10, "{named}");
    let all = variables(&[("USERS_CORE_COMPAT", "users-core")]);
    assert!(load(None, &all).is_ok());
}
