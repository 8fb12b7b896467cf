//! The variables of the seed systems: read while their profile is on, named at the start, and never
//! with a value.

use users_core::config::{Loaded, load};

const SECRET: &str = "hunter2-hunter2-hunter2-hunter2-hunter2";

pub(super) fn loaded(profiles: &str, env: &[(&str, &str)]) -> Loaded {
    let own = [("USERS_CORE_COMPAT", profiles)];
    let all = own.iter().chain(env);
    let all: Vec<_> = all
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let loaded = load(None, &all);
    let loaded = loaded.unwrap_or_else(|errors| panic!("{errors:?}"));
    for note in &loaded.notes {
        assert!(!note.text.contains(SECRET), "{note:?}");
    }
    loaded
}

pub(super) fn refused(profiles: &str, env: &[(&str, &str)]) -> String {
    let own = [("USERS_CORE_COMPAT", profiles)];
    let all = own.iter().chain(env);
    let all: Vec<_> = all
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let errors = load(None, &all).expect_err("refused");
    errors.iter().map(|error| format!("{error}\n")).collect()
}

/// What is said, in one text.
pub(super) fn said(loaded: &Loaded) -> String {
    let notes = loaded.notes.iter();
    notes.map(|note| format!("{}\n", note.text)).collect()
}

fn addresses(loaded: &Loaded) -> Vec<String> {
    loaded.config.bind.iter().map(ToString::to_string).collect()
}

#[test]
fn the_variables_of_a_profile_are_read_while_it_is_on_and_named() {
    let env = [
        ("DATABASE_URL", "sqlite://elsewhere.db"),
        ("API_PORT", "9000"),
        ("DEBUG", "True"),
    ];
    let on = loaded("user-management-api", &env);
    assert_eq!(on.config.database_url.expose(), "sqlite://elsewhere.db");
    assert_eq!(addresses(&on), ["127.0.0.1:9000", "[::1]:9000"]);
    assert_eq!(on.config.log.level, "debug");
    for name in ["DATABASE_URL", "API_PORT", "DEBUG"] {
        let named = format!("{name} sets ");
        assert!(said(&on).contains(&named), "{}", said(&on));
    }
    assert!(!said(&on).contains("elsewhere"), "{}", said(&on));

    let off = loaded("", &env);
    assert_eq!(
        off.config.database_url.expose(),
        "sqlite://data/users-core.db"
    );
    assert_eq!(off.config.bind.len(), 2);
    assert_eq!(said(&off), "");
    // Another profile's variables are others'.
    let other = loaded("user-service", &env);
    assert_eq!(other.config.database_url.expose(), "sqlite://elsewhere.db");
    assert_eq!(other.config.log.level, "info");
    assert_eq!(other.config.bind, off.config.bind);
}

#[test]
fn our_own_variables_win_and_that_is_said() {
    let both = loaded(
        "user-management-api,user-service",
        &[
            ("DATABASE_URL", "sqlite://theirs.db"),
            ("USERS_CORE_DATABASE_URL", "sqlite://ours.db"),
        ],
    );
    assert_eq!(both.config.database_url.expose(), "sqlite://ours.db");
    let said = said(&both);
    let loses = "DATABASE_URL is set and not read: USERS_CORE_DATABASE_URL is set as well\n";
    assert!(said.starts_with(loses), "{said}");
}

#[test]
fn host_and_port_make_one_address() {
    for (env, expected) in [
        (
            &[("API_HOST", "127.0.0.1"), ("API_PORT", "9000")][..],
            &["127.0.0.1:9000"][..],
        ),
        (&[("API_HOST", "::1")], &["[::1]:8000"]),
        (
            &[("API_HOST", "localhost"), ("API_PORT", "1")],
            &["127.0.0.1:1", "[::1]:1"],
        ),
        (&[("API_PORT", "8000")], &["127.0.0.1:8000", "[::1]:8000"]),
        (&[("DEBUG", "False")], &["127.0.0.1:8081", "[::1]:8081"]),
    ] {
        assert_eq!(addresses(&loaded("user-management-api", env)), expected);
    }
    let open = [("API_HOST", "0.0.0.0")];
    let said = refused("user-management-api", &open);
    assert!(said.starts_with("API_HOST: "), "{said}");
    let behind = [open[0], ("USERS_CORE_PROXIES_TRUSTED", "10.0.0.1/32")];
    let open = loaded("user-management-api", &behind);
    assert_eq!(addresses(&open), ["0.0.0.0:8000"]);
}

