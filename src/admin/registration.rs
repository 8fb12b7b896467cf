//! Accounts that people make for themselves.

use super::new_password::Owner;
use super::{AdminError, event, users};
use crate::app::App;
use crate::config::Registration;
use crate::context::Ctx;
use crate::letters;
use crate::mail::Contents;
use crate::model::audit_event::{Actor, AuditKind};
use crate::model::domain;
use crate::model::letter::Purpose;
use crate::model::login_name::LoginName;
use crate::model::tenant::Tenant;
use crate::model::user::{User, UserInput};

/// Why somebody gets no account.
#[derive(Debug, thiserror::Error)]
pub enum RegistrationError {
    /// Not everybody may make one; the sentence names the setting.
    #[error("{0}")]
    Closed(&'static str),
    #[error(transparent)]
    Refused(#[from] AdminError),
}

/// Whether an account made by its owner is of use only once a link was used that goes to its address.
/// Then a stranger learns nothing from making one, and is told nothing.
pub fn waits_for_mail(app: &App, tenant: &Tenant) -> bool {
    app.mail.works() && tenant.settings.requires_verified_email()
}

/// As [`account`]; its id.
///
/// # Errors
/// See [`RegistrationError`].
pub async fn register(
    app: &App,
    ctx: &Ctx,
    open_to: Registration,
    input: UserInput,
    password: &str,
) -> Result<String, RegistrationError> {
    let user = account(app, ctx, open_to, input, password).await?;
    Ok(user.id)
}

/// Makes the account somebody asks for. It has the roles new accounts have and an address nobody has
/// checked, whatever `input` says; where mail is sent, a link to check it goes there.
///
/// Where nobody signs in before that link was used, an address that has an account gets a mail that
/// says so, and whoever asked gets the same answer, with an account that is none: they cannot tell.
/// Elsewhere whoever may sign in with a new account at once could tell a feigned success from a real
/// one, so that a taken address is said to be taken. A taken username always is; how often a network
/// may ask is limited.
///
/// # Errors
/// See [`RegistrationError`].
pub async fn account(
    app: &App,
    ctx: &Ctx,
    open_to: Registration,
    input: UserInput,
    password: &str,
) -> Result<User, RegistrationError> {
    permits(ctx, open_to, input.email.as_deref())?;
    let input = UserInput {
        email_verified: false,
        roles: ctx.tenant.settings.default_roles(),
        groups: Vec::new(),
        enabled: true,
        ..input
    };
    let tenant = &ctx.tenant;
    let owner = Owner::new(app, Some(tenant), &input);
    let new = users::new_user(app, Some(tenant), input, Some((password, owner))).await?;
    let user = new.to_user();
    let actor = Actor {
        // Nobody yet.
        name: None,
        ..ctx.actor("")
    };
    let mut event = event(app, &actor, AuditKind::UserRegistered, &user.id);
    let purpose = Purpose::VerifyEmail;
    let letter = letters::with_link(app, tenant, &user, purpose, ctx.now);
    event.letters.extend(letter);
    match users::store_with(app, tenant, new, event).await {
        Err(AdminError::Conflict(taken)) if waits_for_mail(app, tenant) => {
            if tell_owner(app, ctx, &user).await? {
                Ok(user)
            } else {
                Err(AdminError::Conflict(taken).into())
            }
        }
        Err(error) => Err(error.into()),
        Ok(_) => Ok(user),
    }
}

/// Tells the owner of an address that somebody wanted an account with it. `false`: it is the username
/// that is taken.
async fn tell_owner(app: &App, ctx: &Ctx, wanted: &User) -> Result<bool, AdminError> {
    let rows = app.store.tenant(&ctx.tenant.id);
    let username = LoginName::parse(&wanted.username);
    let email = wanted.email.as_deref().and_then(LoginName::parse);
    if username != email
        && let Some(username) = username
        && rows.named_user(&username).await?.is_some()
    {
        return Ok(false);
    }
    let owner = match email {
        Some(email) => rows.named_user(&email).await?,
        None => None,
    };
    // Strangers must not fill anybody's mailbox.
    let Some(owner) = owner.filter(|owner| app.notices.count_name(&owner.id, ctx.now).is_ok())
    else {
        return Ok(true);
    };
    let news = Contents::AddressTaken {};
    if let Some(letter) = letters::notice(app, &ctx.tenant, &owner, &news, ctx.now) {
        rows.add_letter(letter).await?;
    }
    Ok(true)
}

fn permits(ctx: &Ctx, open_to: Registration, email: Option<&str>) -> Result<(), RegistrationError> {
    let domain = email.and_then(|email| email.rsplit_once('@'));
    let domain = domain.and_then(|(_, domain)| domain::canonical(domain));
    let is_own = domain.is_some() && domain == ctx.tenant.domain;
    let closed = match open_to {
        Registration::Open => return Ok(()),
        Registration::Domain if is_own => return Ok(()),
        Registration::Off => {
            "nobody makes an account without an administrator: registration is off"
        }
        Registration::Invite => "accounts are made by invitation: registration is invite",
        Registration::Domain => {
            "accounts are made for addresses in a tenant's domain, and this is none: registration is domain"
        }
    };
    Err(RegistrationError::Closed(closed))
}
