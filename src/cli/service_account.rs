//! `service-account`: programs with roles and groups of their own.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::error::CliError;
use super::options::TenantOption;
use super::session::Session;
use super::{Outcome, Start, session};
use crate::admin::{service_accounts, users};
use crate::model::tenant::Tenant;
use crate::model::user::{AccountKind, User, UserInput};
use crate::storage::find_users::UserFilter;
use crate::storage::page::Position;

#[derive(Args)]
pub(super) struct Options {
    #[command(flatten)]
    tenant: TenantOption,
    #[command(subcommand)]
    action: Action,
}

/// SERVICE is an id or a username.
#[derive(Subcommand)]
enum Action {
    /// Makes a service account
    Create {
        username: String,
        #[command(flatten)]
        fields: Fields,
    },
    /// Lists the tenant's service accounts
    List,
    /// Shows a service account
    Show { service: String },
    /// Changes what is named of a service account
    Update {
        service: String,
        #[command(flatten)]
        fields: Fields,
    },
    /// Lets its keys work again
    Enable { service: String },
    /// Lets none of its keys work; its tokens are dead
    Disable { service: String },
    /// Removes a service account; its tokens are dead
    Delete { service: String },
}

/// What is not named stays as it is.
#[derive(Args)]
struct Fields {
    /// What it is called for people; empty for nothing
    #[arg(long)]
    name: Option<String>,
    /// Where whoever runs it is reached; empty for none
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// What its keys may do at most, separated by commas
    #[arg(long, value_delimiter = ',')]
    roles: Option<Vec<String>>,
    /// A group it is told to be in; repeat it for each of them, empty for none
    #[arg(long = "group", value_name = "NAME")]
    groups: Option<Vec<String>>,
}

impl Fields {
    /// Lays what is named over a description.
    fn lay_over(self, input: &mut UserInput) {
        let filled = |text: String| Some(text).filter(|text| !text.is_empty());
        let listed = |words: Vec<String>| words.into_iter().filter(|word| !word.is_empty());
        if let Some(name) = self.name {
            input.claims.name = filled(name);
        }
        if let Some(email) = self.email {
            input.email = filled(email);
        }
        if let Some(roles) = self.roles {
            input.roles = listed(roles).collect();
        }
        if let Some(groups) = self.groups {
            input.groups = listed(groups).collect();
        }
    }
}

const COLUMNS: &[&str] = &["username", "name", "roles", "enabled", "id"];
const PAGE: i64 = 500;

pub(super) fn run(start: &Start, options: Options) -> Result<Outcome, CliError> {
    session::run(start, async |session| {
        let (app, actor) = (&session.app, &session.actor);
        let tenant = session.tenant(&options.tenant.tenant).await?;
        match options.action {
            Action::Create { username, fields } => {
                let mut input = UserInput {
                    username,
                    enabled: true,
                    ..UserInput::default()
                };
                fields.lay_over(&mut input);
                let id = service_accounts::create(app, actor, &tenant, input).await?;
                say(session, &tenant, &id, "created").await?;
            }
            Action::List => list(session, &tenant).await?,
            Action::Show { service } => {
                let service = service_accounts::get(app, &tenant, &service).await?;
                session.output.object(&view(&service))?;
            }
            Action::Update { service, fields } => {
                let service = service_accounts::get(app, &tenant, &service).await?;
                let mut input = users::input_of(&service);
                fields.lay_over(&mut input);
                users::update(app, actor, &tenant, &service, input).await?;
                say(session, &tenant, &service.id, "changed").await?;
            }
            Action::Enable { service } => set_enabled(session, &tenant, &service, true).await?,
            Action::Disable { service } => set_enabled(session, &tenant, &service, false).await?,
            Action::Delete { service } => {
                let service = service_accounts::get(app, &tenant, &service).await?;
                users::delete(app, actor, &tenant, &service).await?;
                let name = &service.username;
                let json = json!({ "id": service.id, "username": name, "deleted": true });
                let text = format!("service account {name} deleted");
                session.output.say(&text, &json)?;
            }
        }
        Ok(Outcome::Done)
    })
}

async fn say(session: &Session, tenant: &Tenant, id: &str, done: &str) -> Result<(), CliError> {
    let service = service_accounts::get(&session.app, tenant, id).await?;
    let text = format!("service account {} {done}", service.username);
    Ok(session.output.say(&text, &view(&service))?)
}

async fn set_enabled(
    session: &Session,
    tenant: &Tenant,
    service: &str,
    enabled: bool,
) -> Result<(), CliError> {
    let (app, actor) = (&session.app, &session.actor);
    let service = service_accounts::get(app, tenant, service).await?;
    let changed = service.enabled != enabled;
    if changed {
        let input = UserInput {
            enabled,
            ..users::input_of(&service)
        };
        users::update(app, actor, tenant, &service, input).await?;
    }
    let output = session.output;
    Ok(output.switched("service account", &service.username, enabled, changed)?)
}

async fn list(session: &Session, tenant: &Tenant) -> Result<(), CliError> {
    let rows = session.app.store.tenant(&tenant.id);
    let filter = UserFilter {
        kind: Some(AccountKind::Service),
        ..UserFilter::default()
    };
    let mut printed = session.output.list(COLUMNS)?;
    let mut position = Position::first();
    loop {
        let page = rows.find_users(&filter, &position, PAGE).await?;
        let Some(last) = page.last() else { break };
        position = Position::After(last.name_key());
        for service in &page {
            printed.row(&view(service))?;
        }
    }
    Ok(printed.end()?)
}

fn view(service: &User) -> Value {
    json!({
        "id": service.id,
        "username": service.username,
        "name": service.claims.name,
        "email": service.email,
        "roles": service.roles,
        "groups": service.groups,
        "enabled": service.enabled,
        "created_at": service.created_at.to_string(),
        "updated_at": service.updated_at.to_string(),
    })
}
