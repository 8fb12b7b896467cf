//! `resource`: the audiences of tokens.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::error::CliError;
use super::options::{TenantOption, algorithm, token_format};
use super::session::Session;
use super::{Outcome, Start, session};
use crate::admin::resources;
use crate::model::algorithm::Algorithm;
use crate::model::client_metadata::TokenFormat;
use crate::model::resource::Resource;
use crate::model::scope::Scope;
use crate::model::tenant::Tenant;

#[derive(Args)]
pub(super) struct Options {
    #[command(flatten)]
    tenant: TenantOption,
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Makes a resource, or changes what is named
    Put {
        audience: String,
        #[command(flatten)]
        fields: Fields,
    },
    /// Lists the tenant's resources, the built-in ones too
    List,
    /// Removes a resource; a built-in one returns to its default
    Delete { audience: String },
}

#[derive(Args)]
struct Fields {
    /// Its name for people
    #[arg(long)]
    name: Option<String>,
    /// The scopes it gives meaning to, separated by spaces
    #[arg(long)]
    scopes: Option<Scope>,
    /// The clients that may introspect its tokens, separated by commas
    #[arg(long, value_name = "CLIENT_IDS", value_delimiter = ',')]
    introspection_clients: Option<Vec<String>>,
    /// Signs its tokens
    #[arg(long, value_name = "ALG", value_parser = algorithm())]
    signing_alg: Option<Algorithm>,
    /// The form of its tokens
    #[arg(long, value_name = "FORMAT", value_parser = token_format())]
    token_format: Option<TokenFormat>,
    /// The longest life of its tokens
    #[arg(long, value_name = "SECONDS")]
    token_lifetime: Option<i64>,
}

const COLUMNS: &[&str] = &["audience", "name", "scopes", "built_in"];

pub(super) fn run(start: &Start, options: Options) -> Result<Outcome, CliError> {
    session::run(start, async |session| {
        let tenant = session.tenant(&options.tenant.tenant).await?;
        match options.action {
            Action::Put { audience, fields } => put(session, &tenant, &audience, fields).await?,
            Action::List => {
                let catalog = session.app.store.tenant(&tenant.id).catalog().await?;
                let mut list = session.output.list(COLUMNS)?;
                for resource in catalog.resources() {
                    list.row(&view(resource))?;
                }
                list.end()?;
            }
            Action::Delete { audience } => {
                resources::delete(&session.app, &session.actor, &tenant, &audience).await?;
                session.output.say(
                    &format!("resource {audience} deleted"),
                    &json!({ "audience": audience, "deleted": true }),
                )?;
            }
        }
        Ok(Outcome::Done)
    })
}

async fn put(
    session: &Session,
    tenant: &Tenant,
    audience: &str,
    fields: Fields,
) -> Result<(), CliError> {
    let stored = session.app.store.tenant(&tenant.id).resources().await?;
    let mut resource = resources::stored_or_new(&stored, audience);
    if let Some(name) = fields.name {
        resource.name = name;
    }
    if let Some(scopes) = fields.scopes {
        resource.scopes = scopes;
    }
    if let Some(clients) = fields.introspection_clients {
        resource.introspection_clients = clients;
    }
    resource.signing_alg = fields.signing_alg.or(resource.signing_alg);
    resource.token_format = fields.token_format.or(resource.token_format);
    resource.token_lifetime = fields.token_lifetime.or(resource.token_lifetime);
    resources::put(&session.app, &session.actor, tenant, &resource).await?;
    let text = format!("resource {audience} stored");
    Ok(session.output.say(&text, &view(&resource))?)
}

fn view(resource: &Resource) -> Value {
    let mut view = json!(resource);
    view["built_in"] = Resource::is_built_in(&resource.audience).into();
    view
}
