//! A signed-in person's own second factors: set up, replaced, taken away. A session is not enough for any
//! of it: it takes the password, and a code of the factor there is.

use super::super::browser::SignedIn;
use super::super::direct::{self, LoginError};
use super::super::throttle::Throttled;
use super::{FactorError, Passed, admit, event_of, recovery_codes, refused, sealed_totp, unsealed};
use crate::admin::factors;
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::context::Ctx;
use crate::letters;
use crate::mail::Contents;
use crate::model::audit_event::AuditKind;
use crate::model::recovery_code::RecoveryCode;
use crate::model::totp::TotpSecret;
use crate::model::user::User;
use crate::storage::DbError;
use crate::storage::second_factors::{Enrolled, Enrolment, Spend, TotpData};

/// Seconds somebody has to set up an authenticator.
const ENROLMENT: i64 = 600;
/// What the owner reads that it is.
const AUTHENTICATOR: &str = "authenticator";

/// What somebody shows who wants to change their factors.
pub struct Shown<'a> {
    pub password: &'a str,
    /// A code of the factor there is.
    pub otp: Option<&'a str>,
}

/// An authenticator to be set up.
pub struct Setup {
    pub secret: TotpSecret,
    pub expires_at: Timestamp,
}

/// Why factors stay as they are.
#[derive(Debug, thiserror::Error)]
pub enum FactorChangeError {
    #[error(transparent)]
    Login(#[from] LoginError),
    /// There is a factor, and no code of it was shown.
    #[error("a code of the present factor is needed")]
    CodeNeeded,
    /// The password was right.
    #[error("the code is wrong")]
    WrongCode,
    #[error("too many codes were wrong")]
    Throttled(Throttled),
    /// Nothing is being set up in this session, or it took too long.
    #[error("no authenticator is being set up")]
    NotBegun,
    #[error("the account has no second factor")]
    NoFactor,
    #[error("the account was changed meanwhile")]
    Changed,
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<FactorError> for FactorChangeError {
    fn from(error: FactorError) -> Self {
        match error {
            FactorError::Refused => Self::WrongCode,
            FactorError::Throttled(throttled) => Self::Throttled(throttled),
            FactorError::Db(error) => Self::Db(error),
        }
    }
}

/// Begins to set up an authenticator in the session `session_id`. The one there is stays until the first
/// code of the other was right.
///
/// # Errors
/// As [`FactorChangeError`] says.
pub async fn begin(
    app: &App,
    ctx: &Ctx,
    user: &User,
    session_id: &str,
    shown: &Shown<'_>,
) -> Result<Setup, FactorChangeError> {
    let proof = prove(app, ctx, user, shown).await?;
    let setup = store(app, ctx, user, session_id, proof).await?;
    // None: somebody else came with the same code.
    setup.ok_or(FactorChangeError::WrongCode)
}

/// The same for somebody who signed in just now and has no factor: what was begun in their session goes
/// on.
pub(super) async fn begin_at_page(
    app: &App,
    ctx: &Ctx,
    person: &SignedIn,
) -> Result<Setup, DbError> {
    let (user, session_id) = (person.user(), &person.session().id);
    if let Some((enrolment, secret)) = begun(app, ctx, user, session_id).await? {
        let expires_at = enrolment.expires_at;
        return Ok(Setup { secret, expires_at });
    }
    let setup = store(app, ctx, user, session_id, None).await?;
    setup.ok_or(DbError::Corrupt("factor_enrolments"))
}

async fn store(
    app: &App,
    ctx: &Ctx,
    user: &User,
    session_id: &str,
    proof: Option<Spend>,
) -> Result<Option<Setup>, DbError> {
    let secret = TotpSecret::new(app.random.bytes());
    let enrolment = Enrolment {
        user_id: user.id.clone(),
        session_id: session_id.to_owned(),
        secret_sealed: sealed_totp(app, &ctx.tenant.id, &user.id, &secret),
        expires_at: ctx.now.plus_seconds(ENROLMENT),
    };
    let expires_at = enrolment.expires_at;
    let rows = app.store.tenant(&ctx.tenant.id);
    let stored = rows.begin_enrolment(enrolment, proof).await?;
    Ok(stored.then_some(Setup { secret, expires_at }))
}

async fn begun(
    app: &App,
    ctx: &Ctx,
    user: &User,
    session_id: &str,
) -> Result<Option<(Enrolment, TotpSecret)>, DbError> {
    let rows = app.store.tenant(&ctx.tenant.id);
    let Some(enrolment) = rows.enrolment(&user.id, session_id, ctx.now).await? else {
        return Ok(None);
    };
    let secret = unsealed(app, &ctx.tenant, user, &enrolment.secret_sealed)?;
    Ok(Some((enrolment, secret)))
}

/// Makes the authenticator that is being set up in the session `session_id` a factor, by its first code;
/// the recovery codes, which nobody can read again.
///
/// # Errors
/// As [`FactorChangeError`] says.
pub async fn finish(
    app: &App,
    ctx: &Ctx,
    user: &User,
    session_id: &str,
    otp: &str,
) -> Result<(Vec<RecoveryCode>, Passed), FactorChangeError> {
    let begun = begun(app, ctx, user, session_id).await?;
    let (enrolment, secret) = begun.ok_or(FactorChangeError::NotBegun)?;
    admit(app, ctx, user).await?;
    let Some(last_step) = secret.step_of(otp, ctx.now) else {
        return Err(refused(app, ctx, user).into());
    };
    let (codes, digests) = recovery_codes(app, &ctx.tenant, user);
    let mut event = event_of(app, ctx, user, AuditKind::FactorAdded);
    event.detail = serde_json::json!({ "factor": "totp" });
    let news = Contents::FactorAdded {
        at: ctx.now.millis(),
        factor: AUTHENTICATOR.to_owned(),
    };
    letters::tell(app, &ctx.tenant, user, &news, &mut event);
    let enrolled = app
        .store
        .tenant(&ctx.tenant.id)
        .enrol(Enrolled {
            data: TotpData {
                secret_sealed: enrolment.secret_sealed.clone(),
                last_step,
            },
            enrolment,
            recovery_codes: digests,
            now: ctx.now,
            event,
        })
        .await?;
    if enrolled {
        Ok((codes, Passed { spend: None }))
    } else {
        Err(FactorChangeError::Changed)
    }
}

/// Gives the account other recovery codes; those it had are worth nothing.
///
/// # Errors
/// As [`FactorChangeError`] says.
pub async fn renew_recovery_codes(
    app: &App,
    ctx: &Ctx,
    user: &User,
    shown: &Shown<'_>,
) -> Result<Vec<RecoveryCode>, FactorChangeError> {
    let proof = prove(app, ctx, user, shown).await?;
    let proof = proof.ok_or(FactorChangeError::NoFactor)?;
    let (codes, digests) = recovery_codes(app, &ctx.tenant, user);
    let event = event_of(app, ctx, user, AuditKind::RecoveryCodesMade);
    let rows = app.store.tenant(&ctx.tenant.id);
    let replaced = rows
        .replace_recovery_codes(&user.id, digests, proof, ctx.now, event)
        .await?;
    if replaced {
        Ok(codes)
    } else {
        Err(FactorChangeError::WrongCode)
    }
}

/// Takes the account's second factors away.
///
/// # Errors
/// As [`FactorChangeError`] says.
pub async fn remove(
    app: &App,
    ctx: &Ctx,
    user: &User,
    shown: &Shown<'_>,
) -> Result<(), FactorChangeError> {
    let proof = prove(app, ctx, user, shown).await?;
    let proof = proof.ok_or(FactorChangeError::NoFactor)?;
    let mut event = event_of(app, ctx, user, AuditKind::FactorRemoved);
    factors::tell_of_removal(app, &ctx.tenant, user, &mut event);
    let rows = app.store.tenant(&ctx.tenant.id);
    let removed = rows
        .remove_second_factors(&user.id, Some(proof), ctx.now, event)
        .await?;
    if removed {
        Ok(())
    } else {
        Err(FactorChangeError::WrongCode)
    }
}

/// Asks for the password again, and for a code where there is a factor; what is used up with it.
async fn prove(
    app: &App,
    ctx: &Ctx,
    user: &User,
    shown: &Shown<'_>,
) -> Result<Option<Spend>, FactorChangeError> {
    direct::confirm(app, ctx, user, shown.password).await?;
    let rows = app.store.tenant(&ctx.tenant.id);
    if rows.totp(&user.id).await?.is_none() {
        return Ok(None);
    }
    let otp = shown.otp.ok_or(FactorChangeError::CodeNeeded)?;
    let passed = super::check(app, ctx, user, otp).await?;
    Ok(passed.into_spend())
}

/// How an authenticator names what it is for.
pub fn uri(ctx: &Ctx, user: &User, secret: &TotpSecret) -> zeroize::Zeroizing<String> {
    secret.uri(&ctx.tenant.name, &user.username)
}
