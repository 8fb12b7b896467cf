//! The change of one's own password.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{ACCOUNT, acting_session};
use crate::admin::AdminError;
use crate::api::answer::Done;
use crate::api::body::{Body, Document};
use crate::api::call::Call;
use crate::api::operation::Operation;
use crate::api::problem::Problem;
use crate::api::views::Password;
use crate::login::direct::LoginError;
use crate::login::own_password::{self, ChangeError};

#[rustfmt::skip]
pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::post("/users/me/change-password", "me.change_password", "Changes one's own password; every other session is over", ACCOUNT, change),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "PasswordChange")]
#[serde(deny_unknown_fields)]
struct PasswordChange {
    current_password: Password,
    new_password: Password,
}

impl Document for PasswordChange {
    const ALIASES: &'static [(&'static str, &'static str)] =
        &[("old_password", "current_password")];
}

async fn change(call: Arc<Call>, Body(body): Body<PasswordChange>) -> Result<Done, Problem> {
    own_password::change(
        &call.app,
        &call.ctx,
        call.me()?,
        acting_session(&call)?,
        body.current_password.expose(),
        body.new_password.expose(),
    )
    .await?;
    Ok(Done)
}

impl From<ChangeError> for Problem {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Invalid(rules) => AdminError::Invalid(rules).into(),
            ChangeError::Login(LoginError::Refused) => {
                Self::forbidden("the current password is wrong")
            }
            ChangeError::Login(LoginError::Unverified) => {
                Self::forbidden("the account's address is not verified yet")
            }
            // Whoever changes it does what there is to do.
            ChangeError::Login(LoginError::InteractionRequired) => Self::changed(),
            ChangeError::Login(LoginError::Throttled(throttled)) => {
                Self::too_many_requests(throttled.retry_after)
            }
            ChangeError::Login(LoginError::Overloaded(error)) | ChangeError::Overloaded(error) => {
                error.into()
            }
            ChangeError::Login(LoginError::Db(error)) | ChangeError::Db(error) => error.into(),
            ChangeError::Changed => Self::conflict("the account was changed meanwhile; try again"),
        }
    }
}
