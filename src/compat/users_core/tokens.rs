//! Coming in, staying in, leaving.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::admin::sessions;
use crate::api::answer::{Answer, Done};
use crate::api::auth;
use crate::api::body::{Body, Document};
use crate::api::call::Call;
use crate::api::problem::Problem;
use crate::api::views::{Otp, Password};
use crate::login::doors::{self, Credentials};
use crate::model::door::Door;
use crate::oauth::token::issue::TokenResponse;
use crate::storage::session_ends::Ending;

#[derive(Deserialize, JsonSchema)]
pub(super) struct LoginBody {
    username: String,
    password: Password,
    /// A code of the account's second factor; not of the original.
    otp: Option<Otp>,
}

#[derive(Deserialize, JsonSchema)]
pub(super) struct RefreshBody {
    refresh_token: Password,
}

impl Document for LoginBody {}
impl Document for RefreshBody {}

/// Tokens, with the four members this profile's callers know.
#[derive(JsonSchema, Serialize)]
pub(super) struct Tokens {
    access_token: String,
    refresh_token: Option<String>,
    token_type: &'static str,
    /// Seconds.
    expires_in: i64,
}

impl From<TokenResponse> for Tokens {
    fn from(issued: TokenResponse) -> Self {
        Self {
            access_token: issued.access_token,
            refresh_token: issued.refresh_token,
            token_type: issued.token_type,
            expires_in: issued.expires_in,
        }
    }
}

pub(super) async fn login(
    call: Arc<Call>,
    Body(body): Body<LoginBody>,
) -> Result<Answer<Tokens>, Problem> {
    let credentials = Credentials {
        tenant: None,
        identifier: &body.username,
        password: body.password.expose(),
        otp: body.otp.as_ref().map(Otp::expose),
        remember: false,
        scope: None,
    };
    let issued = doors::login(&call.app, &call.ctx, Door::UsersCore, &credentials).await;
    let issued = issued.map_err(|error| auth::refused(error, "the name or the password is wrong"));
    Ok(Answer(issued?.into()))
}

pub(super) async fn refresh(
    call: Arc<Call>,
    Body(body): Body<RefreshBody>,
) -> Result<Answer<Tokens>, Problem> {
    let presented = body.refresh_token.expose();
    let issued = doors::refresh(&call.app, &call.ctx, Door::UsersCore, presented).await;
    let unusable = "the refresh token is unknown, used, expired or revoked";
    Ok(Answer(
        issued
            .map_err(|error| auth::refused(error, unusable))?
            .into(),
    ))
}

/// Here a logout ends all there is of the account: its callers know no sessions.
pub(super) async fn logout(call: Arc<Call>, (): ()) -> Result<Done, Problem> {
    let user = call.me()?;
    let (actor, tenant) = (call.actor(), call.tenant());
    sessions::end(&call.app, &actor, tenant, &user.id, Ending::All).await?;
    Ok(Done)
}
