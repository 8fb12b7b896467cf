//! An OAuth 2.0 / OpenID Connect provider, as a program (`users-core`) and as a library.
//!
//! # In a program
//!
//! [`init`] opens an installation and gives an [`AuthenticationService`]: accounts, API keys, tokens.
//! [`router`] is the whole server, to be mounted in another axum application.
//!
//! ```
//! use users_core::{CreateUserRequest, Secret, TokenValidator, TrustedIssuer, UsersConfig};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let directory = tempfile::tempdir()?;
//! # let database = format!("sqlite://{}", directory.path().join("users.db").display());
//! let service = users_core::init(UsersConfig {
//!     database_url: Secret::new(database),
//!     ..UsersConfig::default()
//! })
//! .await?;
//! service
//!     .create_user(CreateUserRequest {
//!         username: "alice".into(),
//!         password: Some("correct horse battery".into()),
//!         roles: vec!["user".into()],
//!         ..CreateUserRequest::default()
//!     })
//!     .await?;
//! let login = service
//!     .authenticate_password_for("alice", "correct horse battery", "sip.register")
//!     .await?;
//!
//! // Elsewhere, in the SIP registrar:
//! let validator = TokenValidator::new()?;
//! let issuer = service.jwt_issuer();
//! validator.add_trusted_issuer(TrustedIssuer::with_public_key_pem(
//!     issuer.issuer().await?,
//!     issuer.public_key_pem().await?,
//!     ["rvoip-sip"],
//! ))?;
//! let caller = validator.validate_token(&login.tokens.access_token).await?;
//! assert_eq!(caller.username.as_deref(), Some("alice"));
//! assert!(caller.has_scope("sip.register"));
//! # service.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! What stands at the root of the crate, and the settings in [`config`], are the library. The other
//! modules are the program's own, public for its tests and tools, and change without notice.
//!
//! # The map of the crate
//!
//! Five floors; a module imports from its own floor and below, and `tests/it/floors.rs` holds the
//! walls.
//!
//! ```text
//! 5  main.rs  cli/  server/  library/      commands, routes, layers, listeners, the facade above
//! 4  oauth/  oidc/  login/  admin/  api/   endpoints, the rules around them, what operators do
//!    compat/                               the routes of other systems, on the same functions
//!    validate/                             the other side: what a resource server does with tokens
//!    letters/                              mail to people: written, stored, sent
//!    trail/                                what is remembered of what happened
//!    app.rs  context.rs  installation.rs   what a process owns, what a request sees, the start
//! 3  storage/  directory/  keys/           rows; what is remembered of them; signing keys
//!    passwords/  pages/  web/  telemetry/  hashing; HTML; HTTP without decisions; counters
//!    mail/                                 the words of mails, and SMTP
//! 2  model/                                types and pure rules
//! 1  base/  config/                        clock, randomness, digests, ids; settings as read
//! ```
//!
//! Where to look first: `server/routes.rs` lists every route; `oauth/authorize/` is the authorization
//! endpoint and `login/dispatch.rs` decides what its pages ask; `oauth/token/` is the token endpoint,
//! `oauth/token/issue.rs` its only mint, `oauth/error.rs` the one table of errors;
//! `storage/mod.rs` is the way to the rows, `storage/db.rs` the two databases; `api/mod.rs` lists what the
//! REST API can do and `api/dispatch.rs` is the way of every call of it.
//!
//! Evidence: [`storage::Scoped`] is made only by `Store::tenant` and every tenant's query needs it;
//! `oauth::client_auth::AuthenticatedClient` is made only by client authentication and every grant,
//! introspection and revocation needs it; `login::direct::Authenticated` is made only by a checked
//! login and a user's token needs it, and a second factor in it comes from `login::factors::Passed`, made
//! only by a checked code; `oauth::token::issue::Authorization` says what was granted and
//! which source pays for it, and the mint takes nothing else; `model::redirect_uri::VerifiedRedirect`
//! is made only by comparing with what a client registered;
//! `oauth::authorize::request::AuthorizationRequest` is made only by the checks of a request, and
//! `login::browser::SignedIn` only from a live session: a code needs both. An operation of the REST API
//! gets its `api::caller::Caller` from the dispatcher, which alone finds out who calls.

pub mod admin;
pub mod api;
pub mod app;
pub mod base;
pub mod cli;
pub mod compat;
pub mod config;
pub mod context;
pub mod directory;
pub mod installation;
pub mod keys;
pub mod letters;
pub mod library;
pub mod login;
pub mod mail;
pub mod model;
pub mod oauth;
pub mod oidc;
pub mod pages;
pub mod passwords;
pub mod server;
pub mod storage;
pub mod telemetry;
pub mod trail;
pub mod validate;
pub mod web;

pub use base::api_key_secret::ApiKeySecret;
pub use base::clock::{Clock, Timestamp};
pub use base::token::OpaqueToken;
pub use config::{Config as UsersConfig, Profile, Secret};
pub use library::{
    ApiKey, ApiKeyStore, AuthenticationResult, AuthenticationService, CreateApiKeyRequest,
    CreateUserRequest, Error, InitError, JwtIssuer, TokenPair, UpdateUserRequest, User, UserFilter,
    UserStore, init, router,
};
pub use model::algorithm::Algorithm;
pub use validate::{
    BearerChallenge, TokenValidator, TrustError, TrustedIssuer, UserContext, ValidationError,
    ValidatorSettings, bearer_token,
};
