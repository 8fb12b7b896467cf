//! `role`: what people may be given.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::error::CliError;
use super::options::TenantOption;
use super::session::Session;
use super::{Outcome, Start, session};
use crate::admin::{AdminError, roles};
use crate::model::resource::Catalog;
use crate::model::role::{self, RoleInput};
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
    /// Makes a role, or changes what is named
    Put {
        name: String,
        /// What it is for, in words
        #[arg(long)]
        description: Option<String>,
        /// The scopes whoever has it may be given, separated by commas; empty for none
        #[arg(long, value_name = "SCOPES", value_delimiter = ',')]
        permissions: Option<Vec<String>>,
    },
    /// Lists the tenant's roles, those every tenant has too
    List,
    /// Removes a role that nobody has
    Delete { name: String },
}

const COLUMNS: &[&str] = &["name", "description", "permissions", "built_in"];

pub(super) fn run(start: &Start, options: Options) -> Result<Outcome, CliError> {
    session::run(start, async |session| {
        let tenant = session.tenant(&options.tenant.tenant).await?;
        match options.action {
            Action::Put {
                name,
                description,
                permissions,
            } => put(session, &tenant, &name, description, permissions).await?,
            Action::List => list(session, &tenant).await?,
            Action::Delete { name } => {
                roles::delete(&session.app, &session.actor, &tenant, &name).await?;
                session.output.say(
                    &format!("role {name} deleted"),
                    &json!({ "name": name, "deleted": true }),
                )?;
            }
        }
        Ok(Outcome::Done)
    })
}

async fn put(
    session: &Session,
    tenant: &Tenant,
    name: &str,
    description: Option<String>,
    permissions: Option<Vec<String>>,
) -> Result<(), CliError> {
    let (app, actor) = (&session.app, &session.actor);
    let before = match roles::get(app, tenant, name).await {
        Ok(role) => Some(role),
        Err(AdminError::Missing(_)) => None,
        Err(error) => return Err(error.into()),
    };
    let mut input = before.as_ref().map_or_else(
        || RoleInput {
            name: name.to_owned(),
            ..RoleInput::default()
        },
        roles::input_of,
    );
    input.description = description.unwrap_or(input.description);
    if let Some(permissions) = permissions {
        input.permissions = permissions;
        input.permissions.retain(|word| !word.is_empty());
    }
    match &before {
        Some(before) => roles::update(app, actor, tenant, before, input).await?,
        None => roles::create(app, actor, tenant, input).await?,
    }
    let catalog = app.store.tenant(&tenant.id).catalog().await?;
    let text = format!("role {name} stored");
    Ok(session.output.say(&text, &view(&catalog, name))?)
}

async fn list(session: &Session, tenant: &Tenant) -> Result<(), CliError> {
    let catalog = session.app.store.tenant(&tenant.id).catalog().await?;
    let mut list = session.output.list(COLUMNS)?;
    for name in role::BUILT_IN {
        list.row(&view(&catalog, name))?;
    }
    for role in catalog.roles() {
        list.row(&view(&catalog, &role.name))?;
    }
    Ok(list.end()?)
}

fn view(catalog: &Catalog, name: &str) -> Value {
    let mut own = catalog.roles().iter();
    let description = own.find(|own| own.name == name).map_or_else(
        || role::built_in_description(name),
        |own| own.description.as_str(),
    );
    let permissions: Vec<_> = catalog.given_by(name).words().map(str::to_owned).collect();
    json!({
        "name": name,
        "description": description,
        "permissions": permissions,
        "built_in": role::is_built_in(name),
    })
}
