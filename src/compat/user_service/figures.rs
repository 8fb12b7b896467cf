//! What a tenant did in the last day, for its vendors. Figures of the whole installation are at
//! `/metrics`, for its operators.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::only;
use crate::api::answer::Answer;
use crate::api::call::Call;
use crate::api::problem::Problem;
use crate::api::views::When;
use crate::model::role::VENDOR;
use crate::storage::hourly_counters::hour_of;

/// Seconds of a day.
const DAY: i64 = 86_400;

#[derive(JsonSchema, Serialize)]
#[schemars(rename = "UserServiceMetrics")]
pub(super) struct Figures {
    tenant_id: String,
    /// The beginning of the first hour that is counted.
    from: When,
    to: When,
    logins: i64,
    logins_failed: i64,
    tokens_issued: i64,
    refusals: i64,
    /// Seconds since the process that answers was started.
    uptime_seconds: u64,
}

pub(super) async fn read(call: Arc<Call>, (): ()) -> Result<Answer<Figures>, Problem> {
    only(&call, VENDOR)?;
    let to = call.ctx.now;
    let from = hour_of(to.minus_seconds(DAY));
    let counts = call.rows().counters(from, to.plus_seconds(1)).await?;
    let sum = |of: fn(&str) -> bool| {
        let counted = counts.iter().filter(|count| of(&count.name));
        counted.map(|count| count.count).sum()
    };
    Ok(Answer(Figures {
        tenant_id: call.tenant().id.clone(),
        from: When(from),
        to: When(to),
        logins: sum(|name| name == "logins"),
        logins_failed: sum(|name| name == "logins_failed"),
        tokens_issued: sum(|name| name.starts_with("tokens.")),
        refusals: sum(|name| name.starts_with("refusals.")),
        uptime_seconds: call.app.metrics.uptime().as_secs(),
    }))
}
