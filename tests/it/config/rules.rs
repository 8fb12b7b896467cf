//! What must hold beyond a field's own form, and between fields.

use std::fs;

use users_core::config::SIGNING_ALGS;

use super::{KEY, env_error, env_errors, file_error, from_env};

const PUBLIC: (&str, &str) = ("USERS_CORE_ISSUER", "https://login.example.com");

#[test]
fn the_database_is_sqlite_or_postgres() {
    let url = "USERS_CORE_DATABASE_URL";
    for bad in [
        "mysql://db",
        "users.db",
        "sqlite:users.db",
        "sqlite://",
        "POSTGRES://db",
    ] {
        let error = env_error(&[(url, bad)]);
        assert!(
            error.contains("must be sqlite:// and a path, or postgres://"),
            "{error}"
        );
    }
}

#[test]
fn postgres_needs_a_master_key() {
    for postgres in ["postgres://db/users", "postgresql://db/users"] {
        let url = ("USERS_CORE_DATABASE_URL", postgres);
        let error = env_error(&[url]);
        let start = "USERS_CORE_DATABASE_URL: PostgreSQL needs a master_key";
        assert!(error.starts_with(start), "{error}");
        from_env(&[url, ("USERS_CORE_MASTER_KEY", KEY)]);
    }
}

#[test]
fn certificate_and_key_come_together_and_must_be_readable() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file.pem");
    fs::write(&file, "pem").unwrap();
    let file = file.to_str().unwrap();
    let (cert, key) = ("USERS_CORE_TLS_CERT_FILE", "USERS_CORE_TLS_KEY_FILE");
    let config = from_env(&[(cert, file), (key, file)]);
    assert_eq!(config.tls.cert_file.unwrap().to_str(), Some(file));
    assert_eq!(config.tls.key_file.unwrap().to_str(), Some(file));

    let error = env_error(&[(cert, file)]);
    assert_eq!(
        error,
        format!("{cert}: tls.cert_file needs tls.key_file beside it")
    );
    let error = env_error(&[(key, file)]);
    assert_eq!(
        error,
        format!("{key}: tls.key_file needs tls.cert_file beside it")
    );
    let nowhere = folder.path().join("nowhere");
    let errors = env_errors(&[
        (cert, nowhere.to_str().unwrap()),
        (key, folder.path().to_str().unwrap()),
    ]);
    assert_eq!(errors.len(), 2, "{errors:?}");
    assert!(errors[0].starts_with(&format!("{cert}: the file it names cannot be read: ")));
    assert!(errors[1].starts_with(&format!("{key}: the file it names cannot be read: ")));
}

#[test]
fn an_address_others_can_reach_needs_tls_or_a_named_proxy() {
    for open in [
        "0.0.0.0:8081",
        "[::]:8081",
        "192.0.2.1:80",
        "127.0.0.1:1,[2001:db8::1]:80",
    ] {
        let error = env_error(&[("USERS_CORE_BIND", open)]);
        assert!(error.starts_with("USERS_CORE_BIND: "), "{error}");
        for advice in ["tls.cert_file", "proxies.trusted", "127.0.0.1"] {
            assert!(error.contains(advice), "{error}");
        }
        from_env(&[
            ("USERS_CORE_BIND", open),
            ("USERS_CORE_PROXIES_TRUSTED", "10.0.0.1"),
        ]);
    }
    assert!(env_error(&[("USERS_CORE_BIND", "127.0.0.1:1,[::]:2")]).contains(": [::]:2 would"));
    from_env(&[(
        "USERS_CORE_BIND",
        "127.0.0.2:1,[::ffff:127.0.0.1]:2,[::1]:3",
    )]);

    let pem = tempfile::NamedTempFile::new().unwrap();
    let pem = pem.path().to_str().unwrap();
    from_env(&[
        ("USERS_CORE_BIND", "0.0.0.0:8081"),
        ("USERS_CORE_TLS_CERT_FILE", pem),
        ("USERS_CORE_TLS_KEY_FILE", pem),
    ]);
}

#[test]
fn public_keys_are_cached_for_an_hour_unless_the_issuer_is_on_loopback() {
    let name = "USERS_CORE_TOKENS_JWKS_CACHE_LIFETIME";
    let error = env_error(&[PUBLIC, (name, "3599")]);
    assert!(
        error.starts_with(&format!("{name}: must be 3600 or more")),
        "{error}"
    );
    from_env(&[PUBLIC, (name, "3600")]);
    assert_eq!(from_env(&[(name, "1")]).tokens.jwks_cache_lifetime, 1);
}

