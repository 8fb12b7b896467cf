//! What an operation is: a method and a path, who may call it, what goes in and what comes out. The
//! router, the OpenAPI document and the page about it all come from the same value, whose shape is
//! that of the handler's types.

use std::sync::Arc;

use axum::http::{Method, StatusCode};
use axum::response::Response;
use futures_util::future::BoxFuture;
use schemars::{Schema, SchemaGenerator};

use super::call::{Call, Incoming};
use super::problem::{Problem, ProblemKind};

/// Makes a schema, with its parts among the generator's definitions.
pub type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// One operation of the API.
pub struct Operation {
    pub method: Method,
    /// Below `/api/v1`.
    pub path: &'static str,
    /// Its name for programs: the resource, a dot, what is done to it.
    pub name: &'static str,
    pub summary: &'static str,
    /// One of these is needed; none where everybody may call.
    pub scopes: &'static [&'static str],
    pub shape: Shape,
    run: Run,
}

type Run =
    Box<dyn Fn(Arc<Call>, Incoming) -> BoxFuture<'static, Result<Response, Problem>> + Send + Sync>;

/// What goes in and comes out, as the handler's types say it.
#[derive(Default)]
pub struct Shape {
    /// The parameters of the address.
    pub filter: Option<SchemaOf>,
    /// Whether it answers page by page.
    pub pages: bool,
    pub body: Option<BodyShape>,
    pub success: StatusCode,
    pub answer: Option<SchemaOf>,
    /// Whether the answer has an `ETag`.
    pub tagged: bool,
    /// Whether it makes something, and takes an `Idempotency-Key`.
    pub creates: bool,
    /// Other types the answer may have, by `Accept`.
    pub also: &'static [&'static str],
}

pub struct BodyShape {
    pub schema: SchemaOf,
    pub media_types: &'static [&'static str],
    /// Whether the call says nothing without it.
    pub required: bool,
}

/// What a handler takes beside the call.
pub trait Input: Sized + Send + 'static {
    fn describe(shape: &mut Shape);

    /// # Errors
    /// It is malformed.
    fn read(call: &Call, incoming: Incoming) -> Result<Self, Problem>;
}

/// What a handler answers with.
pub trait Output: Send + 'static {
    fn describe(shape: &mut Shape);

    fn respond(self, call: &Call) -> Response;
}

/// Nothing beside the call.
impl Input for () {
    fn describe(_: &mut Shape) {}

    fn read(_: &Call, incoming: Incoming) -> Result<Self, Problem> {
        incoming.no_parameters()
    }
}

impl Operation {
    pub fn get<I: Input, O: Output, Fut>(
        path: &'static str,
        name: &'static str,
        summary: &'static str,
        scopes: &'static [&'static str],
        handler: fn(Arc<Call>, I) -> Fut,
    ) -> Self
    where
        Fut: Future<Output = Result<O, Problem>> + Send + 'static,
    {
        Self::new(Method::GET, path, name, summary, scopes, handler)
    }

    pub fn post<I: Input, O: Output, Fut>(
        path: &'static str,
        name: &'static str,
        summary: &'static str,
        scopes: &'static [&'static str],
        handler: fn(Arc<Call>, I) -> Fut,
    ) -> Self
    where
        Fut: Future<Output = Result<O, Problem>> + Send + 'static,
    {
        Self::new(Method::POST, path, name, summary, scopes, handler)
    }

    pub fn put<I: Input, O: Output, Fut>(
        path: &'static str,
        name: &'static str,
        summary: &'static str,
        scopes: &'static [&'static str],
        handler: fn(Arc<Call>, I) -> Fut,
    ) -> Self
    where
        Fut: Future<Output = Result<O, Problem>> + Send + 'static,
    {
        Self::new(Method::PUT, path, name, summary, scopes, handler)
    }

    pub fn patch<I: Input, O: Output, Fut>(
        path: &'static str,
        name: &'static str,
        summary: &'static str,
        scopes: &'static [&'static str],
        handler: fn(Arc<Call>, I) -> Fut,
    ) -> Self
    where
        Fut: Future<Output = Result<O, Problem>> + Send + 'static,
    {
        Self::new(Method::PATCH, path, name, summary, scopes, handler)
    }

    pub fn delete<I: Input, O: Output, Fut>(
        path: &'static str,
        name: &'static str,
        summary: &'static str,
        scopes: &'static [&'static str],
        handler: fn(Arc<Call>, I) -> Fut,
    ) -> Self
    where
        Fut: Future<Output = Result<O, Problem>> + Send + 'static,
    {
        Self::new(Method::DELETE, path, name, summary, scopes, handler)
    }

    fn new<I: Input, O: Output, Fut>(
        method: Method,
        path: &'static str,
        name: &'static str,
        summary: &'static str,
        scopes: &'static [&'static str],
        handler: fn(Arc<Call>, I) -> Fut,
    ) -> Self
    where
        Fut: Future<Output = Result<O, Problem>> + Send + 'static,
    {
        let mut shape = Shape::default();
        I::describe(&mut shape);
        O::describe(&mut shape);
        let run: Run = Box::new(move |call, incoming| {
            Box::pin(async move {
                let input = I::read(&call, incoming)?;
                let output = handler(Arc::clone(&call), input).await?;
                Ok(output.respond(&call))
            })
        });
        Self {
            method,
            path,
            name,
            summary,
            scopes,
            shape,
            run,
        }
    }

    pub(super) async fn run(
        &self,
        call: Arc<Call>,
        incoming: Incoming,
    ) -> Result<Response, Problem> {
        (self.run)(call, incoming).await
    }

    /// The resource it belongs to: the first word of its path.
    pub fn resource(&self) -> &'static str {
        self.path[1..].split('/').next().unwrap_or_default()
    }

    /// The names in braces in its path.
    pub fn path_parameters(&self) -> impl Iterator<Item = &'static str> {
        self.path.split('/').filter_map(|part| {
            part.strip_prefix('{')
                .and_then(|part| part.strip_suffix('}'))
        })
    }

    pub fn is_public(&self) -> bool {
        self.scopes.is_empty()
    }

    /// Whether it changes something.
    pub fn writes(&self) -> bool {
        self.method != Method::GET
    }

    /// Every problem it can answer with.
    pub fn problems(&self) -> Vec<ProblemKind> {
        use ProblemKind as Kind;
        let shape = &self.shape;
        let mut kinds = vec![
            Kind::Malformed,
            Kind::NotFound,
            Kind::Internal,
            Kind::Unavailable,
        ];
        if !self.is_public() {
            // Who tries API keys is told to wait.
            kinds.extend([
                Kind::Unauthenticated,
                Kind::Forbidden,
                Kind::TooManyRequests,
            ]);
        }
        if shape.body.is_some() {
            kinds.extend([Kind::TooSlow, Kind::TooLarge, Kind::UnsupportedMediaType]);
        }
        if self.writes() {
            kinds.extend([
                Kind::Conflict,
                Kind::InvalidFields,
                Kind::TooManyRequests,
                Kind::Changed,
            ]);
        }
        if self.is_public() {
            kinds.extend([
                Kind::Unauthenticated,
                Kind::Forbidden,
                Kind::TooManyRequests,
            ]);
        }
        if shape.creates {
            kinds.extend([Kind::Repeated, Kind::ReusedKey]);
        }
        kinds.sort_by_key(|kind| (kind.status(), kind.code()));
        kinds.dedup();
        kinds
    }
}
