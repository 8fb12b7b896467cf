//! What is done with links: asking for one, and spending it. The pages, the REST API and the routes of
//! other systems call these.
//!
//! Whoever asks is answered before anything is looked up, so that neither the answer nor its time
//! tells whether there is such an account; the mail goes to the address that is stored with it.

use super::throttle::Throttled;
use crate::admin::AdminError;
use crate::admin::new_password::{self, Owner};
use crate::app::App;
use crate::base::token::{Kind, OpaqueToken};
use crate::context::Ctx;
use crate::letters;
use crate::mail::Contents;
use crate::model::audit_event::AuditKind;
use crate::model::letter::Purpose;
use crate::model::login_name::LoginName;
use crate::model::user::{AccountKind, User};
use crate::passwords::Overloaded;
use crate::storage::DbError;
use crate::storage::mail_links::LinkedPassword;

/// Requests that are looked after at a time; what comes beyond is dropped.
const MOST_ERRANDS: usize = 1000;

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    #[error("too many requests from this address")]
    Throttled(Throttled),
    #[error("no mail is sent here")]
    NoMail,
    /// Unknown, used, over, ended by a newer one, or for something else: all the same to whoever holds it.
    #[error("the link is unknown, used or over")]
    Dead,
    /// Rules the new password breaks, each naming its field.
    #[error("{}", .0.join("; "))]
    Invalid(Vec<String>),
    #[error(transparent)]
    Overloaded(#[from] Overloaded),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Asks for a link, for whoever has `typed` as address or username. The answer is the same for nobody.
///
/// # Errors
/// [`LinkError::NoMail`], and [`LinkError::Throttled`] by the caller's address alone.
pub fn request(app: &App, ctx: &Ctx, purpose: Purpose, typed: &str) -> Result<(), LinkError> {
    if !app.mail.works() {
        return Err(LinkError::NoMail);
    }
    let counted = app.mail_pace.count(ctx.address, ctx.now);
    counted.map_err(LinkError::Throttled)?;
    let name = LoginName::parse(typed);
    let (its_app, ctx) = (app.clone(), ctx.clone());
    errand(app, async move {
        let Some(name) = name else { return Ok(()) };
        let rows = its_app.store.tenant(&ctx.tenant.id);
        match rows.named_user(&name).await? {
            Some(user) => send(&its_app, &ctx, &user, purpose).await,
            None => Ok(()),
        }
    });
    Ok(())
}

/// Sends the person whose password was right, and whose address nobody has checked, another link for
/// that. Not at once: the answer must not take longer for it.
pub fn remind_to_verify(app: &App, ctx: &Ctx, user: &User) {
    if app.mail.works() {
        let (its_app, ctx, user) = (app.clone(), ctx.clone(), user.clone());
        errand(app, async move {
            send(&its_app, &ctx, &user, Purpose::VerifyEmail).await
        });
    }
}

async fn send(app: &App, ctx: &Ctx, user: &User, purpose: Purpose) -> Result<(), DbError> {
    let has_use = match purpose {
        Purpose::VerifyEmail => !user.email_verified,
        Purpose::ResetPassword | Purpose::Invitation => true,
    };
    if !has_use || !user.enabled || user.kind != AccountKind::Person {
        return Ok(());
    }
    if let Some(letter) = letters::with_link(app, &ctx.tenant, user, purpose, ctx.now) {
        let rows = app.store.tenant(&ctx.tenant.id);
        rows.add_letter(letter).await?;
    }
    Ok(())
}

/// Does something after its request was answered.
fn errand(app: &App, work: impl Future<Output = Result<(), DbError>> + Send + 'static) {
    if app.errands.len() >= MOST_ERRANDS {
        app.metrics.mail_dropped.inc();
        return;
    }
    app.errands.spawn(async move {
        if let Err(error) = work.await {
            tracing::warn!(%error, "a mail that was asked for could not be stored");
        }
    });
}

/// The request in the tenant whose link this is: the credential decides. `None`: it is nobody's.
pub async fn tenant_of(app: &App, arrived: &Ctx, secret: &str) -> Result<Option<Ctx>, DbError> {
    let Some(link) = OpaqueToken::parse(Kind::MailLink, secret) else {
        return Ok(None);
    };
    let Some(id) = app.store.tenant_of_mail_link(&link.digest()).await? else {
        return Ok(None);
    };
    let tenant = app.directory.tenant_by_id(&id).await?;
    Ok(tenant.filter(|tenant| tenant.enabled).map(|tenant| Ctx {
        tenant,
        ..arrived.clone()
    }))
}

/// The account of a live link. Looking spends nothing.
pub async fn owner(
    app: &App,
    ctx: &Ctx,
    purpose: Purpose,
    secret: &str,
) -> Result<Option<User>, DbError> {
    let Some(link) = OpaqueToken::parse(Kind::MailLink, secret) else {
        return Ok(None);
    };
    let rows = app.store.tenant(&ctx.tenant.id);
    rows.user_of_mail_link(&link.digest(), purpose, ctx.now)
        .await
}

/// Spends a link that verifies an address.
///
/// # Errors
/// [`LinkError::Dead`] for whatever is wrong with it.
pub async fn verify(app: &App, ctx: &Ctx, secret: &str) -> Result<(), LinkError> {
    let user = owner(app, ctx, Purpose::VerifyEmail, secret).await?;
    let user = user.ok_or(LinkError::Dead)?;
    let digest = digest(secret)?;
    let actor = ctx.actor(&user.id);
    let event = actor.did(AuditKind::EmailVerified, &user.id, app.row_id(), ctx.now);
    let rows = app.store.tenant(&ctx.tenant.id);
    if rows.verify_by_link(&digest, ctx.now, event).await? {
        Ok(())
    } else {
        Err(LinkError::Dead)
    }
}

/// Spends a link that sets a password. Nobody is signed in by it: every session is over, and a second
/// factor is asked for as ever.
///
/// # Errors
/// [`LinkError::Dead`] for whatever is wrong with the link; [`LinkError::Invalid`] leaves it live.
pub async fn set_password(
    app: &App,
    ctx: &Ctx,
    purpose: Purpose,
    secret: &str,
    password: &str,
) -> Result<(), LinkError> {
    // Nothing is hashed for somebody without a link.
    let user = owner(app, ctx, purpose, secret).await?;
    let user = user.ok_or(LinkError::Dead)?;
    let digest = digest(secret)?;
    let rules = Owner::of(app, &ctx.tenant, &user);
    let accepted = new_password::accepted(app, &rules, password).await;
    let password = accepted.map_err(|error| match error {
        AdminError::Invalid(problems) => LinkError::Invalid(problems),
        AdminError::Overloaded(error) => error.into(),
        AdminError::Db(error) => error.into(),
        // The account is no longer what it was.
        _ => LinkError::Dead,
    })?;
    let kind = match purpose {
        Purpose::Invitation => AuditKind::InvitationAccepted,
        _ => AuditKind::PasswordReset,
    };
    let actor = ctx.actor(&user.id);
    let mut event = actor.did(kind, &user.id, app.row_id(), ctx.now);
    if purpose != Purpose::Invitation {
        let at = ctx.now.millis();
        let news = Contents::PasswordChanged { at };
        letters::tell(app, &ctx.tenant, &user, &news, &mut event);
    }
    let rows = app.store.tenant(&ctx.tenant.id);
    let set = rows
        .set_password_by_link(LinkedPassword {
            digest,
            purpose,
            password,
            now: ctx.now,
            event,
        })
        .await?;
    if set { Ok(()) } else { Err(LinkError::Dead) }
}

fn digest(secret: &str) -> Result<String, LinkError> {
    let link = OpaqueToken::parse(Kind::MailLink, secret);
    link.map(|link| link.digest()).ok_or(LinkError::Dead)
}
