//! A signed-in person's new password.

use super::factors::proof::{self, ProofError, Shown};
use crate::admin::AdminError;
use crate::admin::new_password::{self, Owner};
use crate::app::App;
use crate::context::Ctx;
use crate::letters;
use crate::mail::Contents;
use crate::model::audit_event::AuditKind;
use crate::model::user::User;
use crate::passwords::Overloaded;
use crate::storage::DbError;
use crate::storage::credentials::NewPassword;
use crate::storage::own_password::PasswordChange;
use crate::storage::second_factors::Spend;

/// Why a password is not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// Rules the new one breaks, each naming its field.
    #[error("{}", .0.join("; "))]
    Invalid(Vec<String>),
    /// What was shown beside it is not enough, or too much was wrong.
    #[error(transparent)]
    Proof(#[from] ProofError),
    #[error("the account was changed meanwhile")]
    Changed,
    #[error(transparent)]
    Overloaded(#[from] Overloaded),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Changes the password of `user`, who acts in the session `session_id` and has to know the current
/// one, and to show a code of the second factor there is: whoever finds an unlocked screen does not. What
/// is wrong counts as it does at every door.
///
/// The acting session goes on, with what it gave; every other session of the account ends, with
/// everything that was given in it, and no browser is recognised any more.
///
/// # Errors
/// As [`ChangeError`] says; nothing was changed.
pub async fn change(
    app: &App,
    ctx: &Ctx,
    user: &User,
    session_id: &str,
    shown: &Shown<'_>,
    new: &str,
) -> Result<(), ChangeError> {
    // What the account had before is nothing for whoever does not know the present one.
    let mut owner = Owner::of(app, &ctx.tenant, user);
    let account = owner.account.take();
    let problems = new_password::problems(app, &owner, new).await;
    let problems = problems.map_err(as_new)?;
    if !problems.is_empty() {
        return Err(as_new(AdminError::Invalid(problems)));
    }
    owner.account = account;
    let proof = proof::prove(app, ctx, user, shown).await?;
    if shown.password == new {
        let rule = "new_password: another than the current one";
        return Err(ChangeError::Invalid(vec![rule.to_owned()]));
    }
    let accepted = new_password::accepted(app, &owner, new).await;
    let password = accepted.map_err(as_new)?;
    replace(app, ctx, &proof.user, session_id, password, proof.spend).await
}

/// Gives `user`, who has just shown in the session `session_id` that they are who they are, another
/// password.
///
/// # Errors
/// As [`change`], but for the login.
pub async fn renew(
    app: &App,
    ctx: &Ctx,
    user: &User,
    session_id: &str,
    new: &str,
) -> Result<(), ChangeError> {
    let mut owner = Owner::of(app, &ctx.tenant, user);
    // At the least it is not the one that is to go.
    owner.policy.history = owner.policy.history.max(1);
    let accepted = new_password::accepted(app, &owner, new).await;
    let password = accepted.map_err(as_new)?;
    replace(app, ctx, user, session_id, password, None).await
}

/// A rule about a new password, said of the field it came in.
fn as_new(error: AdminError) -> ChangeError {
    match error {
        AdminError::Invalid(problems) => {
            let of_field = |problem: &String| format!("new_{problem}");
            ChangeError::Invalid(problems.iter().map(of_field).collect())
        }
        AdminError::Overloaded(error) => error.into(),
        AdminError::Db(error) => error.into(),
        _ => ChangeError::Changed,
    }
}

async fn replace(
    app: &App,
    ctx: &Ctx,
    user: &User,
    session_id: &str,
    password: NewPassword,
    proof: Option<Spend>,
) -> Result<(), ChangeError> {
    let actor = ctx.actor(&user.id);
    let mut event = actor.did(AuditKind::PasswordChanged, &user.id, app.row_id(), ctx.now);
    event.detail = serde_json::json!({ "session": session_id });
    let at = ctx.now.millis();
    let news = Contents::PasswordChanged { at };
    letters::tell(app, &ctx.tenant, user, &news, &mut event);
    let changed = app
        .store
        .tenant(&ctx.tenant.id)
        .change_own_password(PasswordChange {
            user_id: user.id.clone(),
            password,
            user_seen_at: user.updated_at,
            session_id: session_id.to_owned(),
            proof,
            now: ctx.now,
            event,
        })
        .await?;
    if changed {
        Ok(())
    } else {
        Err(ChangeError::Changed)
    }
}
