//! What operations answer with.

use axum::http::header::{ETAG, IF_NONE_MATCH, LOCATION};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::Response;
use data_encoding::BASE64URL_NOPAD;
use schemars::{JsonSchema, SchemaGenerator};
use serde::Serialize;

use super::call::Call;
use super::operation::{Output, Shape};
use super::problem::Problem;
use crate::base::digest::sha256;
use crate::config::issuer;
use crate::web::respond;

/// What was asked for, with its `ETag`.
pub struct Found<T>(pub T);

/// Something new, and where it is.
pub struct Created<T> {
    /// Below `/api/v1`.
    pub location: String,
    pub body: T,
}

/// Something new that is shown with a secret this once. Its `ETag` is that of what it will be read as.
pub struct CreatedWithSecret<T, R> {
    /// Below `/api/v1`.
    pub location: String,
    pub body: T,
    pub read_as: R,
}

/// It is done, and there is nothing to say about it.
pub struct Done;

/// An answer without an `ETag`: what was worked out for this call.
pub struct Answer<T>(pub T);

/// The strong entity tag of a representation (RFC 9110 section 8.8.3).
pub fn tag_of(representation: &[u8]) -> String {
    let digest = sha256(&[representation]);
    format!("\"{}\"", BASE64URL_NOPAD.encode(&digest[..15]))
}

impl<T: Serialize + JsonSchema + Send + 'static> Output for Found<T> {
    fn describe(shape: &mut Shape) {
        shape.success = StatusCode::OK;
        shape.answer = Some(SchemaGenerator::subschema_for::<T>);
        shape.tagged = true;
    }

    fn respond(self, call: &Call) -> Response {
        tagged(StatusCode::OK, &self.0, call)
    }
}

impl<T: Serialize + JsonSchema + Send + 'static> Output for Created<T> {
    fn describe(shape: &mut Shape) {
        shape.success = StatusCode::CREATED;
        shape.answer = Some(SchemaGenerator::subschema_for::<T>);
        shape.tagged = true;
        shape.creates = true;
    }

    fn respond(self, call: &Call) -> Response {
        let mut response = tagged(StatusCode::CREATED, &self.body, call);
        let root = issuer::path(&call.app.config.issuer);
        let location = format!("{root}{}{}", super::BASE, self.location);
        if let Ok(location) = HeaderValue::try_from(location) {
            response.headers_mut().insert(LOCATION, location);
        }
        response
    }
}

impl<T, R> Output for CreatedWithSecret<T, R>
where
    T: Serialize + JsonSchema + Send + 'static,
    R: Serialize + Send + 'static,
{
    fn describe(shape: &mut Shape) {
        Created::<T>::describe(shape);
    }

    fn respond(self, call: &Call) -> Response {
        let tag = tagged(StatusCode::CREATED, &self.read_as, call);
        let created = Created {
            location: self.location,
            body: self.body,
        };
        let mut response = created.respond(call);
        if let Some(tag) = tag.headers().get(ETAG) {
            response.headers_mut().insert(ETAG, tag.clone());
        }
        response
    }
}

impl<T: Serialize + JsonSchema + Send + 'static> Output for Answer<T> {
    fn describe(shape: &mut Shape) {
        shape.success = StatusCode::OK;
        shape.answer = Some(SchemaGenerator::subschema_for::<T>);
    }

    fn respond(self, _: &Call) -> Response {
        respond::json(StatusCode::OK, &self.0)
    }
}

impl Output for Done {
    fn describe(shape: &mut Shape) {
        shape.success = StatusCode::NO_CONTENT;
    }

    fn respond(self, _: &Call) -> Response {
        respond::empty(StatusCode::NO_CONTENT)
    }
}

fn tagged<T: Serialize>(status: StatusCode, body: &T, call: &Call) -> Response {
    let bytes = match serde_json::to_vec(body) {
        Ok(bytes) => bytes,
        Err(error) => return Problem::internal(error).respond(Some(&call.ctx.request_id)),
    };
    let tag = tag_of(&bytes);
    let reads = call.operation.method == Method::GET;
    let mut response = if reads && is_known(call, &tag) {
        respond::empty(StatusCode::NOT_MODIFIED)
    } else {
        respond::json_bytes(status, bytes)
    };
    if let Ok(tag) = HeaderValue::try_from(tag) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}

/// Whether the caller has this representation already (RFC 9110 section 13.1.2).
fn is_known(call: &Call, tag: &str) -> bool {
    let known = call.headers.get_all(IF_NONE_MATCH).iter();
    known
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|known| known.trim().trim_start_matches("W/"))
        .any(|known| known == "*" || known == tag)
}
