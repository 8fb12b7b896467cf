//! Performs one change.

use super::changes::{Change, ClientSecret, ClientWork, Work};
use crate::admin::{clients, resources, roles, tenants, users};
use crate::base::token::OpaqueToken;
use crate::cli::error::CliError;
use crate::cli::session::Session;
use crate::config::Secret;
use crate::model::client::Client;
use crate::model::tenant::Tenant;
use crate::model::tenant_input::TenantInput;

/// Makes the change; a secret that was made with it.
pub(super) async fn perform(
    session: &Session,
    change: &Change,
) -> Result<Option<OpaqueToken>, CliError> {
    let (app, actor) = (&session.app, &session.actor);
    if let Work::CreateTenant {
        name,
        algorithm,
        enabled,
    } = &change.work
    {
        let made = tenants::create(app, actor, &change.name, name, *algorithm).await?;
        if !enabled {
            let mut input = TenantInput::of(&made);
            input.enabled = false;
            tenants::update(app, actor, &made, input).await?;
        }
        return Ok(None);
    }
    let tenant = session.tenant(&change.tenant).await?;
    match &change.work {
        Work::CreateTenant { .. } => {}
        Work::UpdateTenant { before, input } => {
            tenants::update(app, actor, before, (**input).clone()).await?;
        }
        Work::PutResource { resource, .. } => {
            resources::put(app, actor, &tenant, resource).await?;
        }
        Work::DeleteResource => resources::delete(app, actor, &tenant, &change.name).await?,
        Work::CreateRole(input) => roles::create(app, actor, &tenant, input.clone()).await?,
        Work::UpdateRole { before, input } => {
            roles::update(app, actor, &tenant, before, input.clone()).await?;
        }
        Work::DeleteRole => roles::delete(app, actor, &tenant, &change.name).await?,
        Work::CreateClient(work) => {
            return create_client(session, &tenant, &change.name, work).await;
        }
        Work::UpdateClient { before, work } => {
            return update_client(session, &tenant, before, work).await;
        }
        Work::DeleteClient => clients::delete(app, actor, &tenant, &change.name).await?,
        Work::CreateUser { input, password } => {
            let password = password.as_ref().map(Secret::expose);
            users::create(app, actor, &tenant, (**input).clone(), password).await?;
        }
        Work::UpdateUser {
            before,
            input,
            password,
        } => {
            if let Some(input) = input {
                users::update(app, actor, &tenant, before, (**input).clone()).await?;
            }
            if let Some(password) = password {
                users::set_password(app, actor, &tenant, before, password.expose()).await?;
            }
        }
        Work::DeleteUser(user) => users::delete(app, actor, &tenant, user).await?,
    }
    Ok(None)
}

async fn create_client(
    session: &Session,
    tenant: &Tenant,
    client_id: &str,
    work: &ClientWork,
) -> Result<Option<OpaqueToken>, CliError> {
    let (app, actor) = (&session.app, &session.actor);
    let metadata = work.metadata.clone();
    let secret = secret(&work.secret);
    let enabled = work.enabled;
    Ok(clients::create(app, actor, tenant, client_id, metadata, enabled, secret).await?)
}

async fn update_client(
    session: &Session,
    tenant: &Tenant,
    before: &Client,
    work: &ClientWork,
) -> Result<Option<OpaqueToken>, CliError> {
    let (app, actor) = (&session.app, &session.actor);
    let metadata = work.metadata.clone();
    let secret = secret(&work.secret);
    let enabled = work.enabled;
    Ok(clients::update(app, actor, tenant, before, metadata, enabled, secret).await?)
}

fn secret(secret: &ClientSecret) -> clients::Secret<'_> {
    match secret {
        ClientSecret::Keep => clients::Secret::Keep,
        ClientSecret::Generate => clients::Secret::Generate,
        ClientSecret::Given(given) => clients::Secret::Given(given.expose()),
    }
}
