//! `tenant`: issuers of one installation.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::error::CliError;
use super::session::Session;
use super::{Outcome, Start, options, session};
use crate::admin::tenants;
use crate::model::algorithm::Algorithm;
use crate::model::tenant::Tenant;

#[derive(Args)]
pub(super) struct Options {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Makes a tenant, served at /t/SLUG, with its signing key
    Create {
        slug: String,
        /// Its name for people [default: the slug]
        #[arg(long)]
        name: Option<String>,
        /// Signs its tokens [default: tokens.signing_alg]
        #[arg(long, value_name = "ALG", value_parser = options::algorithm())]
        signing_alg: Option<Algorithm>,
    },
    /// Lists all tenants
    List,
    /// Shows a tenant
    Show { slug: String },
    /// Lets a tenant serve again
    Enable { slug: String },
    /// Stops a tenant from serving; its tokens are dead meanwhile
    Disable { slug: String },
}

const COLUMNS: &[&str] = &["slug", "name", "issuer", "signing_alg", "enabled"];
const PAGE: i64 = 500;

pub(super) fn run(start: &Start, options: Options) -> Result<Outcome, CliError> {
    session::run(start, async |session| {
        match options.action {
            Action::Create {
                slug,
                name,
                signing_alg,
            } => {
                let name = name.as_deref().unwrap_or(&slug);
                let (app, actor) = (&session.app, &session.actor);
                let tenant = tenants::create(app, actor, &slug, name, signing_alg).await?;
                let text = format!("tenant {slug} created, at {}", tenant.issuer);
                session.output.say(&text, &view(&tenant))?;
            }
            Action::List => list(session).await?,
            Action::Show { slug } => {
                let tenant = session.tenant(&slug).await?;
                session.output.object(&view(&tenant))?;
            }
            Action::Enable { slug } => set_enabled(session, &slug, true).await?,
            Action::Disable { slug } => set_enabled(session, &slug, false).await?,
        }
        Ok(Outcome::Done)
    })
}

async fn list(session: &Session) -> Result<(), CliError> {
    let mut printed = session.output.list(COLUMNS)?;
    let mut after = String::new();
    loop {
        let base = &session.app.config.issuer;
        let page = session.app.store.tenants(base, &after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after.clone_from(&last.slug);
        for tenant in &page {
            printed.row(&view(tenant))?;
        }
    }
    Ok(printed.end()?)
}

async fn set_enabled(session: &Session, slug: &str, enabled: bool) -> Result<(), CliError> {
    let tenant = session.tenant(slug).await?;
    let changed = tenant.enabled != enabled;
    if changed {
        let tenant = Tenant { enabled, ..tenant };
        tenants::update(&session.app, &session.actor, tenant).await?;
    }
    Ok(session.output.switched("tenant", slug, enabled, changed)?)
}

fn view(tenant: &Tenant) -> Value {
    json!({
        "slug": tenant.slug,
        "name": tenant.name,
        "issuer": tenant.issuer,
        "signing_alg": tenant.signing_alg,
        "enabled": tenant.enabled,
        "id": tenant.id,
    })
}
