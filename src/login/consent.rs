//! What people allow is remembered.

use super::browser::SignedIn;
use super::transaction::Transaction;
use crate::app::App;
use crate::context::Ctx;
use crate::model::audit_event::AuditKind;
use crate::oauth::authorize::request::AuthorizationRequest;
use crate::storage::DbError;

/// Remembers for the next time what stood on the page that `person` answered with yes.
pub async fn remember(
    app: &App,
    ctx: &Ctx,
    request: &AuthorizationRequest,
    transaction: &Transaction,
    person: &SignedIn,
) -> Result<(), DbError> {
    let Some(Ok(shown)) = transaction.shown.as_deref().map(str::parse) else {
        return Ok(());
    };
    let user_id = &person.user().id;
    let client_id = &request.client.client.client_id;
    let actor = ctx.actor(user_id);
    let mut event = actor.did(AuditKind::ConsentGiven, user_id, app.row_id(), ctx.now);
    event.client_id = Some(client_id.clone());
    event.detail = serde_json::json!({ "scope": transaction.shown });
    app.store
        .tenant(&ctx.tenant.id)
        .allow(user_id, client_id, shown, ctx.now, event)
        .await
        .map(drop)
}
