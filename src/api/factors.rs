//! `/users/{id}/factors`: what people can show beside their password.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::answer::{Answer, Done};
use super::authority;
use super::call::Call;
use super::operation::Operation;
use super::problem::Problem;
use super::users::{READ, WRITE, found, managed};
use super::views::When;
use crate::admin::factors;
use crate::model::second_factor::SecondFactors;

#[rustfmt::skip]
pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/users/{id}/factors", "users.factors.read", "Shows an account's second factors", READ, read),
        Operation::delete("/users/{id}/factors", "users.factors.remove", "Takes an account's second factors away; its owner is told", WRITE, remove),
    ]
}

/// Second factors. Nobody can read their secrets.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "SecondFactors")]
pub struct FactorsView {
    /// The authenticator (RFC 6238), if there is one.
    totp: Option<TotpView>,
    recovery_codes: Option<RecoveryCodesView>,
}

#[derive(JsonSchema, Serialize)]
#[schemars(rename = "Totp")]
struct TotpView {
    created_at: When,
}

#[derive(JsonSchema, Serialize)]
#[schemars(rename = "RecoveryCodesRead")]
struct RecoveryCodesView {
    created_at: When,
    /// How many nobody used yet.
    left: usize,
}

impl From<SecondFactors> for FactorsView {
    fn from(factors: SecondFactors) -> Self {
        let left = factors.recovery_codes;
        Self {
            totp: factors.totp.map(|since| TotpView {
                created_at: When(since),
            }),
            recovery_codes: factors.recovery_codes_since.map(|since| RecoveryCodesView {
                created_at: When(since),
                left,
            }),
        }
    }
}

async fn read(call: Arc<Call>, (): ()) -> Result<Answer<FactorsView>, Problem> {
    let user = found(&call, call.path("id")).await?;
    let factors = factors::of(&call.app, call.tenant(), &user).await?;
    Ok(Answer(factors.into()))
}

async fn remove(call: Arc<Call>, (): ()) -> Result<Done, Problem> {
    let user = managed(&call).await?;
    // One's own go with a code of them.
    authority::not_oneself(&call, &user)?;
    factors::remove(&call.app, &call.actor(), call.tenant(), &user).await?;
    Ok(Done)
}
