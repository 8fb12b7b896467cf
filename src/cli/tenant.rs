//! `tenant`: issuers of one installation.

mod details;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::error::CliError;
use super::session::Session;
use super::{Outcome, Start, session};
use crate::admin::tenants;
use crate::model::tenant::Tenant;
use crate::model::tenant_input::TenantInput;
use details::Details;

#[derive(Args)]
pub(super) struct Options {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Makes a tenant, served at /t/SLUG or at its own issuer, with its signing key
    Create {
        slug: String,
        #[command(flatten)]
        details: Details,
    },
    /// Changes what is named
    Update {
        slug: String,
        #[command(flatten)]
        details: Details,
    },
    /// Lists all tenants
    List,
    /// Shows a tenant
    Show { slug: String },
    /// Lets a tenant serve again
    Enable { slug: String },
    /// Stops a tenant from serving; its tokens are dead meanwhile
    Disable { slug: String },
    /// Deletes a tenant with everything it has
    Delete {
        slug: String,
        /// Says that this is meant
        #[arg(long)]
        yes: bool,
    },
}

const COLUMNS: &[&str] = &["slug", "name", "issuer", "signing_alg", "enabled"];
const PAGE: i64 = 500;

pub(super) fn run(start: &Start, options: Options) -> Result<Outcome, CliError> {
    session::run(start, async |session| {
        match options.action {
            Action::Create { slug, details } => {
                let (app, actor) = (&session.app, &session.actor);
                let mut input = TenantInput::named(&slug, &slug, app.signing_alg());
                details.lay_over(&mut input)?;
                let tenant = tenants::create_with(app, actor, input, None).await?;
                let text = format!("tenant {slug} created, at {}", tenant.issuer);
                session.output.say(&text, &view(&tenant))?;
            }
            Action::Update { slug, details } => {
                let (app, actor) = (&session.app, &session.actor);
                let before = session.tenant(&slug).await?;
                let mut input = TenantInput::of(&before);
                details.lay_over(&mut input)?;
                tenants::update(app, actor, &before, input).await?;
                let after = tenants::find(app, &before.id).await?;
                let text = format!("tenant {} changed, at {}", after.slug, after.issuer);
                session.output.say(&text, &view(&after))?;
            }
            Action::List => list(session).await?,
            Action::Show { slug } => {
                let tenant = session.tenant(&slug).await?;
                session.output.object(&view(&tenant))?;
            }
            Action::Enable { slug } => set_enabled(session, &slug, true).await?,
            Action::Disable { slug } => set_enabled(session, &slug, false).await?,
            Action::Delete { slug, yes } => delete(session, &slug, yes).await?,
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
        let mut input = TenantInput::of(&tenant);
        input.enabled = enabled;
        tenants::update(&session.app, &session.actor, &tenant, input).await?;
    }
    Ok(session.output.switched("tenant", slug, enabled, changed)?)
}

async fn delete(session: &Session, slug: &str, meant: bool) -> Result<(), CliError> {
    let tenant = session.tenant(slug).await?;
    if !meant {
        let question = format!(
            "this deletes every account, client and key of tenant {slug}, for good; say --yes to do it"
        );
        return Err(CliError::refused(question));
    }
    tenants::delete(&session.app, &session.actor, &tenant).await?;
    let text = format!("tenant {slug} deleted; a running server removes what it had");
    let said = json!({ "tenant": slug, "id": tenant.id, "deleted": true });
    Ok(session.output.say(&text, &said)?)
}

fn view(tenant: &Tenant) -> Value {
    json!({
        "slug": tenant.slug,
        "name": tenant.name,
        "issuer": tenant.issuer,
        "signing_alg": tenant.signing_alg,
        "enabled": tenant.enabled,
        "description": tenant.description,
        "domain": tenant.domain,
        "display": tenant.display,
        "settings": tenant.settings,
        "id": tenant.id,
    })
}
