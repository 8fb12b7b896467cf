//! Second factors: what somebody shows beside their password, at a page or at a door without one.

pub(super) mod configure;
pub mod own;
pub mod proof;
pub(super) mod show;

use axum::http::StatusCode;

use super::forms::in_words;
use super::page::Refusal;
use super::throttle::Throttled;
use crate::app::App;
use crate::base::digest::{digest_text, hmac_sha256};
use crate::context::Ctx;
use crate::letters;
use crate::mail::Contents;
use crate::model::audit_event::{AuditEvent, AuditKind};
use crate::model::recovery_code::{CODES, RecoveryCode};
use crate::model::required_action::RequiredAction;
use crate::model::second_factor;
use crate::model::tenant::Tenant;
use crate::model::totp::TotpSecret;
use crate::model::user::User;
use crate::storage::DbError;
use crate::storage::factor_tries::{LONG_WINDOW, Tries, WINDOW};
use crate::storage::second_factors::{Spend, TotpData};
use crate::trail::hours::Counter;

/// Wrong codes an account may be sent within [`WINDOW`], on all nodes together. Windows meet, so that it
/// is no more than twice as many within any time of that length.
pub const MOST_TRIES: i64 = 5;
/// And within [`LONG_WINDOW`]: who has patience gets nowhere either.
pub const MOST_LONG_TRIES: i64 = 20;

/// What is still to be asked of somebody who showed their password.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Wanted {
    Nothing,
    /// A code of the factor they have.
    Code,
    /// To set one up: it is asked for, and they have none.
    Enrolment,
}

/// That somebody showed a second factor just now. Only this module makes it.
pub struct Passed {
    spend: Option<Spend>,
}

impl Passed {
    /// What is used up with it, where something is.
    pub(super) fn into_spend(self) -> Option<Spend> {
        self.spend
    }
}

