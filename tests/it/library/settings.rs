//! How a service begins and ends.

use users_core::{CreateUserRequest, Error, InitError, Secret, UsersConfig};

use crate::support::databases;
use crate::support::world::settings;

#[tokio::test]
async fn settings_that_break_a_rule_start_nothing_and_are_named() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("users.db");
    let config = UsersConfig {
        issuer: "http://login.example.test/".into(),
        database_url: Secret::new(format!("sqlite://{}", file.display())),
        ..UsersConfig::default()
    };
    let Err(InitError::Config(problems)) = users_core::init(config).await else {
        panic!("it started");
    };
    assert!(
        problems
            .iter()
            .any(|problem| problem.starts_with("issuer: ")),
        "{problems:?}"
    );
    assert!(!file.exists());
}

#[tokio::test]
async fn what_a_service_made_is_there_for_the_next_one() {
    for database in databases().await {
        let service = users_core::init(settings(&database.url))
            .await
            .expect("a service");
        let request = CreateUserRequest {
            username: "alice".into(),
            password: Some("the passphrase of alice".into()),
            ..CreateUserRequest::default()
        };
        service.create_user(request).await.expect("made");
        let pem = service.jwt_issuer().public_key_pem().await.expect("a key");
        let left = service.clone();
        service.shutdown().await;
        let closed = left
            .authenticate_password("alice", "the passphrase of alice")
            .await;
        assert!(
            matches!(closed, Err(Error::Unavailable(_) | Error::Internal(_))),
            "{closed:?}"
        );

        let next = users_core::init(settings(&database.url))
            .await
            .expect("a service");
        let login = next
            .authenticate_password("alice", "the passphrase of alice")
            .await;
        login.expect("let in");
        assert_eq!(
            next.jwt_issuer().public_key_pem().await.expect("a key"),
            pem
        );
        next.shutdown().await;
    }
}
