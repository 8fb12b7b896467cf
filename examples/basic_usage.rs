//! Accounts, passwords and tokens: `cargo run --example basic_usage`.
//!
//! Everything happens in a temporary directory, which is gone at the end.

use std::error::Error;

use users_core::{CreateUserRequest, Error as Refused, Secret, UserFilter, UsersConfig};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let directory = tempfile::tempdir()?;
    let database = directory.path().join("users.db");
    let service = users_core::init(UsersConfig {
        database_url: Secret::new(format!("sqlite://{}", database.display())),
        ..UsersConfig::default()
    })
    .await?;
    println!("issuer: {}", service.jwt_issuer().issuer().await?);

    println!("\n== Accounts");
    let alice = CreateUserRequest {
        username: "alice".into(),
        password: Some("short".into()),
        email: Some("alice@example.org".into()),
        display_name: Some("Alice".into()),
        roles: vec!["user".into()],
    };
    match service.create_user(alice.clone()).await {
        Err(Refused::Validation(rules)) => println!("a weak password: {}", rules.join("; ")),
        other => return Err(format!("a weak password was taken: {other:?}").into()),
    }
    let user = service
        .create_user(CreateUserRequest {
            password: Some("a passphrase of alice".into()),
            ..alice.clone()
        })
        .await?;
    println!("made {} with the roles {:?}", user.username, user.roles);
    match service.create_user(alice_again(&alice)).await {
        Err(Refused::AlreadyExists(what)) => println!("once more: {what} exists already"),
        other => return Err(format!("a name was taken twice: {other:?}").into()),
    }

    println!("\n== Signing in");
    match service.authenticate_password("alice", "a guess").await {
        Err(Refused::InvalidCredentials) => println!("a wrong password: refused"),
        other => return Err(format!("a guess was let in: {other:?}").into()),
    }
    let login = service
        .authenticate_password("alice", "a passphrase of alice")
        .await?;
    println!("access token:  {}", start(&login.tokens.access_token));
    println!("lives for:     {} s", login.tokens.expires_in);
    println!("reaches:       {}", login.tokens.scope);

    println!("\n== Refreshing");
    let first = login.tokens.refresh_token.ok_or("no refresh token")?;
    let next = service.refresh_token(&first).await?;
    let second = next.refresh_token.ok_or("no refresh token")?;
    println!("the refresh token rotates: {}", first != second);
    let retried = service.refresh_token(&first).await?;
    let same = retried.refresh_token.as_ref() == Some(&second);
    println!("a retry after a lost answer gets the same one: {same}");

    println!("\n== Another password");
    service
        .change_password(&user.id, "a passphrase of alice", "another passphrase")
        .await?;
    let ended = service.refresh_token(&second).await.is_err();
    println!("every session has ended: {ended}");
    let old = service.authenticate_password("alice", "a passphrase of alice");
    println!("the old password is refused: {}", old.await.is_err());
    let new = service.authenticate_password("alice", "another passphrase");
    println!("the new one is taken: {}", new.await.is_ok());

    println!("\n== All accounts");
    for name in ["bob", "carol"] {
        let request = CreateUserRequest {
            username: name.into(),
            password: Some(format!("a passphrase of {name}")),
            roles: vec!["guest".into()],
            ..CreateUserRequest::default()
        };
        service.create_user(request).await?;
    }
    for user in service
        .user_store()
        .list_users(UserFilter::default())
        .await?
    {
        let seen = if user.last_login.is_some() {
            "yes"
        } else {
            "no"
        };
        println!(
            "{:<6} roles {:?}, signed in before: {seen}",
            user.username, user.roles
        );
    }
    service.shutdown().await;
    Ok(())
}

/// The same account with a password that would do.
fn alice_again(alice: &CreateUserRequest) -> CreateUserRequest {
    CreateUserRequest {
        password: Some("a passphrase of alice".into()),
        ..alice.clone()
    }
}

/// What may be seen of a token: its header.
fn start(token: &str) -> String {
    format!("{}…", &token[..12])
}
