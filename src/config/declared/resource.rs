//! `[[resource]]`

use crate::config::reader::TableReader;
use crate::config::settings::ACCESS_TOKEN_LIFETIME;

/// A resource server to know (RFC 8707).
#[derive(Clone, Debug)]
pub struct DeclaredResource {
    /// The line of the entry.
    pub line: usize,
    /// The slug of its tenant (the default tenant).
    pub tenant: Option<String>,
    /// Its value in `aud`.
    pub audience: String,
    /// Its name for people.
    pub name: Option<String>,
    /// The scopes it gives meaning to (none).
    pub scopes: Vec<String>,
    /// The ids of the clients that may introspect tokens meant for it (none).
    pub introspection_clients: Vec<String>,
    /// The algorithm of its tokens (the tenant's).
    pub signing_alg: Option<String>,
    /// The format of its tokens (the client's).
    pub token_format: Option<String>,
    /// The life of its tokens in seconds (the client's).
    pub token_lifetime: Option<i64>,
}

impl DeclaredResource {
    pub(super) fn read(reader: &mut TableReader<'_, '_>) -> Self {
        Self {
            line: reader.line(),
            tenant: reader.text("tenant"),
            audience: reader.required_text("audience"),
            name: reader.text("name"),
            scopes: reader.texts("scopes").unwrap_or_default(),
            introspection_clients: reader.texts("introspection_clients").unwrap_or_default(),
            signing_alg: super::signing_alg(reader, "signing_alg"),
            token_format: reader.text("token_format"),
            token_lifetime: super::lifetime(reader, "token_lifetime", ACCESS_TOKEN_LIFETIME),
        }
    }
}
