//! RFC 6749 section 4.3. Present for services that have no browser; only for confidential clients
//! registered for it, throttled like every login. An account with a second factor sends its code as
//! `otp`, a parameter of our own (section 8.2).

use crate::app::App;
use crate::context::Ctx;
use crate::login::direct::{self, LoginError};
use crate::oauth::client_auth::AuthenticatedClient;
use crate::oauth::error::{ErrorKind, OAuthError};
use crate::oauth::scope_policy;
use crate::oauth::token::issue::{Authorization, Source, Subject};
use crate::oauth::token::{confidential, required};
use crate::web::params::Params;

pub(super) async fn redeem(
    app: &App,
    ctx: &Ctx,
    client: &AuthenticatedClient,
    params: &Params,
) -> Result<Authorization, OAuthError> {
    confidential(client)?;
    let username = required(params, "username", "username is missing")?;
    let password = required(params, "password", "password is missing")?;
    let catalog = app.directory.catalog(&ctx.tenant).await?;
    let metadata = &client.client().metadata;
    // What is wrong with the request is said before a password is looked at.
    let asked = scope_policy::requested(params)?;
    let everything = metadata.scope.clone();
    if let Some(asked) = &asked
        && !asked
            .words()
            .all(|word| catalog.knows(word) && everything.contains(word))
    {
        return Err(ErrorKind::InvalidScope.into());
    }
    scope_policy::target(params, asked.clone().unwrap_or(everything), &catalog)?;
    let login = direct::authenticate(app, ctx, username, password, params.get("otp")).await?;
    let scope = scope_policy::for_user(asked, metadata, &catalog, &login.user().roles)?;
    let target = scope_policy::target(params, scope, &catalog)?;
    Ok(Authorization {
        subject: Subject::User(Box::new(login.user().clone())),
        target,
        catalog,
        source: Source::Login(Box::new(login)),
    })
}

impl From<LoginError> for OAuthError {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::Refused => Self::new(
                ErrorKind::InvalidGrant,
                "the username or the password is wrong",
            ),
            LoginError::Unverified => Self::new(
                ErrorKind::InvalidGrant,
                "the e-mail address of this account is not verified",
            ),
            LoginError::InteractionRequired => Self::new(
                ErrorKind::InvalidGrant,
                "this account has something to do at the sign-in page first",
            ),
            LoginError::Throttled(throttled) => Self::too_many_requests(throttled.retry_after),
            LoginError::Overloaded(error) => error.into(),
            LoginError::Db(error) => error.into(),
        }
    }
}
