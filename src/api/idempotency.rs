//! `Idempotency-Key` on what creates: the same call again gets the same answer again, for a day.
//!
//! The key is taken before the operation runs, so that of two calls at once one runs; the answer is
//! kept, sealed, when it succeeded. A call that failed gives the key back. Where a node dies between
//! the two, the key is free again after a minute, and the unique names of what is created decide.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::header::{ETAG, LOCATION};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use http_body_util::BodyExt as _;
use serde::{Deserialize, Serialize};

use super::call::{Call, Incoming};
use super::problem::{Problem, ProblemKind};
use crate::base::digest::{sha256, sha256_text};
use crate::storage::idempotency::Claimed;
use crate::web::respond;

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Says that an answer was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// Longer than a request may take.
const IN_PROGRESS_SECONDS: i64 = 60;
const KEPT_SECONDS: i64 = 86_400;

/// An answer as it is kept. It may hold a secret that is shown once.
#[derive(Deserialize, Serialize)]
struct Kept {
    status: u16,
    location: Option<String>,
    tag: Option<String>,
    body: String,
}

/// Runs the call, or answers as its twin was answered.
pub(super) async fn once(call: Arc<Call>, incoming: Incoming) -> Result<Response, Problem> {
    let mut keys = call.headers.get_all(KEY).iter();
    let Some(key) = keys.next() else {
        return call.operation.run(Arc::clone(&call), incoming).await;
    };
    let key = key.to_str().unwrap_or_default();
    let readable =
        (1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    if !readable || keys.next().is_some() {
        return Err(Problem::malformed(
            "Idempotency-Key: one, 1 to 255 visible characters",
        ));
    }
    let place = format!(
        "{}\n{}\n{}\n{key}",
        call.caller.subject(),
        call.operation.name,
        call.address
    );
    let digest = sha256_text(&place);
    let fingerprint = fingerprint(&incoming);
    let rows = call.rows();
    let until = call.ctx.now.plus_seconds(IN_PROGRESS_SECONDS);
    let claimed = rows
        .claim_key(digest.clone(), fingerprint.clone(), call.ctx.now, until)
        .await?;
    match claimed {
        Claimed::New => {}
        Claimed::InProgress => {
            return Err(Problem::new(
                ProblemKind::Repeated,
                "try again when the first call has its answer",
            ));
        }
        Claimed::Other => {
            return Err(Problem::new(
                ProblemKind::ReusedKey,
                "send a new key with a new call",
            ));
        }
        Claimed::Answered(sealed) => return replay(&call, &digest, &sealed),
    }
    let answered = call.operation.run(Arc::clone(&call), incoming).await;
    let response = match answered {
        Ok(response) if response.status().is_success() => response,
        other => {
            rows.release_key(&digest).await?;
            return other;
        }
    };
    let (kept, response) = keep(response).await?;
    let plain = serde_json::to_vec(&kept).map_err(Problem::internal)?;
    let sealed = call
        .app
        .master_key
        .seal(&seal_context(&call, &digest), &plain, &call.app.random);
    let until = call.ctx.now.plus_seconds(KEPT_SECONDS);
    if let Err(error) = rows.keep_answer(&digest, sealed, until).await {
        // It is done all the same; a retry finds what was made.
        tracing::warn!(%error, "an answer could not be kept for retries");
    }
    Ok(response)
}

fn fingerprint(incoming: &Incoming) -> String {
    let query = serde_urlencoded::to_string(&incoming.query).unwrap_or_default();
    let digest = sha256(&[query.as_bytes(), b"\n", &incoming.body]);
    data_encoding::BASE64URL_NOPAD.encode(&digest)
}

fn seal_context(call: &Call, digest: &str) -> String {
    format!("idempotency:{}:{digest}", call.ctx.tenant.id)
}

async fn keep(response: Response) -> Result<(Kept, Response), Problem> {
    let (parts, body) = response.into_parts();
    let body: Bytes = body.collect().await.map_err(Problem::internal)?.to_bytes();
    let header = |name: HeaderName| {
        let value = parts.headers.get(name)?;
        value.to_str().ok().map(str::to_owned)
    };
    let kept = Kept {
        status: parts.status.as_u16(),
        location: header(LOCATION),
        tag: header(ETAG),
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    Ok((kept, Response::from_parts(parts, Body::from(body))))
}

fn replay(call: &Call, digest: &str, sealed: &str) -> Result<Response, Problem> {
    let plain = call
        .app
        .master_key
        .open(&seal_context(call, digest), sealed)
        .map_err(Problem::internal)?;
    let kept: Kept = serde_json::from_slice(&plain).map_err(Problem::internal)?;
    let status = StatusCode::from_u16(kept.status).map_err(Problem::internal)?;
    let mut response = respond::json_bytes(status, kept.body.into_bytes());
    let headers = response.headers_mut();
    for (name, value) in [(LOCATION, kept.location), (ETAG, kept.tag)] {
        if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
            headers.insert(name, value);
        }
    }
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    Ok(response)
}
