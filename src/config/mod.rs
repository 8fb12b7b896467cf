//! The settings as read: one struct, filled from its defaults, a TOML file and the environment.
//!
//! The later layer wins. A field's path, `tls.cert_file`, is its key in the file and, as
//! `USERS_CORE_TLS_CERT_FILE`, its variable; a secret may also be given as a file that holds it
//! (`master_key_file`, `USERS_CORE_MASTER_KEY_FILE`). Relative paths start at the working directory.
//!
//! `settings` is the table all of this is driven by: a new field is a line here, a default here and
//! a row there.

mod declared;
mod environment;
mod error;
mod field;
mod foreign;
pub mod issuer;
mod json;
mod kind;
mod layers;
mod load;
mod log;
mod mail;
pub mod master_key;
mod nearest;
mod origin;
mod profile;
mod reader;
mod reference;
mod retention;
mod rules;
mod said;
mod secret;
pub mod secret_file;
mod settings;
mod syntax;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

pub use declared::{
    Declared, DeclaredClient, DeclaredResource, DeclaredRole, DeclaredTenant, DeclaredUser,
    SecretOrigin, SecretSource,
};
pub use error::ConfigError;
pub use foreign::Note;
pub use load::{Loaded, load, load_declared};
pub use log::{Log, LogFormat, LogRotation};
pub use mail::Mail;
pub use origin::Origin;
pub use profile::{CharacterClass, Profile, Registration};
pub use reference::{SettingDoc, Shown, reference, show};
pub use retention::Retention;
pub use said::Said;
pub use secret::Secret;
pub use settings::{
    ACCESS_TOKEN_LIFETIME, Bounds, PASSWORD_HISTORY, PASSWORD_MAX_AGE, PASSWORD_MIN_LENGTH,
    PASSWORD_MIN_SCORE, REFRESH_TOKEN_LIFETIME, SESSION_IDLE_LIFETIME, SESSION_LIFETIME,
    SIGNING_ALGS,
};

/// All settings of one process. `Config::default()` is what an empty environment gives.
#[derive(Clone, Debug)]
pub struct Config {
    /// The addresses to listen on (`127.0.0.1:8081`, `[::1]:8081`).
    pub bind: Vec<SocketAddr>,
    /// The default tenant's issuer, byte for byte as it stands in `iss` (`http://localhost:8081`).
    pub issuer: String,
    /// `sqlite://` or `postgres://` (`sqlite://data/users-core.db`).
    pub database_url: Secret,
    /// 32 bytes as base64url or hex, see [`master_key::decode`] (none: `SQLite` makes its own).
    pub master_key: Option<Secret>,
    /// Who may read `/metrics` without a token, beside loopback (nobody).
    pub metrics_networks: Vec<IpNet>,
    /// Whose scripts may call the REST API and the routes of other systems from a browser (nobody's).
    pub cors_origins: Vec<Origin>,
    /// The systems whose routes are served beside our own (none).
    pub compat: Vec<Profile>,
    /// What the routes of `users-core` answer a caller without a valid token: 403, as that system
    /// does, or 401 (`403`).
    pub compat_missing_token_status: String,
    /// Who may make an account without being asked to (off).
    pub registration: Registration,
    /// What a password must be.
    pub passwords: PasswordRules,
    /// What is different where the profile `user-management-service` is on.
    pub user_management_service: UserManagementService,
    /// The database's pool.
    pub database: Database,
    /// The certificate of our own listener.
    pub tls: Tls,
    /// What stands in front of us.
    pub proxies: Proxies,
    /// What is logged and how.
    pub log: Log,
    /// How tokens are signed and how long they live.
    pub tokens: Tokens,
    /// Keys by which programs act for people and services.
    pub api_keys: ApiKeys,
    /// How long people stay signed in.
    pub sessions: Sessions,
    /// The cost of a password.
    pub password_hash: PasswordHash,
    /// The server that takes our mail, and the links in it.
    pub mail: Mail,
    /// What one caller may use up.
    pub limits: Limits,
    /// How long what happened is remembered.
    pub retention: Retention,
}

