//! The way of every call: who calls, for which tenant, with which right; then the body, the key that
//! makes it idempotent, the input; then the operation.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequestParts as _, OriginalUri, RawPathParams};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, Request};
use axum::response::Response;

use super::Manner;
use super::call::{Call, Incoming};
use super::caller::{self, Caller};
use super::idempotency;
use super::operation::Operation;
use super::problem::{Problem, ProblemKind};
use super::refusal::RefusedCall;
use crate::app::App;
use crate::context::Ctx;
use crate::model::tenant::Tenant;
use crate::oauth::error::OAuthError;
use crate::web::form;
use crate::web::request_info::RoutePattern;

const TENANT: HeaderName = HeaderName::from_static("x-tenant-id");

/// How often a change is tried before the caller is told that others were faster.
const ATTEMPTS: usize = 5;

/// Answers one call in this manner.
pub(super) async fn dispatch(
    app: App,
    operation: &'static Operation,
    request: Request<Body>,
    manner: Manner,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let mut refused = RefusedCall {
        is_public: operation.is_public(),
        ..RefusedCall::of(&parts.headers)
    };
    let arrived = Ctx::from_request_parts(&mut parts, &app).await;
    let outcome = match arrived {
        // A tenant's own host has the tenant's endpoints and nothing of the installation's.
        Ok(ctx) if !ctx.tenant.is_default() => {
            refused.request_id = Some(ctx.request_id);
            Err(Problem::not_found())
        }
        Ok(ctx) => {
            refused.request_id = Some(Arc::clone(&ctx.request_id));
            run(app, operation, ctx, parts, body, manner.counts_all).await
        }
        Err(error) => Err(error.into()),
    };
    let mut response = outcome.unwrap_or_else(|problem| (manner.refuse)(problem, &refused));
    let pattern = RoutePattern(operation.path);
    response.extensions_mut().insert(pattern);
    response
}

async fn run(
    app: App,
    operation: &'static Operation,
    arrived: Ctx,
    mut parts: Parts,
    body: Body,
    counts_all: bool,
) -> Result<Response, Problem> {
    if counts_all || operation.is_public() {
        count(&app, &arrived)?;
    }
    // As it was called: the router has cut the front off.
    let original = OriginalUri::from_request_parts(&mut parts, &()).await;
    let address = original.map_or_else(|never| match never {}, |uri| uri.path().to_owned());
    let path = path_of(&mut parts).await?;
    let mut query = Incoming::query(parts.uri.query().unwrap_or_default())?;
    caller::none_in_address(&query)?;
    let caller = if operation.is_public() {
        Caller::nobody(&app, Arc::clone(&arrived.tenant)).await?
    } else {
        let caller = caller::authenticate(&app, &arrived, &parts.headers).await;
        let unproven =
            matches!(&caller, Err(problem) if problem.kind() == ProblemKind::Unauthenticated);
        if unproven && !counts_all {
            count(&app, &arrived)?;
        }
        caller?
    };
    let tenant = tenant_of(&app, &caller, &parts.headers, &mut query).await?;
    let reaches = |scope: &&str| caller.has_for(scope, &operation.method);
    if !operation.is_public() && !operation.scopes.iter().any(reaches) {
        return Err(Problem::insufficient_scope(operation.scopes));
    }
    let body = match &operation.shape.body {
        Some(shape) if shape.required || parts.headers.contains_key(CONTENT_TYPE) => {
            read_body(&app, &parts.headers, body, shape.media_types).await?
        }
        _ => Bytes::new(),
    };
    let catalog = app.directory.catalog(&tenant).await?;
    let call = Arc::new(Call {
        catalog,
        ctx: Ctx { tenant, ..arrived },
        caller,
        operation,
        path,
        address,
        headers: parts.headers,
        app,
    });
    let incoming = Incoming { query, body };
    if operation.shape.creates {
        idempotency::once(call, incoming).await
    } else {
        unraced(&call, incoming).await
    }
}

/// Counts a call of which nobody knows whose it is.
fn count(app: &App, arrived: &Ctx) -> Result<(), Problem> {
    app.pace
        .count(arrived.address, arrived.now)
        .map_err(|throttled| Problem::too_many_requests(throttled.retry_after))
}

/// Runs the operation, again where somebody else wrote between its reading and its writing. Who
/// insists on what they read is told instead.
async fn unraced(call: &Arc<Call>, incoming: Incoming) -> Result<Response, Problem> {
    for _ in 1..ATTEMPTS {
        match call.operation.run(Arc::clone(call), incoming.clone()).await {
            Err(problem) if problem.kind() == ProblemKind::Changed && !call.has_precondition() => {}
            outcome => return outcome,
        }
    }
    call.operation.run(Arc::clone(call), incoming).await
}

/// The named parts of the path, decoded.
async fn path_of(parts: &mut Parts) -> Result<Vec<(String, String)>, Problem> {
    let raw = RawPathParams::from_request_parts(parts, &()).await;
    let raw = raw.map_err(|_| Problem::not_found())?;
    let named: Vec<(String, String)> = raw
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    if named.iter().any(|(_, value)| value.contains('\0')) {
        return Err(Problem::not_found());
    }
    Ok(named)
}

/// The tenant that is acted on: the caller's own. Another may be named, in the parameter `tenant` or
/// the header, by administrators of the installation only; whoever else names another is refused,
/// whether there is one or not.
async fn tenant_of(
    app: &App,
    caller: &Caller,
    headers: &HeaderMap,
    query: &mut Vec<(String, String)>,
) -> Result<Arc<Tenant>, Problem> {
    let mut named: Vec<String> = Vec::new();
    query.retain(|(name, value)| {
        let names_it = name == "tenant";
        if names_it {
            named.push(value.clone());
        }
        !names_it
    });
    for value in headers.get_all(TENANT) {
        named.push(value.to_str().unwrap_or_default().to_owned());
    }
    let home = caller.home();
    named.retain(|name| *name != home.id && *name != home.slug);
    named.dedup();
    let Some(name) = named.pop() else {
        return Ok(Arc::clone(home));
    };
    if !caller.is_system_administrator() || !named.is_empty() {
        return Err(Problem::forbidden("the token is another tenant's"));
    }
    let by_slug = app.directory.tenant(&name).await?;
    let tenant = match by_slug {
        Some(tenant) => Some(tenant),
        None => app.directory.tenant_by_id(&name).await?,
    };
    tenant.ok_or_else(Problem::not_found)
}

async fn read_body(
    app: &App,
    headers: &HeaderMap,
    body: Body,
    media_types: &[&str],
) -> Result<Bytes, Problem> {
    if !media_types.iter().any(|known| is_of_type(headers, known)) {
        let detail = format!("the body must be {}", media_types.join(" or "));
        return Err(Problem::new(ProblemKind::UnsupportedMediaType, detail));
    }
    let limits = &app.config.limits;
    form::collect(headers, body, limits.max_body_bytes, limits.body_timeout)
        .await
        .map_err(|error| OAuthError::from(error).into())
}

/// Whether a body is announced as `media_type`, in UTF-8 (RFC 8259 section 8.1).
fn is_of_type(headers: &HeaderMap, media_type: &str) -> bool {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let (Some(only), None) = (types.next(), types.next()) else {
        return false;
    };
    let mut parts = only.to_str().unwrap_or_default().split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    essence.eq_ignore_ascii_case(media_type)
        && parts.all(|parameter| match parameter.split_once('=') {
            Some((name, value)) if name.eq_ignore_ascii_case("charset") => {
                value.trim_matches('"').eq_ignore_ascii_case("utf-8")
            }
            _ => true,
        })
}
