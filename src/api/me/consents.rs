//! What people allowed which clients.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::ACCOUNT;
use crate::admin::sessions;
use crate::api::answer::Done;
use crate::api::call::Call;
use crate::api::list::{List, Listed, NoFilter};
use crate::api::operation::Operation;
use crate::api::problem::Problem;
use crate::api::views::When;
use crate::storage::consents::ConsentEntry;

#[rustfmt::skip]
pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/users/me/consents", "me.consents.list", "Lists what one allowed which applications", ACCOUNT, list),
        Operation::delete("/users/me/consents/{client_id}", "me.consents.withdraw", "Takes it back; the application's tokens are dead and it has to ask again", ACCOUNT, withdraw),
    ]
}

/// What an application was allowed.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "Consent")]
struct ConsentView {
    client_id: String,
    /// As the application calls itself today.
    client_name: String,
    /// Scopes, as in `scope`.
    scopes: Vec<String>,
    /// When something was allowed last.
    updated_at: When,
}

impl ConsentView {
    fn of(entry: ConsentEntry) -> Self {
        Self {
            client_name: entry.client_name.unwrap_or_else(|| entry.client_id.clone()),
            client_id: entry.client_id,
            scopes: entry.scope.words().map(str::to_owned).collect(),
            updated_at: When(entry.updated_at),
        }
    }
}

async fn list(
    call: Arc<Call>,
    List { page, .. }: List<NoFilter>,
) -> Result<Listed<ConsentView>, Problem> {
    let user = call.me()?;
    let rows = call.rows();
    let rows = rows
        .consents_of_user(&user.id, &page.after, page.rows())
        .await?;
    let key = |entry: &ConsentEntry| entry.client_id.clone();
    Ok(page.answer(&call, rows, key, ConsentView::of))
}

async fn withdraw(call: Arc<Call>, (): ()) -> Result<Done, Problem> {
    let (user, client_id) = (call.me()?, call.path("client_id"));
    let (actor, tenant) = (call.actor(), call.tenant());
    sessions::withdraw_consent(&call.app, &actor, tenant, &user.id, client_id).await?;
    Ok(Done)
}
