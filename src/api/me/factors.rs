//! One's own second factors. None changes without the password, and a code of the factor there is.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ACCOUNT, acting_session};
use crate::admin::factors;
use crate::api::answer::{Answer, Done};
use crate::api::body::{Body, Document};
use crate::api::call::Call;
use crate::api::factors::FactorsView;
use crate::api::operation::Operation;
use crate::api::problem::Problem;
use crate::api::views::{Otp, Password, When};
use crate::login::direct::LoginError;
use crate::login::factors::own::{self, FactorChangeError};
use crate::login::factors::proof::{ProofError, Shown};
use crate::model::recovery_code::RecoveryCode;

#[rustfmt::skip]
pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/users/me/factors", "me.factors.read", "Shows one's own second factors", ACCOUNT, read),
        Operation::post("/users/me/factors/totp", "me.factors.begin_totp", "Begins to set up an authenticator; the one there is stays until the other is confirmed", ACCOUNT, begin),
        Operation::post("/users/me/factors/totp/confirm", "me.factors.confirm_totp", "Makes the authenticator a second factor, by its first code", ACCOUNT, confirm),
        Operation::post("/users/me/factors/totp/remove", "me.factors.remove_totp", "Takes the authenticator away, with its recovery codes", ACCOUNT, remove),
        Operation::post("/users/me/factors/recovery-codes", "me.factors.make_recovery_codes", "Makes other recovery codes; earlier ones are worth nothing", ACCOUNT, renew),
    ]
}

/// What shows that it is still oneself.
#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "FactorChange")]
#[serde(deny_unknown_fields)]
struct ShownBody {
    password: Password,
    /// A code of the second factor there is, or a recovery code.
    otp: Option<Otp>,
}

impl Document for ShownBody {}

impl ShownBody {
    fn shown(&self) -> Shown<'_> {
        Shown {
            password: self.password.expose(),
            otp: self.otp.as_ref().map(Otp::expose),
        }
    }
}

#[derive(Deserialize, JsonSchema)]
#[schemars(rename = "FirstCode")]
#[serde(deny_unknown_fields)]
struct FirstCode {
    /// What the authenticator shows.
    otp: Otp,
}

impl Document for FirstCode {}

/// An authenticator to be set up. It is shown this once.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "TotpSetup")]
struct SetupView {
    /// The secret, in Base32 (RFC 4648 section 6).
    secret: String,
    /// The same for a QR code, as `otpauth` address.
    uri: String,
    /// Until when its first code is taken.
    expires_at: When,
}

/// Recovery codes. They are shown this once.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "RecoveryCodes")]
struct CodesView {
    recovery_codes: Vec<String>,
}

impl From<Vec<RecoveryCode>> for CodesView {
    fn from(codes: Vec<RecoveryCode>) -> Self {
        let shown = codes.iter().map(|code| code.grouped().to_string());
        Self {
            recovery_codes: shown.collect(),
        }
    }
}

async fn read(call: Arc<Call>, (): ()) -> Result<Answer<FactorsView>, Problem> {
    let factors = factors::of(&call.app, call.tenant(), call.me()?).await?;
    Ok(Answer(factors.into()))
}

async fn begin(call: Arc<Call>, Body(body): Body<ShownBody>) -> Result<Answer<SetupView>, Problem> {
    let (user, session) = (call.me()?, acting_session(&call)?);
    let setup = own::begin(&call.app, &call.ctx, user, session, &body.shown()).await?;
    Ok(Answer(SetupView {
        secret: setup.secret.base32().to_string(),
        uri: own::uri(&call.ctx, user, &setup.secret).to_string(),
        expires_at: When(setup.expires_at),
    }))
}

async fn confirm(
    call: Arc<Call>,
    Body(body): Body<FirstCode>,
) -> Result<Answer<CodesView>, Problem> {
    let (user, session) = (call.me()?, acting_session(&call)?);
    let otp = body.otp.expose();
    let (codes, _) = own::finish(&call.app, &call.ctx, user, session, otp).await?;
    Ok(Answer(codes.into()))
}

async fn remove(call: Arc<Call>, Body(body): Body<ShownBody>) -> Result<Done, Problem> {
    own::remove(&call.app, &call.ctx, call.me()?, &body.shown()).await?;
    Ok(Done)
}

async fn renew(call: Arc<Call>, Body(body): Body<ShownBody>) -> Result<Answer<CodesView>, Problem> {
    let (user, shown) = (call.me()?, body.shown());
    let codes = own::renew_recovery_codes(&call.app, &call.ctx, user, &shown).await?;
    Ok(Answer(codes.into()))
}

impl From<FactorChangeError> for Problem {
    fn from(error: FactorChangeError) -> Self {
        match error {
            FactorChangeError::Proof(error) => error.into(),
            FactorChangeError::NotBegun => {
                Self::conflict("no authenticator is being set up in this session")
            }
            FactorChangeError::NoFactor => Self::conflict("the account has no second factor"),
            FactorChangeError::Changed => {
                Self::conflict("the account was changed meanwhile; try again")
            }
        }
    }
}

impl From<ProofError> for Problem {
    fn from(error: ProofError) -> Self {
        match error {
            ProofError::Login(LoginError::Refused) => {
                Self::forbidden("the current password is wrong")
            }
            ProofError::Login(LoginError::Unverified) => {
                Self::forbidden("the account's address is not verified yet")
            }
            // Whoever changes it does what there is to do.
            ProofError::Login(LoginError::InteractionRequired) => Self::changed(),
            ProofError::Login(LoginError::Throttled(throttled))
            | ProofError::Throttled(throttled) => Self::too_many_requests(throttled.retry_after),
            ProofError::Login(LoginError::Overloaded(error)) => error.into(),
            ProofError::Login(LoginError::Db(error)) | ProofError::Db(error) => error.into(),
            ProofError::CodeNeeded => Self::field("otp", "a code of the second factor is needed"),
            ProofError::WrongCode => Self::forbidden("the code is wrong, or was used already"),
        }
    }
}
