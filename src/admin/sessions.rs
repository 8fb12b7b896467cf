//! How sessions, devices and consents of an account end: the same for its owner and for whoever
//! manages it.

use super::{AdminError, event};
use crate::app::App;
use crate::model::audit_event::{Actor, AuditKind};
use crate::model::tenant::Tenant;
use crate::storage::session_ends::Ending;

/// Ends sessions of an account by force, with everything they gave. `false`: there was nothing to end.
///
/// # Errors
/// The database's.
pub async fn end(
    app: &App,
    actor: &Actor,
    tenant: &Tenant,
    user_id: &str,
    ending: Ending,
) -> Result<bool, AdminError> {
    let mut event = event(app, actor, AuditKind::SessionsEnded, user_id);
    event.detail = match &ending {
        Ending::One(id) => serde_json::json!({ "session": id }),
        Ending::AllBut(id) => serde_json::json!({ "all_but": id }),
        Ending::All => serde_json::json!({ "all": true }),
    };
    let rows = app.store.tenant(&tenant.id);
    let now = app.clock.now();
    Ok(rows
        .end_sessions_of_user(user_id, ending, now, event)
        .await?)
}

/// Forgets a device of an account and ends everything that was given in it.
///
/// # Errors
/// [`AdminError::Missing`]: the account has no such device.
pub async fn revoke_device(
    app: &App,
    actor: &Actor,
    tenant: &Tenant,
    user_id: &str,
    id: &str,
) -> Result<(), AdminError> {
    let mut event = event(app, actor, AuditKind::DeviceRevoked, user_id);
    event.detail = serde_json::json!({ "device": id });
    let rows = app.store.tenant(&tenant.id);
    if rows
        .revoke_device(user_id, id, app.clock.now(), event)
        .await?
    {
        Ok(())
    } else {
        Err(AdminError::Missing(format!("device {id:?}")))
    }
}

/// Takes back what an account allowed a client; everything the client was given ends.
///
/// # Errors
/// [`AdminError::Missing`]: it allowed that client nothing.
pub async fn withdraw_consent(
    app: &App,
    actor: &Actor,
    tenant: &Tenant,
    user_id: &str,
    client_id: &str,
) -> Result<(), AdminError> {
    let mut event = event(app, actor, AuditKind::ConsentWithdrawn, user_id);
    event.client_id = Some(client_id.to_owned());
    let rows = app.store.tenant(&tenant.id);
    if rows
        .withdraw_consent(user_id, client_id, app.clock.now(), event)
        .await?
    {
        Ok(())
    } else {
        Err(AdminError::Missing(format!("consent to {client_id:?}")))
    }
}
