//! What somebody who is signed in shows again before they change how they sign in. A session is not enough
//! for it: it takes the password, and a code of the factor there is.

use super::super::direct::{self, LoginError};
use super::super::throttle::Throttled;
use super::{FactorError, check};
use crate::app::App;
use crate::context::Ctx;
use crate::model::user::User;
use crate::storage::DbError;
use crate::storage::second_factors::Spend;

/// What is shown.
pub struct Shown<'a> {
    pub password: &'a str,
    /// A code of the factor there is, or a recovery code.
    pub otp: Option<&'a str>,
}

/// That it was enough. Only [`prove`] makes it.
pub(in super::super) struct Proof {
    /// The account as it was when the password was checked.
    pub(in super::super) user: User,
    /// What is used up with it, where there is a factor.
    pub(in super::super) spend: Option<Spend>,
}

/// Why it is not enough.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    #[error(transparent)]
    Login(#[from] LoginError),
    /// There is a factor, and no code of it was shown.
    #[error("a code of the second factor is needed")]
    CodeNeeded,
    /// The password was right.
    #[error("the code is wrong, or was used already")]
    WrongCode,
    #[error("too many codes were wrong")]
    Throttled(Throttled),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<FactorError> for ProofError {
    fn from(error: FactorError) -> Self {
        match error {
            FactorError::Refused => Self::WrongCode,
            FactorError::Throttled(throttled) => Self::Throttled(throttled),
            FactorError::Db(error) => Self::Db(error),
        }
    }
}

/// Asks for the password again, and for a code where there is a factor.
pub(in super::super) async fn prove(
    app: &App,
    ctx: &Ctx,
    user: &User,
    shown: &Shown<'_>,
) -> Result<Proof, ProofError> {
    let confirmed = direct::confirm(app, ctx, user, shown.password).await?;
    let user = confirmed.user().clone();
    let rows = app.store.tenant(&ctx.tenant.id);
    if rows.totp(&user.id).await?.is_none() {
        return Ok(Proof { user, spend: None });
    }
    let otp = shown.otp.ok_or(ProofError::CodeNeeded)?;
    let passed = check(app, ctx, &user, otp).await?;
    Ok(Proof {
        spend: passed.into_spend(),
        user,
    })
}