/// Why a code is refused.
#[derive(Debug, thiserror::Error)]
pub enum FactorError {
    /// Wrong, over, used before, or of nobody's factor.
    #[error("the code is wrong")]
    Refused,
    #[error("too many codes were wrong")]
    Throttled(Throttled),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// What a refusal at a page of this step is called in the log.
const REFUSED: &str = "login.factor_refused";

/// What a page says of a refused code; `wrong` where it is a wrong one.
pub(super) fn for_page(error: FactorError, wrong: &str) -> Result<Refusal, DbError> {
    match error {
        FactorError::Refused => Ok(Refusal {
            code: REFUSED,
            status: StatusCode::BAD_REQUEST,
            text: wrong.to_owned(),
            retry_after: None,
        }),
        FactorError::Throttled(Throttled { retry_after }) => Ok(Refusal {
            code: REFUSED,
            status: StatusCode::TOO_MANY_REQUESTS,
            text: format!(
                "Too many wrong codes. Try again in {}.",
                in_words(retry_after)
            ),
            retry_after: Some(retry_after),
        }),
        FactorError::Db(error) => Err(error),
    }
}

/// What is still to be asked of `user`, who signed in by `amr`; `demanded` says that the request takes
/// nothing less than two factors.
pub(super) async fn wanted(
    app: &App,
    tenant: &Tenant,
    user: &User,
    amr: &[String],
    demanded: bool,
) -> Result<Wanted, DbError> {
    if second_factor::is_multiple(amr) {
        return Ok(Wanted::Nothing);
    }
    if app.store.tenant(&tenant.id).totp(&user.id).await?.is_some() {
        return Ok(Wanted::Code);
    }
    let asked_for = demanded
        || tenant.settings.requires_second_factor()
        || user.has_to(RequiredAction::ConfigureTotp);
    Ok(if asked_for {
        Wanted::Enrolment
    } else {
        Wanted::Nothing
    })
}

/// Looks at what somebody typed who showed the password of `user`: a code of their authenticator, or one
/// of their recovery codes.
///
/// # Errors
/// As [`FactorError`] says. Every try counts before it is looked at; a good one is taken back.
pub(super) async fn check(
    app: &App,
    ctx: &Ctx,
    user: &User,
    typed: &str,
) -> Result<Passed, FactorError> {
    let tries = admit(app, ctx, user).await?;
    match proof(app, ctx, user, typed).await? {
        Some(spend) => {
            not_a_guess(app, ctx, user).await?;
            Ok(Passed { spend: Some(spend) })
        }
        None => Err(refused(app, ctx, user, tries).await?),
    }
}

/// Counts a try, and refuses it where there were too many.
async fn admit(app: &App, ctx: &Ctx, user: &User) -> Result<Tries, FactorError> {
    let rows = app.store.tenant(&ctx.tenant.id);
    let tries = rows.count_factor_try(&user.id, ctx.now).await?;
    let over = if tries.long_count > MOST_LONG_TRIES {
        tries.long_since.plus_seconds(LONG_WINDOW)
    } else if tries.count > MOST_TRIES {
        tries.since.plus_seconds(WINDOW)
    } else {
        return Ok(tries);
    };
    ctx.notes.account(&user.id);
    ctx.notes.cause("too many wrong codes before this one");
    app.refusals.count(ctx, "login.factor_throttled", &user.id);
    let retry_after = (over.seconds() - ctx.now.seconds()).max(1);
    Err(FactorError::Throttled(Throttled { retry_after }))
}

/// Takes a try back, whatever becomes of the code that was right.
async fn not_a_guess(app: &App, ctx: &Ctx, user: &User) -> Result<(), DbError> {
    let rows = app.store.tenant(&ctx.tenant.id);
    rows.take_factor_try_back(&user.id).await
}

/// Notes a wrong code; with the last that is looked at, its owner is told.
async fn refused(app: &App, ctx: &Ctx, user: &User, tries: Tries) -> Result<FactorError, DbError> {
    app.metrics.failed_logins.inc();
    app.hours
        .count(&ctx.tenant.id, ctx.now, Counter::FailedLogins);
    ctx.notes.account(&user.id);
    ctx.notes.cause("the code is wrong");
    app.refusals.count(ctx, "login.factor", &user.id);
    if tries.count == MOST_TRIES || tries.long_count == MOST_LONG_TRIES {
        let mut event = event_of(app, ctx, user, AuditKind::FactorGuessed);
        // Whoever it is, they have not shown that they are the account's owner.
        event.actor = None;
        let at = ctx.now.millis();
        letters::tell(
            app,
            &ctx.tenant,
            user,
            &Contents::FactorGuessed { at },
            &mut event,
        );
        app.store.tenant(&ctx.tenant.id).note_event(event).await?;
    }
    Ok(FactorError::Refused)
}

/// What a code uses up. `None`: it is good for nothing.
async fn proof(app: &App, ctx: &Ctx, user: &User, typed: &str) -> Result<Option<Spend>, DbError> {
    let rows = app.store.tenant(&ctx.tenant.id);
    if let Some(code) = RecoveryCode::parse(typed) {
        let digest = recovery_digest(app, &ctx.tenant, user, &code);
        if !rows.has_recovery_code(&user.id, &digest).await? {
            return Ok(None);
        }
        let left = rows.second_factors(&user.id).await?.recovery_codes;
        let left = left.saturating_sub(1);
        let mut event = event_of(app, ctx, user, AuditKind::RecoveryCodeUsed);
        event.detail = serde_json::json!({ "left": left });
        let at = ctx.now.millis();
        let news = Contents::RecoveryCodeUsed { at, left };
        letters::tell(app, &ctx.tenant, user, &news, &mut event);
        return Ok(Some(Spend::RecoveryCode {
            digest,
            event: Box::new(event),
        }));
    }
    let Some(before) = rows.totp(&user.id).await? else {
        return Ok(None);
    };
    let corrupt = || DbError::Corrupt("credentials.data");
    let data: TotpData = serde_json::from_str(&before).map_err(|_| corrupt())?;
    let secret = unsealed(app, &ctx.tenant, user, &data.secret_sealed)?;
    let step = secret.step_of(typed, ctx.now);
    let Some(step) = step.filter(|step| *step > data.last_step) else {
        return Ok(None);
    };
    let after = TotpData {
        last_step: step,
        ..data
    };
    let after = serde_json::to_string(&after).map_err(|_| corrupt())?;
    Ok(Some(Spend::Totp { before, after }))
}

fn event_of(app: &App, ctx: &Ctx, user: &User, kind: AuditKind) -> AuditEvent {
    let actor = ctx.actor(&user.id);
    actor.did(kind, &user.id, app.row_id(), ctx.now)
}

/// New recovery codes, and what is stored of them.
fn recovery_codes(app: &App, tenant: &Tenant, user: &User) -> (Vec<RecoveryCode>, Vec<String>) {
    let code = |_| RecoveryCode::new(app.random.bytes());
    let codes: Vec<RecoveryCode> = (0..CODES).map(code).collect();
    let digest = |code| recovery_digest(app, tenant, user, code);
    let digests = codes.iter().map(digest).collect();
    (codes, digests)
}

/// Keyed, and bound to the account: whoever has the rows alone can try nothing.
fn recovery_digest(app: &App, tenant: &Tenant, user: &User, code: &RecoveryCode) -> String {
    let place = format!("{}\n{}\n{}", tenant.id, user.id, code.canonical());
    let key = app.master_key.derive("recovery-code");
    digest_text(&hmac_sha256(&key, place.as_bytes()))
}

/// An authenticator's secret as the row of this account has it.
pub fn sealed_totp(app: &App, tenant_id: &str, user_id: &str, secret: &TotpSecret) -> String {
    let place = place(tenant_id, user_id);
    app.master_key.seal(&place, secret.bytes(), &app.random)
}

fn unsealed(app: &App, tenant: &Tenant, user: &User, sealed: &str) -> Result<TotpSecret, DbError> {
    let opened = app.master_key.open(&place(&tenant.id, &user.id), sealed);
    let secret = opened.ok().and_then(|bytes| TotpSecret::of(&bytes));
    secret.ok_or(DbError::Corrupt("an authenticator's secret"))
}

/// Where a secret is sealed for. One that is set up goes to the row of one that is used as it is.
fn place(tenant_id: &str, user_id: &str) -> String {
    format!("credentials/{tenant_id}/{user_id}/totp")
}
