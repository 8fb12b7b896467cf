//! `/counters`: what the hours of a tenant are counted by.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answer::Answer;
use super::call::Call;
use super::list::Filtered;
use super::operation::Operation;
use super::problem::Problem;
use super::views::When;
use crate::storage::hourly_counters::hour_of;

const READ: &[&str] = &["metrics.read"];
/// Seconds of a day.
const DAY: i64 = 86_400;
/// The longest span of one answer, in days: about 10 000 numbers.
const LONGEST: i64 = 31;

#[rustfmt::skip]
pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::get("/counters", "counters.read", "Counts logins, tokens and refusals by the hour, for 90 days back", READ, read),
    ]
}

/// Which hours are counted: of the last day, if nothing is said.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Filter {
    /// The first hour is the one with this instant.
    from: Option<When>,
    /// The first instant that is too late; at most 31 days after the first.
    to: Option<When>,
}

/// The hours in which something was counted.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "Counters")]
struct CountersView {
    from: When,
    to: When,
    hours: Vec<HourView>,
}

/// What was counted in one hour.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "CountedHour")]
struct HourView {
    /// The hour's first instant.
    hour: When,
    /// `logins`, `logins_failed`, `tokens.` and a grant, `refusals.` and an error's code.
    counts: BTreeMap<String, i64>,
}

async fn read(
    call: Arc<Call>,
    Filtered(filter): Filtered<Filter>,
) -> Result<Answer<CountersView>, Problem> {
    let to = filter.to.map_or(call.ctx.now, |when| when.0);
    let from = filter.from.map_or(to.minus_seconds(DAY), |when| when.0);
    let from = hour_of(from);
    if from.plus_seconds(LONGEST * DAY) < hour_of(to) {
        let detail = format!("at most {LONGEST} days after from");
        return Err(Problem::parameter("to", detail));
    }
    let mut hours: Vec<HourView> = Vec::new();
    for count in call.rows().counters(from, to).await? {
        if hours.last().is_none_or(|last| last.hour.0 != count.hour) {
            hours.push(HourView {
                hour: When(count.hour),
                counts: BTreeMap::new(),
            });
        }
        if let Some(hour) = hours.last_mut() {
            hour.counts.insert(count.name, count.count);
        }
    }
    Ok(Answer(CountersView {
        from: When(from),
        to: When(to),
        hours,
    }))
}
