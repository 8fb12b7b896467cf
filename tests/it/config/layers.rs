//! Defaults, then the file, then the environment: forms, and which one wins.

use std::time::Duration;

use users_core::config::{Config, LogFormat, load, reference, show};

use super::{env_error, file_error, file_errors, from_env, from_file, load_both};

fn shown(config: &Config, path: &str) -> String {
    let row = show(config).into_iter().find(|row| row.path == path);
    row.unwrap().value
}

#[test]
fn an_empty_environment_gives_the_documented_defaults() {
    let config = load(None, &[]).unwrap().config;
    let bind: Vec<String> = config.bind.iter().map(ToString::to_string).collect();
    assert_eq!(bind, ["127.0.0.1:8081", "[::1]:8081"]);
    assert_eq!(config.issuer, "http://localhost:8081");
    assert_eq!(config.database_url.expose(), "sqlite://data/users-core.db");
    assert!(config.master_key.is_none());
    assert!(config.metrics_networks.is_empty());
    assert!(config.proxies.trusted.is_empty());
    assert_eq!(config.database.max_connections, 16);
    assert_eq!((config.tls.cert_file, config.tls.key_file), (None, None));
    assert_eq!(config.log.format, LogFormat::Text);
    assert_eq!(config.log.level, "info");
    let tokens = config.tokens;
    assert_eq!(tokens.signing_alg, "RS256");
    assert_eq!(tokens.access_token_lifetime, 900);
    assert_eq!(tokens.refresh_token_lifetime, 2_592_000);
    assert_eq!(tokens.refresh_token_idle_lifetime, 2_592_000);
    assert_eq!(tokens.refresh_retry_window, 10);
    assert_eq!(tokens.jwks_cache_lifetime, 3600);
    let hash = config.password_hash;
    assert_eq!((hash.memory_kib, hash.iterations), (19_456, 2));
    assert_eq!((hash.parallelism, hash.queue), (1, 64));
    let limits = config.limits;
    assert_eq!(limits.max_connections, 8192);
    assert_eq!(limits.header_timeout, Duration::from_secs(10));
    assert_eq!(limits.body_timeout, Duration::from_secs(10));
    assert_eq!(limits.request_timeout, Duration::from_secs(30));
    assert_eq!(limits.drain_timeout, Duration::from_secs(30));
    assert_eq!(limits.max_body_bytes, 65_536);
    assert_eq!(limits.login_failures_per_account, 5);
    assert_eq!(limits.login_failures_per_address, 50);
    assert_eq!((limits.lock_duration, limits.window), (900, 3600));
}

#[test]
fn the_file_is_laid_over_the_defaults() {
    let config = from_file(
        r#"
        bind = ["127.0.0.1:9000"]
        issuer = "https://login.example.com"
        database_url = "sqlite:///var/lib/users.db"
        metrics_networks = ["10.1.0.0/16", "fd00::/8"]
        proxies.trusted = ["192.0.2.7"]

        [tokens]
        signing_alg = "EdDSA"
        access_token_lifetime = 3_00

        [log]
        format = "json"

        [limits]
        max_body_bytes = 0x8000
        drain_timeout = 0
        "#,
    );
    assert_eq!(shown(&config, "bind"), "127.0.0.1:9000");
    assert_eq!(config.issuer, "https://login.example.com");
    assert_eq!(config.database_url.expose(), "sqlite:///var/lib/users.db");
    assert_eq!(shown(&config, "metrics_networks"), "10.1.0.0/16,fd00::/8");
    assert_eq!(shown(&config, "proxies.trusted"), "192.0.2.7/32");
    assert_eq!(config.tokens.signing_alg, "EdDSA");
    assert_eq!(config.tokens.access_token_lifetime, 300);
    assert_eq!(config.log.format, LogFormat::Json);
    assert_eq!(config.limits.max_body_bytes, 32_768);
    assert_eq!(config.limits.drain_timeout, Duration::ZERO);
    assert_eq!(
        config.log.level, "info",
        "what the file leaves out keeps its default"
    );
}

#[test]
fn a_variable_wins_over_the_file() {
    let file = "issuer = \"https://file.example\"\n[log]\nlevel = \"warn\"\n";
    let env = [("USERS_CORE_ISSUER", "https://env.example")];
    let config = load_both(file, &env).unwrap().config;
    assert_eq!(config.issuer, "https://env.example");
    assert_eq!(config.log.level, "warn");
}