/// What a new password must be, unless a tenant says otherwise. What nobody says is something else in
/// the default tenant while a profile is on: see [`crate::model::password_policy`].
#[derive(Clone, Debug)]
pub struct PasswordRules {
    /// Characters at least (12).
    pub min_length: Said<u32>,
    /// Kinds of characters of which there is one at least (none).
    pub classes: Vec<CharacterClass>,
    /// How hard to guess, from 0 to 4 as zxcvbn counts (2).
    pub min_score: Said<u32>,
    /// Whether neither the username nor the address may be in it (no: they count as guessed at once).
    pub forbid_names: bool,
    /// Of how many of the account's last passwords it is none (0).
    pub history: u32,
    /// Seconds after which another one is asked for (0: never).
    pub max_age: i64,
    /// Digests of stolen passwords, which nobody may take (none).
    pub breached_file: Option<PathBuf>,
}

/// What is different where the profile `user-management-service` is on. Seconds.
#[derive(Clone, Debug)]
pub struct UserManagementService {
    /// Access tokens of direct logins (1800).
    pub access_token_lifetime: i64,
    /// Refresh tokens of direct logins (604800, 7 days).
    pub refresh_token_lifetime: i64,
}

/// The database's pool.
#[derive(Clone, Debug)]
pub struct Database {
    /// Connections held open at most (16).
    pub max_connections: u32,
}

/// The certificate of our own listener: both files or neither.
#[derive(Clone, Debug, Default)]
pub struct Tls {
    /// The certificate chain in PEM, our own certificate first (none).
    pub cert_file: Option<PathBuf>,
    /// Its private key in PEM (none).
    pub key_file: Option<PathBuf>,
}

/// What stands in front of us.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    /// Networks whose forwarding headers are believed (none).
    pub trusted: Vec<IpNet>,
}

/// How tokens are signed and how long they live. Lifetimes are in seconds.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// One of [`SIGNING_ALGS`] (`RS256`).
    pub signing_alg: String,
    /// Access tokens (900).
    pub access_token_lifetime: i64,
    /// ID tokens (900).
    pub id_token_lifetime: i64,
    /// Authorization codes (60).
    pub code_lifetime: i64,
    /// Refresh tokens, from the sign-in on, however often they rotate (2592000, 30 days).
    pub refresh_token_lifetime: i64,
    /// Refresh tokens nobody uses (2592000, 30 days).
    pub refresh_token_idle_lifetime: i64,
    /// Refresh tokens of direct logins that ask to be remembered, if that is longer (7776000, 90 days).
    pub remembered_login_lifetime: i64,
    /// How long the predecessor of a refresh token still gets the same answer (10; 0: never).
    pub refresh_retry_window: i64,
    /// How long others may keep our public keys; a new key is announced this long before it signs
    /// (3600, and no less unless the issuer is on loopback).
    pub jwks_cache_lifetime: i64,
}

/// Keys by which programs act for people and services.
#[derive(Clone, Debug)]
pub struct ApiKeys {
    /// What new secrets begin with, the last of it a `_` (`rvoip_ak_live_`).
    pub prefix: String,
    /// The longest life of a token that a key gets, in seconds (300).
    pub token_lifetime: i64,
}

/// How long people stay signed in in a browser. Seconds.
#[derive(Clone, Debug)]
pub struct Sessions {
    /// Without use, unless the person asked to be remembered (28800, 8 hours).
    pub idle_lifetime: i64,
    /// However much it is used (2592000, 30 days).
    pub lifetime: i64,
}

/// The cost of an Argon2id password hash (RFC 9106), at least OWASP's unless the issuer is on
/// loopback.
#[derive(Clone, Debug)]
pub struct PasswordHash {
    /// Memory in KiB (19456).
    pub memory_kib: u32,
    /// Passes over the memory (2).
    pub iterations: u32,
    /// Lanes (1).
    pub parallelism: u32,
    /// Hashes that may wait for a free thread before a request is answered with 503 (64).
    pub queue: usize,
}

