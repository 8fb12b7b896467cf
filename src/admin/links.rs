//! Links that operators hand over or send.

use super::{AdminError, event};
use crate::app::App;
use crate::letters;
use crate::model::audit_event::{Actor, AuditKind};
use crate::model::letter::Purpose;
use crate::model::tenant::Tenant;
use crate::model::user::User;

/// Makes a link for the operator to hand over; its address. Earlier ones for the same end.
pub async fn print(
    app: &App,
    actor: &Actor,
    tenant: &Tenant,
    user: &User,
    purpose: Purpose,
) -> Result<String, AdminError> {
    allows(user, purpose)?;
    let (link, address) = letters::printed_link(app, tenant, user, purpose, app.clock.now());
    let mut event = event(app, actor, AuditKind::LinkMade, &user.id);
    event.detail = serde_json::json!({ "purpose": purpose.name() });
    let rows = app.store.tenant(&tenant.id);
    if rows.add_mail_link(&user.id, link, event).await? {
        Ok(address)
    } else {
        Err(AdminError::Missing(format!("user {:?}", user.username)))
    }
}

/// Sends a link to the account's address.
pub async fn send(
    app: &App,
    tenant: &Tenant,
    user: &User,
    purpose: Purpose,
) -> Result<(), AdminError> {
    allows(user, purpose)?;
    if !app.mail.works() {
        let text = "no mail is sent here: the command line prints links";
        return Err(AdminError::Refused(text.to_owned()));
    }
    if user.email.is_none() {
        let text = "the account has no address to send a link to";
        return Err(AdminError::Refused(text.to_owned()));
    }
    let letter = letters::with_link(app, tenant, user, purpose, app.clock.now());
    let rows = app.store.tenant(&tenant.id);
    let stored = match letter {
        Some(letter) => rows.add_letter(letter).await?,
        None => false,
    };
    if stored {
        Ok(())
    } else {
        let text = "too many links were sent to this account, or too many mails wait";
        Err(AdminError::Refused(text.to_owned()))
    }
}

fn allows(user: &User, purpose: Purpose) -> Result<(), AdminError> {
    let refused = if !user.enabled {
        "the account is disabled"
    } else if purpose == Purpose::VerifyEmail && user.email.is_none() {
        "the account has no address to verify"
    } else if purpose == Purpose::VerifyEmail && user.email_verified {
        "the account's address is verified already"
    } else {
        return Ok(());
    };
    Err(AdminError::Refused(refused.to_owned()))
}