#[test]
fn an_empty_variable_takes_an_optional_value_of_the_file_away() {
    let file = format!(
        "master_key = \"{}\"\nproxies.trusted = [\"10.0.0.0/8\"]",
        super::KEY
    );
    let env = [
        ("USERS_CORE_MASTER_KEY", ""),
        ("USERS_CORE_PROXIES_TRUSTED", " "),
    ];
    let config = load_both(&file, &env).unwrap().config;
    assert!(config.master_key.is_none());
    assert!(config.proxies.trusted.is_empty());
}

#[test]
fn a_list_in_a_variable_is_separated_by_commas_and_every_bad_item_is_named() {
    let config = from_env(&[("USERS_CORE_BIND", "127.0.0.1:1, [::1]:2")]);
    assert_eq!(shown(&config, "bind"), "127.0.0.1:1,[::1]:2");
    let config = from_env(&[("USERS_CORE_METRICS_NETWORKS", "10.1.2.3/8,::1")]);
    assert_eq!(shown(&config, "metrics_networks"), "10.0.0.0/8,::1/128");
    let error = env_error(&[("USERS_CORE_PROXIES_TRUSTED", "10.0.0.0/8,ten,fd00::/200,")]);
    for item in ["`ten`", "`fd00::/200`", "``"] {
        assert!(error.contains(item), "{item}: {error}");
    }
    assert!(error.starts_with("USERS_CORE_PROXIES_TRUSTED: "), "{error}");
    let error = env_error(&[("USERS_CORE_BIND", "localhost:8081")]);
    assert!(
        error.contains("`localhost:8081` is not an IP address"),
        "{error}"
    );
}

#[test]
fn a_variable_that_is_present_but_empty_is_an_error_unless_its_field_is_optional() {
    for row in reference() {
        let name = row.variable.as_str();
        if row.default == "(none)" {
            assert_eq!(show(&from_env(&[(name, "")])), show(&Config::default()));
        } else {
            assert_eq!(
                env_error(&[(name, "")]),
                format!("{name}: must not be empty")
            );
        }
    }
    assert_eq!(
        file_error("bind = []"),
        "app.toml:1 bind: must not be empty"
    );
    assert_eq!(
        file_error("issuer = ''"),
        "app.toml:1 issuer: must not be empty"
    );
}

#[test]
fn a_number_must_be_whole_and_within_its_bounds() {
    let number = "USERS_CORE_DATABASE_MAX_CONNECTIONS";
    for (value, message) in [
        ("many", "`many` is not a whole number"),
        ("1.5", "`1.5` is not a whole number"),
        (
            "99999999999999999999",
            "`99999999999999999999` is not a whole number",
        ),
        ("0", "must be from 1 to 10000, not 0"),
        ("-1", "must be from 1 to 10000, not -1"),
        ("10001", "must be from 1 to 10000, not 10001"),
    ] {
        assert_eq!(
            env_error(&[(number, value)]),
            format!("{number}: {message}")
        );
    }
    let error = file_error("database.max_connections = 0xfffffffffffffffff");
    assert_eq!(
        error,
        "app.toml:1 database.max_connections: is too large a number"
    );
}

#[test]
fn a_value_of_the_wrong_type_is_named_by_its_types() {
    let errors = file_errors(
        "bind = '127.0.0.1:1'\nissuer = 5\nmaster_key = [1]\ndatabase_url_file = true\n\
         [database]\nmax_connections = '16'\n[log]\nlevel = 1979-05-27\n[limits]\nwindow = 1.5\n",
    );
    assert_eq!(
        errors,
        [
            "app.toml:1 bind: must be a list of texts, not text",
            "app.toml:2 issuer: must be text, not a whole number",
            "app.toml:3 master_key: must be text, not a list",
            "app.toml:4 database_url_file: must be text, not true or false",
            "app.toml:6 database.max_connections: must be a whole number, not text",
            "app.toml:8 log.level: must be text, not a date",
            "app.toml:10 limits.window: must be a whole number, not a fraction",
        ]
    );
    assert_eq!(
        file_error("tls = 1"),
        "app.toml:1 tls: must be a table, not a whole number"
    );
}
