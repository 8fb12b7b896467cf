//! `/auth/verify-email` and `/auth/reset-password`: asking for a link, and spending it.
//!
//! Both take two bodies: one that names an account and is answered alike for nobody, and one with what
//! stands in the link.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answer::Answer;
use super::body::{Body, Document};
use super::call::Call;
use super::operation::Operation;
use super::problem::Problem;
use super::views::Password;
use crate::admin::AdminError;
use crate::context::Ctx;
use crate::login::doors;
use crate::login::links::{self, LinkError};
use crate::model::letter::Purpose;

#[rustfmt::skip]
pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::post("/auth/verify-email", "auth.verify_email", "Verifies an address by the link that was sent there, or asks for one", &[], verify_email),
        Operation::post("/auth/reset-password", "auth.reset_password", "Sets a password by a link that was sent, or asks for one", &[], reset_password),
    ]
}

/// `token`, or `email`.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "EmailVerification")]
#[serde(deny_unknown_fields)]
struct Verification {
    /// What stands in the link, after `link=`.
    token: Option<Password>,
    /// The address of the account, or its username: a link goes to the address.
    #[schemars(length(min = 1, max = 255))]
    email: Option<String>,
    /// The tenant's id or slug. Without one, the default tenant; a link knows its own.
    tenant_id: Option<String>,
}

impl Document for Verification {
    const ALIASES: &'static [(&'static str, &'static str)] = &[
        ("link", "token"),
        ("identifier", "email"),
        ("username", "email"),
    ];
}

/// `token` with `password`, or `email`.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "PasswordReset")]
#[serde(deny_unknown_fields)]
struct Reset {
    /// What stands in the link, after `link=`. That of an invitation will do as well.
    token: Option<Password>,
    /// The new password.
    password: Option<Password>,
    /// The address of the account, or its username: a link goes to the address.
    #[schemars(length(min = 1, max = 255))]
    email: Option<String>,
    /// The tenant's id or slug. Without one, the default tenant; a link knows its own.
    tenant_id: Option<String>,
}

impl Document for Reset {
    const ALIASES: &'static [(&'static str, &'static str)] = &[
        ("link", "token"),
        ("new_password", "password"),
        ("identifier", "email"),
        ("username", "email"),
    ];
}

/// What became of it.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "LinkAnswer")]
pub struct LinkAnswer {
    /// `accepted`: if there is such an account, a mail is on its way. `done`: the link was good.
    status: &'static str,
    message: &'static str,
}

const ACCEPTED: LinkAnswer = LinkAnswer {
    status: "accepted",
    message: "If there is such an account, a mail with a link is on its way to its address.",
};

async fn verify_email(
    call: Arc<Call>,
    Body(body): Body<Verification>,
) -> Result<Answer<LinkAnswer>, Problem> {
    let named = body.tenant_id.as_deref();
    match (&body.token, &body.email) {
        (Some(token), None) => {
            let ctx = tenant_of(&call, named, token.expose()).await?;
            links::verify(&call.app, &ctx, token.expose()).await?;
            Ok(Answer(LinkAnswer {
                status: "done",
                message: "The address is verified.",
            }))
        }
        (None, Some(email)) => request(&call, Purpose::VerifyEmail, named, email).await,
        _ => Err(Problem::malformed("either token or email")),
    }
}

async fn reset_password(
    call: Arc<Call>,
    Body(body): Body<Reset>,
) -> Result<Answer<LinkAnswer>, Problem> {
    let named = body.tenant_id.as_deref();
    match (&body.token, &body.password, &body.email) {
        (Some(token), Some(password), None) => {
            let (token, password) = (token.expose(), password.expose());
            let ctx = tenant_of(&call, named, token).await?;
            let reset = Purpose::ResetPassword;
            let invited = links::owner(&call.app, &ctx, Purpose::Invitation, token).await?;
            let purpose = invited.map_or(reset, |_| Purpose::Invitation);
            links::set_password(&call.app, &ctx, purpose, token, password).await?;
            Ok(Answer(LinkAnswer {
                status: "done",
                message: "The password is set, and every earlier session is over.",
            }))
        }
        (None, None, Some(email)) => request(&call, Purpose::ResetPassword, named, email).await,
        _ => Err(Problem::malformed("either token and password, or email")),
    }
}

async fn request(
    call: &Call,
    purpose: Purpose,
    named: Option<&str>,
    email: &str,
) -> Result<Answer<LinkAnswer>, Problem> {
    let ctx = doors::tenant_of_login(&call.app, &call.ctx, named, email).await?;
    let ctx = ctx.ok_or_else(|| Problem::field("tenant_id", "there is no such tenant"))?;
    links::request(&call.app, &ctx, purpose, email)?;
    Ok(Answer(ACCEPTED))
}

/// The tenant of a link: its own, whatever address was called. Another that is named is a contradiction.
async fn tenant_of(call: &Call, named: Option<&str>, token: &str) -> Result<Ctx, Problem> {
    let ctx = links::tenant_of(&call.app, &call.ctx, token).await?;
    let fits =
        |ctx: &Ctx| named.is_none_or(|name| name == ctx.tenant.id || name == ctx.tenant.slug);
    Ok(ctx.filter(fits).ok_or(LinkError::Dead)?)
}

impl From<LinkError> for Problem {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Throttled(throttled) => Self::too_many_requests(throttled.retry_after),
            LinkError::NoMail => Self::forbidden(
                "no mail is sent here: whoever administers the account can give a link",
            ),
            LinkError::Dead => Self::malformed("the link is unknown, used or over"),
            LinkError::Invalid(rules) => AdminError::Invalid(rules).into(),
            LinkError::Overloaded(error) => error.into(),
            LinkError::Db(error) => error.into(),
        }
    }
}
