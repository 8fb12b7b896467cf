//! `/resources`: resource servers, by their audience as it is written in an address.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answer::{Done, Found};
use super::body::{Body, Document};
use super::call::Call;
use super::list::{List, Listed, NoFilter};
use super::operation::Operation;
use super::problem::Problem;
use crate::admin::resources;
use crate::model::algorithm::Algorithm;
use crate::model::client_metadata::TokenFormat;
use crate::model::resource::{Catalog, Resource};
use crate::model::scope::Scope;

const READ: &[&str] = &["clients.read"];
const WRITE: &[&str] = &["clients.write"];

#[rustfmt::skip]
pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/resources", "resources.list", "Lists resources, in the order of their audiences", READ, list),
        Operation::get("/resources/{audience}", "resources.read", "Shows a resource", READ, read),
        Operation::put("/resources/{audience}", "resources.put", "Makes or replaces a resource", WRITE, put),
        Operation::delete("/resources/{audience}", "resources.delete", "Removes a resource; a built-in one is as it was", WRITE, delete),
    ]
}

/// What is written of a resource.
#[derive(Default, Deserialize, JsonSchema)]
#[schemars(rename = "Resource")]
#[serde(default, deny_unknown_fields)]
struct ResourceBody {
    /// Its name for people; without one, the audience.
    name: Option<String>,
    /// The scopes it owns, with a space between them. A built-in one keeps its own.
    scopes: Scope,
    /// Clients that may look into its tokens (RFC 7662).
    introspection_clients: Vec<String>,
    /// Signs its tokens.
    signing_alg: Option<Algorithm>,
    token_format: Option<TokenFormat>,
    /// Of its access tokens at most, in seconds.
    token_lifetime: Option<i64>,
}

impl Document for ResourceBody {}

/// A resource as it is shown.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "ResourceRead")]
struct ResourceView {
    /// What stands in `aud`.
    audience: String,
    name: String,
    scopes: Scope,
    introspection_clients: Vec<String>,
    signing_alg: Option<Algorithm>,
    token_format: Option<TokenFormat>,
    token_lifetime: Option<i64>,
    /// Whether every tenant has it.
    built_in: bool,
}

impl ResourceView {
    fn of(resource: Resource) -> Self {
        Self {
            built_in: Resource::is_built_in(&resource.audience),
            audience: resource.audience,
            name: resource.name,
            scopes: resource.scopes,
            introspection_clients: resource.introspection_clients,
            signing_alg: resource.signing_alg,
            token_format: resource.token_format,
            token_lifetime: resource.token_lifetime,
        }
    }
}

async fn list(
    call: Arc<Call>,
    List { page, .. }: List<NoFilter>,
) -> Result<Listed<ResourceView>, Problem> {
    let catalog = catalog(&call).await?;
    let ahead = catalog.resources().iter();
    let ahead = ahead.filter(|resource| resource.audience > page.after);
    let rows = ahead.take(usize::try_from(page.rows()).unwrap_or(usize::MAX));
    let rows = rows.cloned().collect();
    let key = |resource: &Resource| resource.audience.clone();
    Ok(page.answer(&call, rows, key, ResourceView::of))
}

async fn read(call: Arc<Call>, (): ()) -> Result<Found<ResourceView>, Problem> {
    Ok(Found(found(&call).await?.ok_or_else(Problem::not_found)?))
}

async fn put(
    call: Arc<Call>,
    Body(body): Body<ResourceBody>,
) -> Result<Found<ResourceView>, Problem> {
    guard(&call).await?;
    let audience = call.path("audience");
    let resource = Resource {
        audience: audience.to_owned(),
        name: body.name.unwrap_or_else(|| audience.to_owned()),
        scopes: body.scopes,
        introspection_clients: body.introspection_clients,
        signing_alg: body.signing_alg,
        token_format: body.token_format,
        token_lifetime: body.token_lifetime,
    };
    resources::put(&call.app, &call.actor(), call.tenant(), &resource).await?;
    read(call, ()).await
}

async fn delete(call: Arc<Call>, (): ()) -> Result<Done, Problem> {
    guard(&call).await?;
    let audience = call.path("audience");
    resources::delete(&call.app, &call.actor(), call.tenant(), audience).await?;
    Ok(Done)
}

/// Compares what the caller read, where they insist on it, with what is there.
async fn guard(call: &Call) -> Result<(), Problem> {
    if !call.has_precondition() {
        return Ok(());
    }
    match found(call).await? {
        Some(present) => call.guard(&present),
        None => Err(Problem::changed()),
    }
}

async fn found(call: &Call) -> Result<Option<ResourceView>, Problem> {
    let catalog = catalog(call).await?;
    let resource = catalog.by_audience(call.path("audience"));
    Ok(resource.cloned().map(ResourceView::of))
}

/// From the rows, so that what was just written is seen.
async fn catalog(call: &Call) -> Result<Catalog, Problem> {
    Ok(call.rows().catalog().await?)
}
