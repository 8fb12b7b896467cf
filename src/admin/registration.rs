//! Accounts that people make for themselves.

use super::{AdminError, users};
use crate::app::App;
use crate::config::Registration;
use crate::context::Ctx;
use crate::model::audit_event::{Actor, AuditKind};
use crate::model::domain;
use crate::model::user::UserInput;

/// Why somebody gets no account.
#[derive(Debug, thiserror::Error)]
pub enum RegistrationError {
    /// Not everybody may make one; the sentence names the setting.
    #[error("{0}")]
    Closed(&'static str),
    #[error(transparent)]
    Refused(#[from] AdminError),
}

/// Makes the account somebody asks for; its id. It has the roles new accounts have and an address
/// nobody has checked, whatever `input` says.
///
/// A name or an address that is taken is said to be so. Whoever may sign in with a new account at
/// once could tell a feigned success from a real one, so that hiding it would deceive owners of
/// accounts and nobody else; how often an address may ask is limited.
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
    permits(ctx, open_to, input.email.as_deref())?;
    let input = UserInput {
        email_verified: false,
        roles: ctx.tenant.settings.default_roles(),
        groups: Vec::new(),
        enabled: true,
        ..input
    };
    // Nobody yet.
    let actor = Actor {
        name: None,
        ..ctx.actor("")
    };
    let kind = AuditKind::UserRegistered;
    let made = users::create_as(app, &actor, kind, &ctx.tenant, input, Some(password)).await?;
    Ok(made)
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
