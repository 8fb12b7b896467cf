//! Tokens for people who come in by a door of ours: the same mint and the same refresh as at the
//! token endpoint, for a client that no request can name. And for programs that bring an API key
//! alone.

use std::sync::Arc;

use super::grants::{client_credentials, refresh_token};
use super::issue::{self, Authorization, Source, Subject, TokenResponse};
use crate::app::App;
use crate::context::Ctx;
use crate::login::api_key::KeyHolder;
use crate::login::direct::Authenticated;
use crate::model::client_metadata::GrantType;
use crate::model::door::Door;
use crate::model::scope::Scope;
use crate::oauth::client_auth;
use crate::oauth::error::{ErrorKind, OAuthError};
use crate::oauth::scope_policy::{self, Target};
use crate::trail::hours::Counter;
use crate::web::params::Params;

/// Gives somebody who proved who they are the tokens of a door: all they may hold of its scopes, or
/// what is asked for of that. `None`: the account changed meanwhile, and nothing was made.
///
/// # Errors
/// `invalid_scope` for a scope the door does not give.
pub async fn login(
    app: &App,
    ctx: &Ctx,
    door: Door,
    login: Authenticated,
    asked: Option<Scope>,
) -> Result<Option<TokenResponse>, OAuthError> {
    let client = client_auth::of_door(app, ctx, door).await?;
    let catalog = app.directory.catalog(&ctx.tenant).await?;
    let metadata = &client.client().metadata;
    let asked = Some(asked.unwrap_or_else(|| door.scope()));
    let scope = scope_policy::for_user(asked, metadata, &catalog, &login.user().roles)?;
    let authorization = Authorization {
        subject: Subject::User(Box::new(login.user().clone())),
        target: Target {
            scope,
            audience: Vec::new(),
        },
        catalog,
        source: Source::Login(Box::new(login)),
    };
    let issued = issue::issue(app, ctx, &client, authorization).await?;
    if issued.is_some() {
        app.metrics.issued("direct_login");
    }
    Ok(issued)
}

/// Exchanges a refresh token of a door for the next one and a new access token.
///
/// # Errors
/// `invalid_grant` for whatever is wrong with the token.
pub async fn refresh(
    app: &App,
    ctx: &Ctx,
    door: Door,
    presented: &str,
) -> Result<TokenResponse, OAuthError> {
    let client = client_auth::of_door(app, ctx, door).await?;
    let params = Params::of(&[("refresh_token", presented)]);
    for _ in 0..super::REDEMPTIONS {
        let authorization = refresh_token::redeem(app, ctx, &client, &params).await?;
        if let Some(response) = issue::issue(app, ctx, &client, authorization).await? {
            app.metrics.issued("refresh_token");
            return Ok(response);
        }
    }
    Err(OAuthError::from(ErrorKind::Unavailable).because("the token kept changing"))
}

/// Gives the holder of an API key a token for it, as the token endpoint does for the key as a client:
/// for minutes, within what key and owner give now, or what is asked for of that.
///
/// # Errors
/// `invalid_scope` for a scope the key does not give, or where it gives nothing.
pub async fn api_key(
    app: &App,
    ctx: &Ctx,
    holder: KeyHolder,
    asked: Option<Scope>,
) -> Result<TokenResponse, OAuthError> {
    let ctx = &Ctx {
        tenant: Arc::clone(holder.tenant()),
        ..ctx.clone()
    };
    let client = client_auth::of_api_key(app, ctx, holder);
    let asked = asked.map(|scope| scope.to_string());
    let params: Vec<_> = asked
        .iter()
        .map(|scope| ("scope", scope.as_str()))
        .collect();
    let authorization = client_credentials::redeem(app, ctx, &client, &Params::of(&params)).await?;
    let issued = issue::issue(app, ctx, &client, authorization).await?;
    let issued = issued.ok_or_else(OAuthError::internal)?;
    app.metrics.issued(GrantType::ClientCredentials.name());
    let counter = Counter::Tokens(GrantType::ClientCredentials);
    app.hours.count(&ctx.tenant.id, ctx.now, counter);
    Ok(issued)
}
