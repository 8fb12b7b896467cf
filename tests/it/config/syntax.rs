//! Everything that is wrong is said at once, each with its line.

use super::{file_error, file_errors, lines, load_both};

#[test]
fn all_errors_are_returned_at_once_the_files_by_line_and_then_the_others() {
    let file = "issuer = \"ftp://example.com\"\nbnd = []\n\n[tokens]\nsigning_alg = \"HS256\"\n\
                access_token_lifetime = 0\n\n[[client]]\nclient_id = \"two words\"\n\
                [[user]]\nshoe_size = 44\n";
    let env = [
        ("USERS_CORE_LOG_FORMAT", "xml"),
        ("USERS_CORE_DATABASE_URL", "mysql://localhost"),
        ("USERS_CORE_NOPE", "1"),
    ];
    assert_eq!(
        lines(load_both(file, &env)),
        [
            "app.toml:1 issuer: must begin with https:// or http://",
            "app.toml:2 bnd: unknown key; did you mean `bind`?",
            "app.toml:5 tokens.signing_alg: `HS256` is not one of RS256, ES256, PS256, EdDSA",
            "app.toml:6 tokens.access_token_lifetime: must be from 1 to 86400, not 0",
            "app.toml:9 client.client_id: may hold only letters, digits and . _ ~ -",
            "app.toml:10 user.username: is missing",
            "app.toml:11 user.shoe_size: unknown key",
            "USERS_CORE_LOG_FORMAT: `xml` is not one of text, json",
            "USERS_CORE_NOPE: unknown variable",
            "USERS_CORE_DATABASE_URL: must be sqlite:// and a path, or postgres:// and a server",
        ]
    );
}

#[test]
fn every_syntax_error_is_reported_and_the_rest_of_the_file_is_judged() {
    let file = "issuer = \"http://localhost\nmaster_key hunter2\n[log]\nlevel = \n\
                format = \"xml\"\n[tokens\nsigning_alg = 1\n[limits]\nwindow = 0\nwindow = 1\n";
    let errors = file_errors(file);
    let places: Vec<&str> = errors
        .iter()
        .map(|line| line.split(": ").next().unwrap())
        .collect();
    let expected = [
        "app.toml:1",
        "app.toml:2",
        "app.toml:4",
        "app.toml:5 log.format",
        "app.toml:6",
        "app.toml:9 limits.window",
        "app.toml:10",
    ];
    assert_eq!(places, expected, "{errors:?}");
    assert!(
        errors.iter().all(|line| !line.contains("hunter2")),
        "{errors:?}"
    );
}

#[test]
fn a_value_with_a_syntax_error_on_one_of_its_lines_is_not_judged_by_the_others() {
    let file = "bind = [\n  nowhere,\n  \"nowhere\",\n]\nfrobnicate = 1\n";
    let errors = file_errors(file);
    assert!(
        errors.iter().any(|line| line.starts_with("app.toml:2: ")),
        "{errors:?}"
    );
    assert!(
        errors.iter().all(|line| !line.contains(" bind: ")),
        "{errors:?}"
    );
    assert_eq!(errors.last().unwrap(), "app.toml:5 frobnicate: unknown key");
}

#[test]
fn an_unclosed_text_is_one_error_at_the_end_of_the_file() {
    let error = file_error("issuer = \"\"\"\nfrobnicate = 1\n");
    assert!(error.starts_with("app.toml:3: "), "{error}");
}

#[test]
fn what_a_broken_line_may_have_said_is_not_called_missing() {
    let errors =
        file_errors("bind = [\"0.0.0.0:1\"]\n[[client]]\nclient_id = \"a\n[tls]\ncert_file =\n");
    let all_syntax = ["app.toml:3: ", "app.toml:5: "];
    assert_eq!(errors.len(), 2, "{errors:?}");
    assert!(
        errors
            .iter()
            .zip(all_syntax)
            .all(|(line, place)| line.starts_with(place))
    );
}

#[test]
fn lines_are_counted_right_with_carriage_returns_and_wide_letters() {
    let file = "# größe 寸法\r\n\r\nname = \"é\"\r\nissuer = 1\r\n";
    assert_eq!(
        file_errors(file),
        [
            "app.toml:3 name: unknown key",
            "app.toml:4 issuer: must be text, not a whole number",
        ]
    );
}
