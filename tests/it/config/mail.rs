//! The server that takes our mail.

use super::{env_error, file_error, from_env, from_file};

const HOST: (&str, &str) = ("USERS_CORE_MAIL_HOST", "smtp.example.com");
const FROM: (&str, &str) = ("USERS_CORE_MAIL_FROM", "no-reply@example.com");

#[test]
fn a_server_needs_a_sender_and_a_name_needs_a_password() {
    let error = env_error(&[HOST]);
    assert!(
        error.starts_with("USERS_CORE_MAIL_HOST: needs mail.from"),
        "{error}"
    );
    let error = env_error(&[HOST, FROM, ("USERS_CORE_MAIL_USERNAME", "app")]);
    assert!(error.contains("needs mail.password beside it"), "{error}");
    let error = env_error(&[HOST, FROM, ("USERS_CORE_MAIL_PASSWORD", "secret")]);
    assert!(error.contains("needs mail.username beside it"), "{error}");
    assert!(!error.contains("secret"), "{error}");
    from_env(&[FROM]);
    from_env(&[HOST, FROM]);
}

#[test]
fn a_sender_is_one_address_with_or_without_a_name() {
    let from = "USERS_CORE_MAIL_FROM";
    for good in ["a@b.test", "Accounts <a@b.test>", "\"A, B\" <a@b.test>"] {
        assert_eq!(from_env(&[(from, good)]).mail.from.as_deref(), Some(good));
    }
    for bad in [
        "nobody",
        "a@",
        "@b.test",
        "a@b.test, c@d.test",
        "Accounts <a@b.test",
        "Accounts a@b.test",
        "a b@c.test",
    ] {
        let error = env_error(&[(from, bad)]);
        assert!(error.contains("must be an address"), "{bad}: {error}");
    }
    let error = file_error("[mail]\nfrom = \"a@b.test\\r\\nBcc: c@d.test\"\n");
    assert!(error.contains("must be an address"), "{error}");
}

#[test]
fn a_password_meets_tls_unless_the_server_is_on_the_same_machine() {
    let all = |host, tls| {
        [
            ("USERS_CORE_MAIL_HOST", host),
            FROM,
            ("USERS_CORE_MAIL_USERNAME", "app"),
            ("USERS_CORE_MAIL_PASSWORD", "secret"),
            ("USERS_CORE_MAIL_TLS", tls),
        ]
    };
    let error = env_error(&all("smtp.example.com", "none"));
    assert!(
        error.contains("clear text") && !error.contains("secret"),
        "{error}"
    );
    for (host, tls) in [
        ("smtp.example.com", "starttls"),
        ("smtp.example.com", "tls"),
        ("localhost", "none"),
        ("127.0.0.1", "none"),
    ] {
        from_env(&all(host, tls));
    }
}

#[test]
fn the_port_follows_from_the_kind_of_tls() {
    for (tls, port) in [("starttls", 587), ("tls", 465), ("none", 25)] {
        let config = from_file(&format!("[mail]\ntls = \"{tls}\"\n"));
        assert_eq!(config.mail.port(), port);
        let config = from_file(&format!("[mail]\ntls = \"{tls}\"\nport = 2525\n"));
        assert_eq!(config.mail.port(), 2525);
    }
}
