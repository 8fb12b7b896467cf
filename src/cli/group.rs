//! `group`: what people are counted to.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::error::CliError;
use super::options::TenantOption;
use super::output::printable;
use super::session::Session;
use super::{Outcome, Start, session};
use crate::admin::{AdminError, groups, users};
use crate::model::group::{Group, GroupInput};
use crate::model::tenant::Tenant;
use crate::storage::find_users::UserFilter;
use crate::storage::page::Position;

#[derive(Args)]
pub(super) struct Options {
    #[command(flatten)]
    tenant: TenantOption,
    #[command(subcommand)]
    action: Action,
}

/// USER is an id, a username or an e-mail address.
#[derive(Subcommand)]
enum Action {
    /// Makes a group, or changes what is named
    Put {
        name: String,
        /// What it is for, in words
        #[arg(long)]
        description: Option<String>,
    },
    /// Lists the tenant's groups
    List,
    /// Lists who is in a group
    Members { name: String },
    /// Puts somebody into a group
    Add { name: String, user: String },
    /// Takes somebody out of a group
    Remove { name: String, user: String },
    /// Removes a group and takes everybody out of it
    Delete { name: String },
}

const COLUMNS: &[&str] = &["name", "description"];
const MEMBER_COLUMNS: &[&str] = &["username", "kind", "enabled", "id"];
const PAGE: i64 = 500;

pub(super) fn run(start: &Start, options: Options) -> Result<Outcome, CliError> {
    session::run(start, async |session| {
        let tenant = session.tenant(&options.tenant.tenant).await?;
        match options.action {
            Action::Put { name, description } => put(session, &tenant, name, description).await?,
            Action::List => list(session, &tenant).await?,
            Action::Members { name } => members(session, &tenant, &name).await?,
            Action::Add { name, user } => set_member(session, &tenant, &name, &user, true).await?,
            Action::Remove { name, user } => {
                set_member(session, &tenant, &name, &user, false).await?;
            }
            Action::Delete { name } => {
                groups::delete(&session.app, &session.actor, &tenant, &name).await?;
                session.output.say(
                    &format!("group {} deleted", printable(&name)),
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
    name: String,
    description: Option<String>,
) -> Result<(), CliError> {
    let (app, actor) = (&session.app, &session.actor);
    match groups::get(app, tenant, &name).await {
        Ok(before) => {
            let description = description.unwrap_or_else(|| before.description.clone());
            groups::update(app, actor, tenant, &before, description).await?;
        }
        Err(AdminError::Missing(_)) => {
            let input = GroupInput {
                name: name.clone(),
                description: description.unwrap_or_default(),
            };
            groups::create(app, actor, tenant, input).await?;
        }
        Err(error) => return Err(error.into()),
    }
    let group = groups::get(app, tenant, &name).await?;
    let text = format!("group {} stored", printable(&name));
    Ok(session.output.say(&text, &view(&group))?)
}

async fn list(session: &Session, tenant: &Tenant) -> Result<(), CliError> {
    let rows = session.app.store.tenant(&tenant.id);
    let mut printed = session.output.list(COLUMNS)?;
    let mut after = String::new();
    loop {
        let page = rows.groups(&after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after.clone_from(&last.name);
        for group in &page {
            printed.row(&view(group))?;
        }
    }
    Ok(printed.end()?)
}

async fn members(session: &Session, tenant: &Tenant, name: &str) -> Result<(), CliError> {
    let group = groups::get(&session.app, tenant, name).await?;
    let rows = session.app.store.tenant(&tenant.id);
    let filter = UserFilter {
        group: Some(group.name),
        ..UserFilter::default()
    };
    let mut printed = session.output.list(MEMBER_COLUMNS)?;
    let mut position = Position::first();
    loop {
        let page = rows.find_users(&filter, &position, PAGE).await?;
        let Some(last) = page.last() else { break };
        position = Position::After(last.name_key());
        for user in &page {
            printed.row(&json!({
                "id": user.id,
                "username": user.username,
                "kind": user.kind.name(),
                "enabled": user.enabled,
            }))?;
        }
    }
    Ok(printed.end()?)
}

async fn set_member(
    session: &Session,
    tenant: &Tenant,
    group: &str,
    user: &str,
    comes: bool,
) -> Result<(), CliError> {
    let (app, actor) = (&session.app, &session.actor);
    let user = users::get(app, tenant, user).await?;
    let is = if comes {
        groups::add_member(app, actor, tenant, group, &user).await?;
        "is in"
    } else {
        groups::remove_member(app, actor, tenant, group, &user).await?;
        "is not in"
    };
    let text = format!("user {} {is} {}", user.username, printable(group));
    let json = json!({ "group": group, "user_id": user.id, "member": comes });
    Ok(session.output.say(&text, &json)?)
}

fn view(group: &Group) -> Value {
    json!({
        "name": group.name,
        "description": group.description,
        "created_at": group.created_at.to_string(),
        "updated_at": group.updated_at.to_string(),
    })
}
