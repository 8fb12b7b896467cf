//! Other people's second factors: seen, and taken away from whoever lost theirs.

use super::{AdminError, event};
use crate::app::App;
use crate::letters;
use crate::mail::Contents;
use crate::model::audit_event::{Actor, AuditEvent, AuditKind};
use crate::model::second_factor::SecondFactors;
use crate::model::tenant::Tenant;
use crate::model::user::User;

/// What an account can show beside its password.
pub async fn of(app: &App, tenant: &Tenant, user: &User) -> Result<SecondFactors, AdminError> {
    Ok(app
        .store
        .tenant(&tenant.id)
        .second_factors(&user.id)
        .await?)
}

/// Takes an account's second factors away. Its owner is told, where mail is sent.
///
/// # Errors
/// [`AdminError::Missing`]: it has none.
pub async fn remove(
    app: &App,
    actor: &Actor,
    tenant: &Tenant,
    user: &User,
) -> Result<(), AdminError> {
    let mut event = event(app, actor, AuditKind::FactorRemoved, &user.id);
    tell_of_removal(app, tenant, user, &mut event);
    let now = event.at;
    let rows = app.store.tenant(&tenant.id);
    if rows
        .remove_second_factors(&user.id, None, now, event)
        .await?
    {
        Ok(())
    } else {
        let what = format!("second factor of user {:?}", user.username);
        Err(AdminError::Missing(what))
    }
}

/// Lets the news of it go with its event.
pub fn tell_of_removal(app: &App, tenant: &Tenant, user: &User, event: &mut AuditEvent) {
    event.detail = serde_json::json!({ "factor": "totp" });
    let news = Contents::FactorRemoved {
        at: event.at.millis(),
        factor: "authenticator and recovery codes".to_owned(),
    };
    letters::tell(app, tenant, user, &news, event);
}
