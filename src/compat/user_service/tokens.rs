//! Making an account, coming in, staying in, leaving.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::shapes::{Account, Message};
use crate::admin::registration;
use crate::api::answer::Answer;
use crate::api::auth;
use crate::api::body::{Body, Document, Optional};
use crate::api::call::Call;
use crate::api::problem::Problem;
use crate::api::views::{Otp, Password};
use crate::compat::answer::Made;
use crate::compat::refusal::both;
use crate::login::doors::{self, Credentials};
use crate::model::door::Door;
use crate::model::user::{StandardClaims, UserInput, joined_name};
use crate::oauth::token::issue::TokenResponse;

/// Who wants an account. What else is sent is not read.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "UserServiceRegistration")]
pub(super) struct NewPerson {
    email: Option<String>,
    password: Option<Password>,
    /// Without one, the address is the name to sign in with.
    username: Option<String>,
    name: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    /// The tenant's id or slug. Without one, the default tenant.
    tenant_id: Option<String>,
}

/// Who signs in.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "UserServiceLogin")]
pub(super) struct LoginBody {
    /// The address or the username.
    email: Option<String>,
    password: Option<Password>,
    #[serde(default)]
    remember_me: bool,
    /// The tenant's id or slug. Without one, the default tenant.
    tenant_id: Option<String>,
    /// A code of the account's second factor; not of the original.
    otp: Option<Otp>,
}

#[derive(Default, Deserialize, JsonSchema)]
#[schemars(rename = "UserServiceRefresh")]
pub(super) struct RefreshBody {
    /// Without one, it is taken from the header, as a bearer token.
    refresh_token: Option<Password>,
}

impl Document for NewPerson {}
impl Document for LoginBody {
    const ALIASES: &'static [(&'static str, &'static str)] = &[("username", "email")];
}
impl Document for RefreshBody {}

/// Tokens, and whose they are where somebody signed in.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "UserServiceTokens")]
pub(super) struct Tokens {
    access_token: String,
    refresh_token: Option<String>,
    token_type: &'static str,
    /// Seconds.
    expires_in: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<Account>,
}

impl Tokens {
    fn of(issued: TokenResponse, user: Option<Account>) -> Self {
        Self {
            access_token: issued.access_token,
            refresh_token: issued.refresh_token,
            token_type: issued.token_type,
            expires_in: issued.expires_in,
            user,
        }
    }
}

pub(super) async fn register(
    call: Arc<Call>,
    Body(body): Body<NewPerson>,
) -> Result<Made<Account>, Problem> {
    let (email, password) = both(("email", body.email), body.password)?;
    let (app, named) = (&call.app, body.tenant_id.as_deref());
    let ctx = doors::tenant_of_login(app, &call.ctx, named, &email).await?;
    let ctx = ctx.ok_or_else(|| Problem::field("tenant_id", "there is no such tenant"))?;
    let (given_name, family_name) = (body.first_name, body.last_name);
    let whole = joined_name(given_name.as_deref(), family_name.as_deref());
    let input = UserInput {
        username: body.username.unwrap_or_else(|| email.clone()),
        email: Some(email),
        claims: StandardClaims {
            name: body.name.or(whole),
            given_name,
            family_name,
            ..StandardClaims::default()
        },
        ..UserInput::default()
    };
    let open_to = app.config.registration;
    let user = registration::account(app, &ctx, open_to, input, password.expose()).await?;
    Ok(Made(Account::of(&user, &ctx.tenant)))
}

pub(super) async fn login(
    call: Arc<Call>,
    Body(body): Body<LoginBody>,
) -> Result<Answer<Tokens>, Problem> {
    let (email, password) = both(("email", body.email), body.password)?;
    let credentials = Credentials {
        tenant: body.tenant_id.as_deref(),
        identifier: &email,
        password: password.expose(),
        otp: body.otp.as_ref().map(Otp::expose),
        remember: body.remember_me,
        scope: None,
    };
    let entered = doors::enter(&call.app, &call.ctx, Door::UserService, &credentials).await;
    let wrong = "the name or the password is wrong";
    let entered = entered.map_err(|error| auth::refused(error, wrong))?;
    let account = Account::of(&entered.user, &entered.tenant);
    Ok(Answer(Tokens::of(entered.tokens, Some(account))))
}

pub(super) async fn refresh(
    call: Arc<Call>,
    Optional(body): Optional<RefreshBody>,
) -> Result<Answer<Tokens>, Problem> {
    let in_body = body.refresh_token.as_ref().map(Password::expose);
    let presented = in_body.or(call.bearer());
    let presented = presented.ok_or_else(|| Problem::missing(&["refresh_token"]))?;
    let issued = doors::refresh(&call.app, &call.ctx, Door::UserService, presented).await;
    let unusable = "the refresh token is unknown, used, expired or revoked";
    let issued = issued.map_err(|error| auth::refused(error, unusable))?;
    Ok(Answer(Tokens::of(issued, None)))
}

pub(super) async fn logout(call: Arc<Call>, (): ()) -> Result<Answer<Message>, Problem> {
    let user = call.me()?;
    if let Some(session) = call.caller.session() {
        doors::logout(&call.app, &call.ctx, &user.id, session).await?;
    }
    Ok(Answer(Message {
        message: "signed out",
    }))
}
