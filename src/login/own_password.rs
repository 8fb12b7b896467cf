//! A signed-in person's new password.

use zeroize::Zeroizing;

use super::direct::{self, LoginError};
use crate::admin::users::password_problems;
use crate::app::App;
use crate::context::Ctx;
use crate::letters;
use crate::mail::Contents;
use crate::model::audit_event::AuditKind;
use crate::model::user::User;
use crate::passwords::Overloaded;
use crate::storage::DbError;
use crate::storage::own_password::PasswordChange;

/// Why a password is not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// Rules the new one breaks, each naming its field.
    #[error("{}", .0.join("; "))]
    Invalid(Vec<String>),
    /// The current one is wrong, or too many were.
    #[error(transparent)]
    Login(#[from] LoginError),
    #[error("the account was changed meanwhile")]
    Changed,
    #[error(transparent)]
    Overloaded(#[from] Overloaded),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Changes the password of `user`, who acts in the session `session_id` and has to know the current
/// one: whoever finds an unlocked screen does not. A wrong one counts as it does at every door.
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
    current: &str,
    new: &str,
) -> Result<(), ChangeError> {
    let problems = password_problems(new);
    if !problems.is_empty() {
        let of_field = |problem: &String| format!("new_{problem}");
        return Err(ChangeError::Invalid(
            problems.iter().map(of_field).collect(),
        ));
    }
    let confirmed = direct::confirm(app, ctx, user, current).await?;
    let hash = app.passwords.hash(Zeroizing::new(new.to_owned())).await?;
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
            hash,
            user_seen_at: confirmed.user().updated_at,
            session_id: session_id.to_owned(),
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