#[test]
fn a_password_hash_cheaper_than_owasps_is_refused_unless_the_issuer_is_on_loopback() {
    let hash = |memory: u32, passes: u32| {
        let (memory, passes) = (memory.to_string(), passes.to_string());
        let config = format!("[password_hash]\nmemory_kib = {memory}\niterations = {passes}\n");
        (format!("issuer = 'https://a.example'\n{config}"), config)
    };
    for (memory, passes) in [
        (47_104, 1),
        (19_456, 2),
        (12_288, 3),
        (9216, 4),
        (7168, 5),
        (65_536, 9),
    ] {
        super::from_file(&hash(memory, passes).0);
    }
    for (memory, passes) in [
        (47_103, 1),
        (19_455, 2),
        (12_287, 3),
        (9215, 4),
        (7167, 5),
        (7167, 99),
    ] {
        let (public, loopback) = hash(memory, passes);
        let error = file_error(&public);
        let start = "app.toml:3 password_hash.memory_kib: ";
        assert!(
            error.starts_with(start) && error.contains("is too cheap"),
            "{error}"
        );
        assert_eq!(super::from_file(&loopback).password_hash.memory_kib, memory);
    }
    let error = env_error(&[PUBLIC, ("USERS_CORE_PASSWORD_HASH_ITERATIONS", "1")]);
    assert!(
        error.starts_with("USERS_CORE_PASSWORD_HASH_ITERATIONS: "),
        "{error}"
    );
}

#[test]
fn each_lane_of_a_password_hash_has_8_kib() {
    let error = file_error("[password_hash]\nmemory_kib = 31\nparallelism = 4\n");
    assert!(
        error.starts_with("app.toml:3 password_hash.parallelism: "),
        "{error}"
    );
    super::from_file("[password_hash]\nmemory_kib = 32\nparallelism = 4\n");
}

#[test]
fn lifetimes_are_above_zero_and_below_a_sane_bound() {
    for (name, max, zero) in [
        ("ACCESS_TOKEN_LIFETIME", 86_400, false),
        ("REFRESH_TOKEN_LIFETIME", 157_680_000, false),
        ("REFRESH_TOKEN_IDLE_LIFETIME", 157_680_000, false),
        ("JWKS_CACHE_LIFETIME", 2_592_000, false),
        ("REFRESH_RETRY_WINDOW", 300, true),
    ] {
        let name = format!("USERS_CORE_TOKENS_{name}");
        from_env(&[(&name, &max.to_string())]);
        env_error(&[(&name, &(max + 1).to_string())]);
        env_error(&[(&name, "-1")]);
        assert_eq!(
            super::load(None, &super::variables(&[(&name, "0")])).is_ok(),
            zero,
            "{name}"
        );
    }
}

#[test]
fn tokens_are_signed_by_one_of_four_asymmetric_algorithms() {
    assert_eq!(SIGNING_ALGS, ["RS256", "ES256", "PS256", "EdDSA"]);
    let name = "USERS_CORE_TOKENS_SIGNING_ALG";
    for algorithm in SIGNING_ALGS {
        assert_eq!(
            from_env(&[(name, algorithm)]).tokens.signing_alg,
            *algorithm
        );
    }
    for bad in ["HS256", "none", "rs256", "RS512"] {
        let error = env_error(&[(name, bad)]);
        assert_eq!(
            error,
            format!("{name}: `{bad}` is not one of RS256, ES256, PS256, EdDSA")
        );
    }
}

#[test]
fn a_field_that_is_wrong_by_itself_is_not_blamed_in_company() {
    let error = env_error(&[("USERS_CORE_TLS_CERT_FILE", "/nowhere/at/all")]);
    assert!(error.contains("cannot be read"), "{error}");
    let error = env_error(&[
        ("USERS_CORE_BIND", "0.0.0.0:1"),
        ("USERS_CORE_PROXIES_TRUSTED", "?"),
    ]);
    assert!(error.contains("is not a network"), "{error}");
    let url = ("USERS_CORE_DATABASE_URL", "postgres://db/users");
    let error = env_error(&[url, ("USERS_CORE_MASTER_KEY", "short")]);
    assert!(error.starts_with("USERS_CORE_MASTER_KEY: "), "{error}");
    let error = env_error(&[
        ("USERS_CORE_ISSUER", "https://a.example/"),
        ("USERS_CORE_TOKENS_JWKS_CACHE_LIFETIME", "60"),
    ]);
    assert!(error.starts_with("USERS_CORE_ISSUER: "), "{error}");
}

#[test]
fn an_origin_is_what_a_browser_sends_byte_for_byte() {
    for good in [
        "https://app.example.com",
        "https://app.example.com:8443",
        "http://localhost:3000",
        "http://[::1]:3000",
        "https://xn--bcher-kva.example",
    ] {
        let config = from_env(&[("USERS_CORE_CORS_ORIGINS", good)]);
        assert_eq!(config.cors_origins[0].as_str(), good);
    }
    for bad in [
        "*",
        "null",
        "app.example.com",
        "https://app.example.com/",
        "https://app.example.com/path",
        "https://App.example.com",
        "https://app.example.com:443",
        "https://user@app.example.com",
        "https://*.example.com",
        "https://b\u{fc}cher.example",
        "javascript:alert(1)",
        "file:///etc/passwd",
    ] {
        let error = env_error(&[("USERS_CORE_CORS_ORIGINS", bad)]);
        assert!(error.contains("is not an origin"), "{bad}: {error}");
    }
}
