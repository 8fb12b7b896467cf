//! The one table of settings. The loader, the variables' names, `config show` and the reference
//! all come from its rows.

use super::Config;
use super::field::Field;
use super::kind::Kind;
use super::profile::{CharacterClass, Profile, Registration};

/// The algorithms a token may be signed with (RFC 7518 section 3.1, RFC 8037). None is symmetric.
pub const SIGNING_ALGS: &[&str] = &["RS256", "ES256", "PS256", "EdDSA"];

const LOG_FORMATS: &[&str] = &["text", "json"];
const LOG_ROTATIONS: &[&str] = &["size", "daily"];
/// A hundred years.
const MAX_DAYS: i64 = 36_500;

/// How mail is protected on its way to the server: TLS after or before the first word, or not.
const MAIL_TLS: &[&str] = &["starttls", "tls", "none"];

/// What a missing token is answered with on the routes of `users-core`.
const MISSING_TOKEN_STATUSES: &[&str] = &["403", "401"];

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// Bounds of a lifetime in seconds, both included.
pub type Bounds = (i64, i64);
pub const ACCESS_TOKEN_LIFETIME: Bounds = (1, DAY);
pub const REFRESH_TOKEN_LIFETIME: Bounds = (1, 5 * 365 * DAY);
pub const SESSION_IDLE_LIFETIME: Bounds = (1, 30 * DAY);
pub const SESSION_LIFETIME: Bounds = (1, 366 * DAY);
pub const PASSWORD_MIN_LENGTH: Bounds = (8, 1024);
pub const PASSWORD_MIN_SCORE: Bounds = (0, 4);
pub const PASSWORD_HISTORY: Bounds = (0, 24);
pub const PASSWORD_MAX_AGE: Bounds = (0, 10 * 365 * DAY);
pub(super) const REFRESH_RETRY_WINDOW: Bounds = (0, 300);

/// The prefix of every variable.
pub(super) const PREFIX: &str = "USERS_CORE_";

/// Variables with the prefix that are no settings of the process: where the settings file is, and
/// where tests find a database.
pub(super) const FOREIGN_VARIABLES: &[&str] = &["USERS_CORE_CONFIG", "USERS_CORE_TEST_POSTGRES"];

/// A row: one field of [`Config`].
pub(super) struct Setting {
    /// The field's path, such as `tls.cert_file`.
    pub(super) path: &'static str,
    pub(super) kind: Kind,
    pub(super) doc: &'static str,
    pub(super) get: fn(&Config) -> &dyn Field,
    pub(super) get_mut: fn(&mut Config) -> &mut dyn Field,
}

impl Setting {
    /// The table of the file the field stands in, empty for the top level, and its key there.
    pub(super) fn table_and_key(&self) -> (&'static str, &'static str) {
        self.path.split_once('.').unwrap_or(("", self.path))
    }

    /// The variable's name.
    pub(super) fn variable(&self) -> String {
        let path = self.path.replace('.', "_").to_ascii_uppercase();
        format!("{PREFIX}{path}")
    }

    /// The name of the variable that names a file with the value, for a secret.
    pub(super) fn file_variable(&self) -> Option<String> {
        let secret = self.kind.is_secret();
        secret.then(|| format!("{}_FILE", self.variable()))
    }

    /// The path of the key that names a file with the value, for a secret.
    pub(super) fn file_path(&self) -> Option<String> {
        let secret = self.kind.is_secret();
        secret.then(|| format!("{}_file", self.path))
    }
}

/// A row for the field at a path: the path is written once, for the name and for both accessors.
macro_rules! setting {
    ($first:ident $(. $rest:ident)?, $kind:expr, $doc:literal) => {
        Setting {
            path: concat!(stringify!($first) $(, ".", stringify!($rest))?),
            kind: $kind,
            doc: $doc,
            get: |config| &config.$first$(.$rest)?,
            get_mut: |config| &mut config.$first$(.$rest)?,
        }
    };
}

const fn number(min: i64, max: i64) -> Kind {
    Kind::Number { min, max }
}

const fn bounded((min, max): Bounds) -> Kind {
    Kind::Number { min, max }
}

const fn seconds((min, max): Bounds) -> Kind {
    Kind::Seconds { min, max }
}

