//! Floor 4: the REST API under `/api/v1`, at the root of the installation only.
//!
//! An operation is a row of its resource's `operations()`: method, path, name, the scopes one of which
//! is needed, and a handler whose types say what goes in and out. Authentication, the tenant, the
//! scope, the body and its errors, idempotency and entity tags are the same for all and happen in
//! `dispatch`, so that no handler can forget one; the OpenAPI document and its page are made from the
//! same rows.
//!
//! To add a resource: a file with `operations()` and its handlers, a line in [`OPERATIONS`], and the
//! tests that walk over all rows ask for the rest: tests/it/api/matrix.rs wants to know who may call it.

pub mod activity;
pub mod answer;
pub mod api_keys;
mod audit;
pub mod auth;
mod auth_links;
pub mod authority;
pub mod body;
pub mod call;
mod caller;
mod clients;
mod counters;
mod decisions;
mod dispatch;
mod docs;
pub mod factors;
mod groups;
mod idempotency;
mod keys;
pub mod list;
pub mod me;
pub mod openapi;
pub mod operation;
pub mod problem;
pub mod refusal;
mod resources;
mod roles;
mod service_accounts;
mod sessions;
mod sip_digests;
mod tenants;
pub mod users;
pub mod views;

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::Method;
use axum::routing::{MethodFilter, MethodRouter};

pub use docs::page;

use crate::app::App;
use crate::web::request_info::RequestInfo;
use operation::Operation;
use problem::Problem;
use refusal::{Refuse, RefusedCall, problem_details};

/// Where the API is.
pub const BASE: &str = "/api/v1";

/// The headers an operation may read, beside those every script may send (Fetch standard,
/// CORS-safelisted request-header).
pub const REQUEST_HEADERS: &[&str] = &[
    "authorization",
    "content-type",
    "idempotency-key",
    "if-match",
    "if-none-match",
    "x-api-key",
    "x-tenant-id",
];

/// The headers an answer may carry, beside those every script may read.
pub const ANSWER_HEADERS: &[&str] = &[
    "etag",
    "idempotency-replayed",
    "location",
    "retry-after",
    "www-authenticate",
    "x-request-id",
];

/// Every operation.
pub static OPERATIONS: LazyLock<Vec<Operation>> = LazyLock::new(|| {
    [
        users::operations(),
        factors::operations(),
        sip_digests::operations(),
        me::operations(),
        roles::operations(),
        groups::operations(),
        service_accounts::operations(),
        sessions::operations(),
        tenants::operations(),
        clients::operations(),
        resources::operations(),
        keys::operations(),
        api_keys::operations(),
        activity::operations(),
        audit::operations(),
        counters::operations(),
        decisions::operations(),
        // Last, as logging out is the last thing its caller does.
        auth_links::operations(),
        auth::operations(),
    ]
    .into_iter()
    .flatten()
    .collect()
});

/// The routes of all operations, below [`BASE`].
pub fn router() -> Router<App> {
    let manner = Manner {
        refuse: problem_details,
        counts_all: false,
    };
    routes(&OPERATIONS, manner).fallback(|request: Request| async move {
        Problem::not_found().respond(request_id(&request).as_deref())
    })
}

/// How a table of operations is served.
#[derive(Clone, Copy)]
pub struct Manner {
    /// Writes the answers to calls that are refused.
    pub refuse: Refuse,
    /// Whether every call counts against its address, and not only those of which nobody knows whose
    /// they are.
    pub counts_all: bool,
}

/// A route for each path of `operations`.
pub fn routes(operations: &'static [Operation], manner: Manner) -> Router<App> {
    let mut router = Router::new();
    let mut done: Vec<&'static str> = Vec::new();
    for operation in operations {
        if !done.contains(&operation.path) {
            done.push(operation.path);
            router = router.route(operation.path, methods(operations, operation.path, manner));
        }
    }
    router
}

/// Everything that can be done at one path.
fn methods(
    operations: &'static [Operation],
    path: &'static str,
    manner: Manner,
) -> MethodRouter<App> {
    let here = || operations.iter().filter(move |known| known.path == path);
    let mut allowed: Vec<&str> = here().map(|known| known.method.as_str()).collect();
    if allowed.contains(&"GET") {
        allowed.push("HEAD");
    }
    allowed.sort_unstable();
    let allow = allowed.join(", ");
    let mut router = MethodRouter::new();
    for operation in here() {
        let handler = move |State(app): State<App>, request: Request| async move {
            dispatch::dispatch(app, operation, request, manner).await
        };
        if let Ok(method) = MethodFilter::try_from(operation.method.clone()) {
            router = router.on(method, handler);
        }
    }
    router.fallback(move |request: Request| {
        let problem = Problem::method_not_allowed(&allow);
        let call = RefusedCall {
            request_id: request_id(&request),
            ..RefusedCall::of(request.headers())
        };
        async move { (manner.refuse)(problem, &call) }
    })
}

fn request_id(request: &Request) -> Option<Arc<str>> {
    let info = request.extensions().get::<RequestInfo>()?;
    Some(Arc::clone(&info.id))
}

/// Methods that only read.
pub fn is_safe(method: &Method) -> bool {
    *method == Method::GET || *method == Method::HEAD
}
