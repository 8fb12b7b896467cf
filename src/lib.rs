//! # The map of the crate
//!
//! Five floors; a module imports from its own floor and below, and `tests/it/floors.rs` holds the
//! walls.
//!
//! ```text
//! 5  main.rs  cli/  server/                commands, routes, layers, listeners; imported by nobody
//! 4  oauth/  oidc/  login/  admin/  api/   endpoints, the rules around them, what operators do
//!    compat/                               the routes of other systems, on the same functions
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
//! login and a user's token needs it; `oauth::token::issue::Authorization` says what was granted and
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
pub mod web;
