//! `/clients`: the applications of a tenant and their secrets.

mod body;

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use super::answer::{CreatedWithSecret, Done, Found};
use super::authority;
use super::body::{Body, Document, Merge};
use super::call::Call;
use super::list::{List, Listed};
use super::operation::Operation;
use super::problem::Problem;
use super::users::searched;
use super::views::Password;
use crate::admin::clients::{self, Secret};
use crate::model::client::Client;
use body::{ClientBody, ClientCreated, ClientView, SecretCreated, SecretView};

const READ: &[&str] = &["clients.read"];
const WRITE: &[&str] = &["clients.write"];

#[rustfmt::skip]
pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/clients", "clients.list", "Lists clients, in the order of their ids", READ, list),
        Operation::post("/clients", "clients.create", "Registers a client; a secret that is made is shown this once", WRITE, create),
        Operation::get("/clients/{client_id}", "clients.read", "Shows a client", READ, read),
        Operation::patch("/clients/{client_id}", "clients.update", "Changes what is named of a registration", WRITE, update),
        Operation::delete("/clients/{client_id}", "clients.delete", "Removes a client; its tokens are dead", WRITE, delete),
        Operation::post("/clients/{client_id}/secrets", "clients.add_secret", "Adds a secret; the newest two work", WRITE, add_secret),
        Operation::delete("/clients/{client_id}/secrets/{secret_id}", "clients.remove_secret", "Takes a secret away, but for the only one", WRITE, remove_secret),
    ]
}

/// Which clients are listed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Filter {
    /// Part of an id or a name, in any case.
    search: Option<String>,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct NewSecret {
    /// A secret of one's own; without one, it is made.
    client_secret: Option<Password>,
}

impl Document for NewSecret {}

async fn list(
    call: Arc<Call>,
    List { filter, page }: List<Filter>,
) -> Result<Listed<ClientView>, Problem> {
    let search = filter.search.as_deref().map(searched).transpose()?;
    let rows = call.rows();
    let clients = match &search {
        Some(term) => rows.find_clients(term, &page.after, page.rows()).await?,
        None => rows.clients(&page.after, page.rows()).await?,
    };
    let key = |client: &Client| client.client_id.clone();
    Ok(page.answer(&call, clients, key, ClientView::listed))
}

async fn create(
    call: Arc<Call>,
    Body(mut body): Body<ClientBody>,
) -> Result<CreatedWithSecret<ClientCreated, ClientView>, Problem> {
    let given = body.client_secret.take();
    let id = body.client_id.take();
    // Not the bare id: that of a client is no UUID.
    let id = id.unwrap_or_else(|| format!("client-{}", call.app.opaque_id()));
    let enabled = body.enabled;
    let metadata = body.into_metadata();
    authority::may_manage_client(&call, &metadata.scope)?;
    let secret = match &given {
        Some(given) => Secret::Given(given.expose()),
        None if metadata.uses_secret() => Secret::Generate,
        None => Secret::Keep,
    };
    let (app, actor, tenant) = (&call.app, call.actor(), call.tenant());
    let made = clients::create(app, &actor, tenant, &id, metadata, enabled, secret).await?;
    let client = clients::get(app, tenant, &id).await?;
    Ok(CreatedWithSecret {
        location: format!("/clients/{id}"),
        read_as: ClientView::of(client.clone()),
        body: ClientCreated::of(client, made.as_ref()),
    })
}

async fn read(call: Arc<Call>, (): ()) -> Result<Found<ClientView>, Problem> {
    Ok(Found(ClientView::of(found(&call).await?)))
}

async fn update(call: Arc<Call>, changes: Merge<ClientBody>) -> Result<Found<ClientView>, Problem> {
    let before = managed(&call).await?;
    call.guard(&ClientView::of(before.clone()))?;
    let present = ClientBody::of(before.enabled, before.metadata.clone());
    let wanted = changes.onto(&present)?;
    let enabled = wanted.enabled;
    let metadata = wanted.into_metadata();
    authority::may_manage_client(&call, &metadata.scope)?;
    let (app, actor, tenant) = (&call.app, call.actor(), call.tenant());
    let keep = Secret::Keep;
    clients::update(app, &actor, tenant, &before, metadata, enabled, keep).await?;
    read(call, ()).await
}

async fn delete(call: Arc<Call>, (): ()) -> Result<Done, Problem> {
    let client = managed(&call).await?;
    let id = client.client_id.clone();
    call.guard(&ClientView::of(client))?;
    clients::delete(&call.app, &call.actor(), call.tenant(), &id).await?;
    Ok(Done)
}

async fn add_secret(
    call: Arc<Call>,
    Body(NewSecret { client_secret }): Body<NewSecret>,
) -> Result<CreatedWithSecret<SecretCreated, SecretView>, Problem> {
    let before = managed(&call).await?;
    let secret = match &client_secret {
        Some(given) => Secret::Given(given.expose()),
        None => Secret::Generate,
    };
    let (app, actor, tenant) = (&call.app, call.actor(), call.tenant());
    let (metadata, enabled) = (before.metadata.clone(), before.enabled);
    let made = clients::update(app, &actor, tenant, &before, metadata, enabled, secret).await?;
    let client = found(&call).await?;
    let known = |id: &str| before.secrets.iter().any(|secret| secret.id() == id);
    let new = client.secrets.iter().find(|secret| !known(&secret.id()));
    let Some(new) = new else {
        return Err(Problem::conflict("the client has this secret already"));
    };
    Ok(CreatedWithSecret {
        location: format!("/clients/{}/secrets/{}", client.client_id, new.id()),
        read_as: SecretView::of(new),
        body: SecretCreated::of(new, made.as_ref()),
    })
}

async fn remove_secret(call: Arc<Call>, (): ()) -> Result<Done, Problem> {
    let client = managed(&call).await?;
    let (app, actor, tenant) = (&call.app, call.actor(), call.tenant());
    clients::remove_secret(app, &actor, tenant, &client, call.path("secret_id")).await?;
    Ok(Done)
}

/// The client that the path names, if the caller may manage it.
async fn managed(call: &Call) -> Result<Client, Problem> {
    let client = found(call).await?;
    authority::may_manage_client(call, &client.metadata.scope)?;
    Ok(client)
}

/// The client that the path names.
async fn found(call: &Call) -> Result<Client, Problem> {
    let client = clients::get(&call.app, call.tenant(), call.path("client_id")).await?;
    Ok(client)
}