/// What one caller may use up.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Open connections (8192).
    pub max_connections: usize,
    /// For a request's header to arrive (10 s).
    pub header_timeout: Duration,
    /// For a request's body to arrive (10 s).
    pub body_timeout: Duration,
    /// For a request as a whole (30 s).
    pub request_timeout: Duration,
    /// For open requests to end after the signal to stop (30 s).
    pub drain_timeout: Duration,
    /// A request's body in bytes (65536).
    pub max_body_bytes: usize,
    /// Failed sign-ins per identifier and network, within the window, before the lock (5).
    pub login_failures_per_account: u32,
    /// Failed sign-ins per address within the window before the lock (50).
    pub login_failures_per_address: u32,
    /// Seconds the lock holds (900).
    pub lock_duration: i64,
    /// Seconds over which failures are counted (3600).
    pub window: i64,
    /// Calls per minute and address to direct logins and to the routes of other systems, and calls
    /// of the REST API that fail to authenticate (100).
    pub calls_per_minute: u32,
    /// Requests per minute and address that may lead to a mail (10).
    pub mail_requests_per_minute: u32,
}

impl Config {
    /// Whether the routes, variables and answers of a system are served.
    pub fn serves(&self, profile: Profile) -> bool {
        self.compat.contains(&profile)
    }

    /// What is wrong with settings that a program put together itself, each rule naming its field;
    /// [`load`] has looked already.
    pub fn problems(&self) -> Vec<String> {
        rules::problems(self)
    }

    /// Whether the issuer's host is this machine. Switches for tests and development are refused
    /// anywhere else.
    pub fn issuer_is_loopback(&self) -> bool {
        issuer::parse(&self.issuer).is_ok_and(|issuer| issuer.is_loopback())
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            bind: vec![
                SocketAddr::from(([127, 0, 0, 1], 8081)),
                SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], 8081)),
            ],
            issuer: "http://localhost:8081".into(),
            database_url: Secret::new("sqlite://data/users-core.db"),
            master_key: None,
            metrics_networks: Vec::new(),
            cors_origins: Vec::new(),
            compat: Vec::new(),
            compat_missing_token_status: "403".into(),
            registration: Registration::Off,
            passwords: PasswordRules::default(),
            user_management_service: UserManagementService::default(),
            database: Database::default(),
            tls: Tls::default(),
            proxies: Proxies::default(),
            log: Log::default(),
            tokens: Tokens::default(),
            api_keys: ApiKeys::default(),
            sessions: Sessions::default(),
            password_hash: PasswordHash::default(),
            mail: Mail::default(),
            limits: Limits::default(),
            retention: Retention::default(),
        }
    }
}

impl Default for PasswordRules {
    fn default() -> Self {
        Self {
            min_length: Said::by_default(12),
            classes: Vec::new(),
            min_score: Said::by_default(2),
            forbid_names: false,
            history: 0,
            max_age: 0,
            breached_file: None,
        }
    }
}

impl Default for UserManagementService {
    fn default() -> Self {
        Self {
            access_token_lifetime: 1800,
            refresh_token_lifetime: 604_800,
        }
    }
}

impl Default for Database {
    fn default() -> Self {
        Self {
            max_connections: 16,
        }
    }
}

impl Default for Tokens {
    fn default() -> Self {
        Self {
            signing_alg: "RS256".into(),
            access_token_lifetime: 900,
            id_token_lifetime: 900,
            code_lifetime: 60,
            refresh_token_lifetime: 2_592_000,
            refresh_token_idle_lifetime: 2_592_000,
            remembered_login_lifetime: 7_776_000,
            refresh_retry_window: 10,
            jwks_cache_lifetime: 3600,
        }
    }
}

impl Default for ApiKeys {
    fn default() -> Self {
        Self {
            prefix: "rvoip_ak_live_".into(),
            token_lifetime: 300,
        }
    }
}

impl Default for Sessions {
    fn default() -> Self {
        Self {
            idle_lifetime: 28_800,
            lifetime: 2_592_000,
        }
    }
}

impl Default for PasswordHash {
    fn default() -> Self {
        Self {
            memory_kib: 19_456,
            iterations: 2,
            parallelism: 1,
            queue: 64,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 8192,
            header_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            drain_timeout: Duration::from_secs(30),
            max_body_bytes: 65_536,
            login_failures_per_account: 5,
            login_failures_per_address: 50,
            lock_duration: 900,
            window: 3600,
            calls_per_minute: 100,
            mail_requests_per_minute: 10,
        }
    }
}
