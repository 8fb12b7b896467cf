//! `/decisions`: why requests were refused, for a day.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::answer::Found;
use super::call::Call;
use super::list::{List, Listed, NoFilter};
use super::operation::Operation;
use super::problem::Problem;
use super::views::When;
use crate::storage::decisions::Decision;

const READ: &[&str] = &["audit.read"];

#[rustfmt::skip]
pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/decisions", "decisions.list", "Lists refused requests of the last day, the newest first", READ, list),
        Operation::get("/decisions/{request_id}", "decisions.read", "Says why a request was refused; its id stands in X-Request-Id", READ, read),
    ]
}

/// Why a request was refused. Nothing the caller typed stands here.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "Decision")]
struct DecisionView {
    request_id: String,
    at: When,
    /// The pattern of the route.
    route: String,
    status: i64,
    /// The error's code in the protocol of the request.
    code: String,
    /// What the caller was told.
    description: String,
    /// What the caller was not told.
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
    /// The client, if it is one of the tenant's.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<String>,
    /// The id of the account it was about, if it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    /// The network address it came from.
    address: String,
}

impl From<Decision> for DecisionView {
    fn from(decision: Decision) -> Self {
        Self {
            request_id: decision.request_id,
            at: When(decision.at),
            route: decision.route,
            status: decision.status,
            code: decision.code,
            description: decision.description,
            cause: decision.cause,
            client_id: decision.client_id,
            account: decision.account,
            address: decision.address,
        }
    }
}

async fn list(
    call: Arc<Call>,
    List { page, .. }: List<NoFilter>,
) -> Result<Listed<DecisionView>, Problem> {
    let after = Some(page.after.as_str()).filter(|after| !after.is_empty());
    let rows = call.rows().decisions(after, page.rows()).await?;
    let key = |row: &Decision| row.request_id.clone();
    Ok(page.answer(&call, rows, key, DecisionView::from))
}

async fn read(call: Arc<Call>, (): ()) -> Result<Found<DecisionView>, Problem> {
    let decision = call.rows().decision(call.path("request_id")).await?;
    let decision = decision.ok_or_else(Problem::not_found)?;
    Ok(Found(decision.into()))
}
