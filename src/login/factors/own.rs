//! A signed-in person's own second factors: set up, replaced, taken away.

use super::super::browser::SignedIn;
use super::proof::{ProofError, Shown, prove};
use super::{
    FactorError, Passed, admit, event_of, not_a_guess, recovery_codes, refused, sealed_totp,
    unsealed,
};
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
use crate::storage::factor_enrolments::Enrolment;
use crate::storage::second_factors::{Enrolled, Spend, TotpData};

/// Seconds somebody has to set up an authenticator.
const ENROLMENT: i64 = 600;
/// What the owner reads that it is.
const AUTHENTICATOR: &str = "authenticator";

/// An authenticator to be set up.
pub struct Setup {
    pub secret: TotpSecret,
    pub expires_at: Timestamp,
}

/// Why factors stay as they are.
#[derive(Debug, thiserror::Error)]
pub enum FactorChangeError {
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// Nothing is being set up in this session, or it took too long.
    #[error("no authenticator is being set up")]
    NotBegun,
    #[error("the account has no second factor")]
    NoFactor,
    #[error("the account was changed meanwhile")]
    Changed,
}

impl From<FactorError> for FactorChangeError {
    fn from(error: FactorError) -> Self {
        Self::Proof(error.into())
    }
}

impl From<DbError> for FactorChangeError {
    fn from(error: DbError) -> Self {
        Self::Proof(error.into())
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
    let secret = TotpSecret::new(app.random.bytes());
    let setup = store(app, ctx, user, session_id, secret, proof.spend).await?;
    // None: somebody else came with the same code, or the account has a factor by now.
    setup.ok_or(FactorChangeError::Changed)
}

/// The same for somebody who signed in just now and has no factor: what was begun in their session goes
/// on, from now. `None`: the account has a factor by now.
pub(super) async fn begin_at_page(
    app: &App,
    ctx: &Ctx,
    person: &SignedIn,
) -> Result<Option<Setup>, DbError> {
    let (user, session_id) = (person.user(), &person.session().id);
    let begun = begun(app, ctx, user, session_id).await?;
    let secret = begun.map(|(_, secret)| secret);
    let secret = secret.unwrap_or_else(|| TotpSecret::new(app.random.bytes()));
    store(app, ctx, user, session_id, secret, None).await
}

async fn store(
    app: &App,
    ctx: &Ctx,
    user: &User,
    session_id: &str,
    secret: TotpSecret,
    proof: Option<Spend>,
) -> Result<Option<Setup>, DbError> {
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
    let tries = admit(app, ctx, user).await?;
    let Some(last_step) = secret.step_of(otp, ctx.now) else {
        return Err(refused(app, ctx, user, tries).await?.into());
    };
    not_a_guess(app, ctx, user).await?;
    let (codes, digests) = recovery_codes(app, &ctx.tenant, user);
    let mut event = event_of(app, ctx, user, AuditKind::FactorAdded);
    let replaced = app
        .store
        .tenant(&ctx.tenant.id)
        .totp(&user.id)
        .await?
        .is_some();
    event.detail =
        serde_json::json!({ "factor": "totp", "replaced": replaced, "session": session_id });
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
    let proof = proof.spend.ok_or(FactorChangeError::NoFactor)?;
    let (codes, digests) = recovery_codes(app, &ctx.tenant, user);
    let event = event_of(app, ctx, user, AuditKind::RecoveryCodesMade);
    let rows = app.store.tenant(&ctx.tenant.id);
    let replaced = rows
        .replace_recovery_codes(&user.id, digests, proof, ctx.now, event)
        .await?;
    if replaced {
        Ok(codes)
    } else {
        Err(ProofError::WrongCode.into())
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
    let proof = proof.spend.ok_or(FactorChangeError::NoFactor)?;
    let mut event = event_of(app, ctx, user, AuditKind::FactorRemoved);
    factors::tell_of_removal(app, &ctx.tenant, user, &mut event);
    let rows = app.store.tenant(&ctx.tenant.id);
    let removed = rows
        .remove_second_factors(&user.id, Some(proof), ctx.now, event)
        .await?;
    if removed {
        Ok(())
    } else {
        Err(ProofError::WrongCode.into())
    }
}

/// How an authenticator names what it is for.
pub fn uri(ctx: &Ctx, user: &User, secret: &TotpSecret) -> zeroize::Zeroizing<String> {
    secret.uri(&ctx.tenant.name, &user.username)
}
