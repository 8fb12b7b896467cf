//! Links that are mailed: asking for one, and spending it. Whoever asks is answered alike, whether
//! there is such an account or not.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use super::shapes::Message;
use crate::api::answer::Answer;
use crate::api::body::{Body, Document};
use crate::api::call::Call;
use crate::api::problem::Problem;
use crate::api::views::Password;
use crate::login::doors;
use crate::login::links::{self, LinkError};
use crate::model::letter::Purpose;

/// `token`, or `email`.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "UserServiceVerification")]
pub(super) struct Verification {
    /// What stands in the link, after `link=`.
    token: Option<Password>,
    /// The address of the account, or its username: a link goes to the address.
    email: Option<String>,
    /// The tenant's id or slug. Without one, the default tenant; a link knows its own.
    tenant_id: Option<String>,
}

/// Who wants a link to a new password.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "UserServiceResetRequest")]
pub(super) struct ResetRequest {
    /// The address of the account, or its username: a link goes to the address.
    email: Option<String>,
    /// The tenant's id or slug. Without one, the default tenant.
    tenant_id: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "UserServiceNewPassword")]
pub(super) struct NewPassword {
    password: Option<Password>,
}

impl Document for Verification {
    const ALIASES: &'static [(&'static str, &'static str)] = &[("username", "email")];
}
impl Document for ResetRequest {
    const ALIASES: &'static [(&'static str, &'static str)] = &[("username", "email")];
}
impl Document for NewPassword {
    const ALIASES: &'static [(&'static str, &'static str)] = &[("new_password", "password")];
}

pub(super) async fn verify_email(
    call: Arc<Call>,
    Body(body): Body<Verification>,
) -> Result<Answer<Message>, Problem> {
    let named = body.tenant_id.as_deref();
    match (&body.token, body.email.as_deref()) {
        (Some(token), None) => {
            let token = token.expose();
            let ctx = links::tenant_of(&call.app, &call.ctx, token).await?;
            let ctx = ctx.ok_or(LinkError::Dead)?;
            links::verify(&call.app, &ctx, token).await?;
            Ok(said("the address is verified"))
        }
        (None, Some(email)) => ask(&call, Purpose::VerifyEmail, named, email).await,
        (None, None) => Err(Problem::missing(&["token"])),
        (Some(_), Some(_)) => Err(Problem::malformed("either token or email")),
    }
}

pub(super) async fn ask_for_reset(
    call: Arc<Call>,
    Body(body): Body<ResetRequest>,
) -> Result<Answer<Message>, Problem> {
    let email = body.email.filter(|email| !email.is_empty());
    let email = email.ok_or_else(|| Problem::missing(&["email"]))?;
    let named = body.tenant_id.as_deref();
    ask(&call, Purpose::ResetPassword, named, &email).await
}

pub(super) async fn reset(
    call: Arc<Call>,
    Body(body): Body<NewPassword>,
) -> Result<Answer<Message>, Problem> {
    let password = body.password;
    let password = password.ok_or_else(|| Problem::missing(&["password"]))?;
    let (app, token) = (&call.app, call.path("token"));
    let ctx = links::tenant_of(app, &call.ctx, token).await?;
    let ctx = ctx.ok_or(LinkError::Dead)?;
    let purpose = Purpose::ResetPassword;
    links::set_password(app, &ctx, purpose, token, password.expose()).await?;
    Ok(said(
        "the password is set, and every earlier session is over",
    ))
}

async fn ask(
    call: &Call,
    purpose: Purpose,
    named: Option<&str>,
    email: &str,
) -> Result<Answer<Message>, Problem> {
    let ctx = doors::tenant_of_login(&call.app, &call.ctx, named, email).await?;
    let ctx = ctx.ok_or_else(|| Problem::field("tenant_id", "there is no such tenant"))?;
    links::request(&call.app, &ctx, purpose, email)?;
    Ok(said(
        "if there is such an account, a mail with a link is on its way to its address",
    ))
}

const fn said(message: &'static str) -> Answer<Message> {
    Answer(Message { message })
}
