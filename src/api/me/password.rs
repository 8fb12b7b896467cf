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
use crate::api::views::{Otp, Password};
use crate::login::factors::proof::Shown;
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
    /// A code of the second factor, for accounts that have one.
    otp: Option<Otp>,
}

impl Document for PasswordChange {
    const ALIASES: &'static [(&'static str, &'static str)] =
        &[("old_password", "current_password")];
}

async fn change(call: Arc<Call>, Body(body): Body<PasswordChange>) -> Result<Done, Problem> {
    let shown = Shown {
        password: body.current_password.expose(),
        otp: body.otp.as_ref().map(Otp::expose),
    };
    own_password::change(
        &call.app,
        &call.ctx,
        call.me()?,
        acting_session(&call)?,
        &shown,
        body.new_password.expose(),
    )
    .await?;
    Ok(Done)
}

impl From<ChangeError> for Problem {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Invalid(rules) => AdminError::Invalid(rules).into(),
            ChangeError::Proof(error) => error.into(),
            ChangeError::Overloaded(error) => error.into(),
            ChangeError::Db(error) => error.into(),
            ChangeError::Changed => Self::conflict("the account was changed meanwhile; try again"),
        }
    }
}
