//! What every door does that takes a name and a password without a page: find the tenant, check the
//! login, give the tokens; later refresh them, and end what they belong to.

use std::sync::Arc;

use crate::app::App;
use crate::base::token::{Kind, OpaqueToken};
use crate::context::Ctx;
use crate::model::audit_event::AuditKind;
use crate::model::domain;
use crate::model::door::Door;
use crate::model::scope::Scope;
use crate::model::tenant::Tenant;
use crate::model::user::User;
use crate::oauth::error::{ErrorKind, OAuthError};
use crate::oauth::token::direct as tokens;
use crate::oauth::token::issue::TokenResponse;
use crate::storage::DbError;

use super::direct::{self, LoginError};
use super::throttle::Throttled;

/// What somebody brings to a door.
pub struct Credentials<'a> {
    /// The id or slug of the tenant, where it is said.
    pub tenant: Option<&'a str>,
    /// A username or an address.
    pub identifier: &'a str,
    pub password: &'a str,
    /// A code of the account's second factor.
    pub otp: Option<&'a str>,
    /// Whether they want to stay signed in for longer than usual.
    pub remember: bool,
    /// What they ask for of what the door gives; all of it where they do not say.
    pub scope: Option<Scope>,
}

/// Somebody who came in, with what they were given.
pub struct Entered {
    pub user: User,
    /// The account's.
    pub tenant: Arc<Tenant>,
    pub tokens: TokenResponse,
}

/// Why nobody gets in, or stays in.
#[derive(Debug)]
pub enum DoorError {
    /// Unknown, disabled, passwordless and mistyped are one; so is whatever is wrong with a refresh
    /// token.
    Refused,
    /// The password is right, and the account has something to do at a page first: where pages begin.
    InteractionRequired(String),
    Throttled(Throttled),
    /// What is wrong with the request or with us.
    Failed(OAuthError),
}

/// An account that changes while it signs in is looked at again.
const ATTEMPTS: usize = 3;

/// Lets somebody in with a name and a password. Counts, limits and answers are those of the pages.
///
/// # Errors
/// As [`DoorError`] says; a wrong tenant is a wrong name.
pub async fn login(
    app: &App,
    arrived: &Ctx,
    door: Door,
    credentials: &Credentials<'_>,
) -> Result<TokenResponse, DoorError> {
    let entered = enter(app, arrived, door, credentials).await?;
    Ok(entered.tokens)
}

/// The same for doors that also say who came in.
///
/// # Errors
/// As [`login`].
pub async fn enter(
    app: &App,
    arrived: &Ctx,
    door: Door,
    credentials: &Credentials<'_>,
) -> Result<Entered, DoorError> {
    let ctx = tenant_of_login(app, arrived, credentials.tenant, credentials.identifier).await?;
    let ctx = ctx.ok_or(DoorError::Refused)?;
    for _ in 0..ATTEMPTS {
        let Credentials {
            identifier,
            password,
            otp,
            ..
        } = credentials;
        let login = match direct::authenticate(app, &ctx, identifier, password, *otp).await {
            Err(LoginError::InteractionRequired) => {
                let page = format!("{}/account", ctx.tenant.issuer);
                return Err(DoorError::InteractionRequired(page));
            }
            login => login?,
        };
        let login = login.remembered(credentials.remember);
        let user = login.user().clone();
        let scope = credentials.scope.clone();
        if let Some(tokens) = tokens::login(app, &ctx, door, login, scope).await? {
            return Ok(Entered {
                user,
                tenant: ctx.tenant,
                tokens,
            });
        }
    }
    let changing = OAuthError::from(ErrorKind::Unavailable);
    Err(changing.because("the account kept changing").into())
}

/// Exchanges a refresh token that this door gave, of whatever tenant.
///
/// # Errors
/// [`DoorError::Refused`] for whatever is wrong with it.
pub async fn refresh(
    app: &App,
    arrived: &Ctx,
    door: Door,
    refresh_token: &str,
) -> Result<TokenResponse, DoorError> {
    let token = OpaqueToken::parse(Kind::RefreshToken, refresh_token);
    let token = token.ok_or(DoorError::Refused)?;
    let id = app.store.tenant_of_refresh_token(&token.digest()).await?;
    let id = id.ok_or(DoorError::Refused)?;
    let ctx = in_tenant(app, arrived, &id).await?;
    let ctx = ctx.ok_or(DoorError::Refused)?;
    Ok(tokens::refresh(app, &ctx, door, refresh_token).await?)
}

/// Signs an account out of the session a token belongs to. One that is over already stays so.
///
/// # Errors
/// The database's.
pub async fn logout(app: &App, ctx: &Ctx, user_id: &str, session_id: &str) -> Result<(), DbError> {
    let actor = ctx.actor(user_id);
    let mut event = actor.did(AuditKind::Logout, user_id, app.row_id(), ctx.now);
    event.detail = serde_json::json!({ "session": session_id });
    let rows = app.store.tenant(&ctx.tenant.id);
    rows.end_session(session_id, ctx.now, event).await?;
    Ok(())
}

/// The tenant somebody signs in to, or makes an account in: the one that is named, the one that has
/// the domain of their address, or the default one. `None`: there is none of that name, or it does
/// not serve.
pub async fn tenant_of_login(
    app: &App,
    arrived: &Ctx,
    named: Option<&str>,
    identifier: &str,
) -> Result<Option<Ctx>, DbError> {
    if let Some(name) = named {
        return in_tenant(app, arrived, name).await;
    }
    let domain = identifier.rsplit_once('@');
    let Some(domain) = domain.and_then(|(_, domain)| domain::canonical(domain.trim())) else {
        return Ok(Some(arrived.clone()));
    };
    let base = &app.config.issuer;
    match app.store.tenant_by_domain(base, &domain).await? {
        Some(tenant) => in_tenant(app, arrived, &tenant.id).await,
        None => Ok(Some(arrived.clone())),
    }
}

/// The same request in the tenant of this id or slug, if there is one that serves.
async fn in_tenant(app: &App, arrived: &Ctx, name: &str) -> Result<Option<Ctx>, DbError> {
    let by_id = app.directory.tenant_by_id(name).await?;
    let tenant = match by_id {
        Some(tenant) => Some(tenant),
        None => app.directory.tenant(name).await?,
    };
    Ok(tenant.filter(|tenant| tenant.enabled).map(|tenant| Ctx {
        tenant,
        ..arrived.clone()
    }))
}

impl From<LoginError> for DoorError {
    fn from(error: LoginError) -> Self {
        match error {
            // Without a page there is nothing to say beside it that would not tell strangers.
            LoginError::Refused | LoginError::Unverified | LoginError::InteractionRequired => {
                Self::Refused
            }
            LoginError::Throttled(throttled) => Self::Throttled(throttled),
            LoginError::Overloaded(error) => Self::Failed(error.into()),
            LoginError::Db(error) => error.into(),
        }
    }
}

impl From<OAuthError> for DoorError {
    fn from(error: OAuthError) -> Self {
        match error.kind() {
            ErrorKind::InvalidGrant => Self::Refused,
            _ => Self::Failed(error),
        }
    }
}

impl From<DbError> for DoorError {
    fn from(error: DbError) -> Self {
        Self::Failed(error.into())
    }
}
