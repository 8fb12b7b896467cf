//! What users-core was told by variables, and by the table `[users_core]` of its file. Both have one
//! table here; a variable wins over the file.

use toml::de::DeValue;

use super::parts::TlsPart;
use super::{Meaning, Source, Variable, variable};
use crate::config::reader::{TableReader, mismatch, texts};
use crate::config::{CharacterClass, Profile};

/// What its variables begin with.
pub(super) const PREFIX: &str = "RVOIP_USERS_";

/// The table of the file.
const TABLE: &str = "users_core";
/// The tables in it.
const TABLES: [&str; 6] = ["jwt", "password", "tls", "api", "security", "defaults"];

const BY_SCOPE: Meaning = Meaning::Unread("the audiences of a token follow from its scopes");
const OWN_COST: Meaning = Meaning::Unread("the settings password_hash.* say what a password costs");
const OWN_KEYS: Meaning =
    Meaning::Unread("key pairs are made here, and named by their thumbprints");

/// A setting of users-core: its key in the table, its variable if it has one, what it is to us.
type Known = (&'static str, Option<&'static str>, Meaning);

#[rustfmt::skip]
const KNOWN: &[Known] = &[
    ("database_url", Some("RVOIP_USERS_DATABASE_URL"), Meaning::Field("database_url")),
    ("api_bind_address", Some("RVOIP_USERS_API_BIND_ADDRESS"), Meaning::Field("bind")),
    ("jwt.issuer", Some("RVOIP_USERS_JWT_ISSUER"), Meaning::Field("issuer")),
    ("jwt.audience", Some("RVOIP_USERS_JWT_AUDIENCE"), BY_SCOPE),
    ("jwt.access_ttl_seconds", Some("RVOIP_USERS_JWT_ACCESS_TTL_SECONDS"), Meaning::Field("tokens.access_token_lifetime")),
    ("jwt.refresh_ttl_seconds", Some("RVOIP_USERS_JWT_REFRESH_TTL_SECONDS"),
        Meaning::Times(&["tokens.refresh_token_lifetime", "tokens.refresh_token_idle_lifetime"], 1)),
    ("jwt.algorithm", Some("RVOIP_USERS_JWT_ALGORITHM"), Meaning::Algorithm),
    ("jwt.tenant_id", Some("RVOIP_USERS_JWT_TENANT_ID"), Meaning::Unread("tokens name the tenant of their account")),
    ("jwt.signing_key", Some("RVOIP_USERS_JWT_SIGNING_KEY"), OWN_KEYS),
    ("jwt.kid", None, OWN_KEYS),
    ("password.min_length", Some("RVOIP_USERS_PASSWORD_MIN_LENGTH"), Meaning::Field("passwords.min_length")),
    ("password.require_uppercase", None, Meaning::Class(CharacterClass::Upper)),
    ("password.require_lowercase", None, Meaning::Class(CharacterClass::Lower)),
    ("password.require_numbers", None, Meaning::Class(CharacterClass::Digit)),
    ("password.require_special", Some("RVOIP_USERS_REQUIRE_SPECIAL"), Meaning::Class(CharacterClass::Symbol)),
    ("password.argon2_memory_cost", None, OWN_COST),
    ("password.argon2_time_cost", None, OWN_COST),
    ("password.argon2_parallelism", None, OWN_COST),
    ("tls.enabled", Some("RVOIP_USERS_TLS_ENABLED"), Meaning::Tls(TlsPart::Enabled)),
    ("tls.cert_path", Some("RVOIP_USERS_TLS_CERT_PATH"), Meaning::Tls(TlsPart::Certificate)),
    ("tls.key_path", Some("RVOIP_USERS_TLS_KEY_PATH"), Meaning::Tls(TlsPart::Key)),
    ("tls.require_tls", Some("RVOIP_USERS_TLS_REQUIRE"), Meaning::Unread("TLS is needed wherever others reach an address")),
    ("api.rate_limit_requests", None, Meaning::Field("limits.calls_per_minute")),
    ("api.cors_allow_origins", None, Meaning::Field("cors_origins")),
    ("api.max_request_size_mb", None, Meaning::Times(&["limits.max_body_bytes"], 1 << 20)),
    ("security.session_idle_timeout_minutes", None, Meaning::Times(&["sessions.idle_lifetime"], 60)),
    ("security.max_sessions_per_user", None, Meaning::Unread("an account may have any number of sessions")),
    ("security.max_failed_login_attempts", None, Meaning::Field("limits.login_failures_per_account")),
    ("security.lockout_duration_minutes", None, Meaning::Times(&["limits.lock_duration"], 60)),
    ("security.enable_audit_log", None, Meaning::Unread("there is always a trail")),
    ("defaults.default_user_roles", None, Meaning::Unread("each tenant has a setting default_roles")),
    ("defaults.default_user_active", None, Meaning::Unread("whoever makes an account says whether it works")),
    ("defaults.default_api_key_permissions", None, Meaning::Unread("whoever makes a key says what it may do")),
];

/// Its variables. The last one is for its own tests.
pub(super) fn variables() -> impl Iterator<Item = Variable> {
    let tests = Meaning::Unread("it is for that system's own tests");
    let tests = variable(Profile::UsersCore, "RVOIP_USERS_POSTGRES_URL", tests);
    let known = KNOWN.iter().filter_map(|(_, name, meaning)| {
        let name = (*name)?;
        Some(variable(Profile::UsersCore, name, *meaning))
    });
    known.chain([tests])
}

/// Something that stands in the table of the file.
pub(in crate::config) struct InFile {
    pub(super) source: Source,
    pub(super) meaning: Meaning,
    /// The value as a variable would have it, or what is wrong with it.
    pub(super) value: Result<String, String>,
}

/// Reads the table of the file; its keys are judged when all layers are known. Unknown ones are
/// reported as any other.
pub(in crate::config) fn read_file(root: &mut TableReader<'_, '_>) -> Vec<InFile> {
    let mut found = Vec::new();
    if let Some(mut table) = root.child(TABLE) {
        read_table(&mut table, "", &mut found);
        for name in TABLES {
            if let Some(mut inner) = table.child(name) {
                read_table(&mut inner, name, &mut found);
                inner.finish();
            }
        }
        table.finish();
    }
    found
}

fn read_table(table: &mut TableReader<'_, '_>, name: &str, found: &mut Vec<InFile>) {
    for (key, _, meaning) in KNOWN {
        let (within, key) = key.split_once('.').unwrap_or(("", key));
        if within != name {
            continue;
        }
        let path = table.path_of(key);
        if let Some(entry) = table.entry(key) {
            found.push(InFile {
                source: Source {
                    name: path,
                    place: entry.place,
                    profile: Profile::UsersCore,
                    is_file: true,
                },
                meaning: *meaning,
                value: as_variable(entry.value),
            });
        }
    }
}

fn as_variable(value: &DeValue<'_>) -> Result<String, String> {
    match value {
        DeValue::String(text) => Ok(text.to_string()),
        DeValue::Integer(number) => crate::config::json::integer(number).map(|it| it.to_string()),
        DeValue::Boolean(flag) => Ok(flag.to_string()),
        DeValue::Array(_) => texts(value).map(|items| items.join(",")),
        other => Err(mismatch("text or a number", other)),
    }
}
