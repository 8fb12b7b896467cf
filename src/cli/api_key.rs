//! `api-key`: how programs act for people and services.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::error::CliError;
use super::options::TenantOption;
use super::session::Session;
use super::{Outcome, Start, session};
use crate::admin::api_keys;
use crate::base::api_key_secret::ApiKeySecret;
use crate::base::clock::Timestamp;
use crate::model::api_key::{ApiKey, ApiKeyInput};
use crate::model::tenant::Tenant;

#[derive(Args)]
pub(super) struct Options {
    #[command(flatten)]
    tenant: TenantOption,
    #[command(subcommand)]
    action: Action,
}

/// USER is an id, a username or an e-mail address, of a person or a service account.
#[derive(Subcommand)]
enum Action {
    /// Makes a key; its secret is printed this once
    Create {
        user: String,
        /// Its name among its owner's
        name: String,
        #[command(flatten)]
        fields: Fields,
    },
    /// Lists the tenant's keys, or those of one account
    List {
        /// Whose
        #[arg(long)]
        user: Option<String>,
    },
    /// Gives a key another secret, printed this once
    Rotate {
        id: String,
        /// How long the secret it has now goes on working [default: until the next time]
        #[arg(long, value_name = "SECONDS")]
        grace: Option<i64>,
    },
    /// Removes a key; its tokens are dead
    Revoke { id: String },
}

#[derive(Args)]
struct Fields {
    /// What it may do, separated by commas: scopes, or read, write, delete, admin, *
    #[arg(long, required = true, value_delimiter = ',')]
    permissions: Vec<String>,
    /// A network it may be used from; repeat it for each of them [default: anywhere]
    #[arg(long = "network", value_name = "CIDR")]
    networks: Vec<String>,
    /// When it ends, as in 2030-01-31T00:00:00Z [default: never]
    #[arg(long, value_name = "TIME", value_parser = time)]
    expires_at: Option<Timestamp>,
}

fn time(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).ok_or_else(|| "not a time as RFC 3339 writes it".to_owned())
}

const COLUMNS: &[&str] = &["id", "owner_id", "name", "permissions", "hint", "enabled"];
const PAGE: i64 = 500;

pub(super) fn run(start: &Start, options: Options) -> Result<Outcome, CliError> {
    session::run(start, async |session| {
        let (app, actor) = (&session.app, &session.actor);
        let tenant = session.tenant(&options.tenant.tenant).await?;
        match options.action {
            Action::Create { user, name, fields } => {
                create(session, &tenant, &user, name, fields).await?;
            }
            Action::List { user } => list(session, &tenant, user.as_deref()).await?,
            Action::Rotate { id, grace } => {
                let secret = api_keys::rotate(app, actor, &tenant, &id, grace).await?;
                let text = format!("API key {id} has another secret");
                say_with_secret(session, text, &id, &secret)?;
            }
            Action::Revoke { id } => {
                api_keys::revoke(app, actor, &tenant, &id).await?;
                let json = json!({ "id": id, "revoked": true });
                let text = format!("API key {id} revoked");
                session.output.say(&text, &json)?;
            }
        }
        Ok(Outcome::Done)
    })
}

async fn create(
    session: &Session,
    tenant: &Tenant,
    user: &str,
    name: String,
    fields: Fields,
) -> Result<(), CliError> {
    let (app, actor) = (&session.app, &session.actor);
    let owner = api_keys::account(app, tenant, user).await?;
    let input = ApiKeyInput {
        name,
        permissions: fields.permissions,
        networks: fields.networks,
        enabled: true,
        expires_at: fields.expires_at,
    };
    let (id, secret) = api_keys::create(app, actor, tenant, &owner, input).await?;
    let text = format!("API key {id} created for {}", owner.username);
    say_with_secret(session, text, &id, &secret)
}

/// The only time a secret is shown.
fn say_with_secret(
    session: &Session,
    mut text: String,
    id: &str,
    secret: &ApiKeySecret,
) -> Result<(), CliError> {
    text.push_str("\nkey (shown this once): ");
    text.push_str(secret.expose());
    let json = json!({ "id": id, "key": secret.expose() });
    Ok(session.output.say(&text, &json)?)
}

async fn list(session: &Session, tenant: &Tenant, user: Option<&str>) -> Result<(), CliError> {
    let owner = match user {
        Some(user) => Some(api_keys::account(&session.app, tenant, user).await?),
        None => None,
    };
    let owner = owner.as_ref().map(|owner| owner.id.as_str());
    let rows = session.app.store.tenant(&tenant.id);
    let mut printed = session.output.list(COLUMNS)?;
    let mut after = String::new();
    loop {
        let page = rows.api_keys(owner, &after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after.clone_from(&last.id);
        for key in &page {
            printed.row(&view(key))?;
        }
    }
    Ok(printed.end()?)
}

fn view(key: &ApiKey) -> Value {
    let input = ApiKeyInput::of(key);
    let time = |time: Option<Timestamp>| time.map(|time| time.to_string());
    json!({
        "id": key.id,
        "owner_id": key.owner_id,
        "name": input.name,
        "permissions": input.permissions,
        "allowed_networks": input.networks,
        "hint": key.secret.hint,
        "enabled": key.enabled,
        "expires_at": time(key.expires_at),
        "last_used_at": time(key.last_used_at),
        "created_at": key.created_at.to_string(),
    })
}
