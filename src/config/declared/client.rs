//! `[[client]]`

use std::collections::BTreeMap;

use serde_json::Value;

use super::secret_source::{self, SecretSource};
use super::{lifetime, signing_alg};
use crate::config::environment::Environment;
use crate::config::reader::TableReader;
use crate::config::settings::{
    ACCESS_TOKEN_LIFETIME, REFRESH_RETRY_WINDOW, REFRESH_TOKEN_LIFETIME,
};

/// The least length of a client secret somebody chose, in characters.
const MIN_SECRET_LENGTH: usize = 32;

/// A client to have: RFC 7591 section 2, and what this server adds. Lifetimes are in seconds.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a key of the file, independent of the others"
)]
pub struct DeclaredClient {
    /// The line of the entry.
    pub line: usize,
    /// The slug of its tenant (the default tenant).
    pub tenant: Option<String>,
    /// Its id, of `A-Z a-z 0-9 . _ ~ -`, and not of a UUID's form, which is kept for users.
    pub client_id: String,
    /// Its name for people.
    pub client_name: Option<String>,
    /// Its secret, of the same characters, 32 at least. An existing one stays unless `rotate` is
    /// set.
    pub client_secret: Option<SecretSource>,
    /// How it authenticates.
    pub token_endpoint_auth_method: Option<String>,
    /// The algorithm of its assertions.
    pub token_endpoint_auth_signing_alg: Option<String>,
    /// What it may ask for at the token endpoint.
    pub grant_types: Option<Vec<String>>,
    /// What it may ask for at the authorization endpoint.
    pub response_types: Option<Vec<String>>,
    /// Where it runs (web).
    pub application_type: Option<String>,
    /// Where answers may be sent (nowhere).
    pub redirect_uris: Vec<String>,
    /// Where a browser may be sent after signing out (nowhere).
    pub post_logout_redirect_uris: Vec<String>,
    /// The address of its own page.
    pub client_uri: Option<String>,
    /// The address of its picture.
    pub logo_uri: Option<String>,
    /// The address of what it does with data.
    pub policy_uri: Option<String>,
    /// The address of its terms.
    pub tos_uri: Option<String>,
    /// The scopes it may ask for, separated by spaces; empty text for none at all.
    pub scope: Option<String>,
    /// Its public keys, a JWK Set.
    pub jwks: Option<Value>,
    /// How long ago a person may have signed in, where a request does not say.
    pub default_max_age: Option<i64>,
    /// Whether its ID tokens always say `auth_time` (false).
    pub require_auth_time: bool,
    /// The algorithm of its ID tokens (the tenant's).
    pub id_token_signed_response_alg: Option<String>,
    /// Claims of its own: from `roles`, `groups`, `username` or `attribute:NAME`, by name (none).
    pub claims: BTreeMap<String, String>,
    /// The format of its access tokens.
    pub access_token_format: Option<String>,
    /// The algorithm of its access tokens (the tenant's).
    pub access_token_signing_alg: Option<String>,
    /// The life of its access tokens (the process's).
    pub access_token_lifetime: Option<i64>,
    /// The life of its refresh tokens (the process's).
    pub refresh_token_lifetime: Option<i64>,
    /// Its refresh retry window (the process's; 0: none).
    pub refresh_retry_window: Option<i64>,
    /// Whether it gets refresh tokens without `offline_access` (false).
    pub refresh_without_offline_access: bool,
    /// Whether it is ours, so that nobody is asked for consent (false).
    pub first_party: bool,
    /// Whether it must use PKCE, RFC 7636 (true).
    pub require_pkce: bool,
    /// Whether it is answered (true).
    pub enabled: bool,
    /// Whether `apply` sets the secret of a client that exists (false).
    pub rotate: bool,
}

impl DeclaredClient {
    pub(super) fn read(reader: &mut TableReader<'_, '_>, env: Environment<'_>) -> Self {
        Self {
            line: reader.line(),
            tenant: reader.text("tenant"),
            client_id: client_id(reader),
            client_name: reader.text("client_name"),
            client_secret: client_secret(reader, env),
            token_endpoint_auth_method: reader.text("token_endpoint_auth_method"),
            token_endpoint_auth_signing_alg: reader.text("token_endpoint_auth_signing_alg"),
            grant_types: reader.texts("grant_types"),
            response_types: reader.texts("response_types"),
            application_type: reader.text("application_type"),
            redirect_uris: reader.texts("redirect_uris").unwrap_or_default(),
            post_logout_redirect_uris: reader
                .texts("post_logout_redirect_uris")
                .unwrap_or_default(),
            client_uri: reader.text("client_uri"),
            logo_uri: reader.text("logo_uri"),
            policy_uri: reader.text("policy_uri"),
            tos_uri: reader.text("tos_uri"),
            scope: reader.any_text("scope"),
            jwks: reader.object("jwks"),
            default_max_age: reader.integer("default_max_age", Ok),
            require_auth_time: reader.flag("require_auth_time").unwrap_or(false),
            id_token_signed_response_alg: signing_alg(reader, "id_token_signed_response_alg"),
            claims: reader.texts_by_name("claims").unwrap_or_default(),
            access_token_format: reader.text("access_token_format"),
            access_token_signing_alg: signing_alg(reader, "access_token_signing_alg"),
            access_token_lifetime: lifetime(reader, "access_token_lifetime", ACCESS_TOKEN_LIFETIME),
            refresh_token_lifetime: lifetime(
                reader,
                "refresh_token_lifetime",
                REFRESH_TOKEN_LIFETIME,
            ),
            refresh_retry_window: lifetime(reader, "refresh_retry_window", REFRESH_RETRY_WINDOW),
            refresh_without_offline_access: reader
                .flag("refresh_without_offline_access")
                .unwrap_or(false),
            first_party: reader.flag("first_party").unwrap_or(false),
            require_pkce: reader.flag("require_pkce").unwrap_or(true),
            enabled: reader.flag("enabled").unwrap_or(true),
            rotate: reader.flag("rotate").unwrap_or(false),
        }
    }
}

const CHARACTERS: &str = "may hold only letters, digits and . _ ~ -";

/// Whether text can stand in a header, a form and a URL as it is (RFC 3986 section 2.3).
fn is_unreserved(text: &str) -> bool {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"._~-".contains(&byte);
    text.bytes().all(unreserved)
}

fn client_id(reader: &mut TableReader<'_, '_>) -> String {
    let id = reader.required_text("client_id");
    if !is_unreserved(&id) {
        reader.fail("client_id", CHARACTERS);
    } else if is_uuid(&id) {
        reader.fail(
            "client_id",
            "must not have the form of a UUID: those are users",
        );
    }
    id
}

/// Whether text reads as a UUID, with its hyphens or without.
fn is_uuid(text: &str) -> bool {
    let hyphenated = text.len() == 36
        && [8, 13, 18, 23]
            .iter()
            .all(|at| text.as_bytes()[*at] == b'-');
    let digits = text.replace('-', "");
    (hyphenated || text.len() == 32)
        && digits.len() == 32
        && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn client_secret(reader: &mut TableReader<'_, '_>, env: Environment<'_>) -> Option<SecretSource> {
    let source = secret_source::read(reader, "client_secret", env)?;
    let text = source.secret.expose();
    if !is_unreserved(text) {
        reader.fail("client_secret", CHARACTERS);
    }
    if text.chars().count() < MIN_SECRET_LENGTH {
        let message = format!("must have {MIN_SECRET_LENGTH} characters or more");
        reader.fail("client_secret", message);
    }
    Some(source)
}
