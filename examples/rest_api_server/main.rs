//! The REST API of users-core's own callers, on a socket: `cargo run --example rest_api_server`.
//!
//! It serves `http://localhost:8081` from a temporary directory until it is interrupted, with an
//! administrator whose password it prints. With `-- --check` it takes a free port, calls itself with a
//! client that has eighteen checks, and ends.

mod client;

use std::error::Error;
use std::net::SocketAddr;

use data_encoding::BASE64URL_NOPAD;
use tokio::net::TcpListener;
use users_core::{CreateUserRequest, Profile, Secret, UsersConfig};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let checks = match std::env::args().nth(1).as_deref() {
        None => false,
        Some("--check") => true,
        Some(other) => return Err(format!("unknown argument {other}; try --check").into()),
    };
    let directory = tempfile::tempdir()?;
    let port = if checks { 0 } else { 8081 };
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let issuer = format!("http://localhost:{}", listener.local_addr()?.port());
    let database = directory.path().join("users.db");
    let service = users_core::init(UsersConfig {
        issuer: issuer.clone(),
        database_url: Secret::new(format!("sqlite://{}", database.display())),
        compat: vec![Profile::UsersCore],
        ..UsersConfig::default()
    })
    .await?;
    // No default password, not even here.
    let mut random = [0; 18];
    getrandom::fill(&mut random)?;
    let password = format!("{}aA1", BASE64URL_NOPAD.encode(&random));
    service
        .create_user(CreateUserRequest {
            username: "admin".into(),
            password: Some(password.clone()),
            roles: vec!["admin".into()],
            ..CreateUserRequest::default()
        })
        .await?;

    let routes = users_core::router(&service);
    let routes = routes.into_make_service_with_connect_info::<SocketAddr>();
    println!("serving {issuer}");
    if checks {
        let serving = tokio::spawn(async move { axum::serve(listener, routes).await });
        let failed = client::check(&issuer, &password).await;
        serving.abort();
        service.shutdown().await;
        return if failed == 0 {
            Ok(())
        } else {
            Err(format!("{failed} checks failed").into())
        };
    }
    println!("\n  curl -s {issuer}/health");
    println!(
        "  curl -s -H 'Content-Type: application/json' \\\n    \
         -d '{{\"username\":\"admin\",\"password\":\"{password}\"}}' {issuer}/auth/login"
    );
    println!("\nThe document of all routes is at {issuer}/docs. Ctrl-C ends this.");
    axum::serve(listener, routes)
        .with_graceful_shutdown(async {
            if let Err(error) = tokio::signal::ctrl_c().await {
                eprintln!("no signal can be waited for: {error}");
            }
        })
        .await?;
    service.shutdown().await;
    Ok(())
}