/// Every setting there is, in the order they are shown.
#[rustfmt::skip]
pub(super) const SETTINGS: &[Setting] = &[
    setting!(bind, Kind::Addresses,
        "Addresses to listen on. Anything but loopback needs tls.* or proxies.trusted."),
    setting!(issuer, Kind::Text,
        "The default tenant's issuer: an http(s) URL without query, fragment or trailing slash; http on loopback only."),
    setting!(database_url, Kind::Secret,
        "sqlite:// and a path, or postgres:// and a server."),
    setting!(master_key, Kind::Secret,
        "32 random bytes as base64url or hex. PostgreSQL needs it; SQLite makes one beside its file."),
    setting!(metrics_networks, Kind::Networks,
        "Networks that may read /metrics without a token, beside loopback."),

    setting!(cors_origins, Kind::Origins,
        "Origins whose scripts may call the REST API and the routes of other systems, never with cookies."),

    setting!(compat, Kind::Words(Profile::NAMES),
        "Systems whose routes, answers and variables are served beside our own."),
    setting!(compat_missing_token_status, Kind::OneOf(MISSING_TOKEN_STATUSES),
        "What the routes of the profile users-core answer where the token is missing or invalid."),
    setting!(registration, Kind::OneOf(Registration::NAMES),
        "Who may make an account: nobody, the invited, those with an address in a tenant's domain, everybody."),

    setting!(passwords.min_length, bounded(PASSWORD_MIN_LENGTH),
        "Characters of a password at least; 8 in the default tenant where compat names a profile and nothing is said here."),
    setting!(passwords.classes, Kind::Words(CharacterClass::NAMES),
        "Kinds of characters of which a password has one at least."),
    setting!(passwords.min_score, bounded(PASSWORD_MIN_SCORE),
        "How hard a password is to guess, from 0 to 4 as zxcvbn counts; 1 in the default tenant with a profile."),
    setting!(passwords.forbid_names, Kind::Flag,
        "Whether neither the username nor the address may be in a password. Without it they count as guessed at once."),
    setting!(passwords.history, bounded(PASSWORD_HISTORY),
        "Of how many of an account's last passwords a new one must be none."),
    setting!(passwords.max_age, seconds(PASSWORD_MAX_AGE),
        "Age at which another password is asked for at the sign-in. 0: never."),
    setting!(passwords.breached_file, Kind::Path,
        "SHA-1 digests of stolen passwords in ascending order, one a line: nobody may take one of them."),

    setting!(user_management_service.access_token_lifetime, seconds(ACCESS_TOKEN_LIFETIME),
        "Life of an access token of a direct login where that profile is on."),
    setting!(user_management_service.refresh_token_lifetime, seconds(REFRESH_TOKEN_LIFETIME),
        "Life of a refresh token of a direct login where that profile is on."),

    setting!(database.max_connections, number(1, 10_000),
        "Connections to the database held open at most."),

    setting!(tls.cert_file, Kind::Path,
        "Certificate chain in PEM. Goes with tls.key_file."),
    setting!(tls.key_file, Kind::Path,
        "Private key in PEM. Goes with tls.cert_file."),

    setting!(proxies.trusted, Kind::Networks,
        "Networks of the proxies in front, whose forwarding headers are believed."),

    setting!(log.format, Kind::OneOf(LOG_FORMATS),
        "text for people, json for machines."),
    setting!(log.level, Kind::Text,
        "Tracing filter, such as info or warn,users_core=debug."),
    setting!(log.file, Kind::Path,
        "A file that gets every line too. The profile user-service sets logs/user_service.log unless this is set."),
    setting!(log.rotation, Kind::OneOf(LOG_ROTATIONS),
        "size sets the file aside at log.file_bytes; daily at the first line of a day (UTC) as well."),
    setting!(log.file_bytes, number(1024, 1 << 40),
        "Size in bytes at which the log file is set aside."),
    setting!(log.kept_files, number(1, 1000),
        "Files set aside that are kept: .1 is the newest."),

    setting!(tokens.signing_alg, Kind::OneOf(SIGNING_ALGS),
        "Algorithm that signs tokens unless tenant, resource or client say otherwise."),
    setting!(tokens.access_token_lifetime, seconds(ACCESS_TOKEN_LIFETIME),
        "Life of an access token."),
    setting!(tokens.id_token_lifetime, seconds(ACCESS_TOKEN_LIFETIME),
        "Life of an ID token."),
    setting!(tokens.code_lifetime, seconds((1, 600)),
        "Life of an authorization code."),
    setting!(tokens.refresh_token_lifetime, seconds(REFRESH_TOKEN_LIFETIME),
        "Life of a refresh token and its successors, counted from the sign-in."),
    setting!(tokens.refresh_token_idle_lifetime, seconds(REFRESH_TOKEN_LIFETIME),
        "Life of a refresh token that is not used."),
    setting!(tokens.remembered_login_lifetime, seconds(REFRESH_TOKEN_LIFETIME),
        "Life of the refresh token of a direct login with remember_me, where that is longer."),
    setting!(tokens.refresh_retry_window, seconds(REFRESH_RETRY_WINDOW),
        "How long a used refresh token gets its successor again, for lost answers. 0 turns it off."),
    setting!(tokens.jwks_cache_lifetime, seconds((1, 30 * DAY)),
        "How long others may keep the public keys. Below 3600 on loopback only."),

    setting!(api_keys.prefix, Kind::Text,
        "What the secrets of new API keys begin with: letters, digits and _, the last of them a _."),
    setting!(api_keys.token_lifetime, seconds((1, 300)),
        "The longest life of a token that an API key gets."),

    setting!(sessions.idle_lifetime, seconds(SESSION_IDLE_LIFETIME),
        "Life of a sign-in in a browser that is not used, unless the person asked to be remembered."),
    setting!(sessions.lifetime, seconds(SESSION_LIFETIME),
        "Life of a sign-in in a browser, however much it is used."),

    setting!(password_hash.memory_kib, number(8, 4 << 20),
        "Argon2id memory in KiB."),
    setting!(password_hash.iterations, number(1, 1000),
        "Argon2id passes."),
    setting!(password_hash.parallelism, number(1, 64),
        "Argon2id lanes."),
    setting!(password_hash.queue, number(0, 65_536),
        "Hashes that may wait before requests are answered with 503."),

    setting!(mail.host, Kind::Text,
        "The SMTP server that takes our mail. Without one no mail is sent. Goes with mail.from."),
    setting!(mail.port, number(0, 65_535),
        "Its port. 0: 587, with mail.tls = tls 465, with none 25."),
    setting!(mail.tls, Kind::OneOf(MAIL_TLS),
        "TLS by STARTTLS, from the first byte, or none. Where it is asked for, no mail goes without."),
    setting!(mail.username, Kind::Text,
        "Who signs in at the SMTP server."),
    setting!(mail.password, Kind::Secret,
        "The password for it."),
    setting!(mail.from, Kind::Text,
        "The sender: an address, or a name and <an address>. Without a name, mail bears the tenant's."),
    setting!(mail.reply_to, Kind::Text,
        "Where answers to our mail go, in the same form."),
    setting!(mail.ca_file, Kind::Path,
        "Authorities in PEM, beside the system's, that may have signed the SMTP server's certificate."),
    setting!(mail.timeout, seconds((1, 300)),
        "Time for each answer of the SMTP server."),
    setting!(mail.link_lifetime, seconds((60, 7 * DAY)),
        "Life of a link that verifies an address or sets a password."),
    setting!(mail.invitation_lifetime, seconds((60, 30 * DAY)),
        "Life of an invitation."),
    setting!(mail.links_per_hour, number(1, 1000),
        "Links of one kind that an account is sent in an hour at most."),
    setting!(mail.max_queue, number(1, 10_000_000),
        "Mails that may wait to be sent. What comes beyond is dropped and counted."),

    setting!(limits.max_connections, number(1, 1_000_000),
        "Open connections."),
    setting!(limits.header_timeout, seconds((1, HOUR)),
        "Time for a request's header to arrive."),
    setting!(limits.body_timeout, seconds((1, HOUR)),
        "Time for a request's body to arrive."),
    setting!(limits.request_timeout, seconds((1, HOUR)),
        "Time for a request as a whole."),
    setting!(limits.drain_timeout, seconds((0, HOUR)),
        "Time for open requests to end after the signal to stop."),
    setting!(limits.max_body_bytes, number(1024, 16 << 20),
        "Size of a request's body in bytes."),
    setting!(limits.login_failures_per_account, number(1, 1_000_000),
        "Failed sign-ins per identifier and network within limits.window before the lock."),
    setting!(limits.login_failures_per_address, number(1, 1_000_000),
        "Failed sign-ins per address within limits.window before the lock."),
    setting!(limits.lock_duration, seconds((1, 7 * DAY)),
        "How long the lock holds."),
    setting!(limits.window, seconds((1, 7 * DAY)),
        "Time over which failed sign-ins are counted."),
    setting!(limits.calls_per_minute, number(1, 1_000_000),
        "Calls per minute and address to direct logins and routes of other systems, or without a valid token."),
    setting!(limits.mail_requests_per_minute, number(1, 1_000_000),
        "Requests per minute and address that may lead to a mail."),

    setting!(retention.audit_days, number(1, MAX_DAYS),
        "Days an event stays in the audit trail."),
    setting!(retention.counters_days, number(1, MAX_DAYS),
        "Days hourly counters and counted refusals are kept."),
    setting!(retention.decisions_days, number(1, 365),
        "Days a refused request can be asked about."),
    setting!(retention.changes, number(1000, 100_000_000),
        "Changes kept for nodes that are late. One that is later drops all it remembers."),
];
