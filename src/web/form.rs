//! Reads a form body: the right type, a bounded size, a bounded time.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, Request};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use super::params::{ParamError, Params};

#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum FormError {
    #[error("the body must be application/x-www-form-urlencoded")]
    ContentType,
    #[error("the body must not be compressed")]
    Coding,
    #[error("the body is too large")]
    TooLarge,
    #[error("the body did not arrive in time")]
    TooSlow,
    #[error("the body ended early")]
    Broken,
    #[error("parameters belong in the body, not in the address")]
    Query,
    #[error(transparent)]
    Params(#[from] ParamError),
}

/// Reads the parameters of a form body.
pub async fn read(
    headers: &HeaderMap,
    body: Body,
    max_bytes: usize,
    timeout: Duration,
) -> Result<Params, FormError> {
    if !is_form(headers) {
        return Err(FormError::ContentType);
    }
    let body = collect(headers, body, max_bytes, timeout).await?;
    Ok(Params::parse(&body)?)
}

/// Reads a body of any type.
pub async fn collect(
    headers: &HeaderMap,
    body: Body,
    max_bytes: usize,
    timeout: Duration,
) -> Result<Bytes, FormError> {
    // A small body that unpacks to a large one would pass every limit.
    if headers.contains_key(CONTENT_ENCODING) {
        return Err(FormError::Coding);
    }
    let collected = tokio::time::timeout(timeout, Limited::new(body, max_bytes).collect());
    match collected.await {
        Err(_) => Err(FormError::TooSlow),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(FormError::TooLarge),
        Ok(Err(_)) => Err(FormError::Broken),
        Ok(Ok(body)) => Ok(body.to_bytes()),
    }
}

/// Takes a request apart into what it says about itself and its form. An address with parameters
/// is refused: addresses stand in logs (RFC 6749 section 2.3.1).
pub async fn of_request(
    request: Request<Body>,
    max_bytes: usize,
    timeout: Duration,
) -> (HeaderMap, Result<Params, FormError>) {
    let (parts, body) = request.into_parts();
    let params = if parts.uri.query().is_some_and(|query| !query.is_empty()) {
        Err(FormError::Query)
    } else {
        read(&parts.headers, body, max_bytes, timeout).await
    };
    (parts.headers, params)
}

/// Whether a body is announced as a form, in any case and with any parameters (RFC 9110 section 8.3).
pub fn is_form(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let (Some(only), None) = (types.next(), types.next()) else {
        return false;
    };
    let essence = only
        .to_str()
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default()
        .trim();
    essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}