#[test]
fn a_value_that_is_none_is_named_by_its_own_variable() {
    for (name, value) in [
        ("API_PORT", "many"),
        ("API_PORT", "70000"),
        ("API_HOST", "no address"),
        ("DEBUG", "perhaps"),
        (
            "DATABASE_URL",
            "mysql://hunter2-hunter2-hunter2-hunter2-hunter2",
        ),
        ("DATABASE_URL", ""),
    ] {
        let said = refused("user-management-api", &[(name, value)]);
        assert!(said.starts_with(&format!("{name}: ")), "{said}");
        assert!(!said.contains(SECRET), "{said}");
    }
}

#[test]
fn secrets_of_others_are_warned_of_and_never_shown() {
    let names = ["JWT_SECRET", "JWT_SECRET_KEY", "SECRET_KEY"];
    let env: Vec<_> = names.iter().map(|name| (*name, SECRET)).collect();
    let on = loaded("user-service", &env);
    for name in names {
        let notes = on.notes.iter();
        let of_it: Vec<_> = notes
            .filter(|note| {
                note.text
                    .starts_with(&format!("{name} is set and not read: "))
            })
            .collect();
        assert_eq!(of_it.len(), 1, "{name}: {:?}", on.notes);
        assert!(of_it[0].warns);
    }
    let shown = format!("{:?}", on.config);
    assert!(!shown.contains(SECRET), "{shown}");
    assert_eq!(said(&loaded("", &env)), "");
    let api = loaded("user-management-api", &env);
    let warnings = api.notes.iter().filter(|note| note.warns);
    assert_eq!(warnings.count(), 2, "{:?}", api.notes);
}

#[test]
fn what_is_of_no_use_here_is_warned_of() {
    let env = [("REDIS_URL", SECRET)];
    let on = loaded("user-service", &env);
    let notes = on.notes.iter();
    let of_it: Vec<_> = notes
        .filter(|note| note.text.starts_with("REDIS_URL is set and not read: "))
        .collect();
    assert_eq!(of_it.len(), 1, "{:?}", on.notes);
    assert!(of_it[0].warns);
    assert!(!said(&loaded("user-management-api", &env)).contains("REDIS_URL"));
}

#[test]
fn the_variables_of_mail_are_ours() {
    let env = [
        ("MAIL_SERVER", "smtp.example.test"),
        ("MAIL_PORT", "2525"),
        ("MAIL_USERNAME", "service"),
        ("MAIL_PASSWORD", SECRET),
        ("MAIL_DEFAULT_SENDER", "Service <service@example.test>"),
    ];
    let on = loaded("user-service", &env);
    let mail = &on.config.mail;
    assert_eq!(mail.host.as_deref(), Some("smtp.example.test"));
    assert_eq!(mail.port(), 2525);
    assert_eq!(mail.username.as_deref(), Some("service"));
    let password = mail
        .password
        .as_ref()
        .map(users_core::config::Secret::expose);
    assert_eq!(password, Some(SECRET));
    let from = "Service <service@example.test>";
    assert_eq!(mail.from.as_deref(), Some(from));
    for (name, _) in env {
        let named = format!("{name} sets mail.");
        assert!(said(&on).contains(&named), "{}", said(&on));
    }
    assert!(!format!("{:?}", on.config).contains(SECRET));
    assert!(
        loaded("user-management-api", &env)
            .config
            .mail
            .host
            .is_none()
    );
    let wrong = refused("user-service", &[("MAIL_PORT", "many")]);
    assert!(wrong.starts_with("MAIL_PORT: "), "{wrong}");
}
