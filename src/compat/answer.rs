//! Answers that several profiles have.

use axum::http::StatusCode;
use axum::response::Response;
use schemars::{JsonSchema, SchemaGenerator};
use serde::Serialize;

use crate::api::call::Call;
use crate::api::operation::{Output, Shape};
use crate::web::respond;

/// Something new, in an answer without an address of its own.
pub struct Made<T>(pub T);

impl<T: JsonSchema + Send + Serialize + 'static> Output for Made<T> {
    fn describe(shape: &mut Shape) {
        shape.success = StatusCode::CREATED;
        shape.answer = Some(SchemaGenerator::subschema_for::<T>);
    }

    fn respond(self, _: &Call) -> Response {
        respond::json(StatusCode::CREATED, &self.0)
    }
}
