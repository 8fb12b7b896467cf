//! Accounts by way of the library.

use users_core::{CreateUserRequest, Error, UpdateUserRequest, UserFilter};

use super::service;
use crate::support::everywhere;

fn request(username: &str) -> CreateUserRequest {
    CreateUserRequest {
        username: username.into(),
        password: Some(format!("the passphrase of {username}")),
        email: Some(format!("{username}@example.test")),
        display_name: Some(username.to_uppercase()),
        roles: vec!["user".into()],
    }
}

#[tokio::test]
async fn an_account_is_made_found_changed_listed_and_removed() {
    everywhere(async |world| {
        let service = service(&world).await;
        let users = service.user_store();
        let made = service.create_user(request("alice")).await.expect("made");
        assert_eq!((made.username.as_str(), made.active), ("alice", true));
        assert_eq!(made.display_name.as_deref(), Some("ALICE"));
        assert!(!made.email_verified && made.last_login.is_none());
        for name in [&*made.id, "alice", "Alice@example.test"] {
            let found = users.get_user_by_username(name).await.expect("found");
            assert_eq!(found.id, made.id);
        }
        service.create_user(request("bob")).await.expect("made");

        let changes = UpdateUserRequest {
            email: Some("new@example.test".into()),
            roles: Some(vec!["user".into(), "moderator".into()]),
            ..UpdateUserRequest::default()
        };
        let changed = users.update_user(&made.id, changes).await.expect("changed");
        assert_eq!(changed.email.as_deref(), Some("new@example.test"));
        assert_eq!(changed.display_name.as_deref(), Some("ALICE"));
        assert_eq!(changed.roles, ["user", "moderator"]);

        let names = async |filter: UserFilter| -> Vec<String> {
            let found = users.list_users(filter).await.expect("a list");
            found.into_iter().map(|user| user.username).collect()
        };
        assert_eq!(names(UserFilter::default()).await, ["alice", "bob"]);
        let moderators = UserFilter {
            role: Some("moderator".into()),
            ..UserFilter::default()
        };
        assert_eq!(names(moderators).await, ["alice"]);
        let second = UserFilter {
            limit: Some(1),
            offset: Some(1),
            ..UserFilter::default()
        };
        assert_eq!(names(second).await, ["bob"]);
        let searched = UserFilter {
            search: Some("BO".into()),
            ..UserFilter::default()
        };
        assert_eq!(names(searched).await, ["bob"]);

        users.delete_user(&made.id).await.expect("removed");
        assert!(matches!(
            users.get_user(&made.id).await,
            Err(Error::NotFound(_))
        ));
        // Who did it stands in the trail.
        let trail = world.audit().await;
        let removed = trail
            .iter()
            .find(|row| row.kind == "user.deleted")
            .expect("a row");
        assert_eq!(removed.actor.as_deref(), Some("library"));
    })
    .await;
}

#[tokio::test]
async fn what_is_wrong_with_an_account_is_named() {
    everywhere(async |world| {
        let service = service(&world).await;
        let users = service.user_store();
        service.create_user(request("alice")).await.expect("made");
        let again = service.create_user(request("Alice")).await;
        assert!(matches!(again, Err(Error::AlreadyExists(_))), "{again:?}");
        let bad = CreateUserRequest {
            username: "a b".into(),
            password: Some("short".into()),
            email: Some("nowhere".into()),
            roles: vec!["emperor".into()],
            ..CreateUserRequest::default()
        };
        let Err(Error::Validation(rules)) = service.create_user(bad).await else {
            panic!("a bad account was made");
        };
        for field in ["username", "password", "email", "roles"] {
            assert!(
                rules.iter().any(|rule| rule.starts_with(field)),
                "{field}: {rules:?}"
            );
        }
        for (limit, offset) in [(0, 0), (1001, 0), (1, -1)] {
            let filter = UserFilter {
                limit: Some(limit),
                offset: Some(offset),
                ..UserFilter::default()
            };
            let refused = users.list_users(filter).await;
            assert!(matches!(refused, Err(Error::Validation(_))));
        }
    })
    .await;
}

#[tokio::test]
async fn a_disabled_account_loses_its_tokens_and_gets_none() {
    everywhere(async |world| {
        let service = service(&world).await;
        let made = service.create_user(request("alice")).await.expect("made");
        let word = "the passphrase of alice";
        let login = service
            .authenticate_password("alice", word)
            .await
            .expect("let in");
        let off = UpdateUserRequest {
            active: Some(false),
            ..UpdateUserRequest::default()
        };
        service
            .user_store()
            .update_user(&made.id, off)
            .await
            .expect("off");
        assert!(service.authenticate_password("alice", word).await.is_err());
        let refresh = login.tokens.refresh_token.expect("a refresh token");
        assert!(service.refresh_token(&refresh).await.is_err());
        assert!(service.sign_out(&login.tokens.access_token).await.is_err());
    })
    .await;
}
