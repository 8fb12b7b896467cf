//! One's own API keys. Each of them is then found, changed and removed under `/api-keys/{id}`.

use std::sync::Arc;

use super::ACCOUNT;
use crate::api::answer::Created;
use crate::api::api_keys::{ApiKeyBody, ApiKeyView, WithSecret, create_for, page_of};
use crate::api::body::Body;
use crate::api::call::Call;
use crate::api::list::{List, Listed, NoFilter};
use crate::api::operation::Operation;
use crate::api::problem::Problem;

#[rustfmt::skip]
pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/users/me/api-keys", "me.api_keys.list", "Lists one's own API keys, the oldest first", ACCOUNT, list),
        Operation::post("/users/me/api-keys", "me.api_keys.create", "Makes an API key for oneself; its secret is shown this once", ACCOUNT, create),
    ]
}

async fn list(
    call: Arc<Call>,
    List { page, .. }: List<NoFilter>,
) -> Result<Listed<ApiKeyView>, Problem> {
    page_of(&call, call.me()?, &page).await
}

async fn create(
    call: Arc<Call>,
    Body(body): Body<ApiKeyBody>,
) -> Result<Created<WithSecret>, Problem> {
    create_for(&call, call.me()?, body).await
}
