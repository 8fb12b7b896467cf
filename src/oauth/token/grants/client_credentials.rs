//! RFC 6749 section 4.4: a client for itself, and a program with an API key.

use crate::app::App;
use crate::context::Ctx;
use crate::oauth::client_auth::AuthenticatedClient;
use crate::oauth::error::OAuthError;
use crate::oauth::scope_policy;
use crate::oauth::token::confidential;
use crate::oauth::token::issue::{Authorization, Source, Subject};
use crate::web::params::Params;

pub(in crate::oauth::token) async fn redeem(
    app: &App,
    ctx: &Ctx,
    client: &AuthenticatedClient,
    params: &Params,
) -> Result<Authorization, OAuthError> {
    confidential(client)?;
    let catalog = app.directory.catalog(&ctx.tenant).await?;
    let asked = scope_policy::requested(params)?;
    let scope = match client.api_key() {
        Some(holder) => scope_policy::for_api_key(asked, holder)?,
        None => scope_policy::for_client(asked, &client.client().metadata, &catalog)?,
    };
    let target = scope_policy::target(params, scope, &catalog)?;
    Ok(Authorization {
        subject: Subject::Client,
        target,
        catalog,
        source: Source::None,
    })
}
