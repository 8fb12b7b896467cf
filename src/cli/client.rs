//! `client`: applications and services.

mod registration;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::error::CliError;
use super::options::TenantOption;
use super::output::printable;
use super::secrets::SecretSource;
use super::session::Session;
use super::{Outcome, Start, session};
use crate::admin::clients::{self, Secret};
use crate::base::token::OpaqueToken;
use crate::model::client::Client;
use crate::model::client_metadata::ClientMetadata;
use crate::model::tenant::Tenant;
use registration::Registration;

#[derive(Args)]
pub(super) struct Options {
    #[command(flatten)]
    tenant: TenantOption,
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Registers a client; a secret we make is printed this once
    Create {
        client_id: String,
        #[command(flatten)]
        registration: Box<Registration>,
        #[command(flatten)]
        secret: SecretSource,
    },
    /// Lists the tenant's clients
    List,
    /// Shows a client
    Show { client_id: String },
    /// Changes what is named of a registration
    Update {
        client_id: String,
        #[command(flatten)]
        registration: Box<Registration>,
    },
    /// Lets a client be answered again
    Enable { client_id: String },
    /// Stops answering a client; its tokens are dead
    Disable { client_id: String },
    /// Removes a client; its tokens are dead
    Delete { client_id: String },
    /// Gives a client another secret; the one before works until the next time
    RotateSecret {
        client_id: String,
        #[command(flatten)]
        secret: SecretSource,
    },
}

const COLUMNS: &[&str] = &[
    "client_id",
    "client_name",
    "grant_types",
    "scope",
    "token_endpoint_auth_method",
    "enabled",
];
const PAGE: i64 = 500;

pub(super) fn run(start: &Start, options: Options) -> Result<Outcome, CliError> {
    session::run(start, async |session| {
        let tenant = session.tenant(&options.tenant.tenant).await?;
        match options.action {
            Action::Create {
                client_id,
                registration,
                secret,
            } => create(session, &tenant, &client_id, *registration, &secret).await?,
            Action::List => list(session, &tenant).await?,
            Action::Show { client_id } => {
                let client = clients::get(&session.app, &tenant, &client_id).await?;
                session.output.object(&view(&client))?;
            }
            Action::Update {
                client_id,
                registration,
            } => {
                let mut client = clients::get(&session.app, &tenant, &client_id).await?;
                registration.lay_over(&mut client.metadata)?;
                write(session, &tenant, &client, Secret::Keep).await?;
                let client = clients::get(&session.app, &tenant, &client_id).await?;
                let text = format!("client {client_id} changed");
                session.output.say(&text, &view(&client))?;
            }
            Action::Enable { client_id } => {
                set_enabled(session, &tenant, &client_id, true).await?;
            }
            Action::Disable { client_id } => {
                set_enabled(session, &tenant, &client_id, false).await?;
            }
            Action::Delete { client_id } => {
                clients::delete(&session.app, &session.actor, &tenant, &client_id).await?;
                let json = json!({ "client_id": client_id, "deleted": true });
                let text = format!("client {client_id} deleted");
                session.output.say(&text, &json)?;
            }
            Action::RotateSecret { client_id, secret } => {
                rotate_secret(session, &tenant, &client_id, &secret).await?;
            }
        }
        Ok(Outcome::Done)
    })
}

async fn create(
    session: &Session,
    tenant: &Tenant,
    client_id: &str,
    registration: Registration,
    source: &SecretSource,
) -> Result<(), CliError> {
    let mut metadata = ClientMetadata::default();
    registration.lay_over(&mut metadata)?;
    let given = source.read()?;
    let secret = match &given {
        Some(given) => Secret::Given(given.expose()),
        None if metadata.uses_secret() => Secret::Generate,
        None => Secret::Keep,
    };
    let (app, actor) = (&session.app, &session.actor);
    let made = clients::create(app, actor, tenant, client_id, metadata, true, secret).await?;
    let text = format!("client {client_id} created");
    say_with_secret(session, text, client_id, made.as_ref())
}

async fn rotate_secret(
    session: &Session,
    tenant: &Tenant,
    client_id: &str,
    source: &SecretSource,
) -> Result<(), CliError> {
    let client = clients::get(&session.app, tenant, client_id).await?;
    let given = source.read()?;
    let secret = given
        .as_ref()
        .map_or(Secret::Generate, |given| Secret::Given(given.expose()));
    let made = write(session, tenant, &client, secret).await?;
    let text =
        format!("client {client_id} has another secret; the one before works until the next time");
    say_with_secret(session, text, client_id, made.as_ref())
}

/// Stores what a client is now, where nobody has changed it since it was read.
async fn write(
    session: &Session,
    tenant: &Tenant,
    client: &Client,
    secret: Secret<'_>,
) -> Result<Option<OpaqueToken>, CliError> {
    let (app, actor) = (&session.app, &session.actor);
    let (metadata, enabled) = (client.metadata.clone(), client.enabled);
    Ok(clients::update(app, actor, tenant, client, metadata, enabled, secret).await?)
}

/// The only time a secret we made is shown.
fn say_with_secret(
    session: &Session,
    mut text: String,
    client_id: &str,
    made: Option<&OpaqueToken>,
) -> Result<(), CliError> {
    let mut json = json!({ "client_id": client_id });
    if let Some(made) = made {
        text.push_str("\nclient_secret (shown this once): ");
        text.push_str(made.expose());
        json["client_secret"] = made.expose().into();
    }
    Ok(session.output.say(&text, &json)?)
}

async fn set_enabled(
    session: &Session,
    tenant: &Tenant,
    client_id: &str,
    enabled: bool,
) -> Result<(), CliError> {
    let client = clients::get(&session.app, tenant, client_id).await?;
    let changed = client.enabled != enabled;
    if changed {
        let client = Client { enabled, ..client };
        write(session, tenant, &client, Secret::Keep).await?;
    }
    let output = session.output;
    Ok(output.switched("client", &printable(client_id), enabled, changed)?)
}

async fn list(session: &Session, tenant: &Tenant) -> Result<(), CliError> {
    let rows = session.app.store.tenant(&tenant.id);
    let mut printed = session.output.list(COLUMNS)?;
    let mut after = String::new();
    loop {
        let page = rows.clients(&after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after.clone_from(&last.client_id);
        for client in &page {
            let mut row = view(client);
            // A list is read without the secrets' rows.
            row.as_object_mut().map(|row| row.shift_remove("secrets"));
            printed.row(&row)?;
        }
    }
    Ok(printed.end()?)
}

fn view(client: &Client) -> Value {
    let mut view = json!({ "client_id": client.client_id, "enabled": client.enabled });
    if let Value::Object(metadata) = json!(client.metadata) {
        for (name, value) in metadata {
            view[name] = value;
        }
    }
    view["secrets"] = client.secrets.len().into();
    view["created_at"] = client.created_at.to_string().into();
    view["updated_at"] = client.updated_at.to_string().into();
    view
}
