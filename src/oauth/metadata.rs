//! What this issuer says of itself: OpenID Connect Discovery 1.0 section 3 and RFC 8414 section 2.
//! It claims nothing that is not there, and says what it does not do where silence would claim it.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode};
use axum::response::IntoResponse;
use bytes::Bytes;
use data_encoding::BASE64URL_NOPAD;
use serde_json::json;

use super::error::OAuthError;
use crate::app::App;
use crate::base::digest::sha256;
use crate::context::Ctx;
use crate::model::algorithm::Algorithm;
use crate::model::client_metadata::{AuthMethod, GrantType};
use crate::oauth::authorize::channel::ResponseMode;
use crate::oauth::authorize::request::Prompt;
use crate::oidc::acr;
use crate::storage::Db;
use crate::storage::cache::Cache;
use crate::storage::feed::Change;

/// How long others may keep the documents, in seconds.
pub const MAX_AGE: i64 = 300;
/// Tenants whose document is kept.
const CAPACITY: usize = 4096;

/// A public document with its entity tag.
pub struct Document {
    bytes: Bytes,
    etag: HeaderValue,
    content_type: HeaderValue,
    cache_control: HeaderValue,
}

impl Document {
    /// `max_age` is for how many seconds others may keep it.
    pub fn new(bytes: Bytes, content_type: &'static str, max_age: i64) -> Self {
        let digest = BASE64URL_NOPAD.encode(&sha256(&[&bytes])[..12]);
        let etag = HeaderValue::try_from(format!("\"{digest}\""));
        Self {
            bytes,
            etag: etag.unwrap_or(HeaderValue::from_static("\"\"")),
            content_type: HeaderValue::from_static(content_type),
            cache_control: HeaderValue::try_from(format!("public, max-age={max_age}"))
                .unwrap_or(HeaderValue::from_static("no-cache")),
        }
    }
}

type Written = Arc<Cache<String, Arc<Document>>>;

/// The documents of the tenants, written once.
pub struct Documents {
    metadata: Written,
    pub(super) keys: Written,
}

impl Documents {
    pub fn new(db: &Db) -> Self {
        let (metadata, keys) = (written(db), written(db));
        Self { metadata, keys }
    }
}

fn written(db: &Db) -> Written {
    let cache = Arc::new(Cache::new(db.clone(), CAPACITY));
    let listener = Arc::downgrade(&cache);
    db.feed().subscribe(move |change| {
        let Some(cache) = listener.upgrade() else {
            return;
        };
        match change {
            Change::SigningKeys { tenant } | Change::Catalog { tenant } => {
                cache.forget(tenant);
            }
            Change::Tenant { tenant, .. } => cache.forget(tenant),
            Change::Everything => cache.forget_all(),
            Change::Client { .. } | Change::Revocation { .. } | Change::TenantHost { .. } => {}
        }
    });
    cache
}

/// `GET /.well-known/openid-configuration` and `/.well-known/oauth-authorization-server`, in both
/// forms of the path.
pub async fn endpoint(State(app): State<App>, ctx: Ctx, headers: HeaderMap) -> Response<Body> {
    let load = async { write(&app, &ctx).await.map(Arc::new) };
    let documents = &app.documents.metadata;
    match documents.get(ctx.tenant.id.clone(), Box::pin(load)).await {
        Ok(document) => cached(&headers, &document),
        Err(error) => error.into_response(),
    }
}

/// Answers with a document, or with 304 when the caller has it (RFC 9110 section 13.1.2).
pub fn cached(headers: &HeaderMap, document: &Document) -> Response<Body> {
    let known = headers.get_all(IF_NONE_MATCH).iter().any(|tags| {
        tags.to_str().is_ok_and(|tags| {
            tags.split(',').any(|tag| {
                let tag = tag.trim();
                tag == "*" || tag.trim_start_matches("W/").as_bytes() == document.etag.as_bytes()
            })
        })
    });
    let mut response = Response::new(if known {
        Body::empty()
    } else {
        Body::from(document.bytes.clone())
    });
    let answer = response.headers_mut();
    answer.insert(ETAG, document.etag.clone());
    answer.insert(CACHE_CONTROL, document.cache_control.clone());
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    } else {
        answer.insert(CONTENT_TYPE, document.content_type.clone());
    }
    response
}

async fn write(app: &App, ctx: &Ctx) -> Result<Document, OAuthError> {
    let issuer = &ctx.tenant.issuer;
    let catalog = app.directory.catalog(&ctx.tenant).await?;
    let endpoint = |path: &str| format!("{issuer}{path}");
    let confidential: Vec<&str> = AuthMethod::ALL
        .iter()
        .filter(|method| **method != AuthMethod::None)
        .map(|method| method.name())
        .collect();
    // Introspection also takes a client's own token (RFC 8414 section 2).
    let introspecting: Vec<&str> = confidential.iter().copied().chain(["Bearer"]).collect();
    let every: Vec<&str> = AuthMethod::ALL.iter().map(|method| method.name()).collect();
    let algorithms: Vec<&str> = Algorithm::ALL
        .iter()
        .map(|algorithm| algorithm.name())
        .collect();
    let grants: Vec<&str> = GrantType::ALL.iter().map(|grant| grant.name()).collect();
    let document = json!({
        "issuer": issuer,
        "jwks_uri": endpoint("/jwks.json"),
        "authorization_endpoint": endpoint("/authorize"),
        "end_session_endpoint": endpoint("/logout"),
        "token_endpoint": endpoint("/token"),
        "userinfo_endpoint": endpoint("/userinfo"),
        "introspection_endpoint": endpoint("/introspect"),
        "revocation_endpoint": endpoint("/revoke"),
        "scopes_supported": catalog.scopes().words().collect::<Vec<_>>(),
        "response_types_supported": ["code"],
        "response_modes_supported": ResponseMode::ALL.map(ResponseMode::name),
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": Prompt::ALL.map(Prompt::name),
        "authorization_response_iss_parameter_supported": true,
        "id_token_signing_alg_values_supported": algorithms,
        "acr_values_supported": acr::SUPPORTED,
        "display_values_supported": ["page"],
        "claim_types_supported": ["normal"],
        "ui_locales_supported": ["en"],
        "grant_types_supported": grants,
        "subject_types_supported": ["public"],
        "token_endpoint_auth_methods_supported": every,
        "token_endpoint_auth_signing_alg_values_supported": algorithms,
        "introspection_endpoint_auth_methods_supported": introspecting,
        "introspection_endpoint_auth_signing_alg_values_supported": algorithms,
        "revocation_endpoint_auth_methods_supported": every,
        "revocation_endpoint_auth_signing_alg_values_supported": algorithms,
        "claims_supported": crate::oidc::claims::SUPPORTED,
        "claims_parameter_supported": true,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
    });
    let bytes = document.to_string().into();
    Ok(Document::new(bytes, "application/json", MAX_AGE))
}
