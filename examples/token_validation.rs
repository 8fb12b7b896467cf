//! The validating side: `cargo run --example token_validation`.
//!
//! A provider serves on a socket; a resource server trusts it by its key, by its published keys, and
//! by asking it about each token.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::extract::Request;
use axum::middleware::map_request;
use tokio::net::TcpListener;
use users_core::{
    AuthenticationService, Clock, CreateUserRequest, Secret, TokenValidator, TrustedIssuer,
    UsersConfig, ValidatorSettings,
};

const AUDIENCE: &str = "rvoip-sip";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let directory = tempfile::tempdir()?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let issuer = format!("http://localhost:{}", listener.local_addr()?.port());
    let database = directory.path().join("users.db");
    let service = users_core::init(UsersConfig {
        issuer: issuer.clone(),
        database_url: Secret::new(format!("sqlite://{}", database.display())),
        ..UsersConfig::default()
    })
    .await?;
    let readings = Arc::new(AtomicUsize::new(0));
    let serving = tokio::spawn(serve(listener, service.clone(), Arc::clone(&readings)));
    service
        .create_user(CreateUserRequest {
            username: "alice".into(),
            password: Some("a passphrase of alice".into()),
            roles: vec!["user".into()],
            ..CreateUserRequest::default()
        })
        .await?;
    let login = service
        .authenticate_password_for("alice", "a passphrase of alice", "sip.register sip.call")
        .await?;
    let token = login.tokens.access_token;

    println!("== By a public key");
    let pem = service.jwt_issuer().public_key_pem().await?;
    println!("{}", pem.lines().next().unwrap_or_default());
    let by_key = TokenValidator::new()?;
    by_key.add_trusted_issuer(TrustedIssuer::with_public_key_pem(&issuer, pem, [AUDIENCE]))?;
    show(&by_key, "a good token", &token).await;

    println!("\n== By the published keys");
    let jwks_uri = format!("{issuer}/jwks.json");
    let published = || TrustedIssuer::with_jwks_uri(&issuer, &jwks_uri, [AUDIENCE]);
    let by_set = TokenValidator::new()?;
    by_set.add_trusted_issuer(published())?;
    show(&by_set, "a good token", &token).await;
    for _ in 0..1000 {
        by_set.validate_token(&token).await?;
    }
    let read = readings.load(Ordering::SeqCst);
    println!("1001 checks read {jwks_uri} {read} time(s)");

    println!("\n== What is refused");
    show(
        &by_set,
        "a changed token",
        &format!("{}AAAA", &token[..token.len() - 4]),
    )
    .await;
    let other = TokenValidator::new()?;
    other.add_trusted_issuer(TrustedIssuer::with_jwks_uri(
        &issuer,
        &jwks_uri,
        ["another"],
    ))?;
    show(&other, "a token for somebody else", &token).await;
    show(&TokenValidator::new()?, "nobody is trusted", &token).await;
    show(&by_set, "no token", "hello").await;
    let later = Clock::manual(
        Clock::System
            .now()
            .plus_seconds(login.tokens.expires_in + 1),
    );
    let later = TokenValidator::with(ValidatorSettings::default(), later)?;
    later.add_trusted_issuer(published())?;
    show(&later, "the same a quarter of an hour later", &token).await;

    println!("\n== By asking");
    let secret = service.create_introspection_client("registrar").await?;
    let asking = TokenValidator::with(
        ValidatorSettings {
            // How late a revocation may be noticed. Here nothing is remembered, to see it at once.
            accepted_for: 0,
            ..ValidatorSettings::default()
        },
        Clock::System,
    )?;
    let endpoint = format!("{issuer}/introspect");
    let asked = published().introspected_at(endpoint, "registrar", secret.expose());
    asking.add_trusted_issuer(asked)?;
    show(&asking, "a good token", &token).await;
    service.sign_out(&token).await?;
    show(&asking, "the same, signed out", &token).await;
    show(&by_set, "by keys alone", &token).await;

    serving.abort();
    service.shutdown().await;
    Ok(())
}

/// The provider's own routes, with a count of how often its keys are read.
async fn serve(
    listener: TcpListener,
    service: AuthenticationService,
    readings: Arc<AtomicUsize>,
) -> std::io::Result<()> {
    let counted = map_request(move |request: Request| {
        if request.uri().path() == "/jwks.json" {
            readings.fetch_add(1, Ordering::SeqCst);
        }
        std::future::ready(request)
    });
    let routes = users_core::router(&service).layer(counted);
    let routes = routes.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, routes).await
}

async fn show(validator: &TokenValidator, what: &str, token: &str) {
    match validator.validate_token(token).await {
        Ok(caller) => println!(
            "{what}: {} may {}",
            caller.username.as_deref().unwrap_or("a client"),
            caller.scopes.join(" and "),
        ),
        Err(error) => println!("{what}: {error}"),
    }
}
