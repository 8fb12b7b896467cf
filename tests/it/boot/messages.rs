//! What the start says about the database, and what it must not say.

use std::fmt::Write as _;

use users_core::config::Secret;
use users_core::installation::without_password;

use super::failure;
use crate::support::world::settings;

#[tokio::test]
async fn no_message_shows_the_databases_password() {
    let secret = "hunter2";
    for url in [
        "postgres://app:hunter2@127.0.0.1:1/db",
        "postgres://app:hunter2@127.0.0.1:1/db?password=hunter2",
        "postgres://127.0.0.1:1/db?user=app&password=hunter2",
        "postgres://app:hunter2@nowhere.invalid/db",
        "postgres://app:hunter2?x@127.0.0.1:1/db",
        "postgres://app:hunter2#x@127.0.0.1:1/db",
        "postgres://app:hunter2/x@127.0.0.1:1/db",
        "postgres://app:x@hunter2@127.0.0.1:1/db",
        "postgres://app:hunter2@127.0.0.1:port/db",
    ] {
        let error = failure(settings(&Secret::new(url))).await;
        let mut text = format!("{error} {error:?}");
        let mut cause: &dyn std::error::Error = &error;
        while let Some(next) = cause.source() {
            write!(text, " {next} {next:?}").expect("a String takes it");
            cause = next;
        }
        assert!(!text.contains(secret), "{url}: {text}");
    }
}

#[test]
fn an_address_is_shown_without_what_may_be_a_password() {
    for (url, shown) in [
        (
            "postgres://app:hunter2@db:5432/users",
            "postgres://db:5432/users",
        ),
        (
            "postgres://app@db/users?sslmode=require",
            "postgres://db/users",
        ),
        (
            "postgres://db/users?user=app&password=hunter2",
            "postgres://db/users",
        ),
        ("postgres://app:x@hunter2@db/users", "postgres://db/users"),
        ("postgres://db/users?password=hunter2@x", "postgres://"),
        ("postgres://app:hunter2?x@db/users", "postgres://"),
        ("postgres://app:hunter2#x@db/users", "postgres://"),
        ("sqlite://data/users.db", "sqlite://data/users.db"),
        ("sqlite://data/users.db?mode=rwc", "sqlite://data/users.db"),
        ("sqlite:users.db?mode=rwc", "sqlite:users.db"),
    ] {
        assert_eq!(without_password(url), shown, "{url}");
    }
}
